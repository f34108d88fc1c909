"""Turns dialogues into conversations: when each line was said, how far it came, who still waits."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from crm_app.demo import media
from crm_app.demo.content import Dialogue, Line, dialogues, routine
from crm_app.demo.rows import Builder, Row
from crm_app.domains.inbox.models import (
    Attachment,
    Conversation,
    ConversationStatus,
    DeliveryStatus,
    Direction,
    Message,
    MessageKind,
    MessageStatus,
)

RECENT = 12 * 60
"""Minutes: what is younger hangs on the present moment, what is older on working hours."""
OLDEST_DAYS = 88
_IN, _OUT, _NOTE = Direction.INBOUND, Direction.OUTBOUND, Direction.NOTE
_MIME = {
    MessageKind.IMAGE: ("image/png", ".png"),
    MessageKind.AUDIO: ("audio/ogg", ".ogg"),
    MessageKind.DOCUMENT: ("application/pdf", ".pdf"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A line and its moment; `waited` is how long its asker had waited for it."""

    line: Line
    at: datetime
    waited: timedelta | None = None


def build_conversations(builder: Builder, channel_id: UUID) -> dict[str, tuple[datetime, datetime]]:
    """Add contacts, conversations and messages; return each customer's first and last moment."""
    clients, _ = routine()
    spans = {}
    for dialogue in dialogues():
        said = _when(builder, dialogue)
        if dialogue.who in clients:
            said = _history(builder, dialogue, said[0].at) + said
        first = said[0].at
        contact = _contact(builder, dialogue, first)
        _add_conversation(builder, dialogue, contact, channel_id, _with_waits(said))
        spans[dialogue.who] = (first, said[-1].at)
    return spans


def _contact(builder: Builder, dialogue: Dialogue, first: datetime) -> Row:
    return builder.add_contact(
        first,
        name=dialogue.who,
        company=dialogue.company,
        job_title=dialogue.job,
        email=_email(dialogue.who, dialogue.company),
        source=dialogue.source,
        tags=list(dialogue.tags),
        notes="",
        owner_id=builder.team.ids.get(dialogue.agent or ""),
    )


def _email(who: str, company: str) -> str:
    """Return an address made of the first name and the company, or nothing when either has no letters of ours."""
    name, domain = _letters(who.split()[0]), _letters(company)
    return f"{name}@{domain}.example" if name and domain else ""


def _letters(words: str) -> str:
    """Return the words' letters without accents: `Cosméticos` is `cosmeticos`."""
    plain = unicodedata.normalize("NFKD", words.lower())
    return "".join(letter for letter in plain if letter.isascii() and letter.isalpha())


def _pieces(lines: Sequence[Line]) -> list[list[Line]]:
    """Split a dialogue at its pauses of a day or more."""
    pieces: list[list[Line]] = [[]]
    for line in lines:
        if line.pause >= timedelta(days=1) and pieces[-1]:
            pieces.append([])
        pieces[-1].append(line)
    return pieces


def _when(builder: Builder, dialogue: Dialogue) -> list[Said]:
    calendar, pieces = builder.calendar, _pieces(_hesitant(builder, dialogue.lines))
    ago = dialogue.ago
    if ago is None:
        ago = round(1440 * (3 + (OLDEST_DAYS - 20) * calendar.random.random() ** 1.3))
    start = calendar.at(ago / 1440)
    placed = _run(builder, pieces[-1], start, dialogue.agent)
    end = calendar.now - timedelta(minutes=ago)
    if ago < RECENT or placed[-1].at > calendar.now:
        placed = _shift(placed, min(end, calendar.now) - placed[-1].at)
    said = placed
    for piece, later in zip(reversed(pieces[:-1]), reversed(pieces[1:]), strict=True):
        day = (said[0].at - later[0].pause).astimezone(calendar.zone).date()
        earlier = _run(builder, piece, calendar.on(day), dialogue.agent)
        said = _days_before(earlier, said[0].at - timedelta(hours=2)) + said
    return said


