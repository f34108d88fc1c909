// Keys of one letter. What they do stands on the elements that do it: `data-hotkey="n"`, or `"g c"` for one key after
// the other, so a screen's keys are those of what it shows. `?` lists them, and there they can be turned off
// (WCAG 2.1.4).
import { createElement as h, useEffect, useRef, useState } from "react";
import { useLocale } from "$/utils/prumo/locale.js";

const STORED = "prumo_hotkeys";
const SECOND_KEY_MS = 1500;
const BUSY = "input, textarea, select, [contenteditable]:not([contenteditable='false']), [role=dialog], [role=menu], dialog";

const MOVABLE = ".app:has([data-hotkey='n']) [data-card]"; // for whoever may write deals

/** Keys that belong to no single element: where they hold, and the words for what they do. */
const OTHERS = [
  { within: ".app", keys: ["ctrl", "k"], words: "shell.palette.title" },
  { within: "#conversations", keys: ["j"], words: "shell.keys.next" },
  { within: "#conversations", keys: ["k"], words: "shell.keys.previous" },
  { within: "[data-card]", keys: ["↑ ↓ ← →"], words: "shell.keys.cards" },
  { within: "[data-card]", keys: ["↵"], words: "shell.keys.open_card" },
  { within: MOVABLE, keys: ["space"], words: "shell.keys.lift_card" },
  { within: MOVABLE, keys: ["m"], words: "shell.keys.move_card" },
  { within: "body", keys: ["z"], words: "shell.keys.undo" },
  { within: "body", keys: ["?"], words: "shell.keys.title" },
];

const areOn = () => {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true;
  }
};

const turn = (on) => {
  try {
    localStorage.setItem(STORED, on ? "on" : "off");
  } catch {
    // A browser that keeps nothing has them on.
  }
};

/** Tell whether a key press is meant as a command: nobody types, nothing is open, and the person wants such keys. */
export const isHotkey = (event) =>
  !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest?.(BUSY) && areOn();

const isShown = (element) => !element.disabled && element.getClientRects().length > 0;
const shown = () => [...document.querySelectorAll("[data-hotkey]")].filter(isShown);

const press = (element) => {
  if (element.matches("input, textarea")) {
    element.focus();
    element.select();
  } else if (element.getAttribute("aria-haspopup") === "menu") {
    // Radix opens a menu on a key or a pointer, never on a plain click.
    element.focus();
    element.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  } else element.click();
};

const nameOf = (element) =>
  element.getAttribute("aria-label") || element.getAttribute("title") || element.getAttribute("placeholder") || element.textContent.trim();

/** Return the elements of this screen that keys press: `[{element, keys, name, press}]`. */
export const screenKeys = () =>
  shown().map((element) => ({ element, keys: element.dataset.hotkey, name: nameOf(element), press: () => press(element) }));

/** Return what the keys of this screen do, each once: `[{keys: ["g", "c"], name}]`. */
const listed = (t) => {
  const own = screenKeys().map(({ keys, name }) => ({ keys: keys.split(" "), name }));
  const others = OTHERS.filter((one) => document.querySelector(one.within)).map((one) => ({ keys: one.keys, name: t(one.words) }));
  const known = new Set();
  return [...own, ...others].filter(({ keys }) => !known.has(keys.join(" ")) && known.add(keys.join(" ")));
};

let open = () => {};

/** Show the keys of this screen. */
export const showKeys = () => setTimeout(() => open()); // once the menu that asked has closed

const KeyList = ({ rows, onClose }) => {
  const { t } = useLocale();
  const dialog = useRef(null);
  const [on, setOn] = useState(areOn);
  useEffect(() => dialog.current.showModal(), []);
  const choose = (event) => {
    turn(event.target.checked);
    setOn(event.target.checked);
  };
  return h(
    "dialog",
    { ref: dialog, className: "keys", "aria-labelledby": "keys-title", onClose, onClick: (event) => event.target === dialog.current && dialog.current.close() },
    h(
      "div",
      { className: "keys-in" },
      h(
        "header",
        { className: "r g2" },
        h("h2", { id: "keys-title", className: "f1" }, t("shell.keys.title")),
        h("button", { type: "button", className: "btn xs", onClick: () => dialog.current.close() }, t("common.action.close")),
      ),
      h(
        "ul",
        { role: "list", className: on ? "" : "off" },
        rows.map(({ keys, name }) =>
          h(
            "li",
            { key: keys.join(" ") },
            h("span", { className: "f1 tr" }, name),
            keys.map((key, place) => h("kbd", { key: place, className: "kbd" }, key === "space" ? t("shell.keys.space") : key.toUpperCase())),
          ),
        ),
      ),
      h(
        "label",
        { className: "r g2 keys-on" },
        h("span", { className: "c f1" }, h("b", null, t("shell.keys.use")), h("span", { className: "sm fnt" }, t("shell.keys.use_hint"))),
        h("input", { type: "checkbox", role: "switch", className: "sw", checked: on, onChange: choose }),
      ),
    ),
  );
};

/** Listens for the keys, and shows which there are. */
export const Hotkeys = () => {
  const { t } = useLocale();
  const [rows, setRows] = useState(null);
  const begun = useRef({ keys: "", until: 0 });
  useEffect(() => {
    open = () => setRows(listed(t));
    const onKey = (event) => {
      if (!isHotkey(event)) return;
      const key = event.key.toLowerCase();
      const first = begun.current.until > event.timeStamp ? `${begun.current.keys} ` : "";
      const keys = first + key;
      begun.current = { keys: "", until: 0 };
      const here = shown();
      const target = here.find((element) => element.dataset.hotkey === keys);
      if (target) press(target);
      else if (keys === "?") open();
      else if (here.some((element) => element.dataset.hotkey.startsWith(`${keys} `))) {
        begun.current = { keys, until: event.timeStamp + SECOND_KEY_MS };
      } else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("keydown", onKey);
      open = () => {};
    };
  }, [t]);
  return rows && h(KeyList, { rows, onClose: () => setRows(null) });
};
