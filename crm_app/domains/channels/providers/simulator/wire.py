"""The simulator's webhook format, both directions: the network writes it, the reader reads it. Pure.

A JSON object `{"id", "type", "at", "data"}` with `type` one of message, status, typing; signed with
`X-Simulator-Signature: sha256=<hex HMAC-SHA256 of the raw body>`.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from crm_app.domains.channels.providers.base import InboundRequest
from crm_app.domains.channels.schemas import DeliveryState, MediaKind

SIGNATURE_HEADER = "x-simulator-signature"


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class WireMedia(_Wire):
    """A file that waits at the network under `reference`."""

    kind: MediaKind
    reference: str
    mime_type: str
    file_name: str | None = None
    size: int | None = None
    duration_ms: int | None = None


class WireMessage(_Wire):
    """A customer wrote."""

    type: Literal["message"] = "message"
    message_id: str
    number: str
    name: str = ""
    text: str = ""
    media: WireMedia | None = None
    reply_to: str | None = None


class WireStatus(_Wire):
    """A message of ours came one step further."""

    type: Literal["status"] = "status"
    message_id: str
    number: str
    state: DeliveryState
    reference: str | None = None


class WireTyping(_Wire):
    """A customer types, records, or stopped."""

    type: Literal["typing"] = "typing"
    number: str
    active: bool
    recording: bool = False


WireEvent = WireMessage | WireStatus | WireTyping


class Envelope(_Wire):
    """One webhook call."""

    id: str
    at: datetime
    event: WireEvent = Field(discriminator="type")


ENVELOPE = TypeAdapter(Envelope)


@dataclass(frozen=True, slots=True)
class Named:
    """What can be told of a call without understanding it."""

    id: str | None
    kind: str
    number: str | None


def peek(body: bytes) -> Named:
    """Read id, kind and number of a call as far as they are there; never fails."""
    try:
        envelope: Any = json.loads(body)
    except (ValueError, RecursionError):
        return Named(None, "unreadable", None)
    event = envelope.get("event") if isinstance(envelope, dict) else None
    if not isinstance(event, dict):
        return Named(_text(envelope.get("id")) if isinstance(envelope, dict) else None, "unknown", None)
    return Named(_text(envelope.get("id")), _text(event.get("type")) or "unknown", _text(event.get("number")))


def signed(envelope: Envelope, secret: str) -> InboundRequest:
    """Return the call that the network makes for an event."""
    body = envelope.model_dump_json().encode()
    headers = {SIGNATURE_HEADER: signature(body, secret), "content-type": "application/json"}
    return InboundRequest(body, headers)


def signature(body: bytes, secret: str) -> str:
    """Return the value of the signature header."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
