// The board's store, without a browser: what patches, moves and refusals do to it. Run by test_board_store.py.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

// The source is a browser module beside a Python package, so it is loaded as text.
const source = await readFile(new URL("../../crm_app/ui/board/store.js", import.meta.url), "utf-8");
const store = await import(`data:text/javascript;base64,${Buffer.from(source).toString("base64")}`);

const card = (id, stage, rank, fields = {}) =>
  ({ id, stage_id: stage, rank, version: 1, title: id, value_cents: 100, entered_stage_at: "", closed_at: null, ...fields });

const column = (id, cards, fields = {}) =>
  ({ id, kind: "open", probability: 50, count: cards.length, amount_cents: 100 * cards.length, has_more: false, cards, ...fields });

const start = (fields = {}) => store.fromSnapshot({
  key: "k", n: 0,
  stages: [
    column("lead", [card("a", "lead", "a1"), card("b", "lead", "a2"), card("c", "lead", "a3")]),
    column("won", [card("x", "won", "a1")], { kind: "won" }),
  ],
  ...fields,
});

const total = (state, id) => { const { count, amount_cents } = state.stages.find((s) => s.id === id); return [count, amount_cents]; };

test("a move shows at once, with its totals, and names its neighbours", () => {
  const before = start();
  const state = store.moveCard(before, "b", "won", 1);
  assert.deepEqual(state.order, { lead: ["a", "c"], won: ["x", "b"] });
  assert.deepEqual([total(state, "lead"), total(state, "won")], [[2, 200], [2, 200]]);
  assert.deepEqual(store.neighbours(state, "b", "won", 1), { before: "x", after: null });
  assert.equal(state.cards.b.version, 2);
  assert.ok(state.cards.b.closed_at);
  assert.deepEqual(before.order.lead, ["a", "b", "c"]);
});

test("nothing moves to where it stands", () => {
  const state = start();
  assert.equal(store.moveCard(state, "b", "lead", 1), state);
  assert.equal(store.moveCard(state, "nobody", "lead", 0), state);
  assert.equal(store.moveCard(state, "b", "nowhere", 0), state);
});

test("the server's word settles a move", () => {
  let state = store.moveCard(start(), "b", "won", 0);
  state = store.applyPatches(state, [{ n: 1, kind: "card", mine: true, card: card("b", "won", "a0", { version: 2 }), totals: { won: { count: 2, amount_cents: 200 } } }]);
  assert.deepEqual(state.pending, {});
  assert.deepEqual(state.order.won, ["b", "x"]);
  assert.equal(state.glide, null);
});

test("a second move before the first answer is not undone by that answer", () => {
  let state = store.moveCard(start(), "b", "won", 0);
  state = store.moveCard(state, "b", "lead", 0);
  state = store.applyPatches(state, [{ n: 1, kind: "card", mine: true, card: card("b", "won", "a0", { version: 2 }) }]);
  assert.deepEqual(state.order.lead, ["b", "a", "c"]);
  state = store.applyPatches(state, [{ n: 2, kind: "card", mine: true, card: card("b", "lead", "a0", { version: 3 }) }]);
  assert.deepEqual([state.order.lead, state.pending], [["b", "a", "c"], {}]);
});

test("a refused move goes where the server says, with the reason", () => {
  let state = store.moveCard(start(), "b", "won", 0);
  state = store.applyPatches(state, [{ n: 1, kind: "refused", id: "b", message: "why", card: card("b", "lead", "a9", { version: 5 }) }]);
  assert.deepEqual(state.order, { lead: ["a", "c", "b"], won: ["x"] });
  assert.deepEqual([state.notice.message, state.glide.kind, state.pending], ["why", "back", {}]);
});

