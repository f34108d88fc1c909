// A deal typed straight into a column: title and value, Enter saves and stays for the next one.
import { useEffect, useRef, useState } from "react";
import { Icon } from "./icons.jsx";

export function QuickAdd({ stage, words, draft, onSubmit, onClose }) {
  const { t } = words;
  const [title, setTitle] = useState(draft?.title ?? "");
  const [value, setValue] = useState(draft?.value ?? "");
  const titleRef = useRef(null);
  useEffect(() => titleRef.current?.focus(), []);
  const submit = (event) => {
    event.preventDefault();
    if (!title.trim()) return titleRef.current?.focus();
    onSubmit(stage.id, title.trim(), value.trim());
    setTitle(""); setValue("");
    return titleRef.current?.focus();
  };
  const keys = (event) => {
    event.stopPropagation();
    if (event.key === "Escape") onClose();
  };
  const wrong = draft?.error;
  return (
    <form className="qa" onSubmit={submit} onKeyDown={keys} aria-label={t("board.add.in", { stage: stage.name })}>
      <input ref={titleRef} className="qa-i" value={title} maxLength={200} dir="auto" placeholder={t("board.add.title")} aria-label={t("board.add.title")}
        onChange={(event) => setTitle(event.target.value)} />
      <input className={`qa-i num${wrong ? " err" : ""}`} value={value} maxLength={40} inputMode="decimal" placeholder={t("board.add.value")} aria-label={t("board.add.value")}
        aria-invalid={Boolean(wrong)} aria-describedby={wrong ? "qa-error" : undefined} onChange={(event) => setValue(event.target.value)} />
      {wrong && <p id="qa-error" className="da mi" role="alert">{t(wrong, draft.data)}</p>}
      <div className="r g1">
        <button type="submit" className="btn pri xs">{t("board.add.save")}</button>
        <button type="button" className="btn xs" onClick={onClose}>{t("board.add.cancel")}</button>
      </div>
    </form>
  );
}

/** A typed deal on its way to the server. */
export function Draft({ draft, words }) {
  return (
    <div className="cd draft" aria-busy="true">
      <div className="l1"><b className="tr" dir="auto">{draft.title}</b><span className="num mw">{draft.value}</span></div>
      <p className="l2 r g1"><Icon name="clock" size={12} />{words.t("board.add.saving")}</p>
    </div>
  );
}
