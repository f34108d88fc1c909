// What the board does with a move, whoever asked for it: hand, finger, key, menu or undo.
import { useCallback, useRef, useState } from "react";
import { locate, moveCard, neighbours } from "./store.js";

const UNDO_WINDOW_MS = 30_000;

/** Return `move(id, stage, index)` and `undo()`. `latest.current` is the store as it stands, `send` tells the server. */
export function useMoves({ latest, update, send, onMoved }) {
  const last = useRef(null);
  const [note, setNote] = useState(null);

  const perform = useCallback((id, stage, index, how) => {
    const state = latest.current;
    const card = state.cards[id];
    const from = locate(state, id);
    const next = moveCard(state, id, stage, index);
    if (!from || next === state) return false;
    const around = neighbours(state, id, stage, index);
    const came = neighbours(state, id, from.stage, from.index);
    update(next);
    send(id, stage, around.before, around.after, card.version);
    onMoved(id, how);
    return { from, came, card };
  }, [latest, update, send, onMoved]);

  const move = useCallback((id, stage, index, how) => {
    const done = perform(id, stage, index, how);
    if (!done) return false;
    const to = latest.current.stages.find((one) => one.id === stage);
    last.current = { id, stage: done.from.stage, ...done.came, index: done.from.index, at: Date.now() };
    setNote({ kind: "moved", title: done.card.title, stage: to.name, at: Date.now() });
    return true;
  }, [perform, latest]);

  const undo = useCallback(() => {
    const back = last.current;
    last.current = null;
    setNote(null);
    if (!back || Date.now() - back.at > UNDO_WINDOW_MS) return false;
    const ids = (latest.current.order[back.stage] ?? []).filter((id) => id !== back.id);
    const above = ids.indexOf(back.before);
    const below = ids.indexOf(back.after);
    const index = above >= 0 ? above + 1 : below >= 0 ? below : Math.min(back.index, ids.length);
    return Boolean(perform(back.id, back.stage, index, "undo"));
  }, [perform, latest]);

  const clear = useCallback(() => setNote(null), []);
  return { move, undo, note, clear };
}
