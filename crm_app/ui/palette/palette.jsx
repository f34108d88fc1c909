// The palette: one field that finds people, deals and conversations, and commands the screen.
import { useEffect, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { MessageSquareText, MessagesSquare, Search, SquareKanban, X, Zap } from "lucide-react";
import { screenKeys, showKeys } from "$/utils/prumo/hotkeys.js";
import { hue, initials, phone, useLocale } from "$/utils/prumo/locale.js";
import { signOut } from "$/utils/prumo/session.js";
import { marked } from "./marks.js";
import { commandKey } from "./opener.jsx";
import { NOTHING, sections, understood } from "./sections.js";

const PAUSE_MS = 140;
const SHORTEST = 2;
const ICONS = { deal: SquareKanban, talk: MessagesSquare, message: MessageSquareText };

const Keys = ({ keys }) => keys && keys.split(" ").map((key, place) => <kbd key={place} className="kbd">{key.toUpperCase()}</kbd>);

function Marked({ text, words }) {
  return marked(text, words).map(({ text: piece, hit }, place) => (hit ? <b key={place}>{piece}</b> : piece));
}

function Picture({ item }) {
  if (item.face) return <span className="av" style={{ "--s": "24px", "--h": hue(item.face.id) }} aria-hidden="true">{initials(item.face.name)}</span>;
  const Icon = ICONS[item.icon] ?? Zap;
  return typeof item.icon === "object" ? item.icon : <Icon className="i" size={16} aria-hidden="true" />;
}

function Item({ item, number, on, words, t, onPoint, onChoose }) {
  const own = useRef(null);
  useEffect(() => { if (on) own.current.scrollIntoView({ block: "nearest" }); }, [on]);
  const press = (event) => {
    if (item.href && (event.ctrlKey || event.metaKey || event.shiftKey)) return; // the browser's own new window
    event.preventDefault();
    onChoose(item);
  };
  return (
    <a ref={own} id={`pal-${number}`} role="option" aria-selected={on} tabIndex={-1} href={item.href} className={`mitem${on ? " on" : ""}`}
      onPointerMove={on ? undefined : onPoint} onClick={press}>
      <Picture item={item} />
      <span className="tr f1"><bdi><Marked text={item.text} words={words} /></bdi>{item.detail && <span className="fnt"> · <bdi><Marked text={item.detail} words={words} /></bdi></span>}</span>
      <span className="r g1 pal-k">{on && item.href && <span className="mi fnt">{t("shell.palette.open")}</span>}{on ? <kbd className="kbd">↵</kbd> : <Keys keys={item.keys} />}</span>
    </a>
  );
}

function Hints({ t }) {
  const hint = (keys, words) => <span className="r g1">{keys.map((key) => <kbd key={key} className="kbd">{key}</kbd>)}{t(`shell.palette.${words}`)}</span>;
  return (
    <footer className="pal-f mi fnt">
      {hint(["↑", "↓"], "walk")}{hint(["↵"], "choose")}{hint([commandKey(), "↵"], "beside")}
      <span className="f1" />{hint([">"], "only_commands")}{hint(["@"], "only_people")}
    </footer>
  );
}

/** Return what the keys of the screen behind the palette do, as commands; the navigation's are commands anyway. */
const screenCommands = () =>
  screenKeys()
    .filter(({ element }) => !element.closest(".nav, .tabbar"))
    .map(({ keys, name, press }) => ({ name, act: `key ${keys}`, keys, press }));

export function PaletteDialog({ commands, found, currency, onLook, onMake, onTheme, onClose }) {
  const locale = useLocale();
  const { t } = locale;
  const navigate = useNavigate();
  const dialog = useRef(null);
  const [typed, setTyped] = useState("");
  const [active, setActive] = useState(0);
  const [hurried, setHurried] = useState(false);
  const [here] = useState(screenCommands);
  const [before] = useState(found); // what was found the last time may be gone by now
  useEffect(() => dialog.current.showModal(), []);

  const { only, words } = understood(typed);
  const searching = only !== "commands" && words.length >= SHORTEST;
  const answered = !searching || (found !== before && found.asked === words);
  useEffect(() => {
    if (answered) return undefined;
    const timer = setTimeout(() => onLook(words), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [words, answered, onLook]);

  const shown = useMemo(() => {
    const writing = { t, phone, money: (cents) => locale.money(cents, false, currency), stamp: (iso) => locale.stamp(iso) };
    const usable = [...commands.filter((one) => one.shown), ...here];
    return sections(typed, searching && found !== before ? { ...NOTHING, ...found } : NOTHING, usable, writing);
  }, [typed, searching, found, before, commands, here, locale, currency]);
  const items = shown.flatMap((section) => section.items);
  const at = Math.min(active, items.length - 1);

  const acts = {
    make: (item) => onMake(item.make, item.about ? words : ""),
    dark: () => onTheme("dark"),
    light: () => onTheme("light"),
    keys: showKeys,
    sign_out: signOut,
  };
  const choose = (item, beside = false) => {
    dialog.current.close();
    if (item.href && beside) window.open(item.href, "_blank", "noopener");
    else if (item.href) navigate(item.href);
    else if (item.press) setTimeout(item.press); // once the focus is back where it was
    else acts[item.act](item);
  };
  useEffect(() => {
    // Who types and presses Enter at once means the first thing that is found, not what stood there before.
    if (!hurried || !answered) return;
    setHurried(false);
    if (items.length > 0 && !items[0].about) choose(items[0]);
  }, [hurried, answered]);

  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && items.length > 0) setActive((at + step + items.length) % items.length);
    else if (event.key === "Enter" && !answered) setHurried(true);
    else if (event.key === "Enter" && items[at]) choose(items[at], event.ctrlKey || event.metaKey);
    else return;
    event.preventDefault();
  };
  const onType = (event) => {
    setTyped(event.target.value);
    setActive(0);
    setHurried(false);
  };

  const nothing = searching ? answered && !shown.some((section) => section.records) : items.length === 0;
  let number = -1;
  return (
    <dialog ref={dialog} className="pal" aria-label={t("shell.palette.title")} onClose={onClose} onClick={(event) => event.target === dialog.current && dialog.current.close()}>
      <div className="pal-i">
        <Search className="i fnt" size={18} aria-hidden="true" />
        <input type="text" role="combobox" aria-expanded="true" aria-controls="pal-list" aria-autocomplete="list" aria-activedescendant={at >= 0 ? `pal-${at}` : undefined}
          aria-label={t("shell.palette.title")} placeholder={t("shell.palette.placeholder")} maxLength={100} autoComplete="off" spellCheck={false} autoFocus
          dir="auto" value={typed} onChange={onType} onKeyDown={onKeyDown} />
        {!answered && <span className="spin" style={{ "--s": "16px" }} aria-hidden="true" />}
        <button type="button" className="pal-x" aria-label={t("common.action.close")} onClick={() => dialog.current.close()}><kbd className="kbd" aria-hidden="true">Esc</kbd><X className="i" size={20} aria-hidden="true" /></button>
      </div>
      <p className="pal-n fnt" role="status">{nothing && t(only === "commands" ? "shell.palette.no_command" : "shell.palette.nothing", { words })}</p>
      <div id="pal-list" className="pal-l" role="listbox" aria-label={t("shell.palette.title")} aria-busy={!answered}>
        {shown.map((section) => (
          <div key={section.title} role="group" aria-label={section.title}>
            <div className="mlabel" aria-hidden="true">{section.title}</div>
            {section.items.map((item) => {
              number += 1;
              const own = number;
              return <Item key={item.id} item={item} number={own} on={own === at} words={words} t={t} onPoint={() => setActive(own)} onChoose={choose} />;
            })}
          </div>
        ))}
      </div>
      <Hints t={t} />
    </dialog>
  );
}
