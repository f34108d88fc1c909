// The undo of the last move, and the reason of a refused one.
import { useEffect, useRef, useState } from "react";
import { Icon } from "./icons.jsx";

const UNDO_MS = 8000;

export function MoveToast({ note, words, onUndo, onClose }) {
  const { t } = words;
  const [held, setHeld] = useState(false);
  const left = useRef(UNDO_MS);
  useEffect(() => { left.current = UNDO_MS; }, [note]);
  useEffect(() => {
    if (held || note.kind === "refused") return undefined;
    const since = Date.now();
    const timer = setTimeout(onClose, left.current);
    return () => { clearTimeout(timer); left.current = Math.max(1000, left.current - (Date.now() - since)); };
  }, [note, held, onClose]);
  const refused = note.kind === "refused";
  return (
    <div className={`bd-toast${refused ? " da" : ""}`} role={refused ? "alert" : "status"} data-held={held || undefined}
      onMouseEnter={() => setHeld(true)} onMouseLeave={() => setHeld(false)} onFocus={() => setHeld(true)} onBlur={() => setHeld(false)}>
      <Icon name={refused ? "warn" : "check"} size={16} />
      <span className="f1" dir="auto">{refused ? t(note.message, note.data) : t("board.toast.moved", note)}</span>
      {!refused && <button type="button" className="btn xs" onClick={onUndo}><Icon name="undo" size={13} />{t("common.action.undo")}<span className="kbd">Z</span></button>}
      <button type="button" className="btn ico xs" aria-label={t("common.action.close")} onClick={onClose}><Icon name="x" size={14} /></button>
      {!refused && <i key={note.at} className="bd-timer" />}
    </div>
  );
}
