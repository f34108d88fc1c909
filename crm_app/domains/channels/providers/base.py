"""The protocol between a messaging vendor and the house.

A provider is registered as one `ProviderSpec` (see `registry.py`): a pure `WebhookReader` that judges and
reads what the vendor posts to us, and a factory for a `Connection`, which talks to the vendor for one
channel. Neither touches the database, the queue or another provider.

How failures are told
- `RetryLater`: nothing wrong with the message; try again after `after`. `maybe_accepted=True` when the
  request may have reached the vendor (a time-out after the bytes left): then `find_sent` is asked before
  anything is sent again.
- `ActionRequired`: a person has to do something first (pair again, renew a token, pay). The queue of the
  channel stops, the key says what to do.
- `Rejected`: this message will never be accepted (number without WhatsApp, file too large).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import httpx
from pydantic import BaseModel

from crm_app.core.errors import Conflict, Invalid, Unavailable
from crm_app.domains.channels.schemas import (
    Capabilities,
    ChannelEvent,
    FetchedMedia,
    MediaDescriptor,
    OutboundMessage,
    PairingView,
    ProviderReceipt,
)


class RetryLater(Unavailable):
    """The vendor does not take the message now; `after` is the vendor's own wish, None for our backoff."""

    code = "provider_retry_later"
    key = "errors.channels.retry_later"

    def __init__(
        self,
        key: str | None = None,
        /,
        *,
        after: timedelta | None = None,
        maybe_accepted: bool = False,
        **data: Any,
    ) -> None:
        super().__init__(key, **data)
        self.after = after
        self.maybe_accepted = maybe_accepted


class ActionRequired(Conflict):
    """Somebody has to act before this channel works again."""

    code = "provider_action_required"
    key = "errors.channels.action_required"


class Rejected(Invalid):
    """The vendor will never accept this message as it is."""

    code = "provider_rejected"
    key = "errors.channels.rejected"


class Unreadable(Exception):
    """The body of a webhook cannot be read at all (not the vendor's format); the words go to the failure
    list.
    """


@dataclass(frozen=True, slots=True)
class InboundRequest:
    """A vendor's call on our webhook, exactly as it came. Header names are lower case."""

    body: bytes
    headers: Mapping[str, str]
    url: str = ""  # the public address that the vendor called (some vendors sign it)
    method: str = "POST"
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventIdentity:
    """What intake must know of a raw event before anybody understands it.

    `event_id` dedupes within the channel. `lock_key` is the conversation that the event belongs to, so that
    jobs of one conversation run one after the other; None when it belongs to the channel as a whole.
    """

    event_id: str
    kind: str
    lock_key: str | None = None


class WebhookReader(Protocol):
    """Judges and reads a vendor's webhook. Pure: bytes in, values out, no I/O, no clock."""

    def verify(self, request: InboundRequest, secret: str) -> bool:
        """Tell whether the raw bytes carry a valid signature; constant-time comparison, never raises."""
        ...

    def challenge(self, request: InboundRequest, secret: str) -> str | None:
        """Answer a GET handshake in plain text (Meta); None when the request is none, or a wrong one."""
        ...

    def identify(self, request: InboundRequest) -> EventIdentity:
        """Name the event. Never raises: whatever cannot be read is named by the hash of its bytes."""
        ...

    def parse(self, body: bytes, received_at: datetime) -> Sequence[ChannelEvent]:
        """Turn the raw bytes into events, oldest first; `Unreadable` when not the vendor's format.

        `received_at` stands in for a time that the vendor left out or that cannot be true.
        """
        ...


class Connection(Protocol):
    """One channel's line to its vendor. Every call has its own time-out and raises the three errors above."""

    async def send(self, message: OutboundMessage) -> ProviderReceipt:
        """Hand the message over once. Do not call again after `maybe_accepted` without asking `find_sent`."""
        ...

    async def find_sent(self, message: OutboundMessage) -> ProviderReceipt | None:
        """Look whether an earlier attempt arrived; None when it surely did not.

        Raises `ActionRequired("errors.channels.outcome_unknown")` when the vendor offers no way to tell
        (`capabilities.finds_sent` is False): then a status webhook with our reference or a person decides.
        """
        ...

    async def fetch_media(self, media: MediaDescriptor) -> FetchedMedia:
        """Bring a received file home; `Rejected` when it is gone, too large or not what it claims."""
        ...

    async def complete(self, events: Sequence[ChannelEvent]) -> Sequence[ChannelEvent]:
        """Add what only the vendor can tell (the phone behind a hidden id). Never fails: returns them as
        known.
        """
        ...

    async def mark_read(self, chat_id: str, message_ids: Sequence[str]) -> None:
        """Show the customer that the messages were read, where the vendor can."""
        ...

    async def show_typing(self, chat_id: str, active: bool) -> None:
        """Show the customer that somebody is typing, where the vendor can."""
        ...

    async def start_pairing(self) -> PairingView:
        """Create and start the vendor's session, with our webhook and its secret; harmless when it runs."""
        ...

    async def pairing(self) -> PairingView:
        """Tell where the session stands, with a fresh QR code while one is wanted."""
        ...

    async def request_pairing_code(self, phone: str) -> str:
        """Ask for a code to type on the phone (E.164), instead of scanning."""
        ...

    async def logout(self) -> None:
        """Unpair the number and stop the session; harmless when it is gone already."""
        ...


class SimulatedNetwork(Protocol):
    """The vendor behind the simulator, as its provider sees it: a phone network that lives in our own house.

    Each call is a transaction of its own, as it would be at a vendor far away.
    """

    async def accept(self, line: "Line", message: OutboundMessage) -> ProviderReceipt:
        """Take a message; the same idempotency key is taken once and gets the same receipt."""
        ...

    async def find(self, line: "Line", message: OutboundMessage) -> ProviderReceipt | None:
        """Look a message up by its idempotency key."""
        ...

    async def download(self, line: "Line", reference: str) -> FetchedMedia:
        """Return a file that a customer sent."""
        ...

    async def read(self, line: "Line", chat_id: str, message_ids: Sequence[str]) -> None:
        """Turn the ticks of a customer's messages blue on the phone."""
        ...

    async def typing(self, line: "Line", chat_id: str, active: bool) -> None:
        """Show on the phone that the business types."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """Which number of which organization a simulated call is about."""

    organization_id: UUID
    channel_id: UUID


@dataclass(frozen=True, slots=True)
class ConnectionPorts:
    """What a connection may use of the outside world, given by the service that opens it."""

    organization_id: UUID
    channel_id: UUID
    webhook_url: str
    webhook_secret: str
    http: Callable[[], httpx.AsyncClient]  # the guarded client, see core/http.py
    network: SimulatedNetwork | None = None


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """Everything the house knows about a vendor. Register one and the contract suite runs against it."""

    key: str
    title: str  # the vendor's own name, not translated
    capabilities: Capabilities
    config: type[BaseModel]
    reader: WebhookReader
    connect: Callable[[Any, ConnectionPorts], Connection]


__all__ = [
    "ActionRequired",
    "Connection",
    "ConnectionPorts",
    "EventIdentity",
    "InboundRequest",
    "Line",
    "ProviderSpec",
    "Rejected",
    "RetryLater",
    "SimulatedNetwork",
    "Unreadable",
    "WebhookReader",
]
