// One deal on the board: four lines, a menu, and the handles for mouse and touch.
import { memo } from "react";
import { useDraggable } from "@dnd-kit/core";
import { Icon } from "./icons.jsx";

const MOST_TAGS = 2;

function Avatar({ person }) {
  if (!person) return null;
  return <span className="av" style={{ "--s": "20px", "--h": person.hue, fontSize: 10 }} title={person.name} role="img" aria-label={person.name}>{[...person.initials][0]}</span>;
}

function CloseDay({ card, words: { t, day, daysUntil } }) {
  if (!card.expected_close_on) return null;
  const left = daysUntil(card.expected_close_on);
  const words = left < 0 ? t("board.card.overdue", { day: day(card.expected_close_on) })
    : left === 0 ? t("board.card.closes_today") : t("board.card.closes", { day: day(card.expected_close_on) });
  return <span className={`chip num ${left < 0 ? "da" : left <= 3 ? "wa" : "ln"}`}><Icon name="calendar" size={12} />{words}</span>;
}

function Tags({ tags, most }) {
  const shown = tags.slice(0, most);
  return (
    <>
      {shown.map((tag) => <span key={tag} className="chip ln tr" dir="auto">{tag}</span>)}
      {tags.length > shown.length && <span className="chip ln num" title={tags.join(", ")}>+{tags.length - shown.length}</span>}
    </>
  );
}

/** At most three chips: what is urgent first, tags in what is left. */
function Signals({ card, stage, stalled, words }) {
  const { t, day, daysUntil } = words;
  const soon = card.expected_close_on && (!stalled || daysUntil(card.expected_close_on) <= 3);
  const dated = stage.kind === "open" && Boolean(soon);
  const closed = stage.kind !== "open";
  return (
    <span className="sig">
      {stage.kind === "won" && <span className="chip ok"><Icon name="check" size={12} />{t("board.card.won", { day: day(card.closed_at) })}</span>}
      {stage.kind === "lost" && <span className="chip"><Icon name="lost" size={12} />{t("board.card.lost", { day: day(card.closed_at) })}</span>}
      {stalled > 0 && <span className="chip wa num" title={t("board.card.stalled", { count: stalled })}><Icon name="hourglass" size={12} />{t(dated ? "board.card.days" : "board.card.stalled", { count: stalled })}</span>}
      {dated && <CloseDay card={card} words={words} />}
      <Tags tags={dated ? card.tags.slice(0, 1) : card.tags} most={stalled || closed || dated ? 1 : MOST_TAGS} />
    </span>
  );
}

/** Whole days that a card stands longer in its stage than that stage allows, counted from its arrival; else 0. */
export function stalledDays(card, stage, words) {
  if (stage.kind !== "open" || stage.stalled_after_days === null) return 0;
  const days = Math.floor(words.hoursSince(card.entered_stage_at) / 24);
  return days >= stage.stalled_after_days ? days : 0;
}

function LastLine({ card, words: { t, relative } }) {
  const spoken = card.last_activity_at;
  return (
    <span className="tk">
      <Icon name={spoken ? "chat" : "user"} size={13} />
      <span className="tr">{spoken ? t("board.card.last_activity", { when: relative(spoken) }) : t("board.card.no_contact")}</span>
    </span>
  );
}

/** The face of a card, also used for the copy under the pointer. */
export function CardFace({ card, stage, words, people, onMenu, unsaved, peer }) {
  const { t, money, hoursSince } = words;
  const hours = hoursSince(card.entered_stage_at);
  const stalled = stalledDays(card, stage, words);
  const age = hours < 1 ? t("common.time.now") : hours < 24 ? t("board.card.hours", { count: hours }) : t("board.card.days", { count: Math.floor(hours / 24) });
  return (
    <>
      {peer && <span className="peer-t">{t("board.card.moved_by", { name: peer.name })}</span>}
      {unsaved && <span className="unsaved mi">{t("board.card.unsaved")}</span>}
      <div className="l1">
        <b className="tr f1" dir="auto">{card.title}</b>
        <span className="num mw nw">{card.value_cents > 0 ? money(card.value_cents) : ""}</span>
      </div>
      <p className="l2 tr" dir="auto">{[card.contact_name, card.contact_company].filter(Boolean).join(" · ") || t("board.card.no_person")}</p>
      <div className="l3">
        <Signals card={card} stage={stage} stalled={stalled} words={words} />
        {stage.kind === "open" && !stalled && <span className="win ml" title={t("board.card.in_stage", { time: age })}><Icon name="clock" size={12} />{age}</span>}
      </div>
      <div className="l4">
        <LastLine card={card} words={words} />
        {onMenu && (
          <button type="button" className="btn ico xs menu-b" data-menu={card.id} aria-haspopup="menu" tabIndex={-1}
            aria-label={t("board.card.menu", { title: card.title })} onClick={onMenu} onMouseDown={stop} onTouchStart={stop}>
            <Icon name="dots" size={14} />
          </button>
        )}
        <Avatar person={people[card.owner_id]} />
      </div>
    </>
  );
}

const stop = (event) => event.stopPropagation();

/** A card in its column. `actions` is stable, so that only a card that changed renders again. */
export const Card = memo(function Card({ card, stage, words, people, canWrite, ghost, peer, unsaved, tabStop, actions, position }) {
  const { setNodeRef, listeners } = useDraggable({ id: card.id, disabled: !canWrite });
  const marks = [stalledDays(card, stage, words) > 0 && "rot", ghost && "ghost", peer && "peer", unsaved && "bad"].filter(Boolean);
  const label = words.t("board.a11y.card", {
    title: card.title, contact: card.contact_name ?? "", amount: words.money(card.value_cents), position, total: stage.count,
  });
  return (
    <article ref={setNodeRef} className={["cd", ...marks].join(" ")} data-card={card.id} style={peer ? { "--ph": peer.hue } : undefined}
      role="group" tabIndex={tabStop ? 0 : -1} aria-label={label} aria-roledescription={words.t("board.a11y.role")} aria-describedby="bd-how"
      onClick={() => actions.open(card.id)} onContextMenu={(event) => { event.preventDefault(); actions.menu(card.id); }} {...listeners}>
      <CardFace card={card} stage={stage} words={words} people={people} peer={peer} unsaved={unsaved}
        onMenu={(event) => { event.stopPropagation(); actions.menu(card.id); }} />
    </article>
  );
});
