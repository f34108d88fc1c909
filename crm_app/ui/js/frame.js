// The parts of the frame that live in the browser alone: what is remembered on this device, the connection's
// banner, and short messages.
import { createElement as h, useContext, useEffect, useRef, useState } from "react";
import { EventLoopContext } from "$/utils/context-registry";
import { isHotkey } from "$/utils/prumo/hotkeys.js";
import { applyChosenLanguage, chooseTimeZone, useLocale } from "$/utils/prumo/locale.js";

const keep = (key, value) => {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing still works, it only forgets.
  }
};

/** Put an organization's colours on the page and remember them for the next first paint. */
export const applyBrand = (hue, chroma) => {
  const style = document.documentElement.style;
  style.setProperty("--brand-h", hue);
  style.setProperty("--brand-c", chroma);
  keep("prumo_brand", `${hue}:${chroma}`);
};

/** Make the navigation narrow or wide, and remember it. */
export const toggleNavigation = () => {
  const narrow = document.documentElement.classList.toggle("nav-rail");
  keep("prumo_nav", narrow ? "rail" : "wide");
};

let leaving = false;

/** Load the login page; once, however many things tell this window that its session has ended. */
export const showLogin = () => {
  if (leaving) return;
  leaving = true;
  sessionStorage.removeItem("token");
  window.location.assign("/login");
};

/** Follows the session: time zone and colours of the organization; the login page when it has ended. */
export const FrameEffects = ({ signedIn, timeZone, brandHue, brandChroma, leaveTo }) => {
  const wasSignedIn = useRef(false);
  useEffect(applyChosenLanguage, []);
  useEffect(() => window.prumoAlive?.(), []);
  useEffect(() => {
    if (leaveTo) {
      // A full load with a fresh token: nothing of what was shown stays, in the page or in the server's state.
      sessionStorage.removeItem("token");
      if (leaveTo === ".") window.location.reload();
      else window.location.assign(leaveTo);
    } else if (signedIn) {
      wasSignedIn.current = true;
      chooseTimeZone(timeZone);
      applyBrand(brandHue, brandChroma);
    } else if (wasSignedIn.current) {
      showLogin();
    }
  }, [signedIn, timeZone, brandHue, brandChroma, leaveTo]);
  return null;
};

/** Says that the connection is lost, for as long as it is; what is typed meanwhile is sent afterwards. */
export const OfflineBanner = () => {
  const locale = useLocale();
  const [, connectErrors] = useContext(EventLoopContext) ?? [];
  const [disconnected, setDisconnected] = useState(false);
  useEffect(() => {
    const down = () => setDisconnected(true);
    const up = () => setDisconnected(false);
    setDisconnected(!navigator.onLine);
    window.addEventListener("offline", down);
    window.addEventListener("online", up);
    return () => {
      window.removeEventListener("offline", down);
      window.removeEventListener("online", up);
    };
  }, []);
  const lost = disconnected || (connectErrors?.length ?? 0) > 0;
  const banner = h(
    "div",
    { className: "offline" },
    h("span", { className: "spin", style: { "--s": "14px" }, "aria-hidden": true }),
    h("b", null, locale.t("shell.offline.title")),
    h("span", null, locale.t("shell.offline.body")),
  );
  return h("div", { role: "alert", "aria-live": "assertive" }, lost ? banner : null);
};

const LIFETIME = { info: 6000, success: 6000, error: 0 };

const Toast = ({ item, onDismiss, onUndo }) => {
  const locale = useLocale();
  const [paused, setPaused] = useState(false);
  const lifetime = item.undo ? 8000 : LIFETIME[item.tone];
  const left = useRef(lifetime);
  useEffect(() => {
    if (!lifetime || paused) return undefined;
    const started = Date.now();
    const timer = setTimeout(() => onDismiss(item.id), left.current);
    return () => {
      clearTimeout(timer);
      left.current -= Date.now() - started;
    };
  }, [paused, lifetime, item.id]);
  const hold = { onMouseEnter: () => setPaused(true), onMouseLeave: () => setPaused(false) };
  const focus = { onFocus: () => setPaused(true), onBlur: () => setPaused(false) };
  return h(
    "div",
    { className: `toast ${item.tone}`, role: item.tone === "error" ? "alert" : "status", ...hold, ...focus },
    h("span", { className: "f1" }, locale.t(item.key, item.data)),
    item.undo &&
      h(
        "button",
        { type: "button", className: "btn xs acc", onClick: () => onUndo(item.id) },
        locale.t("common.action.undo"),
        h("span", { className: "kbd" }, "Z"),
      ),
    h(
      "button",
      { type: "button", className: "btn ico xs", "aria-label": locale.t("common.action.close"), onClick: () => onDismiss(item.id) },
      h("svg", { className: "i", width: 14, height: 14, viewBox: "0 0 24 24" }, h("path", { d: "M6 6l12 12M18 6 6 18" })),
    ),
    lifetime > 0 &&
      h("i", { className: "toast-bar", style: { animationDuration: `${lifetime}ms`, animationPlayState: paused ? "paused" : "running" } }),
  );
};

/** The messages of this tab, bottom left; Z undoes the last one that can be undone. */
export const Toasts = ({ items, onDismiss, onUndo }) => {
  useEffect(() => {
    const last = [...items].reverse().find((item) => item.undo);
    if (!last) return undefined;
    const listen = (event) => {
      if (event.key.toLowerCase() !== "z" || !isHotkey(event)) return;
      event.preventDefault();
      onUndo(last.id);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [items]);
  return h(
    "div",
    { className: "toasts" },
    items.map((item) => h(Toast, { key: item.id, item, onDismiss, onUndo })),
  );
};

/** What is left when a screen breaks: it says so, and offers to load the page again. */
export const CrashScreen = () => {
  const locale = useLocale();
  return h(
    "div",
    { className: "empty crash", role: "alert" },
    h("h1", null, locale.t("shell.crash.title")),
    h("p", { className: "mut" }, locale.t("shell.crash.body")),
    h(
      "div",
      { className: "r g2 empty-a" },
      h("button", { type: "button", className: "btn pri m", onClick: () => window.location.reload() }, locale.t("shell.crash.reload")),
      h("a", { className: "btn out m", href: "/" }, locale.t("shell.crash.home")),
    ),
  );
};
