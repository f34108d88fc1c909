// Writing a message: everything that must answer at once. It posts into the outbox, and carries the outbox to
// the server whenever there is a connection.
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "react";
import { CloudOff, FileText, Lock, Mic, Paperclip, Reply, Send, Square, StickyNote, Trash2, X } from "lucide-react";
import { EventLoopContext } from "$/utils/context";
import { useLocale } from "$/utils/prumo/locale.js";
import { confirm, markSent, newKey, openOutbox, post, quote, refuse, useOutbox, useQuoted } from "./outbox.js";
import { upload } from "./upload.js";
import { useRecorder } from "./recorder.js";

const AGAIN = 8000; // milliseconds after which an item without an answer leaves once more
const TYPING = 3000; // milliseconds between two "is typing"

const KEY_WORDS = { message: "inbox.composer.placeholder", note: "inbox.composer.note_placeholder", closed: "inbox.composer.only_notes" };
const TOUCH_WORDS = {
  message: "inbox.composer.touch_placeholder", note: "inbox.composer.touch_note_placeholder", closed: "inbox.composer.touch_only_notes",
};

const draftPlace = (person, conversation) => `prumo.draft.${person}.${conversation}`;
const readDraft = (place) => {
  try {
    return localStorage.getItem(place) ?? "";
  } catch {
    return "";
  }
};
const keepDraft = (place, text) => {
  try {
    if (text) localStorage.setItem(place, text);
    else localStorage.removeItem(place);
  } catch {
    // Without storage the draft lasts as long as the page.
  }
};

/** Whether the server can be reached. */
const useOnline = () => {
  const [, connectErrors] = useContext(EventLoopContext);
  const [network, setNetwork] = useState(true);
  useEffect(() => {
    const look = () => setNetwork(navigator.onLine);
    look();
    window.addEventListener("online", look);
    window.addEventListener("offline", look);
    return () => {
      window.removeEventListener("online", look);
      window.removeEventListener("offline", look);
    };
  }, []);
  return network && connectErrors.length === 0;
};

/** Whether people write with their fingers on this screen: then nothing speaks of keys. */
const useTouch = () => {
  const [touch, setTouch] = useState(false);
  useEffect(() => {
    const query = window.matchMedia("(pointer: coarse), (max-width: 640px)");
    const look = () => setTouch(query.matches);
    look();
    query.addEventListener("change", look);
    return () => query.removeEventListener("change", look);
  }, []);
  return touch;
};

