// The menu of a card: everything that dragging does, for those who do not drag (WCAG 2.5.7).
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { Icon } from "./icons.jsx";
import { stageColor } from "./stage.js";

function fit(anchor, menu) {
  const gap = 4, edge = 8;
  const top = anchor.bottom + gap + menu.height > window.innerHeight - edge ? anchor.top - gap - menu.height : anchor.bottom + gap;
  const left = Math.min(anchor.right - menu.width, window.innerWidth - menu.width - edge);
  return { top: Math.max(edge, Math.min(top, window.innerHeight - menu.height - edge)), left: Math.max(edge, left) };
}

export function CardMenu({ card, stages, words, anchor, canWrite, root, onOpen, onMove, onTop, onClose }) {
  const { t } = words;
  const ref = useRef(null);
  const [spot, setSpot] = useState({ top: 0, left: 0 });
  useLayoutEffect(() => {
    setSpot(fit(anchor.getBoundingClientRect(), ref.current.getBoundingClientRect()));
    ref.current.querySelector("[role^=menuitem]")?.focus();
  }, [anchor]);
  useEffect(() => {
    const outside = (event) => { if (!ref.current?.contains(event.target)) onClose(false); };
    document.addEventListener("pointerdown", outside, true);
    window.addEventListener("resize", onClose);
    return () => { document.removeEventListener("pointerdown", outside, true); window.removeEventListener("resize", onClose); };
  }, [onClose]);
  const keys = (event) => {
    event.stopPropagation();
    const items = [...ref.current.querySelectorAll("[role^=menuitem]:not([aria-disabled=true])")];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); items[to % items.length]?.focus(); }
    if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); onClose(true); }
  };
  const item = (key, icon, label, run) => (
    <button key={key} type="button" role="menuitem" className="mitem" tabIndex={-1} onClick={run}>{icon}<span className="tr">{label}</span></button>
  );
  return createPortal(
    <div ref={ref} className="menu bd-menu" role="menu" aria-label={t("board.card.menu", { title: card.title })} style={spot} onKeyDown={keys}>
      {item("open", <Icon name="open" />, t("board.menu.open"), () => onOpen(card.id))}
      {canWrite && item("top", <Icon name="top" />, t("board.menu.top"), () => onTop(card.id))}
      {canWrite && <div className="mlabel" role="presentation">{t("board.menu.move_to")}</div>}
      {canWrite && stages.map((stage) => (
        <button key={stage.id} type="button" role="menuitemradio" aria-checked={stage.id === card.stage_id} className="mitem" tabIndex={-1}
          onClick={() => onMove(card.id, stage.id)}>
          <i className="dot sq" style={{ "--d": stageColor(stage) }} /><span className="tr f1">{stage.name}</span>
          {stage.id === card.stage_id && <Icon name="check" size={13} />}
        </button>
      ))}
    </div>,
    root,
  );
}
