// The parts of a bubble that act by themselves in the browser: folded text, pictures, voice notes.
import { useEffect, useRef, useState } from "react";
import { Download, Pause, Play } from "lucide-react";
import { useLocale } from "$/utils/prumo/locale.js";

const LINK = /(https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]])/g;
const MARK = /(\*[^\s*][^*\n]*\*|_[^\s_][^_\n]*_|~[^\s~][^~\n]*~)/g;
const MENTION = /(@[\p{L}][\p{L}\p{N}]*)/gu;
const TAGS = { "*": "b", _: "i", "~": "s" };

const marked = (text, key) =>
  text.split(MARK).map((part, index) => {
    const Tag = index % 2 ? TAGS[part[0]] : null;
    return Tag ? <Tag key={`${key}-${index}`}>{part.slice(1, -1)}</Tag> : part;
  });

const linked = (text) =>
  text.split(LINK).map((part, index) =>
    index % 2 ? (
      <a key={index} href={part} target="_blank" rel="noopener noreferrer nofollow">
        {part}
      </a>
    ) : (
      marked(part, index)
    ),
  );

const mentioned = (text) =>
  text.split(MENTION).map((part, index) => (index % 2 ? <span key={index} className="at">{part}</span> : part));

/** Words as WhatsApp writes them: links, *bold*, _italic_, ~struck~. `folded`: the server kept the rest. */
export function Words({ text, folded, note, onUnfold }) {
  const prumo = useLocale();
  return (
    <span className="words" dir="auto">
      {note ? mentioned(text) : linked(text)}
      {folded ? "…" : null}
      {folded ? (
        <button type="button" className="fold" onClick={onUnfold}>
          {prumo.t("inbox.thread.unfold")}
        </button>
      ) : null}
    </span>
  );
}

/** A picture that opens in front of the page. */
export function Picture({ url, name, width, height }) {
  const prumo = useLocale();
  const dialog = useRef(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (open) dialog.current?.showModal();
  }, [open]);
  const close = () => dialog.current?.close();
  return (
    <>
      <button type="button" className="pic" aria-label={prumo.t("inbox.media.open_picture", { name })} onClick={() => setOpen(true)}>
        <img src={url} alt={name} loading="lazy" width={width || undefined} height={height || undefined}
          style={width && height ? { aspectRatio: `${width} / ${height}`, height: "auto" } : undefined} />
      </button>
      {open ? (
        <dialog ref={dialog} className="lightbox" aria-label={name} onClose={() => setOpen(false)}
          onClick={(event) => event.target === dialog.current && close()}>
          <img src={url} alt={name} />
          <div className="bar-b">
            <a href={url} download={name}>{prumo.t("inbox.media.download")}</a>
            <button type="button" onClick={close}>{prumo.t("common.action.close")}</button>
          </div>
        </dialog>
      ) : null}
    </>
  );
}

const BARS = 44;
/** Heights that look like speech and are always the same for the same voice note. */
const waveOf = (seed) => {
  let state = 7;
  for (const character of String(seed)) state = (state * 31 + character.codePointAt(0)) >>> 0;
  return Array.from({ length: BARS }, (_, index) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const swell = 0.45 + 0.4 * Math.sin(index / 3.1 + (state % 7) / 9);
    return Math.max(3, Math.min(25, Math.round(25 * swell * (0.5 + (state % 1000) / 1600))));
  });
};

const minutes = (seconds) => {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.round(seconds)) : 0;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

const SPEEDS = [1, 1.5, 2];
let playing = null; // one voice at a time

/** A voice note: play, seek, speed. */
export function Voice({ url, seed, duration, inline }) {
  const prumo = useLocale();
  const audio = useRef(null);
  const [on, setOn] = useState(false);
  const [at, setAt] = useState(0);
  const [length, setLength] = useState((duration ?? 0) / 1000);
  const [speed, setSpeed] = useState(1);
  const bars = waveOf(seed);
  const share = length ? at / length : 0;

  const toggle = () => {
    const player = audio.current;
    if (!player.paused) return player.pause();
    if (playing && playing !== player) playing.pause();
    playing = player;
    player.playbackRate = speed;
    return player.play().catch(() => setOn(false));
  };
  const seek = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const wished = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (length || 0);
    audio.current.currentTime = wished;
    setAt(wished);
  };
  const faster = () => {
    const next = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length];
    setSpeed(next);
    audio.current.playbackRate = next;
  };
  const onKeys = (event) => {
    const step = { ArrowRight: 5, ArrowLeft: -5 }[event.key];
    if (!step) return;
    event.preventDefault();
    audio.current.currentTime = Math.max(0, Math.min(length, audio.current.currentTime + step));
  };

  return (
    <div className="vn">
      <audio ref={audio} src={url} preload={inline ? "metadata" : "none"} onPlay={() => setOn(true)} onPause={() => setOn(false)}
        onEnded={() => setAt(0)} onTimeUpdate={() => setAt(audio.current.currentTime)}
        onLoadedMetadata={() => Number.isFinite(audio.current.duration) && setLength(audio.current.duration)} />
      <button type="button" className="pl" onClick={toggle}
        aria-label={prumo.t(on ? "inbox.media.pause" : "inbox.media.play", { length: minutes(length) })}>
        {on ? <Pause size={14} fill="currentColor" /> : <Play size={14} fill="currentColor" />}
      </button>
      <svg className="wave" viewBox={`0 0 ${BARS * 5} 26`} preserveAspectRatio="none" onClick={seek} onKeyDown={onKeys} tabIndex={0}
        role="slider" aria-label={prumo.t("inbox.media.position")} aria-valuemin={0} aria-valuemax={Math.round(length)} aria-valuenow={Math.round(at)}>
        {bars.map((height, index) => (
          <rect key={index} x={index * 5} y={(26 - height) / 2} width={2.6} height={height} rx={1.3} className={index / BARS < share ? "on" : ""} />
        ))}
      </svg>
      <span className="rt">
        {minutes(on || at ? at : length)}
        <button type="button" className="spd" onClick={faster} aria-label={prumo.t("inbox.media.speed")}>
          {prumo.number(speed, 1)}×
        </button>
        <a className="btn ico xs" href={url} download aria-label={prumo.t("inbox.media.download")} title={prumo.t("inbox.media.download")}>
          <Download size={14} />
        </a>
      </span>
    </div>
  );
}