/** Let the browser ask before the page is left while `unsent`: texts are kept as drafts, files and sound are not. */
const useFarewell = (unsent) => {
  useEffect(() => {
    if (!unsent) return undefined;
    const ask = (event) => {
      event.preventDefault();
      event.returnValue = ""; // what older browsers look at
    };
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [unsent]);
};

/** Carries what waits to the server, again after a while without an answer, at once after a reconnection. */
const useCourier = ({ person, confirmed, refused, online, onSend }) => {
  const outbox = useOutbox();
  const [beat, setBeat] = useState(0);
  const lost = useRef(false);
  useEffect(() => openOutbox(person), [person]);
  useEffect(() => confirm(confirmed), [confirmed, outbox]);
  useEffect(() => refused.forEach(({ key, error }) => refuse(key, error)), [refused]);
  useEffect(() => {
    if (!online) {
      lost.current = true;
      return;
    }
    const now = Date.now();
    const due = outbox.filter((item) => item.state === "waiting" && (lost.current || !item.sentAt || now - item.sentAt > AGAIN));
    lost.current = false;
    due.forEach((item) => {
      markSent(item.key, now);
      onSend({
        key: item.key, conversation: item.conversation, text: item.text, note: item.note,
        attachments: item.files.map((file) => file.token), reply_to: item.reply?.id ?? null,
      });
    });
  }, [outbox, online, beat]);
  useEffect(() => {
    if (!outbox.length) return undefined;
    const timer = setInterval(() => setBeat((count) => count + 1), AGAIN / 2);
    return () => clearInterval(timer);
  }, [outbox.length > 0]);
  return outbox;
};

const FileChip = ({ file, onRemove }) => {
  const prumo = useLocale();
  const words = file.error ? prumo.t(file.error) : file.done ? prumo.bytes(file.size) : prumo.percent(file.share, 0);
  return (
    <span className={file.error ? "fchip bad" : "fchip"} role={file.error ? "alert" : undefined}>
      {file.preview && file.kind === "image" ? <img src={file.preview} alt="" /> : <FileText size={18} />}
      <span className="c f1"><span className="tr">{file.name}</span><span className="mi">{words}</span></span>
      <button type="button" className="btn ico xs" aria-label={prumo.t("inbox.composer.remove_file", { name: file.name })} onClick={onRemove}>
        <X size={14} />
      </button>
    </span>
  );
};

const Mentions = ({ members, onChoose }) => {
  const prumo = useLocale();
  return (
    <div className="menu mention" role="listbox" aria-label={prumo.t("inbox.composer.mention")}>
      {members.map((member, index) => (
        <button key={member.id} type="button" role="option" aria-selected={index === 0} className={index === 0 ? "mitem on" : "mitem"}
          onMouseDown={(event) => event.preventDefault()} onClick={() => onChoose(member)}>
          {member.name}
        </button>
      ))}
    </div>
  );
};

/** The files chosen for the next message: they go up at once, so that sending is instant. */
const useFiles = (maxBytes) => {
  const [files, setFiles] = useState([]);
  const patch = (id, fields) => setFiles((all) => all.map((file) => (file.id === id ? { ...file, ...fields } : file)));
  const add = (chosen) => {
    for (const blob of chosen) {
      const id = newKey();
      const kind = blob.type.split("/")[0];
      const preview = ["image", "audio"].includes(kind) ? URL.createObjectURL(blob) : "";
      const entry = { id, name: blob.name || "arquivo", size: blob.size, kind, preview, share: 0, done: false, error: "" };
      setFiles((all) => [...all, maxBytes && blob.size > maxBytes ? { ...entry, error: "inbox.composer.too_large" } : entry]);
      if (maxBytes && blob.size > maxBytes) continue;
      upload(blob, (share) => patch(id, { share }))
        .then((stored) => patch(id, { done: true, token: stored.token, kind: stored.kind, name: stored.file_name }))
        .catch((error) => patch(id, { error: error.key ?? "inbox.composer.upload_failed" }));
    }
  };
  return { files, add, remove: (id) => setFiles((all) => all.filter((file) => file.id !== id)), clear: () => setFiles([]) };
};

const Recording = ({ recorder, onDone }) => {
  const prumo = useLocale();
  return (
    <div className="rec" role="status">
      <span className="pulse" /> {prumo.t("inbox.composer.recording", { length: recorder.length })}
      <span className="f1" />
      <button type="button" className="btn ico" aria-label={prumo.t("inbox.composer.record_cancel")} onClick={recorder.cancel}><Trash2 size={16} /></button>
      <button type="button" className="btn pri" onClick={() => recorder.stop().then(onDone)}>
        <Square size={14} fill="currentColor" /><span>{prumo.t("inbox.composer.record_done")}</span>
      </button>
    </div>
  );
};

let lastReturned = ""; // what was taken back is put into the text once, however often the composer is drawn anew

/** The composer of one conversation. */
export function Composer({ conversation, person, members, channel, canSend, maxText, maxBytes, confirmed, refused, givenBack, onSend, onTyping, onReconnected }) {
  const prumo = useLocale();
  const online = useOnline();
  const touch = useTouch();
  const outbox = useCourier({ person, confirmed, refused, online, onSend });
  const quoted = useQuoted();
  const area = useRef(null);
  const picker = useRef(null);
  const told = useRef(0);
  const wasOnline = useRef(true);
  const [text, setText] = useState("");
  const [note, setNote] = useState(false);
  const [over, setOver] = useState(false);
  const { files, add, remove, clear } = useFiles(maxBytes);
  const recorder = useRecorder();
  const place = draftPlace(person, conversation);
  useFarewell(files.length > 0 || recorder.active);

  useEffect(() => {
    setText(readDraft(place));
    setNote(false);
    clear();
    quote(null);
  }, [place]);
  useEffect(() => {
    if (!givenBack?.id || givenBack.id === lastReturned || givenBack.conversation !== conversation) return;
    lastReturned = givenBack.id;
    const value = [givenBack.text, text].filter(Boolean).join("\n");
    setText(value);
    keepDraft(place, value);
    area.current?.focus();
  }, [givenBack?.id]);
  useEffect(() => {
    if (online && !wasOnline.current) onReconnected?.();
    wasOnline.current = online;
  }, [online]);
  useLayoutEffect(() => {
    // Browsers without `field-sizing` need to be told the height of the text.
    if (!area.current || CSS.supports("field-sizing", "content")) return;
    area.current.style.height = "auto";
    area.current.style.height = `${area.current.scrollHeight}px`;
  }, [text]);

  const ready = files.filter((file) => file.token);
  const uploading = files.some((file) => !file.done && !file.error);
  const long = maxText > 0 && !note && text.length > maxText;
  const sendable = (text.trim() || ready.length) && !uploading && !long && (note || canSend);

  const write = (value) => {
    if (!note && value === "@") setNote(true);
    setText(value);
    keepDraft(place, value);
    if (value && !note && Date.now() - told.current > TYPING) {
      told.current = Date.now();
      onTyping?.(conversation);
    }
  };
  const send = () => {
    if (!sendable) return;
    post({
      key: newKey(), conversation, text: text.trim(), note, at: new Date().toISOString(), reply: note ? null : quoted,
      files: ready.map(({ token, name, kind, preview, size }) => ({ token, name, kind, preview, size })),
    });
    setText("");
    keepDraft(place, "");
    clear();
    quote(null);
    setNote(false);
    told.current = 0;
    area.current?.focus();
  };
  const mention = /(^|\s)@([\p{L}\p{N}]*)$/u.exec(text);
  const offered = note && mention ? members.filter((member) => member.name.toLowerCase().startsWith(mention[2].toLowerCase())).slice(0, 5) : [];
  const choose = (member) => {
    write(`${text.slice(0, text.length - mention[2].length)}${member.name.split(" ")[0]} `);
    area.current?.focus();
  };

  const onKeyDown = (event) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && offered.length && mention[2]) {
      event.preventDefault();
      choose(offered[0]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      if (quoted) quote(null);
      else if (note) setNote(false);
      else event.currentTarget.blur();
    } else if (event.key === "Backspace" && note && !text) setNote(false);
  };
  const onPaste = (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (!pasted.length) return;
    event.preventDefault();
    add(pasted);
  };
  const onDrop = (event) => {
    event.preventDefault();
    setOver(false);
    add([...event.dataTransfer.files]);
  };
  const full = Boolean(text.trim() || files.length || note);
  const look = ["cmp", note && "note", over && "drop", full && "has-text"].filter(Boolean).join(" ");
  const placeholder = (touch ? TOUCH_WORDS : KEY_WORDS)[note ? "note" : canSend ? "message" : "closed"];

  return (
    <>
      {outbox.length && !online ? (
        <div className="queued" role="status"><CloudOff size={15} />{prumo.t("inbox.composer.keeping", { count: outbox.length })}</div>
      ) : null}
      <div className={look} data-can-note={!note} onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={onDrop}>
        {note ? <div className="note-h"><Lock size={13} strokeWidth={2} />{prumo.t("inbox.composer.note_mode")}</div> : null}
        {quoted && !note ? (
          <div className="files">
            <span className="qt f1" style={{ margin: 0 }}><b>{quoted.name}</b>{quoted.preview}</span>
            <button type="button" className="btn ico xs" aria-label={prumo.t("inbox.composer.quote_cancel")} onClick={() => quote(null)}><X size={14} /></button>
          </div>
        ) : null}
        {files.length ? <div className="files">{files.map((file) => <FileChip key={file.id} file={file} onRemove={() => remove(file.id)} />)}</div> : null}
        {offered.length ? <Mentions members={offered} onChoose={choose} /> : null}
        {recorder.active ? <Recording recorder={recorder} onDone={(blob) => blob && add([blob])} /> : (
          <textarea ref={area} id="composer-text" rows={1} value={text} onChange={(event) => write(event.target.value)} onKeyDown={onKeyDown} onPaste={onPaste}
            placeholder={prumo.t(placeholder)} aria-label={prumo.t(placeholder)} aria-invalid={long} dir="auto" />
        )}
        <div className="tools">
          <button type="button" className="btn ico attach" aria-label={prumo.t("inbox.composer.attach")} title={prumo.t("inbox.composer.attach")} disabled={note || !canSend} onClick={() => picker.current.click()}>
            <Paperclip size={16} strokeWidth={1.75} />
          </button>
          <input ref={picker} type="file" multiple hidden data-testid="composer-file" onChange={(event) => { add([...event.target.files]); event.target.value = ""; }} />
          {recorder.available ? (
            <button type="button" className="btn ico voice" aria-label={prumo.t("inbox.composer.record")} title={prumo.t("inbox.composer.record")} disabled={note || !canSend || recorder.active} onClick={recorder.start}>
              <Mic size={16} strokeWidth={1.75} />
            </button>
          ) : null}
          <button type="button" className={note ? "btn ico on" : "btn ico"} aria-pressed={note} aria-label={prumo.t("inbox.composer.note")} title={prumo.t("inbox.composer.note")} onClick={() => { setNote(!note); area.current?.focus(); }}>
            <StickyNote size={16} strokeWidth={1.75} />
          </button>
          <span className="f1" />
          {long ? <span className="hint da" role="alert">{prumo.t("inbox.composer.too_long", { count: text.length - maxText })}</span> : <span className="hint">{recorder.error ? prumo.t(recorder.error) : channel}</span>}
          <button type="button" className="btn pri" disabled={!sendable} onClick={send} aria-label={prumo.t(note ? "inbox.composer.save_note" : "inbox.composer.send")}>
            <Send size={16} strokeWidth={1.75} /><span className="lbl-w">{prumo.t(note ? "inbox.composer.save_note" : "inbox.composer.send")}</span>
          </button>
        </div>
      </div>
    </>
  );
}

/** Makes the next message an answer to this one. */
export function ReplyButton({ message, name, preview }) {
  const prumo = useLocale();
  return (
    <button type="button" className="btn ico xs" aria-label={prumo.t("inbox.action.reply")} title={prumo.t("inbox.action.reply")} onClick={() => quote({ id: message, name, preview })}>
      <Reply size={14} />
    </button>
  );
}
