// One deal on the board: four lines, a menu, and the handles for mouse and touch.
import { memo } from "react";
import { useDraggable } from "@dnd-kit/core";
import { Icon } from "./icons.jsx";

function Avatar({ person, size = 20 }) {
  if (!person) return null;
  return (
    <span className="av" style={{ "--s": `${size}px`, "--h": person.hue }} title={person.name} role="img" aria-label={person.name}>
      {person.initials}
    </span>
  );
}

function Signals({ card, words }) {
  const { t, day, moment, daysUntil, daysSince } = words;
  if (card.status === "won") return <span className="chip ok"><Icon name="check" size={12} />{t("board.card.won", { day: moment(card.closed_at) })}</span>;
  if (card.status === "lost") return <span className="chip"><Icon name="lost" size={12} />{t("board.card.lost", { day: moment(card.closed_at) })}</span>;
  const left = card.expected_close_on ? daysUntil(card.expected_close_on) : null;
  const idle = daysSince(card.entered_stage_at);
  return (
    <>
      {left !== null && (
        <span className={`chip num ${left < 0 ? "da" : left <= 3 ? "wa" : "ln"}`}>
          <Icon name="calendar" size={12} />
          {left < 0 ? t("board.card.overdue", { day: day(card.expected_close_on) }) : left === 0 ? t("board.card.closes_today") : t("board.card.closes", { day: day(card.expected_close_on) })}
        </span>
      )}
      {card.rotting && <span className="chip wa num"><Icon name="hourglass" size={12} />{t("board.card.idle", { count: idle })}</span>}
    </>
  );
}

function Age({ card, words }) {
  if (card.status !== "open") return null;
  const hours = words.hoursSince(card.entered_stage_at);
  const short = hours < 24 ? words.t("board.card.hours", { count: hours }) : words.t("board.card.days", { count: Math.floor(hours / 24) });
  return <span className="win ml" title={words.t("board.card.in_stage", { time: short })}><Icon name="clock" size={12} />{short}</span>;
}

/** The face of a card, also used for the copy under the pointer. */
export function CardFace({ card, words, people, onMenu, unsaved, peer }) {
  const { t, money } = words;
  return (
    <>
      {peer && <span className="peer-t">{t("board.card.moved_by", { name: peer.name })}</span>}
      {unsaved && <span className="unsaved">{t("board.card.unsaved")}</span>}
      <div className="l1">
        <b className="tr" dir="auto">{card.title}</b>
        <span className="num mw nw">{card.amount === null ? "" : money(card.amount)}</span>
      </div>
      <p className="l2 tr" dir="auto">{card.contact_name || t("board.card.no_contact")}</p>
      <div className="l3"><Signals card={card} words={words} /><Age card={card} words={words} /></div>
      <div className="l4">
        <span className="tk tr"><Icon name={card.owner_id ? "user" : "chat"} size={13} /><span className="tr">{people[card.owner_id]?.name ?? t("board.card.no_owner")}</span></span>
        {onMenu && (
          <button type="button" className="btn ico xs menu-b" data-menu={card.id} aria-haspopup="menu" tabIndex={-1}
            aria-label={t("board.card.menu", { title: card.title })} onClick={onMenu}
            onMouseDown={stop} onTouchStart={stop} onKeyDown={stopKeys}>
            <Icon name="dots" size={14} />
          </button>
        )}
        <Avatar person={people[card.owner_id]} />
      </div>
    </>
  );
}

const stop = (event) => event.stopPropagation();
const stopKeys = (event) => { if (event.key !== "Escape") event.stopPropagation(); };

export const Card = memo(function Card({ card, words, people, canWrite, ghost, peer, unsaved, tabStop, actions, position, total }) {
  const { setNodeRef, listeners } = useDraggable({ id: card.id, disabled: !canWrite });
  const classes = ["cd", card.rotting && card.status === "open" && "rot", ghost && "ghost", peer && "peer", unsaved && "bad"].filter(Boolean).join(" ");
  const label = words.t("board.a11y.card", { title: card.title, contact: card.contact_name ?? "", amount: card.amount === null ? "" : words.money(card.amount), position, total });
  return (
    <article ref={setNodeRef} className={classes} data-card={card.id} data-ghost={ghost || undefined} style={peer ? { "--ph": peer.hue } : undefined}
      role="group" tabIndex={tabStop ? 0 : -1} aria-label={label} aria-roledescription={words.t("board.a11y.role")} aria-describedby="bd-how"
      onClick={() => actions.open(card.id)} onContextMenu={(event) => { event.preventDefault(); actions.menu(card.id); }} {...listeners}>
      <CardFace card={card} words={words} people={people} peer={peer} unsaved={unsaved}
        onMenu={(event) => { event.stopPropagation(); actions.menu(card.id); }} />
    </article>
  );
});
