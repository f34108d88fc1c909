"""Judges and reads the simulator's calls. Pure."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError

from crm_app.domains.channels.providers.base import EventIdentity, InboundRequest, Unreadable
from crm_app.domains.channels.providers.simulator.wire import (
    ENVELOPE,
    SIGNATURE_HEADER,
    WireEvent,
    WireMedia,
    WireMessage,
    WireStatus,
    peek,
    signature,
)
from crm_app.domains.channels.schemas import (
    ChannelEvent,
    Chat,
    Content,
    ContentKind,
    DeliveryStatus,
    Identity,
    IdentityKind,
    InboundMessage,
    MediaDescriptor,
    Person,
    Typing,
    Unknown,
)


class SimulatorReader:
    """See `WebhookReader`."""

    def verify(self, request: InboundRequest, secret: str) -> bool:
        """Compare the HMAC in constant time."""
        given = request.headers.get(SIGNATURE_HEADER, "")
        return hmac.compare_digest(given.encode(), signature(request.body, secret).encode())

    def challenge(self, request: InboundRequest, secret: str) -> str | None:  # noqa: ARG002
        """The simulator has no handshake."""
        return None

    def identify(self, request: InboundRequest) -> EventIdentity:
        """Name the event by its envelope, or by its bytes when it has none."""
        named = peek(request.body)
        digest = hashlib.sha256(request.body).hexdigest()
        name = f"event:{named.id}" if named.id else f"sha256:{digest}"
        return EventIdentity(name, named.kind, named.number)

    def parse(self, body: bytes, received_at: datetime) -> Sequence[ChannelEvent]:
        """Map the envelope; a shape that does not fit becomes `Unknown`."""
        named = peek(body)
        if named.kind == "unreadable":
            raise Unreadable("not a JSON object")
        try:
            envelope = ENVELOPE.validate_json(body)
        except (ValidationError, ValueError) as error:
            return [Unknown(kind=named.kind[:60], reason=f"does not fit the format: {error}"[:500])]
        moment = envelope.at if envelope.at.tzinfo else received_at
        return [_map(envelope.event, moment)]


def _map(event: WireEvent, at: datetime) -> ChannelEvent:
    chat, person = Chat(chat_id=event.number), _person(event)
    if isinstance(event, WireMessage):
        return InboundMessage(
            provider_message_id=event.message_id,
            chat=chat,
            sender=person,
            occurred_at=at,
            content=_content(event),
            reply_to=event.reply_to,
        )
    if isinstance(event, WireStatus):
        return DeliveryStatus(
            state=event.state,
            occurred_at=at,
            chat=chat,
            provider_message_id=event.message_id,
            client_reference=event.reference,
        )
    return Typing(chat=chat, author=person, active=event.active, recording=event.recording, occurred_at=at)


def _person(event: WireEvent) -> Person:
    name = event.name.replace("\x00", "")[:80] if isinstance(event, WireMessage) else ""
    return Person(identities=(Identity(kind=IdentityKind.PHONE, value=event.number),), name=name or None)


def _content(event: WireMessage) -> Content:
    text = event.text.replace("\x00", "")
    if event.media is None:
        return Content(kind=ContentKind.TEXT if text else ContentKind.UNSUPPORTED, text=text)
    return Content(kind=ContentKind.MEDIA, text=text, media=_media(event.media))


def _media(media: WireMedia) -> MediaDescriptor:
    return MediaDescriptor(
        kind=media.kind,
        reference=media.reference,
        mime_type=media.mime_type,
        filename=media.file_name,
        size=media.size,
        duration_seconds=media.duration_ms / 1000 if media.duration_ms else None,
    )
