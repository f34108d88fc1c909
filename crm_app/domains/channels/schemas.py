"""What every provider's traffic looks like once it is inside the house.

A provider turns its vendor's payload into a list of `ChannelEvent`; the inbox consumes nothing else. The
other way round the inbox hands an `OutboundMessage` to a provider and gets a `ProviderReceipt`. Nothing
here knows a vendor: Cloud API, Evolution, Twilio, Telegram, Messenger and Instagram fit in the same shapes.

Conventions
- Times are aware UTC datetimes. Sizes are bytes, durations seconds.
- `provider_message_id` is unique within a channel and is the key that statuses, edits, reactions and quotes
  use.
- `chat_id` is the vendor's own address of the conversation; keep it as it came, it is what answers are sent
  to.
- Every text may be hostile and of any length; NUL characters have been removed, nothing else is changed.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from crm_app.domains.channels.models import ChannelStatus, IgnoredReason


class Frozen(BaseModel):
    """A value object: unchangeable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- who ----------------------------------------------------------------------------------------------


class IdentityKind(StrEnum):
    """How a person can be known at a vendor; the same words as `contact_identity.kind`."""

    PHONE = "phone"  # E.164 with the plus sign
    WHATSAPP_LID = "whatsapp_lid"  # digits of `<digits>@lid`
    WHATSAPP_SCOPED = "whatsapp_scoped"  # business-scoped user id (Cloud API)
    INSTAGRAM = "instagram"
    TELEGRAM = "telegram"
    EMAIL = "email"


class Identity(Frozen):
    """One address of a person. The Brazilian twin (with and without the ninth digit) is the contacts'
    business.
    """

    kind: IdentityKind
    value: str


class Person(Frozen):
    """Someone at the other end: every address that the vendor told, most reliable first (may be empty)."""

    identities: tuple[Identity, ...] = ()
    name: str | None = None  # profile name that the person chose, never trusted


class Chat(Frozen):
    """The vendor's conversation: where an answer goes."""

    chat_id: str
    is_group: bool = False


# --- content ------------------------------------------------------------------------------------------


class MediaKind(StrEnum):
    """What a file is shown as."""

    IMAGE = "image"
    AUDIO = "audio"
    VOICE = "voice"
    VIDEO = "video"
    DOCUMENT = "document"
    STICKER = "sticker"


class MediaDescriptor(Frozen):
    """A file that still lies at the vendor; `reference` is what `Provider.fetch_media` understands, nobody
    else.

    Vendors keep files for minutes (WAHA 180 s, Cloud API links 5 min): fetch at once, in the job that
    processes the event. `available` is False when the vendor says that there is a file but will not give
    it.
    """

    kind: MediaKind
    reference: str
    mime_type: str = "application/octet-stream"  # as declared; check the bytes before trusting it
    filename: str | None = None
    size: int | None = None
    duration_seconds: float | None = None
    available: bool = True


class Location(Frozen):
    """A pin on the map."""

    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None


class SharedContact(Frozen):
    """A contact card inside a message."""

    name: str
    phones: tuple[str, ...] = ()


class Choice(Frozen):
    """What the customer picked from buttons or a list: the visible words and the vendor's payload."""

    title: str
    payload: str


class ContentKind(StrEnum):
    """The leading nature of a message; `media.kind` refines MEDIA."""

    TEXT = "text"
    MEDIA = "media"
    LOCATION = "location"
    CONTACTS = "contacts"
    CHOICE = "choice"
    UNSUPPORTED = "unsupported"  # shown as "message of a kind that cannot be shown here"


class Content(Frozen):
    """What a message says. `text` is the body, the caption of a file or the words of a choice."""

    kind: ContentKind
    text: str = ""
    media: MediaDescriptor | None = None
    location: Location | None = None
    contacts: tuple[SharedContact, ...] = ()
    choice: Choice | None = None


class Referral(Frozen):
    """The advertisement or link that a conversation started from (click to WhatsApp)."""

    source_type: str | None = None
    source_id: str | None = None
    source_url: str | None = None
    headline: str | None = None
    click_id: str | None = None


# --- events, vendor → inbox ---------------------------------------------------------------------------


class InboundMessage(Frozen):
    """A customer wrote. Idempotent by (channel, provider_message_id)."""

    type: Literal["message"] = "message"
    provider_message_id: str
    chat: Chat
    sender: Person
    occurred_at: datetime
    content: Content
    reply_to: str | None = None  # provider_message_id of the quoted message
    referral: Referral | None = None


class EchoMessage(Frozen):
    """A message that left from our own number.

    `origin="phone"`: typed by a colleague on the phone, to be stored as outbound. `origin="api"`: one of
    our own sends coming back (or another program on the same number): store it only when neither its id nor
    its `client_reference` is known.
    """

    type: Literal["echo"] = "echo"
    provider_message_id: str
    chat: Chat
    recipient: Person
    occurred_at: datetime
    content: Content
    origin: Literal["phone", "api"] = "phone"
    client_reference: str | None = None  # the idempotency key of the OutboundMessage, if the vendor echoes it
    reply_to: str | None = None


