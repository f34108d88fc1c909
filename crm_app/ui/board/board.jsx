// The sales board: columns of cards that are moved by mouse, finger, key or menu, live with everybody else's.
//
// The server sends a `snapshot` on load and then a short ring of numbered `patches`; the board keeps its own store,
// runs ahead of the server when its person moves something, and asks for a new snapshot when a patch is missing.
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { isHotkey } from "$/utils/prumo/hotkeys.js";
import { DndContext, DragOverlay, MeasuringStrategy } from "@dnd-kit/core";
import { CardFace } from "./card.jsx";
import { Column } from "./column.jsx";
import { autoScroll, buzz, columnUnderPointer, takenAt, useCarry, useLift } from "./drag.js";
import { glide, measure } from "./glide.js";
import { Icon } from "./icons.jsx";
import { stepFocus, stepLifted } from "./keys.js";
import { CardMenu } from "./menu.jsx";
import { useMoves } from "./moves.js";
import { StageStrip } from "./strip.jsx";
import { MoveToast } from "./toast.jsx";
import { addDraft, applyPatches, cursorOf, dropDraft, EMPTY, fromSnapshot, locate, markLoading, markUnsaved, summary } from "./store.js";
import { asPeople, useWords } from "./words.js";

const PEER_MS = 1200;
const GLIDE_MS = 320;
const BACK_MS = 200;
const UNSAVED_MS = 8000;
const SETTLE = { duration: 320, easing: "cubic-bezier(.3,1.28,.5,1)" };
const NOBODY = [];

function Skeleton() {
  return (
    <div className="bd bd-wait" aria-hidden="true">
      {[3, 2, 3, 1, 2].map((cards, column) => (
        <section key={column} className="col"><header className="col-h"><span className="skel" style={{ width: "60%", height: 14, borderRadius: 6 }} /></header>
          <ul className="cards">{Array.from({ length: cards }, (_, row) => <li key={row} className="skel sk-card" />)}</ul></section>
      ))}
    </div>
  );
}

function Summary({ stages, words: { t, money } }) {
  const place = typeof document === "undefined" ? null : document.getElementById("board-summary");
  const { count, amount, weighted } = summary(stages);
  return place && createPortal(
    <><span className="fnt">{t("board.summary.deals", { count })} ·</span> <b>{money(amount)}</b> <span className="fnt sum-f">· {t("board.summary.forecast")}</span> <b className="sum-f">{money(weighted)}</b></>,
    place,
  );
}

