// The board's own store: plain data and pure functions, so that it can be tested without a browser.
//
// A `snapshot` fills it, numbered `patches` keep it true, and the optimistic functions run ahead of the server.
// Shape: { key, seen, gap, stages: [stage], cards: {id: card}, order: {stageId: [id]}, pending: {id: move},
//          drafts: {token: draft}, notice, glide }

export const EMPTY = {
  key: null, seen: 0, gap: false, stages: [], cards: {}, order: {}, pending: {}, drafts: {}, notice: null, glide: null,
};

/** Total order of a column: the rank is an ASCII fractional index, equal ranks fall back to the id. */
export function compareCards(a, b) {
  if (a.rank !== b.rank) return a.rank < b.rank ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Build the store from what the server sent on load. */
export function fromSnapshot(snapshot) {
  const cards = {};
  const order = {};
  const stages = snapshot.stages.map(({ cards: list, ...stage }) => {
    order[stage.id] = list.map((card) => card.id);
    for (const card of list) cards[card.id] = card;
    return { ...stage, loading: false };
  });
  return { ...EMPTY, key: snapshot.key, seen: snapshot.n, stages, cards, order };
}

/** Apply every patch that this store has not seen; a hole in the numbers asks for a fresh snapshot (`gap`). */
export function applyPatches(state, patches) {
  if (state.key === null) return state;
  let next = state;
  for (const patch of patches) {
    if (patch.n <= next.seen) continue;
    if (patch.n > next.seen + 1) return { ...next, gap: true };
    next = { ...applyPatch(next, patch), seen: patch.n };
  }
  return next;
}

const APPLY = { card: applyCard, gone: applyGone, refused: applyRefused, more: applyMore, contact: applyContact, totals: (state) => state };

function applyPatch(state, patch) {
  const apply = APPLY[patch.kind];
  return withTotals(apply ? apply(state, patch) : state, patch.totals);
}

function applyCard(state, { card, actor, mine, token }) {
  const known = state.cards[card.id];
  const next = token ? without(state, "drafts", token) : state;
  if (known && known.version > card.version) return next;
  const moved = !known || known.stage_id !== card.stage_id || known.rank !== card.rank;
  const placed = place(without(next, "pending", card.id), card);
  if (!moved || mine) return placed;
  return { ...placed, glide: { id: card.id, actor, kind: "peer", at: Date.now() } };
}

function applyGone(state, { id, version }) {
  const known = state.cards[id];
  if (!known || (version && known.version > version)) return state;
  return removeCard(without(state, "pending", id), id);
}

function applyRefused(state, { id, token, card, message, data }) {
  const notice = { kind: "refused", id: id ?? null, message, data: data ?? {}, at: Date.now() };
  const draft = state.drafts[token];
  if (draft) {
    return { ...state, drafts: { ...state.drafts, [token]: { ...draft, error: message, data: data ?? {} } } };
  }
  const waiting = state.pending[id];
  let next = without({ ...state, notice }, "pending", id);
  if (card) next = place(next, card);
  else if (waiting) next = putBack(next, waiting);
  else return next;
  return { ...next, glide: { id, actor: null, kind: "back", at: Date.now() } };
}

function applyMore(state, { stage, cards, has_more: hasMore }) {
  let next = { ...state, stages: state.stages.map((s) => (s.id === stage ? { ...s, has_more: hasMore, loading: false } : s)) };
  for (const card of cards) {
    const known = next.cards[card.id];
    if (!next.pending[card.id] && !(known && known.version > card.version)) next = place(next, card);
  }
  return next;
}

/** A contact's name or last activity changed: every card of theirs that is shown says so. */
function applyContact(state, { id, fields }) {
  const changed = Object.values(state.cards).filter((card) => card.contact_id === id);
  if (changed.length === 0) return state;
  const cards = { ...state.cards };
  for (const card of changed) cards[card.id] = { ...card, ...fields };
  return { ...state, cards };
}

function withTotals(state, totals) {
  if (!totals) return state;
  return { ...state, stages: state.stages.map((s) => (totals[s.id] ? { ...s, ...totals[s.id] } : s)) };
}

function without(state, group, key) {
  if (!(key in state[group])) return state;
  const { [key]: _gone, ...rest } = state[group];
  return { ...state, [group]: rest };
}

/** Put a card where its rank says; one that lies beyond the loaded part of a column is left out. */
function place(state, card) {
  const order = dropFromOrder(state.order, card.id);
  const list = order[card.stage_id];
  const cards = { ...state.cards };
  delete cards[card.id];
  if (!list) return { ...state, order, cards };
  const index = list.findIndex((id) => cards[id] && compareCards(card, cards[id]) < 0);
  const stage = state.stages.find((s) => s.id === card.stage_id);
  if (index < 0 && stage?.has_more && !stage.loading && list.length > 0) return { ...state, order, cards };
  const at = index < 0 ? list.length : index;
  return {
    ...state,
    cards: { ...cards, [card.id]: card },
    order: { ...order, [card.stage_id]: [...list.slice(0, at), card.id, ...list.slice(at)] },
  };
}

function dropFromOrder(order, id) {
  for (const [stageId, ids] of Object.entries(order)) {
    if (ids.includes(id)) return { ...order, [stageId]: ids.filter((other) => other !== id) };
  }
  return order;
}

function removeCard(state, id) {
  const { [id]: _gone, ...cards } = state.cards;
  return { ...state, cards, order: dropFromOrder(state.order, id) };
}

function shiftTotals(stages, from, to, cents) {
  if (from === to) return stages;
  return stages.map((s) => {
    if (s.id === from) return { ...s, count: s.count - 1, amount_cents: s.amount_cents - cents };
    if (s.id === to) return { ...s, count: s.count + 1, amount_cents: s.amount_cents + cents };
    return s;
  });
}

/** Where a card stands now: `{stage, index}`, or null when it is not loaded. */
export function locate(state, id) {
  for (const [stage, ids] of Object.entries(state.order)) {
    const index = ids.indexOf(id);
    if (index >= 0) return { stage, index };
  }
  return null;
}

/** The neighbours that a card would have at `index` of a column, not counting itself. */
export function neighbours(state, id, stage, index) {
  const ids = (state.order[stage] ?? []).filter((other) => other !== id);
  return { before: ids[index - 1] ?? null, after: ids[index] ?? null };
}

/** Move at once and remember how to go back. `index` does not count the card itself.
 *
 * The version runs ahead by one, as it will on the server, so that a second move may follow before the first is
 * answered. Returns the same state when nothing changes. */
export function moveCard(state, id, stage, index) {
  const card = state.cards[id];
  const from = locate(state, id);
  if (!card || !from || !state.order[stage]) return state;
  if (from.stage === stage && from.index === index) return state;
  const order = dropFromOrder(state.order, id);
  const list = order[stage];
  const at = Math.max(0, Math.min(index, list.length));
  const origin = state.pending[id] ?? { id, stage: from.stage, index: from.index, card };
  return {
    ...state,
    cards: { ...state.cards, [id]: { ...card, ...arrival(state, from.stage, stage), version: card.version + 1 } },
    order: { ...order, [stage]: [...list.slice(0, at), id, ...list.slice(at)] },
    stages: shiftTotals(state.stages, from.stage, stage, card.value_cents),
    pending: { ...state.pending, [id]: { ...origin, to: stage, since: Date.now(), unsaved: false } },
    notice: null,
  };
}

/** What changes on a card that comes to another stage, until the server says it exactly. */
function arrival(state, from, to) {
  if (from === to) return {};
  const now = new Date().toISOString();
  const kind = state.stages.find((stage) => stage.id === to)?.kind;
  return { stage_id: to, entered_stage_at: now, closed_at: kind === "open" ? null : now };
}

function putBack(state, { id, stage, index, card, to }) {
  if (!state.cards[id] || !state.order[stage]) return state;
  const order = dropFromOrder(state.order, id);
  const list = order[stage];
  return {
    ...state,
    cards: { ...state.cards, [id]: card },
    order: { ...order, [stage]: [...list.slice(0, index), id, ...list.slice(index)] },
    stages: shiftTotals(state.stages, to, stage, card.value_cents),
  };
}

/** Mark moves that the server has not answered for `after` milliseconds. */
export function markUnsaved(state, now, after) {
  const late = Object.values(state.pending).filter((move) => !move.unsaved && now - move.since >= after);
  if (late.length === 0) return state;
  const pending = { ...state.pending };
  for (const move of late) pending[move.id] = { ...move, unsaved: true };
  return { ...state, pending };
}

/** Remember a deal that was typed into a column and is on its way. */
export function addDraft(state, token, stage, title, value) {
  return { ...state, drafts: { ...state.drafts, [token]: { token, stage, title, value, error: null } } };
}

/** Forget a typed deal (given up, or being corrected). */
export function dropDraft(state, token) {
  return without(state, "drafts", token);
}

/** Note that the next cards of a column were asked for. */
export function markLoading(state, stage) {
  return { ...state, stages: state.stages.map((s) => (s.id === stage ? { ...s, loading: true } : s)) };
}

/** Keyset position after the last loaded card of a column, as the server reads it. */
export function cursorOf(state, stage) {
  const ids = (state.order[stage] ?? []).filter((id) => !state.pending[id]);
  const last = state.cards[ids[ids.length - 1]];
  return last ? `${last.rank}:${last.id}` : "";
}

/** Count, value and weighted forecast over the open columns; amounts are in cents. */
export function summary(stages) {
  let count = 0, amount = 0, weighted = 0;
  for (const s of stages) {
    if (s.kind !== "open") continue;
    count += s.count; amount += s.amount_cents;
    weighted += Math.round((s.amount_cents * s.probability) / 100);
  }
  return { count, amount, weighted };
}
