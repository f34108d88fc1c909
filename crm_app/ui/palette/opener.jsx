// The way into the palette: a button and a key. The palette itself is loaded when it is first wanted.
import { useEffect, useState, useSyncExternalStore } from "react";
import { useLocale } from "$/utils/prumo/locale.js";

const OPEN_ELSEWHERE = "dialog[open], [role=dialog][data-state=open]";

const load = () => import("./palette.jsx");
const nothing = () => {};

let open = nothing;

/** Open the palette; on a page without one, nothing happens. */
export const showPalette = () => setTimeout(() => open()); // once the menu that asked has closed

/** Return the name of the key that makes another key a command on this device. */
export const commandKey = () => (/Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl");

const useCommandKey = () => useSyncExternalStore(() => nothing, commandKey, () => "Ctrl");

export function PaletteButton({ children }) {
  const { t } = useLocale();
  const key = `${useCommandKey()} K`;
  return (
    <button type="button" className="srch" onClick={showPalette} onPointerEnter={() => load().catch(nothing)}
      title={`${t("shell.palette.title")} (${key})`} aria-label={t("shell.palette.title")} aria-keyshortcuts="Control+K Meta+K">
      {children}
      <span className="f1 tr lab">{t("shell.palette.title")}</span>
      <span className="kbd lab" aria-hidden="true">{key}</span>
    </button>
  );
}

export function PrumoPalette(props) {
  const [Dialog, setDialog] = useState(null);
  useEffect(() => {
    // Without a connection it may not come; the banner says why, and the next press asks again.
    open = () => load().then((loaded) => setDialog(() => loaded.PaletteDialog), nothing);
    const onKey = (event) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      if (!document.querySelector(OPEN_ELSEWHERE)) open();
    };
    window.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("keydown", onKey);
      open = nothing;
    };
  }, []);
  return Dialog && <Dialog {...props} onClose={() => setDialog(null)} />;
}
