// Dragging by mouse and touch: which column is under the pointer, and which gap in it.
import { MouseSensor, TouchSensor, useSensor, useSensors } from "@dnd-kit/core";

/** Lift after 4 px with the mouse, after 180 ms of pressing with a finger. */
export function useLift() {
  return useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 4 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 180, tolerance: 8 } }),
  );
}

/** The column whose sides enclose the pointer, at any height; else the nearest one. */
export function columnUnderPointer({ droppableContainers, droppableRects, pointerCoordinates, collisionRect }) {
  const x = pointerCoordinates?.x ?? collisionRect.left + collisionRect.width / 2;
  let best = null;
  for (const container of droppableContainers) {
    const rect = droppableRects.get(container.id);
    if (!rect) continue;
    const away = x < rect.left ? rect.left - x : x > rect.right ? x - rect.right : 0;
    if (best === null || away < best.away) best = { id: container.id, away };
  }
  return best ? [{ id: best.id, data: { value: best.away } }] : [];
}

/** The gap of a column at height `y`: how many of its cards, without the one that is carried, lie above. */
export function gapAt(root, stage, id, y) {
  const cards = root.querySelectorAll(`[data-stage="${stage}"] [data-card]:not([data-card="${id}"])`);
  let index = 0;
  for (const card of cards) {
    const rect = card.getBoundingClientRect();
    if (rect.top + rect.height / 2 < y) index += 1;
    else break;
  }
  return index;
}

/** Scroll within 48 px of an edge, at most 900 px a second (dnd-kit steps every 5 ms). */
export const AUTO_SCROLL = { threshold: { x: 0.06, y: 0.09 }, acceleration: 4.5, interval: 5 };

/** A short buzz when a finger has lifted a card, where the device can. */
export const buzz = () => navigator.vibrate?.(12);
