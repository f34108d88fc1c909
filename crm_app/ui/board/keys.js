// What a key means on a focused card, as plain data: no component state in here.
import { locate } from "./store.js";

const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** Return the place of a lifted card after an arrow key, `{stage, index}`, or null for another key. */
export function stepLifted(state, drag, key) {
  const step = STEPS[key];
  if (!step) return null;
  const stages = state.stages.map((stage) => stage.id);
  const room = (stage) => state.order[stage].filter((id) => id !== drag.id).length;
  const column = Math.max(0, Math.min(stages.indexOf(drag.stage) + step[0], stages.length - 1));
  const stage = stages[column];
  return { stage, index: Math.max(0, Math.min(drag.index + step[1], room(stage))) };
}

/** Return the id of the card that an arrow key leads to from `id`, or null. Empty columns are passed over. */
export function stepFocus(state, id, key) {
  const step = STEPS[key];
  const from = locate(state, id);
  if (!step || !from) return null;
  if (step[1]) return state.order[from.stage][from.index + step[1]] ?? null;
  const stages = state.stages.map((stage) => stage.id);
  for (let column = stages.indexOf(from.stage) + step[0]; stages[column]; column += step[0]) {
    const ids = state.order[stages[column]];
    if (ids.length) return ids[Math.min(from.index, ids.length - 1)];
  }
  return null;
}