def _hesitant(builder: Builder, lines: Sequence[Line]) -> list[Line]:
    """Let the customer of a long dialogue think about it for some days, unless it has a pause of days already."""
    day = timedelta(days=1)
    answers = [
        place
        for place in range(len(lines) // 2, len(lines))
        if lines[place].direction == _IN and lines[place - 1].direction == _OUT
    ]
    if len(lines) < 6 or not answers or any(line.pause >= day for line in lines):
        return list(lines)
    place = builder.calendar.random.choice(answers)
    pause = day * builder.calendar.random.choice((1, 2, 3, 5, 8, 13, 19))
    return [*lines[:place], replace(lines[place], pause=pause), *lines[place + 1 :]]


def _days_before(said: list[Said], limit: datetime) -> list[Said]:
    """Move lines back by whole days until the last is before `limit`."""
    return _shift(said, -timedelta(days=max(0, math.ceil((said[-1].at - limit) / timedelta(days=1)))))


def _shift(said: list[Said], by: timedelta) -> list[Said]:
    return [replace(one, at=one.at + by) for one in said]


def _run(builder: Builder, lines: Sequence[Line], start: datetime, agent: str | None) -> list[Said]:
    """Say lines one after the other from `start` on, each at the pace of whoever speaks."""
    said: list[Said] = []
    moment = start
    for previous, line in zip([None, *lines], lines, strict=False):
        if previous is not None:
            moment += _gap(builder, previous, line, moment, agent)
        said.append(Said(line, moment))
    return said


def _gap(builder: Builder, previous: Line, line: Line, moment: datetime, agent: str | None) -> timedelta:
    calendar = builder.calendar
    if timedelta() < line.pause < timedelta(days=1):
        return line.pause + calendar.minutes(6)
    if line.direction == _NOTE:
        return calendar.minutes(2, 0.5)
    if previous.direction == line.direction or previous.direction == _NOTE:
        return calendar.minutes(0.6, 0.5)
    if line.direction == _IN:
        return min(calendar.minutes(4, 1.0), timedelta(minutes=70))
    longest = timedelta(minutes=calendar.random.uniform(40, 130))
    return min(calendar.answer_after(moment, builder.team.pace.get(agent or "", 8)), longest)


def _history(builder: Builder, dialogue: Dialogue, before: datetime) -> list[Said]:
    """Return small exchanges of a client in the weeks before, one every few days."""
    _, exchanges = routine()
    calendar = builder.calendar
    oldest = calendar.now - timedelta(days=OLDEST_DAYS)
    said: list[Said] = []
    limit = before - timedelta(days=2)
    chosen = calendar.random.sample(exchanges, k=min(len(exchanges), calendar.random.randrange(8, 13)))
    for exchange in chosen:
        limit -= timedelta(days=calendar.random.expovariate(1 / 6))
        if limit < oldest:
            break
        run = _spoken(builder, exchange, calendar.on(limit.astimezone(calendar.zone).date()), dialogue.agent)
        run = _days_before(run, limit)
        said = run + said
        limit = run[0].at - timedelta(hours=20)
    return said


def _spoken(builder: Builder, lines: Sequence[Line], start: datetime, agent: str | None) -> list[Said]:
    """Say a small exchange, with its pauses of days."""
    said: list[Said] = []
    for piece in _pieces(lines):
        begin = start if not said else said[-1].at + piece[0].pause
        said += _run(builder, piece, begin, agent)
    return said


def _with_waits(said: Sequence[Said]) -> list[Said]:
    """Note on each answer how long the customer had waited: since the first line that nobody had answered.

    Nobody waits overnight: a conversation that rests so long had been resolved.
    """
    waiting: datetime | None = None
    timed = []
    for one in said:
        if one.line.direction == _OUT and waiting and one.at - waiting > timedelta(hours=14):
            waiting = None
        if one.line.direction == _IN and waiting is None:
            waiting = one.at
        waited = one.at - waiting if one.line.direction == _OUT and waiting else None
        timed.append(replace(one, waited=waited))
        if one.line.direction == _OUT:
            waiting = None
    return timed


def _add_conversation(
    builder: Builder, dialogue: Dialogue, contact: Row, channel_id: UUID, said: Sequence[Said]
) -> None:
    spoken = [one for one in said if one.line.direction != _NOTE]
    heard = [one.at for one in said if one.line.direction == _IN]
    answers = [one.at for one in said if one.waited is not None]
    unanswered = [moment for moment in heard if not answers or moment > answers[-1]]
    waits = spoken[-1].line.direction == _IN and not dialogue.resolved
    last = spoken[-1]
    row = builder.add(
        Conversation,
        said[0].at,
        contact_id=contact["id"],
        channel_id=channel_id,
        address=contact["phone"],
        status=ConversationStatus.RESOLVED if dialogue.resolved else ConversationStatus.OPEN,
        assignee_id=builder.team.ids.get(dialogue.agent or ""),
        unread_count=dialogue.unread,
        last_message_at=last.at,
        last_message_preview=(last.line.body or _file_name(last.line))[:160],
        last_message_kind=last.line.kind,
        last_message_direction=last.line.direction,
        last_inbound_at=heard[-1] if heard else None,
        waiting_since=unanswered[0] if waits and unanswered else None,
        first_inbound_at=heard[0] if heard else None,
        first_response_at=answers[0] if answers else None,
    )
    _add_messages(builder, dialogue, row, said)
    builder.touch(contact, last.at)


def _add_messages(builder: Builder, dialogue: Dialogue, conversation: Row, said: Sequence[Said]) -> None:
    heard = [one.at for one in said if one.line.direction == _IN]
    before: Row | None = None
    for one in said:
        later = next((at for at in heard if at > one.at), None)
        status, reports = _delivery(builder, one, later)
        row = builder.add(
            Message,
            one.at,
            conversation_id=conversation["id"],
            channel_id=conversation["channel_id"],
            direction=one.line.direction,
            kind=one.line.kind,
            body=one.line.body,
            status=status,
            status_at=reports[-1][1] if reports else one.at,
            error_key="errors.channels.delivery_failed" if one.line.fails else "",
            attempts=1 if one.line.direction == _OUT else 0,
            author_id=_author(builder, dialogue, one.line),
            occurred_at=one.at,
            response_seconds=None if one.waited is None else round(one.waited.total_seconds()),
            reply_to_provider_id=before["provider_message_id"] if one.line.quotes and before else None,
        )
        told = one.line.direction != _NOTE and not one.line.fails
        row["provider_message_id"] = f"demo-{row['id'].hex}" if told else None
        for state, moment in reports:
            builder.add(MessageStatus, moment, message_id=row["id"], status=state, happened_at=moment)
        if one.line.kind != MessageKind.TEXT:
            _add_file(builder, row, one.line)
        before = row


def _author(builder: Builder, dialogue: Dialogue, line: Line) -> UUID | None:
    if line.direction == _IN:
        return None
    if line.direction == _NOTE and dialogue.agent != "camila":
        return builder.team.ids["camila"]
    return builder.team.ids[dialogue.agent or "bruna"]


def _delivery(
    builder: Builder, one: Said, answered_at: datetime | None
) -> tuple[DeliveryStatus, list[tuple[DeliveryStatus, datetime]]]:
    """Return how far a line came, and the reports about it in their order."""
    if one.line.direction == _NOTE:
        return DeliveryStatus.SENT, []
    if one.line.direction == _IN:
        return DeliveryStatus.RECEIVED, []
    moment = one.at + timedelta(seconds=1)
    if one.line.fails:
        return DeliveryStatus.FAILED, [(DeliveryStatus.FAILED, moment)]
    reports = [(DeliveryStatus.SENT, moment), (DeliveryStatus.DELIVERED, moment + timedelta(seconds=2))]
    read_at = one.at + builder.calendar.minutes(3, 0.9)
    if answered_at is not None:
        read_at = min(read_at, answered_at - timedelta(seconds=1))
    now = builder.calendar.now
    if answered_at is not None or (read_at < now and builder.calendar.random.random() < 0.8):
        reports.append((DeliveryStatus.READ, max(read_at, reports[-1][1])))
    known = [report for report in reports if report[1] <= now]
    return (known[-1][0] if known else DeliveryStatus.PENDING), known


def _file_name(line: Line) -> str:
    return "" if line.kind in {MessageKind.TEXT, MessageKind.AUDIO} else line.file


def _add_file(builder: Builder, message: Row, line: Line) -> None:
    mime_type, suffix = _MIME[line.kind]
    seconds = int(line.file) if line.kind == MessageKind.AUDIO else None
    data = _bytes(line, seconds)
    row = builder.add(
        Attachment,
        message["occurred_at"],
        message_id=message["id"],
        kind=line.kind,
        mime_type=mime_type,
        file_name=_file_name(line) or f"audio{suffix}",
        duration_ms=None if seconds is None else seconds * 1000,
        width=media.WIDTH if line.kind == MessageKind.IMAGE else None,
        height=media.HEIGHT if line.kind == MessageKind.IMAGE else None,
        status="stored",
    )
    builder.files.append((row, data))


def _bytes(line: Line, seconds: int | None) -> bytes:
    if seconds is not None:
        return media.voice(seconds)
    return media.picture(line.file) if line.kind == MessageKind.IMAGE else media.page(line.file)
