// The scrolling of a conversation: it stays at the newest message while one is there, keeps its place while
// older ones are put in above, and counts what arrives below. Also the bubbles that are still on their way.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { ArrowDown, CircleAlert, Clock, FileText } from "lucide-react";
import { useLocale } from "$/utils/prumo/locale.js";
import { Picture, Voice, Words } from "./media.jsx";
import { drop, retry, useOutbox } from "./outbox.js";

const NEAR = 56; // pixels from the end that still count as "at the newest message"
const AHEAD = 320; // pixels from the top at which older messages are asked for

const Waiting = ({ item }) => {
  const prumo = useLocale();
  const failed = item.state === "failed";
  return (
    <div className={item.note ? "ms o wide" : "ms o"} data-key={item.key}>
      <div className={item.note ? "pnote" : "bub"}>
        {item.reply ? <span className="qt"><b>{item.reply.name}</b>{item.reply.preview}</span> : null}
        {item.files.map((file) =>
          file.kind === "image" && file.preview ? <Picture key={file.token} url={file.preview} name={file.name} /> :
          file.kind === "audio" && file.preview ? <Voice key={file.token} url={file.preview} seed={item.key} inline /> :
          <span key={file.token} className="media-wait"><FileText size={18} /><span className="tr">{file.name}</span></span>,
        )}
        {item.text ? <Words text={item.text} note={item.note} /> : null}
        <span className="meta num">
          {prumo.clock(item.at)}
          <span className={failed ? "tick failed" : "tick"} role="img" aria-label={prumo.t(failed ? "inbox.status.failed" : "inbox.status.pending")}>
            {failed ? <CircleAlert size={14} strokeWidth={2} /> : <Clock size={13} strokeWidth={2} />}
          </span>
        </span>
      </div>
      {failed ? (
        <div className="ms-err" role="alert">
          <span>{prumo.t(item.error || "inbox.status.not_sent")}</span>
          <button type="button" className="btn xs out" onClick={() => retry(item.key)}>{prumo.t("inbox.action.retry")}</button>
          <button type="button" className="btn xs" onClick={() => drop(item.key)}>{prumo.t("inbox.action.discard")}</button>
        </div>
      ) : null}
    </div>
  );
};

const same = (one, other) => one === other;

/** The box of messages. `older` and `messages` are rows in their order, `children` draw them. */
export function Thread({ conversation, older, messages, confirmed, hasOlder, unread, onOlder, onSeen, onBottom, label, children }) {
  const prumo = useLocale();
  const box = useRef(null);
  const inside = useRef(null);
  const stuck = useRef(true);
  const asked = useRef(null);
  const before = useRef({});
  const [below, setBelow] = useState(0);
  const [away, setAway] = useState(false);
  const [asking, setAsking] = useState(false);
  const outbox = useOutbox();
  const known = new Set([...confirmed, ...messages.map((message) => message.client_key)]);
  const waiting = outbox.filter((item) => item.conversation === conversation && !known.has(item.key));
  const first = older[0]?.id ?? messages[0]?.id;
  const last = messages.at(-1)?.id;

  const toEnd = () => {
    stuck.current = true;
    setBelow(0);
    setAway(false);
    box.current.scrollTop = box.current.scrollHeight;
  };

  useLayoutEffect(() => {
    const element = box.current;
    const was = before.current;
    if (!same(was.conversation, conversation) || was.waiting < waiting.length) toEnd();
    else if (!same(was.first, first) && same(was.last, last) && !stuck.current) {
      element.scrollTop = was.top + element.scrollHeight - was.height;
    } else if (!same(was.last, last) && !stuck.current) {
      const seen = messages.findIndex((message) => message.id === was.last);
      const arrived = messages.slice(seen + 1).filter((message) => message.direction === "in").length;
      setBelow((count) => count + arrived);
    }
    if (stuck.current) element.scrollTop = element.scrollHeight;
    before.current = { conversation, first, last, waiting: waiting.length, height: element.scrollHeight, top: element.scrollTop };
  });

  // Pictures that load and a composer that grows move the end: follow it.
  useEffect(() => {
    const follow = new ResizeObserver(() => {
      const element = box.current;
      if (element && stuck.current) element.scrollTop = element.scrollHeight;
      if (element) before.current = { ...before.current, height: element.scrollHeight, top: element.scrollTop };
    });
    follow.observe(inside.current);
    follow.observe(box.current);
    return () => follow.disconnect();
  }, []);

  const askOlder = () => {
    if (!hasOlder || asked.current === first || box.current.scrollTop > AHEAD) return;
    asked.current = first;
    setAsking(true);
    onOlder?.();
  };
  useEffect(() => {
    setAsking(false);
    askOlder();
  }, [first, hasOlder]);

  const seen = () => {
    if (unread > 0 && stuck.current && document.visibilityState === "visible") onSeen?.(conversation);
  };
  useEffect(() => {
    seen();
    document.addEventListener("visibilitychange", seen);
    window.addEventListener("focus", seen);
    return () => {
      document.removeEventListener("visibilitychange", seen);
      window.removeEventListener("focus", seen);
    };
  }, [unread, last, conversation]);

  const onScroll = () => {
    const element = box.current;
    const distance = element.scrollHeight - element.scrollTop - element.clientHeight;
    const atEnd = distance < NEAR;
    if (atEnd && !stuck.current) {
      setBelow(0);
      if (older.length) onBottom?.();
    }
    stuck.current = atEnd;
    setAway(distance > element.clientHeight / 2);
    before.current = { ...before.current, top: element.scrollTop, height: element.scrollHeight };
    if (atEnd) seen();
    askOlder();
  };

  return (
    <div className="tl-box">
      <div ref={box} className="tl" onScroll={onScroll} tabIndex={0} role="log" aria-live="polite" aria-relevant="additions" aria-label={label}>
        <div ref={inside} className="tl-in">
          {asking && hasOlder ? <span className="tl-more"><span className="spin" style={{ "--s": "14px" }} />{prumo.t("inbox.thread.loading_older")}</span> : null}
          {children}
          {waiting.map((item) => <Waiting key={item.key} item={item} />)}
        </div>
      </div>
      {away || below ? (
        <button type="button" className="latest" onClick={toEnd} aria-label={below ? prumo.t("inbox.thread.new_below", { count: below }) : prumo.t("inbox.thread.latest")}>
          {below ? <span className="cnt ac">{below}</span> : null}
          <ArrowDown size={16} />
        </button>
      ) : null}
    </div>
  );
}

/** Shows its children for some seconds after each new `stamp`; nothing while it is empty. */
export function Fleeting({ stamp, seconds, children }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    setShown(Boolean(stamp));
    if (!stamp) return undefined;
    const timer = setTimeout(() => setShown(false), seconds * 1000);
    return () => clearTimeout(timer);
  }, [stamp, seconds]);
  return shown ? children : null;
}

/** Shows its children until a moment (ISO 8601) has passed. */
export function Until({ moment, children }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const left = moment ? new Date(moment) - Date.now() : 0;
    setOver(left <= 0);
    if (left <= 0) return undefined;
    const timer = setTimeout(() => setOver(true), left);
    return () => clearTimeout(timer);
  }, [moment]);
  return over ? null : children;
}
