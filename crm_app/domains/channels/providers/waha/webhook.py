"""WAHA's webhook: the signature, the event's name, and the way into the mapper. Pure.

`X-Webhook-Hmac` is the lower-case hex HMAC-SHA512 of the raw body (algorithm in `X-Webhook-Hmac-Algorithm`).
"""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crm_app.domains.channels.providers.base import EventIdentity, InboundRequest, Unreadable
from crm_app.domains.channels.providers.waha.addresses import normal_chat, parse_message_id
from crm_app.domains.channels.providers.waha.mapper import map_event
from crm_app.domains.channels.schemas import ChannelEvent

HMAC_HEADER = "x-webhook-hmac"
ALGORITHM_HEADER = "x-webhook-hmac-algorithm"
_MESSAGE_EVENTS = {"message", "message.any"}


def signature(body: bytes, secret: str) -> str:
    """Return the signature that WAHA puts on `body`."""
    return hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()


class WahaReader:
    """Judges and reads what a WAHA server posts."""

    def verify(self, request: InboundRequest, secret: str) -> bool:
        """Compare the HMAC in constant time; a request without one is refused."""
        given = request.headers.get(HMAC_HEADER, "").strip().lower()
        algorithm = request.headers.get(ALGORITHM_HEADER, "sha512").strip().lower()
        expected = signature(request.body, secret)
        return algorithm == "sha512" and hmac.compare_digest(given.encode(), expected.encode())

    def challenge(self, request: InboundRequest, secret: str) -> str | None:  # noqa: ARG002
        """WAHA has no handshake."""
        return None

    def identify(self, request: InboundRequest) -> EventIdentity:
        """Name the event by its message where that is stable over deliveries, else by envelope or bytes.

        `message` and `message.any` tell of the same message and share one name.
        """
        digest = hashlib.sha256(request.body).hexdigest()
        try:
            envelope = read_envelope(request.body)
        except Unreadable:
            return EventIdentity(f"sha256:{digest}", "unreadable")
        kind = envelope.get("event")
        payload = envelope.get("payload")
        if not isinstance(kind, str) or not isinstance(payload, dict):
            return EventIdentity(_envelope_name(envelope, digest), "unknown")
        message = parse_message_id(payload.get("id"))
        chat = (message and message.chat) or normal_chat(payload.get("from")) or None
        return EventIdentity(_event_name(kind, payload, envelope, digest), kind, chat)

    def parse(self, body: bytes, received_at: datetime) -> Sequence[ChannelEvent]:
        """Map the envelope; see `mapper`."""
        return map_event(read_envelope(body), received_at)


def read_envelope(body: bytes) -> dict[str, Any]:
    """Decode the JSON object of a webhook; `Unreadable` for anything else."""
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}"[:300]) from error
    if not isinstance(envelope, dict):
        raise Unreadable(f"a JSON {type(envelope).__name__}, not an object")
    return envelope


def _event_name(kind: str, payload: dict[str, Any], envelope: dict[str, Any], digest: str) -> str:
    identifier = payload.get("id")
    if isinstance(identifier, dict):
        identifier = identifier.get("_serialized") or identifier.get("id")
    if not isinstance(identifier, str) or not identifier:
        return _envelope_name(envelope, digest)
    if kind in _MESSAGE_EVENTS:
        return f"message:{identifier}"
    if kind == "message.ack":
        return f"ack:{payload.get('ack')}:{identifier}"
    return _envelope_name(envelope, digest)


def _envelope_name(envelope: dict[str, Any], digest: str) -> str:
    identifier = envelope.get("id")
    return f"event:{identifier}" if isinstance(identifier, str) and identifier else f"sha256:{digest}"
