// Dragging by mouse and touch: which column is under the pointer, and which gap in it.
import { useEffect } from "react";
import { MouseSensor, TouchSensor, useSensor, useSensors } from "@dnd-kit/core";

/** Lift after 4 px with the mouse, after 180 ms of pressing with a finger. */
export function useLift() {
  return useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 4 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 180, tolerance: 8 } }),
  );
}

/** The column whose sides enclose `x`, at any height; else the nearest one. */
function columnAt(root, x) {
  let best = null;
  for (const column of root.querySelectorAll("[data-stage]")) {
    const { left, right } = column.getBoundingClientRect();
    const away = x < left ? left - x : x > right ? x - right : 0;
    if (best === null || away < best.away) best = { column, away };
  }
  return best?.column ?? null;
}

/** The gap of a column at height `y`: how many of its cards, without the one that is carried, lie above. */
function gapAt(column, id, y) {
  let index = 0;
  for (const card of column.querySelectorAll(`[data-card]:not([data-card="${id}"])`)) {
    const { top, height } = card.getBoundingClientRect();
    if (top + height / 2 >= y) break;
    index += 1;
  }
  return index;
}

const handOf = (event) => {
  const { clientX, clientY } = event.touches?.[0] ?? event;
  return { x: clientX, y: clientY };
};

/** While a card is carried, look on every frame which gap it hangs over: the columns may scroll under a still hand.
 *
 * `grip` is how far above the card's middle it was taken. Calls `onPlace({stage, index})`. */
export function useCarry({ id, root, hand, grip, onPlace }) {
  useEffect(() => {
    if (!id) return undefined;
    const follow = (event) => { hand.current = handOf(event); };
    let frame = 0;
    const look = () => {
      const column = columnAt(root.current, hand.current.x);
      if (column) onPlace({ stage: column.dataset.stage, index: gapAt(column, id, hand.current.y + grip.current) });
      frame = requestAnimationFrame(look);
    };
    const options = { capture: true, passive: true };
    window.addEventListener("mousemove", follow, options);
    window.addEventListener("touchmove", follow, options);
    look();
    return () => {
      cancelAnimationFrame(frame);
      window.removeEventListener("mousemove", follow, options);
      window.removeEventListener("touchmove", follow, options);
    };
  }, [id, root, hand, grip, onPlace]);
}

/** Where the hand was when it lifted a card. */
export const takenAt = handOf;

/** dnd-kit's own question, which here only chooses what scrolls by itself: the column under the hand. */
export function columnUnderPointer({ droppableContainers, droppableRects, pointerCoordinates, collisionRect }) {
  const x = pointerCoordinates?.x ?? collisionRect.left + collisionRect.width / 2;
  const found = droppableContainers.filter(({ id }) => {
    const rect = droppableRects.get(id);
    return rect && x >= rect.left && x <= rect.right;
  });
  return found.map(({ id }) => ({ id }));
}

/** Scroll within 48 px of an edge, at most 900 px a second (dnd-kit steps every 5 ms). */
export const autoScroll = (root) => ({
  threshold: { x: Math.min(0.2, 48 / (root?.clientWidth || 1)), y: Math.min(0.2, 64 / (root?.clientHeight || 1)) },
  acceleration: 4.5,
  interval: 5,
});

/** A short buzz when a finger has lifted a card, where the device can. */
export const buzz = () => navigator.vibrate?.(12);
