// A card that changes place by itself glides there on a copy above the board, so that no column clips it.

const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Glide `element` from where it was (`from`, a DOMRect) to where it is now, over `duration` milliseconds. */
export function glide(element, from, duration, easing = "cubic-bezier(.2,0,0,1)") {
  const to = element.getBoundingClientRect();
  const dx = from.left - to.left, dy = from.top - to.top;
  if (still() || (Math.abs(dx) < 2 && Math.abs(dy) < 2)) return;
  const copy = element.cloneNode(true);
  copy.removeAttribute("data-card");
  copy.setAttribute("aria-hidden", "true");
  copy.inert = true;
  Object.assign(copy.style, { position: "fixed", margin: 0, left: `${to.left}px`, top: `${to.top}px`,
    width: `${to.width}px`, height: `${to.height}px`, pointerEvents: "none", zIndex: "var(--pr-z-drag)" });
  (element.closest(".bd") ?? document.body).append(copy);
  element.style.opacity = "0"; // not hidden: it may hold the focus
  const motion = copy.animate([{ transform: `translate(${dx}px, ${dy}px)` }, { transform: "none" }], { duration, easing });
  const end = () => { copy.remove(); element.style.opacity = ""; };
  motion.addEventListener("finish", end);
  motion.addEventListener("cancel", end);
}

/** Remember where every shown card is, by id. */
export function measure(root) {
  const rects = new Map();
  for (const element of root.querySelectorAll("[data-card]")) rects.set(element.dataset.card, element.getBoundingClientRect());
  return rects;
}
