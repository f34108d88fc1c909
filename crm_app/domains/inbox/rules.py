"""Pure rules of the inbox: how a delivery may advance, what a preview says, what a text may hold."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_app.domains.inbox.errors import TextTooLong
from crm_app.domains.inbox.models import DeliveryStatus
from crm_app.domains.inbox.schemas import MAX_BODY

PREVIEW_LENGTH = 160
EXCERPT_LENGTH = 180
CLOCK_TOLERANCE = timedelta(seconds=5)
MAX_ATTEMPTS = 8
FIRST_DELAY = timedelta(seconds=2)
LONGEST_DELAY = timedelta(minutes=10)

_PROGRESS = {
    DeliveryStatus.PENDING: 0,
    DeliveryStatus.SENDING: 1,
    DeliveryStatus.SENT: 2,
    DeliveryStatus.DELIVERED: 3,
    DeliveryStatus.READ: 4,
}
_NOT_REACHED = frozenset(
    {DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.SENT, DeliveryStatus.FAILED}
)


def advance(current: DeliveryStatus, reported: DeliveryStatus) -> DeliveryStatus:
    """Return the status after a report: it never goes back, whatever the order in which reports arrive.

    A failure counts only while nobody has received the message, and a proof of arrival beats a failure: the
    outcome is the highest of the ranks sent < failed < delivered < read, which makes it independent of order.
    """
    return max(current, reported, key=_rank)


def _rank(status: DeliveryStatus) -> float:
    if status is DeliveryStatus.FAILED:
        return 2.5
    if status is DeliveryStatus.RECEIVED:
        return 9
    return _PROGRESS[status]


def can_be_replayed(status: DeliveryStatus) -> bool:
    """Tell whether a person may ask to try again."""
    return status is DeliveryStatus.FAILED


def backoff(attempt: int, *, wish: timedelta | None, chance: float) -> timedelta:
    """Return how long to wait after failed attempt number `attempt` (from 1).

    Doubles from two seconds to ten minutes; `chance` (0 to 1) spreads it over the upper half, so that many
    messages held up by one outage do not come back in the same second. A vendor's own wish is a minimum.
    """
    full = min(FIRST_DELAY * (1 << min(max(attempt, 1) - 1, 20)), LONGEST_DELAY)
    spread = full / 2 + full / 2 * chance
    return max(spread, min(wish, LONGEST_DELAY * 6)) if wish else spread


def clean_incoming(text: str) -> str:
    """Return a customer's text as it can be stored: NUL removed (PostgreSQL has no such character), lone
    surrogates replaced, over-long text cut. Nothing else is changed; who shows it escapes it.
    """
    storable = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return storable[:MAX_BODY]


def check_outgoing(text: str) -> str:
    """Return our own text with Unix line ends and without outer blanks. Raises `TextTooLong`."""
    if len(text) > MAX_BODY:
        raise TextTooLong(field="body", limit=MAX_BODY)
    return clean_incoming(text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def one_line(text: str, limit: int) -> str:
    """Return the beginning of a text as one line of at most `limit` characters, without control characters."""
    head = " ".join("".join(_visible(c) for c in text[: limit * 4]).split())
    return head if len(head) <= limit else head[: limit - 1].rstrip() + "…"


def _visible(character: str) -> str:
    return " " if unicodedata.category(character) == "Cc" else character


def preview(body: str, file_name: str = "") -> str:
    """Return what the list shows of a message: its words, else the name of its file."""
    return one_line(body, PREVIEW_LENGTH) or one_line(file_name, PREVIEW_LENGTH)


def fold(text: str) -> str:
    """Return `text` in lower case and without accents, as the search compares it."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def excerpt(body: str, wanted: Sequence[str]) -> str:
    """Return the part of `body` around the first word that begins like one of the folded words `wanted`."""
    parts = body[:20_000].split()
    position = next((i for i, part in enumerate(parts) if any(word in fold(part) for word in wanted)), 0)
    start = max(0, position - 6)
    return ("… " if start else "") + one_line(" ".join(parts[start : start + 40]), EXCERPT_LENGTH)


def plausible_time(claimed: datetime, now: datetime) -> datetime:
    """Return the vendor's time, but never one in the future: it would stay on top of every list."""
    return min(claimed, now)


def place_in_time(claimed: datetime, last: datetime | None, now: datetime) -> datetime:
    """Return when an arriving message was said, beside the `last` one of its conversation.

    Most vendors tell whole seconds. Within the second of the last message the order of arrival decides, so that
    an answer never stands above what it answers.
    """
    moment = plausible_time(claimed, now)
    if last is None or moment.microsecond or not moment <= last < moment + timedelta(seconds=1):
        return moment
    return last + timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Whether free text may be sent now, and until when (None: no limit, or closed)."""

    is_open: bool
    closes_at: datetime | None


def reply_window(hours: int | None, last_inbound_at: datetime | None, now: datetime) -> Window:
    """Return the vendor's free-text window, which opens with each message of the customer."""
    if hours is None:
        return Window(is_open=True, closes_at=None)
    if last_inbound_at is None:
        return Window(is_open=False, closes_at=None)
    closes_at = last_inbound_at + timedelta(hours=hours)
    return Window(is_open=closes_at > now, closes_at=closes_at if closes_at > now else None)