class DeliveryState(StrEnum):
    """How far an outbound message came; members stand in the order of progress, FAILED aside."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"


class DeliveryStatus(Frozen):
    """A tick. Arrives late, twice and out of order: statuses only move forward.

    Either `provider_message_id` names the message, or `up_to` says "everything outbound in this chat up to
    here" (Messenger). `client_reference` repeats our idempotency key where the vendor echoes it (Cloud API,
    simulator).
    """

    type: Literal["status"] = "status"
    state: DeliveryState
    occurred_at: datetime
    chat: Chat | None = None
    provider_message_id: str | None = None
    up_to: datetime | None = None
    client_reference: str | None = None
    error_key: str | None = None  # catalogue key, with state FAILED
    error_detail: str | None = None  # the vendor's own words, for the log and the tooltip


class SessionStatus(Frozen):
    """The connection of the channel itself changed."""

    type: Literal["session"] = "session"
    state: ChannelStatus
    occurred_at: datetime
    own_address: str | None = None  # E.164 of the paired number, when known
    own_name: str | None = None
    detail: str | None = None  # the vendor's word for it


class Reaction(Frozen):
    """An emoji put on a message, or taken away (`emoji` is None)."""

    type: Literal["reaction"] = "reaction"
    provider_message_id: str  # the message that carries the reaction
    chat: Chat
    author: Person
    from_me: bool
    emoji: str | None
    occurred_at: datetime


class Edited(Frozen):
    """The text of an earlier message was replaced by its author."""

    type: Literal["edited"] = "edited"
    provider_message_id: str  # the original
    chat: Chat | None
    text: str
    from_me: bool
    occurred_at: datetime


class Revoked(Frozen):
    """The author deleted an earlier message for everyone."""

    type: Literal["revoked"] = "revoked"
    provider_message_id: str  # the original
    chat: Chat | None
    from_me: bool
    occurred_at: datetime


class Typing(Frozen):
    """The customer is typing or recording, or stopped. Never stored, only shown; ignore after ten seconds."""

    type: Literal["typing"] = "typing"
    chat: Chat
    author: Person
    active: bool
    recording: bool = False
    occurred_at: datetime


class Unknown(Frozen):
    """A shape that this version does not understand, or does not need. Kept with the raw event, replayable.

    `ignored`: understood, and why nothing is done about it. Without one it is shown among the failures.
    """

    type: Literal["unknown"] = "unknown"
    kind: str
    reason: str
    ignored: IgnoredReason | None = None


ChannelEvent = Annotated[
    InboundMessage | EchoMessage | DeliveryStatus | SessionStatus | Reaction | Edited | Revoked | Typing | Unknown,
    Field(discriminator="type"),
]


# --- inbox → vendor -----------------------------------------------------------------------------------


class OutboundMedia(Frozen):
    """A file to send: its bytes are read from our storage just before sending."""

    kind: MediaKind
    mime_type: str
    filename: str
    data: bytes = Field(repr=False)


class QuotedMessage(Frozen):
    """The message that an answer quotes."""

    provider_message_id: str
    from_me: bool
    participant: str | None = None  # author's chat id in a group


class OutboundMessage(Frozen):
    """One message to send, once.

    `idempotency_key` is the id of our message row and stays the same through every attempt. From the second
    attempt on `first_attempt_at` is the moment of the first one, so that a provider can look for a message
    that it may have accepted already (`Provider.find_sent`); `known_message_ids` are ids in that chat which
    belong to other rows.
    """

    idempotency_key: UUID
    chat_id: str  # the conversation's chat id, or a phone in E.164 for a first contact
    text: str = ""
    media: OutboundMedia | None = None
    quoted: QuotedMessage | None = None
    attempt: int = 1
    first_attempt_at: datetime | None = None
    known_message_ids: frozenset[str] = frozenset()


class ProviderReceipt(Frozen):
    """The vendor took the message. `chat_id` may differ from the one asked for (ninth digit, @lid): keep
    both.
    """

    provider_message_id: str
    chat_id: str
    accepted_at: datetime
    state: DeliveryState = DeliveryState.SENT


class FetchedMedia(Frozen):
    """A file brought home from the vendor."""

    data: bytes = Field(repr=False)
    mime_type: str
    filename: str | None = None


# --- pairing ------------------------------------------------------------------------------------------


class PairingView(Frozen):
    """Where the pairing of a channel stands. `qr_png` is a data URL, shown only while WAITING_QR."""

    state: ChannelStatus
    qr_png: str | None = None
    pairing_code: str | None = None
    own_address: str | None = None
    own_name: str | None = None
    detail: str | None = None


class Capabilities(Frozen):
    """What a provider can do; screens hide what it cannot."""

    pairing: Literal["none", "qr"] = "none"
    pairing_code: bool = False
    media: frozenset[MediaKind] = frozenset()
    max_text: int = 4096
    max_media_bytes: int = 16 * 1024 * 1024
    quotes: bool = False
    receipts: bool = False  # tells delivered and read
    typing: bool = False
    echoes: bool = False  # tells what was typed on the phone
    finds_sent: bool = False  # `find_sent` can tell whether an uncertain send arrived
    window_hours: int | None = None  # free text only so long after the customer's last message
