"""What the inbox puts into vars: plain rows made from the services' views. Ids and moments are strings."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypedDict, TypeVar
from zoneinfo import ZoneInfo

from crm_app.domains.channels.schemas import ChannelStatus
from crm_app.domains.inbox.schemas import (
    AttachmentView,
    ConversationDetail,
    ConversationRow,
    Counters,
    MessageHit,
    MessageView,
    QuotedView,
)

FOLD_CHARACTERS = 1200
"""How much of a long message travels to the browser until somebody asks for the rest."""
FOLD_LINES = 24
_DOWN = frozenset({ChannelStatus.DISCONNECTED, ChannelStatus.FAILED, ChannelStatus.WAITING_QR})

Rows = TypeVar("Rows")


class ListRow(TypedDict):
    """A line of the list. `waiting_since` is empty unless the customer waits for an answer."""

    id: str
    name: str
    contact_id: str
    company: str
    phone: str
    provider: str
    status: str
    assignee_id: str
    assignee_name: str
    unread: int
    at: str
    preview: str
    kind: str
    direction: str
    waiting_since: str


class HitRow(TypedDict):
    """A message found by its words."""

    id: str
    conversation_id: str
    name: str
    excerpt: str
    at: str


class CountRow(TypedDict):
    """The numbers on the tabs."""

    all: int
    mine: int
    queue: int


class FileRow(TypedDict):
    """A file of a message; `url` is empty until it can be fetched."""

    id: str
    kind: str
    name: str
    size: int
    duration: int
    width: int
    height: int
    status: str
    url: str
    inline: bool


class CardRow(TypedDict):
    """A contact card inside a message."""

    name: str
    phones: str


class _Quoted(TypedDict):
    quoted: bool
    quoted_name: str
    quoted_kind: str
    quoted_text: str


class MessageRow(_Quoted):
    """A bubble, or a note. `new_day` asks for a separator above it."""

    id: str
    direction: str
    kind: str
    body: str
    folded: bool
    status: str
    error_key: str
    error_detail: str
    author_id: str
    author_name: str
    from_phone: bool
    at: str
    sends_at: str
    edited: bool
    revoked: bool
    new_day: bool
    files: list[FileRow]
    reactions: str
    map_url: str
    place: str
    cards: list[CardRow]
    client_key: str


class HeadRow(ListRow):
    """The open conversation: its line and what header and composer need."""

    channel: str
    channel_down: bool
    window_open: bool
    window_until: str
    can_send: bool
    max_text: int
    max_bytes: int
    quotes: bool


class MemberRow(TypedDict):
    """A colleague."""

    id: str
    name: str


class GivenBack(TypedDict):
    """The words of a message that was taken back, for the composer of its conversation; `id` tells two apart."""

    id: str
    conversation: str
    text: str


NOTHING_BACK: GivenBack = {"id": "", "conversation": "", "text": ""}
NO_HEAD: HeadRow = {
    "id": "", "name": "", "contact_id": "", "company": "", "phone": "", "provider": "", "status": "open",
    "assignee_id": "", "assignee_name": "", "unread": 0, "at": "", "preview": "", "kind": "", "direction": "",
    "waiting_since": "", "channel": "", "channel_down": False, "window_open": True, "window_until": "",
    "can_send": False, "max_text": 0, "max_bytes": 0, "quotes": False,
}  # fmt: skip


def plain(rows: Rows) -> Rows:
    """Return the list behind a state's var: without the proxy that would otherwise be stored around each row."""
    return getattr(rows, "__wrapped__", rows)


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def list_row(view: ConversationRow) -> ListRow:
    """Turn a conversation into a line of the list."""
    return {
        "id": str(view.id),
        "name": view.contact_name,
        "contact_id": str(view.contact_id),
        "company": view.contact_company,
        "phone": view.contact_phone,
        "provider": view.provider,
        "status": view.status.value,
        "assignee_id": str(view.assignee.id) if view.assignee else "",
        "assignee_name": view.assignee.name if view.assignee else "",
        "unread": view.unread_count,
        "at": _iso(view.last_message_at),
        "preview": view.last_message_preview,
        "kind": view.last_message_kind.value if view.last_message_kind else "",
        "direction": view.last_message_direction.value if view.last_message_direction else "",
        "waiting_since": _iso(view.waiting_since),
    }


def head_row(view: ConversationDetail) -> HeadRow:
    """Turn the open conversation into what stands above and below its messages."""
    return {
        **list_row(view),
        "channel": view.channel_name,
        "channel_down": view.channel_status in _DOWN,
        "window_open": view.window_open,
        "window_until": _iso(view.window_closes_at),
        "can_send": view.can_send,
        "max_text": view.max_text,
        "max_bytes": view.max_media_bytes,
        "quotes": view.quotes,
    }


