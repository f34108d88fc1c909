// The list of conversations: rows that answer at once, loading at its end, and the keys that walk through it.
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useLocation, useNavigate, useNavigationType } from "react-router";
import { isHotkey } from "$/utils/prumo/hotkeys.js";

// ── which row was pressed last; shown as chosen before the server has answered ───────────────────
let pressed = null;
const listeners = new Set();
const press = (id) => {
  pressed = id;
  listeners.forEach((listener) => listener());
};
const usePressed = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => pressed,
    () => null,
  );

// Reflex leaves a navigation with this mark alone, so the page is not loaded anew: we open the conversation ourselves.
const IN_PLACE = { state: { fromNotFound: true } };

/** A link to a conversation that opens it in place; with a modifier key it is a link like any other. */
export function RowLink({ conversation, current, href, look, onOpen, label, children }) {
  const chosen = usePressed();
  const navigate = useNavigate();
  useEffect(() => {
    if (chosen === current) press(null);
  }, [chosen, current]);
  const on = conversation !== "" && (chosen ?? current) === conversation;
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (conversation === current) return;
    press(conversation);
    navigate(href, IN_PLACE);
    onOpen(conversation);
  };
  return (
    <a href={href} className={on ? `${look} on` : look} aria-current={on ? "true" : undefined} aria-label={label} onClick={open} data-conversation={conversation}>
      {children}
    </a>
  );
}

/** The end of a list: asks for more as it comes near. `mark` changes with each window that was loaded. */
export function ListEnd({ more, mark, onReach, children }) {
  const end = useRef(null);
  const reach = useRef(onReach);
  reach.current = onReach;
  useEffect(() => {
    if (!more) return undefined;
    const watch = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && reach.current?.(), { rootMargin: "400px" });
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [more, mark]);
  return <div ref={end} className="rows-end">{more ? children : null}</div>;
}

/** Opens what the address says when one goes back or forward through conversations that were opened in place. */
export function AddressFollower({ base, current, onOpen }) {
  const location = useLocation();
  const how = useNavigationType();
  useEffect(() => {
    if (how !== "POP" || !location.state?.fromNotFound) return;
    const wanted = location.pathname.slice(base.length).replaceAll("/", "");
    if (wanted !== current) onOpen(wanted);
  }, [location]);
  return null;
}

/** J and K walk through the list. */
export function Walk({ list }) {
  useEffect(() => {
    const walk = (step) => {
      const rows = [...document.querySelectorAll(`${list} a.cv`)];
      const here = rows.findIndex((row) => row.classList.contains("on"));
      const next = rows[here < 0 ? 0 : here + step];
      next?.click();
      next?.scrollIntoView({ block: "nearest" });
      next?.focus({ preventScroll: true });
    };
    const onKey = (event) => {
      const key = event.key.toLowerCase();
      if ((key !== "j" && key !== "k") || !isHotkey(event)) return;
      walk(key === "j" ? 1 : -1);
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [list]);
  return null;
}
