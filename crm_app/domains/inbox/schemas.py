"""What the inbox shows and accepts; the only objects of this domain that cross into pages and the API.

Times are aware UTC datetimes, sizes bytes, durations milliseconds. A cursor is opaque: hand it back as it came.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from crm_app.core.text import PROSE
from crm_app.domains.inbox.models import (
    AttachmentStatus,
    DeliveryStatus,
    Direction,
    MessageKind,
)
from crm_app.domains.inbox.models import ConversationStatus as ConversationStatus

MAX_BODY = 100_000
"""Characters that a message may hold; each provider may take fewer (see `ConversationDetail.max_text`)."""
MAX_ATTACHMENTS = 10

IdempotencyKey = Annotated[str, StringConstraints(min_length=8, max_length=80, pattern=r"^[\x21-\x7e]+$")]


class View(BaseModel):
    """A value for reading: unchangeable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- people and files -----------------------------------------------------------------------------------


class PersonView(View):
    """A member of the organization, as shown beside a message or a conversation."""

    id: UUID
    name: str


class AttachmentView(View):
    """A file of a message. `url` is a signed link that expires; empty until the bytes are in our storage.

    `inline` tells whether a browser may show it in the page (checked image, audio, video); everything else is
    offered for download only. `mime_type` was sniffed from the bytes once `status` is "stored".
    """

    id: UUID
    kind: MessageKind
    mime_type: str
    file_name: str
    size_bytes: int
    duration_ms: int | None
    width: int | None
    height: int | None
    status: AttachmentStatus
    error_key: str
    url: str
    inline: bool


class UploadView(View):
    """A file that was uploaded and waits to be sent: give `token` to `send_message` within its day."""

    token: str
    kind: MessageKind
    mime_type: str
    file_name: str
    size_bytes: int


# --- messages -------------------------------------------------------------------------------------------


class QuotedView(View):
    """The message that another one answers. `id` is None when the original never reached us."""

    id: UUID | None
    direction: Direction
    kind: MessageKind
    author_name: str
    preview: str


class ReactionView(View):
    """An emoji on a message, from our side or the customer's."""

    emoji: str
    from_me: bool


class LocationView(View):
    """A pin on the map."""

    latitude: float
    longitude: float
    name: str
    address: str


class SharedContactView(View):
    """A contact card inside a message."""

    name: str
    phones: tuple[str, ...]


class MessageView(View):
    """One bubble, or a note.

    `error_key` (with status "failed") is a catalogue key; `error_detail` are the vendor's own words. `client_key`
    repeats the idempotency key of the sender, to match an optimistic bubble; only its author sees it. A revoked
    message has an empty body. `can_undo` holds while the message waits for its moment (`sends_at`).
    """

    id: UUID
    conversation_id: UUID
    direction: Direction
    kind: MessageKind
    body: str
    status: DeliveryStatus
    status_at: datetime
    error_key: str
    error_detail: str
    author: PersonView | None
    from_phone: bool
    occurred_at: datetime
    sends_at: datetime | None
    edited_at: datetime | None
    revoked_at: datetime | None
    reply_to: QuotedView | None
    attachments: tuple[AttachmentView, ...]
    reactions: tuple[ReactionView, ...]
    location: LocationView | None
    contacts: tuple[SharedContactView, ...]
    client_key: str


class Thread(View):
    """A window of a conversation, oldest first. `older` and `newer` are cursors, None at that end."""

    items: tuple[MessageView, ...]
    older: str | None
    newer: str | None


# --- conversations --------------------------------------------------------------------------------------


class ConversationRow(View):
    """A line of the inbox list. `waiting_since` is set while the customer waits for an answer.

    `last_message_preview` is plain text; it is empty when the kind says it all (a photo without a caption).
    """

    id: UUID
    contact_id: UUID
    contact_name: str
    contact_company: str
    contact_phone: str
    channel_id: UUID
    channel_name: str
    provider: str
    status: ConversationStatus
    assignee: PersonView | None
    unread_count: int
    last_message_at: datetime
    last_message_preview: str
    last_message_kind: MessageKind | None
    last_message_direction: Direction | None
    waiting_since: datetime | None
    version: int


class ConversationPage(View):
    """A window of the inbox list."""

    items: tuple[ConversationRow, ...]
    next_cursor: str | None


class ConversationDetail(ConversationRow):
    """A conversation with what its header and composer need.

    `window_closes_at` is the end of the vendor's free-text window (None: the vendor has none, or it is closed:
    see `window_open`). `can_send` is False while the channel is archived or the window closed; a channel that is
    merely disconnected still takes messages, they wait.
    """

    address: str
    channel_status: str
    created_at: datetime
    first_inbound_at: datetime | None
    first_response_at: datetime | None
    last_inbound_at: datetime | None
    window_closes_at: datetime | None
    window_open: bool
    can_send: bool
    max_text: int
    max_media_bytes: int
    media_kinds: tuple[str, ...]
    quotes: bool


class Box(StrEnum):
    """Whose conversations a list shows."""

    ALL = "all"
    MINE = "mine"
    QUEUE = "queue"  # nobody's yet


class ConversationFilter(View):
    """What a list is narrowed to. `status` None shows open and resolved ones."""

    box: Box = Box.ALL
    status: ConversationStatus | None = ConversationStatus.OPEN
    unread: bool = False
    channel_id: UUID | None = None
    contact_id: UUID | None = None
    assignee_id: UUID | None = None


class Counters(View):
    """Open conversations per box, and how many of them hold something unread (capped at 1,000)."""

    all: int
    mine: int
    queue: int
    unread: int
    unread_mine: int
    unread_queue: int
    failed_deliveries: int


class MessageHit(View):
    """A message found by its words; `excerpt` is plain text around them."""

    message_id: UUID
    conversation_id: UUID
    contact_name: str
    direction: Direction
    excerpt: str
    occurred_at: datetime


class SearchResult(View):
    """What a search found: conversations by contact (name, company, phone), then messages by their words."""

    conversations: tuple[ConversationRow, ...]
    messages: tuple[MessageHit, ...]


# --- deliveries -----------------------------------------------------------------------------------------


class FailedDelivery(View):
    """A message that did not leave and waits for a person."""

    message: MessageView
    contact_name: str
    channel_name: str
    attempts: int


class FailedDeliveryPage(View):
    """A window of the list of failed deliveries, newest first."""

    items: tuple[FailedDelivery, ...]
    next_cursor: str | None


class ChannelTraffic(View):
    """What a channel carried today and, hour by hour (the oldest first), in the last 24 hours."""

    channel_id: UUID
    today: int
    sent: int
    delivered: int
    hours: tuple[int, ...]


Body = Annotated[str, Field(max_length=MAX_BODY), PROSE]


class MessageCreate(View):
    """What the API takes to send a message; `attachments` are tokens of uploads."""

    body: Body = ""
    attachments: tuple[Annotated[str, Field(max_length=2000)], ...] = Field(default=(), max_length=MAX_ATTACHMENTS)
    reply_to: UUID | None = None


class NoteCreate(View):
    """What the API takes to write a note."""

    body: Annotated[str, Field(min_length=1, max_length=MAX_BODY), PROSE]