def hit_row(view: MessageHit) -> HitRow:
    """Turn a found message into a line of the search result."""
    return {
        "id": str(view.message_id),
        "conversation_id": str(view.conversation_id),
        "name": view.contact_name,
        "excerpt": view.excerpt,
        "at": _iso(view.occurred_at),
    }


def count_row(view: Counters) -> CountRow:
    """Turn the counters into the numbers on the tabs."""
    return {"all": view.all, "mine": view.mine, "queue": view.queue}


def fold(body: str) -> tuple[str, bool]:
    """Return as much of a long text as is shown at first, and whether something was left out."""
    lines = body.split("\n", FOLD_LINES)
    short = "\n".join(lines[:FOLD_LINES]) if len(lines) > FOLD_LINES else body
    if len(short) > FOLD_CHARACTERS:
        short = short[:FOLD_CHARACTERS].rsplit(" ", 1)[0]
    return (short.rstrip(), True) if len(short) < len(body) else (body, False)


def file_row(view: AttachmentView) -> FileRow:
    """Turn a file into what its part of the bubble shows."""
    return {
        "id": str(view.id),
        "kind": view.kind.value,
        "name": view.file_name,
        "size": view.size_bytes,
        "duration": view.duration_ms or 0,
        "width": view.width or 0,
        "height": view.height or 0,
        "status": view.status.value,
        "url": view.url,
        "inline": view.inline,
    }


def _quoted(view: QuotedView | None) -> _Quoted:
    if view is None:
        return {"quoted": False, "quoted_name": "", "quoted_kind": "", "quoted_text": ""}
    return {
        "quoted": True,
        "quoted_name": view.author_name,
        "quoted_kind": view.kind.value,
        "quoted_text": view.preview,
    }


def message_row(view: MessageView, *, whole: bool = False) -> MessageRow:
    """Turn a message into a bubble; a long text is folded unless `whole`. `new_day` is set by `mark_days`."""
    body, folded = (view.body, False) if whole else fold(view.body)
    place = view.location
    return {
        "id": str(view.id),
        "direction": view.direction.value,
        "kind": view.kind.value,
        "body": body,
        "folded": folded,
        "status": view.status.value,
        "error_key": view.error_key,
        "error_detail": view.error_detail,
        "author_id": str(view.author.id) if view.author else "",
        "author_name": view.author.name if view.author else "",
        "from_phone": view.from_phone,
        "at": _iso(view.occurred_at),
        "sends_at": _iso(view.sends_at),
        "edited": view.edited_at is not None,
        "revoked": view.revoked_at is not None,
        "new_day": False,
        **_quoted(view.reply_to),
        "files": [file_row(file) for file in view.attachments],
        "reactions": "".join(dict.fromkeys(reaction.emoji for reaction in view.reactions)),
        "map_url": f"https://www.openstreetmap.org/?mlat={place.latitude}&mlon={place.longitude}" if place else "",
        "place": (place.name or place.address) if place else "",
        "cards": [{"name": card.name, "phones": ", ".join(card.phones)} for card in view.contacts],
        "client_key": view.client_key,
    }


def mark_days(rows: Iterable[MessageRow], zone: str) -> list[MessageRow]:
    """Return the rows with `new_day` set on the first of each day in the organization's time zone."""
    clock = ZoneInfo(zone)
    marked: list[MessageRow] = []
    previous = None
    for row in rows:
        day = datetime.fromisoformat(row["at"]).astimezone(clock).date()
        marked.append({**row, "new_day": day != previous})
        previous = day
    return marked


def put_message(rows: Sequence[MessageRow], row: MessageRow, *, append: bool) -> list[MessageRow]:
    """Return the rows with this one replaced in its place; a new one is put in by its time with `append`."""
    if any(known["id"] == row["id"] for known in rows):
        return [row if known["id"] == row["id"] else known for known in rows]
    if not append:
        return list(rows)
    place = len(rows)
    while place and rows[place - 1]["at"] > row["at"]:
        place -= 1
    return [*rows[:place], row, *rows[place:]]


def put_conversation(rows: Sequence[ListRow], row: ListRow) -> list[ListRow]:
    """Return the rows with this one in its place: the most recently active first."""
    others = [known for known in rows if known["id"] != row["id"]]
    place = next((index for index, known in enumerate(others) if known["at"] < row["at"]), len(others))
    return [*others[:place], row, *others[place:]]


def without(rows: Sequence[ListRow], conversation_id: str) -> list[ListRow]:
    """Return the rows without this conversation."""
    return [row for row in rows if row["id"] != conversation_id]
