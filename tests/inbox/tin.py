"""A vendor made of tin for tests: its webhooks are our own normalised events as JSON, its network is a folder.

The folder makes it outlive the process that talks to it, so that a worker may be killed at any point and the test
still sees what the vendor had taken.
"""

import json
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import BaseModel, TypeAdapter

from crm_app.core.clock import utc_now
from crm_app.domains.channels.models import ChannelStatus
from crm_app.domains.channels.providers.base import (
    ActionRequired,
    ConnectionPorts,
    EventIdentity,
    InboundRequest,
    ProviderSpec,
    Rejected,
    RetryLater,
    Unreadable,
)
from crm_app.domains.channels.schemas import (
    Capabilities,
    ChannelEvent,
    FetchedMedia,
    MediaDescriptor,
    MediaKind,
    OutboundMessage,
    PairingView,
    ProviderReceipt,
)

EVENTS: TypeAdapter[list[ChannelEvent]] = TypeAdapter(list[ChannelEvent])


@dataclass
class TinNetwork:
    """The vendor's side. `mood` holds what the next sends raise; `crash` names where the process kills itself."""

    folder: Path
    mood: list[Exception] = field(default_factory=list)
    crash: str = ""
    finds: bool = True
    files: dict[str, bytes] = field(default_factory=dict)
    file_mood: list[Exception] = field(default_factory=list)
    before_answer: Any = None
    seen: list[tuple[str, Any]] = field(default_factory=list)

    def taken(self) -> list[dict[str, Any]]:
        """Return every message that was accepted, in order; a double send stands here twice."""
        lines = (self.folder / "taken.jsonl").read_text().splitlines() if self._log.exists() else []
        return [json.loads(line) for line in lines]

    @property
    def _log(self) -> Path:
        return self.folder / "taken.jsonl"

    async def send(self, message: OutboundMessage) -> ProviderReceipt:
        if self.mood:
            failure = self.mood.pop(0)
            if getattr(failure, "maybe_accepted", False) and failure.data.get("taken"):
                self._take(message)
            raise failure
        self._die("before_accept")
        provider_id = self._take(message)
        self._die("after_accept")
        receipt = ProviderReceipt(provider_message_id=provider_id, chat_id=message.chat_id, accepted_at=utc_now())
        if self.before_answer is not None:
            await self.before_answer(message, receipt)
        return receipt

    def _take(self, message: OutboundMessage) -> str:
        provider_id = f"tin-{uuid4().hex}"
        entry = {
            "key": str(message.idempotency_key),
            "id": provider_id,
            "chat": message.chat_id,
            "text": message.text,
            "media": message.media.filename if message.media else None,
            "quoted": message.quoted.provider_message_id if message.quoted else None,
        }
        with self._log.open("a") as log:
            log.write(json.dumps(entry) + "\n")
            log.flush()
            os.fsync(log.fileno())
        return provider_id

    def find(self, message: OutboundMessage) -> ProviderReceipt | None:
        self.seen.append(("find", message))
        if not self.finds:
            raise ActionRequired("errors.channels.outcome_unknown")
        found = next((one for one in self.taken() if one["key"] == str(message.idempotency_key)), None)
        if found is None:
            return None
        return ProviderReceipt(provider_message_id=found["id"], chat_id=found["chat"], accepted_at=utc_now())

    def _die(self, where: str) -> None:
        if self.crash == where:
            os.kill(os.getpid(), signal.SIGKILL)


class TinReader:
    """Reads its own JSON; every call is believed."""

    def verify(self, request: InboundRequest, secret: str) -> bool:
        return True

    def challenge(self, request: InboundRequest, secret: str) -> str | None:
        return None

    def identify(self, request: InboundRequest) -> EventIdentity:
        event_id = request.headers.get("x-event-id") or uuid4().hex
        return EventIdentity(event_id, "tin", request.headers.get("x-chat"))

    def parse(self, body: bytes, received_at: datetime) -> Sequence[ChannelEvent]:
        try:
            return EVENTS.validate_json(body)
        except ValueError as broken:
            raise Unreadable(str(broken)[:200]) from broken


class TinConfig(BaseModel):
    """Tin needs nothing."""


_current: list[TinNetwork] = []


def use_network(network: TinNetwork | None) -> None:
    """Make this the network that connections reach."""
    _current[:] = [network] if network else []


class TinConnection:
    """The line to the tin network."""

    def __init__(self, config: TinConfig, ports: ConnectionPorts) -> None:
        self.network = _current[0]

    async def send(self, message: OutboundMessage) -> ProviderReceipt:
        return await self.network.send(message)

    async def find_sent(self, message: OutboundMessage) -> ProviderReceipt | None:
        return self.network.find(message)

    async def fetch_media(self, media: MediaDescriptor) -> FetchedMedia:
        if self.network.file_mood:
            raise self.network.file_mood.pop(0)
        data = self.network.files.get(media.reference)
        if data is None:
            raise Rejected("errors.channels.media_gone")
        return FetchedMedia(data=data, mime_type=media.mime_type)

    async def complete(self, events: Sequence[ChannelEvent]) -> Sequence[ChannelEvent]:
        self.network.seen.append(("complete", len(events)))
        return events

    async def mark_read(self, chat_id: str, message_ids: Sequence[str]) -> None:
        self.network.seen.append(("read", (chat_id, list(message_ids))))

    async def show_typing(self, chat_id: str, active: bool) -> None:
        self.network.seen.append(("typing", (chat_id, active)))

    async def start_pairing(self) -> PairingView:
        return await self.pairing()

    async def pairing(self) -> PairingView:
        return PairingView(state=ChannelStatus.CONNECTED)

    async def request_pairing_code(self, phone: str) -> str:
        raise Rejected("errors.channels.no_pairing")

    async def logout(self) -> None:
        return


TIN = ProviderSpec(
    key="tin",
    title="Tin",
    capabilities=Capabilities(
        media=frozenset(MediaKind), max_text=100_000, quotes=True, receipts=True, typing=True, finds_sent=True
    ),
    config=TinConfig,
    reader=TinReader(),
    connect=TinConnection,
)

__all__ = ["TIN", "RetryLater", "TinNetwork", "use_network"]