test("a move refused without a state goes back to where it came from", () => {
  let state = store.moveCard(start(), "b", "won", 0);
  state = store.applyPatches(state, [{ n: 1, kind: "refused", id: "b", message: "why", card: null }]);
  assert.deepEqual(state.order, { lead: ["a", "b", "c"], won: ["x"] });
  assert.deepEqual([total(state, "lead"), total(state, "won")], [[3, 300], [1, 100]]);
  assert.equal(state.cards.b.version, 1);
});

test("somebody else's move glides, an old one does nothing", () => {
  let state = store.applyPatches(start(), [{ n: 1, kind: "card", actor: "u", card: card("a", "won", "a2", { version: 4 }) }]);
  assert.deepEqual(state.order, { lead: ["b", "c"], won: ["x", "a"] });
  assert.deepEqual([state.glide.id, state.glide.actor], ["a", "u"]);
  state = store.applyPatches(state, [{ n: 2, kind: "card", actor: "u", card: card("a", "lead", "a1", { version: 3 }) }]);
  assert.deepEqual(state.order.won, ["x", "a"]);
});

test("patches are applied once, in order, and a hole asks for a new snapshot", () => {
  const gone = (n, id) => ({ n, kind: "gone", id, version: 9 });
  let state = store.applyPatches(start(), [gone(1, "a")]);
  state = store.applyPatches(state, [gone(1, "b"), gone(2, "c")]);
  assert.deepEqual([state.order.lead, state.seen, state.gap], [["b"], 2, false]);
  state = store.applyPatches(state, [gone(4, "b")]);
  assert.deepEqual([state.order.lead, state.gap], [["b"], true]);
});

test("cards beyond the loaded part wait for their page", () => {
  const long = { key: "k", n: 0, stages: [column("lead", [card("a", "lead", "a1")], { has_more: true, count: 9 })] };
  let state = store.applyPatches(store.fromSnapshot(long), [{ n: 1, kind: "card", card: card("z", "lead", "a8") }]);
  assert.deepEqual(state.order.lead, ["a"]);
  assert.equal(store.cursorOf(state, "lead"), "a1:a");
  state = store.markLoading(state, "lead");
  state = store.applyPatches(state, [{ n: 2, kind: "more", stage: "lead", has_more: false, cards: [card("m", "lead", "a5"), card("z", "lead", "a8")] }]);
  assert.deepEqual([state.order.lead, state.stages[0].loading], [["a", "m", "z"], false]);
});

test("a typed deal becomes a card, or comes back with what is wrong", () => {
  let state = store.addDraft(start(), "t", "lead", "Nova", "x");
  state = store.applyPatches(state, [{ n: 1, kind: "refused", token: "t", message: "bad" }]);
  assert.deepEqual([state.drafts.t.error, state.drafts.t.title, state.notice], ["bad", "Nova", null]);
  state = store.addDraft(store.dropDraft(state, "t"), "u", "lead", "Nova", "1");
  state = store.applyPatches(state, [{ n: 2, kind: "card", mine: true, token: "u", card: card("new", "lead", "a0") }]);
  assert.deepEqual([state.drafts, state.order.lead[0]], [{}, "new"]);
});

test("a contact's new name stands on all their cards, and on no other", () => {
  const shown = start({ stages: [column("lead", [card("a", "lead", "a1", { contact_id: "c" }), card("b", "lead", "a2")])] });
  const state = store.applyPatches(shown, [{ n: 1, kind: "contact", id: "c", fields: { contact_name: "Nova" } }]);
  assert.deepEqual([state.cards.a.contact_name, state.cards.b], ["Nova", shown.cards.b]);
});

test("a move that nobody answers is marked", () => {
  const state = store.moveCard(start(), "a", "won", 0);
  assert.equal(store.markUnsaved(state, Date.now() + 10, 1000), state);
  assert.equal(store.markUnsaved(state, Date.now() + 2000, 1000).pending.a.unsaved, true);
});

test("the sums count the open columns alone", () => {
  assert.deepEqual(store.summary(start().stages), { count: 3, amount: 300, weighted: 150 });
});