export function PrumoBoard({ snapshot, patches = NOBODY, people: members = NOBODY, canWrite, filtered, currency, onCardMoved, onOpen, onMore, onQuickAdd, onResync }) {
  const words = useWords(currency);
  const people = useMemo(() => asPeople(members), [members]);
  const [state, setState] = useState(EMPTY);
  const latest = useRef(EMPTY);
  const root = useRef(null);
  const rects = useRef(new Map());
  const focusNext = useRef(null);
  const glideNext = useRef(null);
  const hand = useRef(null);
  const grip = useRef(0);
  const [drag, setDrag] = useState(null);
  const [menu, setMenu] = useState(null);
  const [adding, setAdding] = useState(null);
  const [peer, setPeer] = useState(null);
  const [focused, setFocused] = useState({});
  const [said, setSaid] = useState("");

  const update = useCallback((next) => { latest.current = next; setState(next); }, []);
  const remember = () => { if (root.current) rects.current = measure(root.current); };

  // ── what the server says ───────────────────────────────────────────────────────────────────────
  useLayoutEffect(() => {
    if (!snapshot?.stages) return;
    if (snapshot.key !== latest.current.key) { setDrag(null); update(fromSnapshot(snapshot)); }
  }, [snapshot, update]);

  useLayoutEffect(() => {
    const next = applyPatches(latest.current, patches);
    if (next === latest.current) return;
    remember();
    if (next.gap && !latest.current.gap) onResync?.();
    if (next.notice && next.notice !== latest.current.notice) setRefusal(next.notice);
    update(next);
  }, [patches, snapshot, update, onResync]);

  const [refusal, setRefusal] = useState(null);

  // ── moving ─────────────────────────────────────────────────────────────────────────────────────
  const onMoved = useCallback((id, how) => {
    setRefusal(null);
    focusNext.current = how === "pointer" ? null : id;
    glideNext.current = how === "menu" || how === "undo" ? id : null;
  }, []);
  const { move, undo, note, clear } = useMoves({ latest, update, send: onCardMoved, onMoved });
  const busy = Object.keys(state.pending).length > 0;
  useEffect(() => {
    if (!busy) return undefined;
    const timer = setInterval(() => {
      const next = markUnsaved(latest.current, Date.now(), UNSAVED_MS);
      if (next !== latest.current) update(next);
    }, 1000);
    return () => clearInterval(timer);
  }, [busy, update]);

  // ── motion and focus after each change ─────────────────────────────────────────────────────────
  useLayoutEffect(() => {
    const { glide: moved } = state;
    const own = glideNext.current;
    glideNext.current = null;
    const element = (id) => root.current?.querySelector(`[data-card="${id}"]`);
    if (own && rects.current.has(own) && element(own)) glide(element(own), rects.current.get(own), GLIDE_MS);
    if (moved && moved.seen !== true && element(moved.id)) {
      const from = rects.current.get(moved.id);
      if (from) glide(element(moved.id), from, moved.kind === "back" ? BACK_MS : GLIDE_MS);
      if (moved.kind === "peer" && moved.actor) setPeer({ id: moved.id, actor: people[moved.actor] ?? null, at: moved.at });
    }
    if (moved) latest.current = { ...latest.current, glide: null };
    rects.current = new Map();
    const wanted = focusNext.current ?? (document.activeElement === document.body ? focused.lost : null);
    if (wanted && element(wanted)) {
      focusNext.current = null;
      element(wanted).focus({ preventScroll: true });
      element(wanted).scrollIntoView?.({ block: "nearest", inline: "nearest" });
    }
  }, [state]);
  useEffect(() => {
    if (!peer) return undefined;
    const timer = setTimeout(() => setPeer(null), PEER_MS);
    return () => clearTimeout(timer);
  }, [peer]);

  // ── pointer ────────────────────────────────────────────────────────────────────────────────────
  const onPlace = useCallback((place) => setDrag((now) => (now && (now.stage !== place.stage || now.index !== place.index) ? { ...now, ...place } : now)), []);
  useCarry({ id: drag?.mode === "pointer" ? drag.id : null, root, hand, grip, onPlace });
  const lift = ({ active, activatorEvent }) => {
    const place = locate(latest.current, active.id);
    const rect = root.current.querySelector(`[data-card="${active.id}"]`).getBoundingClientRect();
    hand.current = takenAt(activatorEvent);
    grip.current = rect.top + rect.height / 2 - hand.current.y;
    if (activatorEvent.type === "touchstart") buzz();
    setMenu(null);
    setDrag({ id: active.id, card: latest.current.cards[active.id], mode: "pointer", height: rect.height, width: rect.width, ...place });
  };
  const drop = () => {
    const target = drag;
    setDrag(null);
    if (target && move(target.id, target.stage, target.index, "pointer")) say("dropped", target);
  };

  // ── keyboard ───────────────────────────────────────────────────────────────────────────────────
  const say = (what, at) => {
    const stage = latest.current.stages.find((one) => one.id === at.stage);
    const others = latest.current.order[at.stage].filter((id) => id !== at.id).length;
    const title = latest.current.cards[at.id]?.title ?? "";
    setSaid(words.t(`board.a11y.${what}`, { title, stage: stage?.name, position: at.index + 1, total: Math.max(others + 1, 1) }));
  };
  const liftedKey = (event) => {
    event.preventDefault();
    if (event.key === "Escape" || event.key === "Tab") {
      setDrag(null);
      return say("cancelled", { id: drag.id, ...locate(latest.current, drag.id) });
    }
    if (event.key === " " || event.key === "Enter") {
      const target = drag;
      setDrag(null);
      remember();
      move(target.id, target.stage, target.index, "keys");
      return say("dropped", target);
    }
    const place = stepLifted(latest.current, drag, event.key);
    if (!place) return undefined;
    setDrag({ ...drag, ...place });
    return say("over", { ...drag, ...place });
  };
  const onKeyDown = (event) => {
    const id = event.target.dataset?.card;
    if (!id || event.altKey || event.ctrlKey || event.metaKey) return;
    if (drag?.mode === "keys") { liftedKey(event); return; }
    const to = stepFocus(latest.current, id, event.key);
    if (to) { event.preventDefault(); focusCard(to); return; }
    if (event.key === "Enter") { event.preventDefault(); actions.open(id); }
    else if (event.key === "ContextMenu" || event.key === "m" || event.key === "M" || (event.shiftKey && event.key === "F10")) { event.preventDefault(); actions.menu(id); }
    else if (event.key === " " && canWrite) {
      event.preventDefault();
      const place = locate(latest.current, id);
      setDrag({ id, card: latest.current.cards[id], mode: "keys", ...place });
      say("lifted", { id, ...place });
    }
  };
  const focusCard = (id) => {
    const element = root.current.querySelector(`[data-card="${id}"]`);
    element?.focus({ preventScroll: true });
    element?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  useEffect(() => {
    if (drag?.mode !== "keys") return;
    root.current?.querySelector("[data-lifted]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [drag]);
  useEffect(() => {
    const onKey = (event) => {
      if (event.key.toLowerCase() !== "z" || !isHotkey(event)) return;
      if (document.querySelector("[role=dialog][data-state=open]")) return;
      remember();
      if (undo()) event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [undo]);

  // ── everything a part may ask for; stable, so that cards do not render for nothing ─────────────
  const actions = useMemo(() => ({
    open: (id) => onOpen?.(id),
    menu: (id) => setMenu((now) => (now === id ? null : id)),
    add: (stage) => setAdding(stage),
    closeAdd: (token) => { setAdding(null); if (token) update(dropDraft(latest.current, token)); },
    submit: (stage, title, value) => {
      const token = crypto.randomUUID();
      const wrong = Object.values(latest.current.drafts).find((draft) => draft.stage === stage && draft.error);
      const base = wrong ? dropDraft(latest.current, wrong.token) : latest.current;
      setAdding(stage);
      update(addDraft(base, token, stage, title, value));
      onQuickAdd?.(stage, title, value, token);
    },
    more: (stage) => {
      const cursor = cursorOf(latest.current, stage);
      if (!cursor) return;
      update(markLoading(latest.current, stage));
      onMore?.(stage, cursor);
    },
  }), [onOpen, onMore, onQuickAdd, update]);
  const closeMenu = useCallback((refocus) => {
    setMenu((id) => { if (refocus === true && id) requestAnimationFrame(() => focusCard(id)); return null; });
  }, []);
  const moveByMenu = (id, stage, index) => { setMenu(null); remember(); if (move(id, stage, index, "menu")) say("dropped", { id, stage, index }); };

  const dnd = useLift();
  if (state.key === null) return <Skeleton />;
  const shownNote = refusal ?? note;
  const nothing = state.stages.every((stage) => stage.count === 0) && Object.keys(state.drafts).length === 0 && !adding;
  return (
    <div className={`bd-frame${drag ? " dragging" : ""}`} ref={root} onKeyDown={onKeyDown}
      onFocus={(event) => { const id = event.target.dataset?.card; if (id) { const at = locate(latest.current, id); setFocused({ [at?.stage]: id, lost: id }); } else setFocused((now) => ({ ...now, lost: null })); }}>
      <p className="vh" id="bd-how">{words.t(canWrite ? "board.a11y.how" : "board.a11y.how_read")}</p>
      <p className="vh" role="status" aria-live="polite">{said}</p>
      <Summary stages={state.stages} words={words} />
      <StageStrip stages={state.stages} root={root} />
      <DndContext sensors={dnd} collisionDetection={columnUnderPointer} autoScroll={autoScroll(root.current)} accessibility={{ restoreFocus: false, container: undefined, announcements: SILENT, screenReaderInstructions: { draggable: "" } }}
        measuring={{ droppable: { strategy: MeasuringStrategy.Always } }}
        onDragStart={lift} onDragEnd={drop} onDragCancel={() => setDrag(null)}>
        <div className="bd">
          {state.stages.map((stage) => (
            <Column key={stage.id} stage={stage} ids={state.order[stage.id]} cards={state.cards} drag={drag} words={words} people={people} canWrite={canWrite}
              tabId={focused[stage.id] ?? state.order[stage.id][0]} peer={peer} pending={state.pending}
              drafts={draftsOf(state, stage.id)} adding={adding} actions={actions} closed={stage.kind === "lost"} />
          ))}
        </div>
        <DragOverlay dropAnimation={SETTLE} zIndex={60}>
          {drag?.mode === "pointer" && <article className="cd carried" style={{ width: drag.width }}><CardFace card={drag.card} stage={state.stages.find((s) => s.id === drag.card.stage_id)} words={words} people={people} /></article>}
        </DragOverlay>
      </DndContext>
      {nothing && (
        <div className="bd-empty c">
          <span className="empty-i"><Icon name="board" size={22} /></span>
          <h3>{words.t(filtered ? "board.empty.filtered_title" : "board.empty.title")}</h3>
          <p className="mut">{words.t(filtered ? "board.empty.filtered_body" : "board.empty.body")}</p>
          {canWrite && !filtered && <button type="button" className="btn pri" onClick={() => setAdding(state.stages[0]?.id)}><Icon name="plus" size={16} />{words.t("board.add.new")}</button>}
        </div>
      )}
      {menu && state.cards[menu] && (
        <CardMenu card={state.cards[menu]} stages={state.stages} words={words} canWrite={canWrite} root={root.current}
          anchor={root.current.querySelector(`[data-menu="${menu}"]`)} onClose={closeMenu}
          onOpen={(id) => { setMenu(null); actions.open(id); }}
          onTop={(id) => moveByMenu(id, state.cards[id].stage_id, 0)}
          onMove={(id, stage) => (stage === state.cards[id].stage_id ? closeMenu(true) : moveByMenu(id, stage, 0))} />
      )}
      {shownNote && <MoveToast key={shownNote.at} note={shownNote} words={words} onUndo={() => { remember(); undo(); }} onClose={() => { clear(); setRefusal(null); }} />}
    </div>
  );
}

const SILENT = { onDragStart: () => undefined, onDragOver: () => undefined, onDragEnd: () => undefined, onDragCancel: () => undefined };
const NO_DRAFTS = [];
const draftsOf = (state, stage) => {
  const found = Object.values(state.drafts).filter((draft) => draft.stage === stage);
  return found.length ? found : NO_DRAFTS;
};
