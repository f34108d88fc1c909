"""WAHA's webhook payloads as channel events. Pure and defensive: engines differ, fields are missing or of
odd types.

What cannot be understood becomes `Unknown`, never an exception; what is understood but of no interest
(groups' settings, stories, calls, labels) becomes an `Unknown` that is ignored.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from crm_app.domains.channels.models import ChannelStatus, IgnoredReason
from crm_app.domains.channels.providers.waha.addresses import (
    MessageId,
    identity_of,
    is_group,
    is_personal,
    message_key,
    normal_chat,
    parse_message_id,
)
from crm_app.domains.channels.providers.waha.content import clean, content_of, words
from crm_app.domains.channels.schemas import (
    ChannelEvent,
    Chat,
    DeliveryState,
    DeliveryStatus,
    EchoMessage,
    Edited,
    Identity,
    InboundMessage,
    Person,
    Reaction,
    Revoked,
    SessionStatus,
    Typing,
    Unknown,
)

SESSION_STATES = {
    "STOPPED": ChannelStatus.DISCONNECTED,
    "STARTING": ChannelStatus.CONNECTING,
    "SCAN_QR_CODE": ChannelStatus.WAITING_QR,
    "PASSKEY_REQUIRED": ChannelStatus.WAITING_QR,
    "PASSKEY_CONFIRMATION_REQUIRED": ChannelStatus.WAITING_QR,
    "WORKING": ChannelStatus.CONNECTED,
    "FAILED": ChannelStatus.FAILED,
}
ACKS = {
    -1: DeliveryState.FAILED,
    1: DeliveryState.SENT,
    2: DeliveryState.DELIVERED,
    3: DeliveryState.READ,
    4: DeliveryState.PLAYED,
}
IGNORED_PREFIXES = (
    "group.",
    "call.",
    "label.",
    "chat.",
    "poll.",
    "event.",
    "engine.",
    "state.",
    "message.waiting",
)
_ALT_FIELDS = ("remoteJidAlt", "participantAlt", "senderPn", "participantPn", "SenderAlt", "RecipientAlt")


class _Odd(Exception):
    """The payload lacks what its kind needs."""


def map_event(envelope: dict[str, Any], received_at: datetime) -> Sequence[ChannelEvent]:
    """Turn a webhook's envelope into events."""
    kind, payload = envelope.get("event"), envelope.get("payload")
    if not isinstance(kind, str) or not isinstance(payload, dict):
        return [Unknown(kind=words(kind, 60) or "unknown", reason="no event name or no payload")]
    mapping = _MAPPINGS.get(kind)
    if mapping is None:
        return [_unmapped(kind)]
    try:
        return mapping(payload, _Clock(envelope, received_at))
    except _Odd as odd:
        return [Unknown(kind=words(kind, 60), reason=str(odd))]


def _unmapped(kind: str) -> Unknown:
    if kind.startswith(IGNORED_PREFIXES) or kind == "message.ack.group":
        return Unknown(kind=words(kind, 60), reason="not needed", ignored=IgnoredReason.NOT_NEEDED)
    return Unknown(kind=words(kind, 60), reason="unknown event")


class _Clock:
    """Reads the vendor's times: seconds (float or text) in payloads, milliseconds in envelopes."""

    def __init__(self, envelope: dict[str, Any], received_at: datetime) -> None:
        self._received_at = received_at
        self.now = self._moment(envelope.get("timestamp")) or received_at
        self.me = envelope.get("me") if isinstance(envelope.get("me"), dict) else None

    def at(self, value: Any) -> datetime:
        """Return the moment in a payload, or the envelope's, or that of arrival."""
        return self._moment(value) or self.now

    def _moment(self, value: Any) -> datetime | None:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        try:
            seconds = float(value)
            moment = datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
        except (ValueError, OverflowError, OSError):
            return None
        # A wrong clock on the server must not put a message years away from its neighbours.
        earliest, latest = datetime(2009, 1, 1, tzinfo=UTC), self._received_at + timedelta(days=1)
        return moment if earliest <= moment <= latest else None


def _message(payload: dict[str, Any], clock: _Clock) -> Sequence[ChannelEvent]:
    identifier = _identifier(payload)
    from_me = payload.get("fromMe") is True or identifier.from_me
    chat = _chat(payload, identifier, from_me)
    if not is_personal(chat) and not is_group(chat):
        return [Unknown(kind="message", reason="story, channel or broadcast", ignored=IgnoredReason.BROADCAST)]
    # Text and files of one message share these members.
    common: dict[str, Any] = {
        "provider_message_id": message_key(identifier.raw, chat),
        "chat": Chat(chat_id=chat, is_group=is_group(chat)),
        "occurred_at": clock.at(payload.get("timestamp")),
        "content": content_of(payload),
        "reply_to": _quoted(payload, chat),
    }
    if from_me:
        origin = "api" if payload.get("source") == "api" else "phone"
        return [EchoMessage(recipient=Person(identities=_identities(chat, payload)), origin=origin, **common)]
    author = normal_chat(payload.get("participant")) if is_group(chat) else chat
    return [InboundMessage(sender=_person(author or chat, payload), **common)]


def _ack(payload: dict[str, Any], clock: _Clock) -> Sequence[ChannelEvent]:
    identifier = _identifier(payload)
    ack = payload.get("ack")
    state = ACKS.get(ack) if isinstance(ack, int) and not isinstance(ack, bool) else None
    if state is None:
        ignored = IgnoredReason.NOT_NEEDED if ack == 0 else None
        return [Unknown(kind="message.ack", reason=f"ack {words(ack, 40)}", ignored=ignored)]
    if not (payload.get("fromMe") is True or identifier.from_me):
        about = "ack of a message of the customer"
        return [Unknown(kind="message.ack", reason=about, ignored=IgnoredReason.NOT_NEEDED)]
    failed = state is DeliveryState.FAILED
    return [
        DeliveryStatus(
            state=state,
            occurred_at=clock.at(payload.get("timestamp")),
            chat=Chat(chat_id=identifier.chat, is_group=is_group(identifier.chat)) if identifier.chat else None,
            provider_message_id=identifier.key,
            error_key="errors.channels.delivery_failed" if failed else None,
            error_detail="ack ERROR" if failed else None,
        )
    ]


def _reaction(payload: dict[str, Any], clock: _Clock) -> Sequence[ChannelEvent]:
    reaction = payload.get("reaction")
    target = parse_message_id(reaction.get("messageId")) if isinstance(reaction, dict) else None
    if target is None:
        raise _Odd("a reaction without a message")
    chat = target.chat or normal_chat(payload.get("from"))
    author = normal_chat(payload.get("participant")) or normal_chat(payload.get("from"))
    return [
        Reaction(
            provider_message_id=message_key(target.raw, chat),
            chat=Chat(chat_id=chat, is_group=is_group(chat)),
            author=_person(author, payload),
            from_me=payload.get("fromMe") is True,
            emoji=clean(reaction.get("text"))[:40] or None if isinstance(reaction, dict) else None,
            occurred_at=clock.at(payload.get("timestamp")),
        )
    ]


def _edited(payload: dict[str, Any], clock: _Clock) -> Sequence[ChannelEvent]:
    original = parse_message_id(payload.get("editedMessageId"))
    if original is None:
        raise _Odd("an edit without the original's id")
    carrier = parse_message_id(payload.get("id"))
    from_me = payload.get("fromMe") is True or bool(carrier and carrier.from_me)
    chat = original.chat or (carrier and carrier.chat) or _chat(payload, None, from_me)
    return [
        Edited(
            provider_message_id=message_key(original.raw, chat),
            chat=Chat(chat_id=chat, is_group=is_group(chat)) if chat else None,
            text=clean(payload.get("body")),
            from_me=from_me,
            occurred_at=clock.at(payload.get("timestamp")),
        )
    ]


def _revoked(payload: dict[str, Any], clock: _Clock) -> Sequence[ChannelEvent]:
    before = payload.get("before") if isinstance(payload.get("before"), dict) else {}
    after = payload.get("after") if isinstance(payload.get("after"), dict) else {}
    original = parse_message_id(payload.get("revokedMessageId")) or parse_message_id((before or {}).get("id"))
    if original is None:
        raise _Odd("a revocation without the original's id")
    carrier = parse_message_id((after or {}).get("id")) or original
    chat = original.chat or carrier.chat
    return [
        Revoked(
            provider_message_id=message_key(original.raw, chat),
            chat=Chat(chat_id=chat, is_group=is_group(chat)) if chat else None,
            from_me=carrier.from_me or (after or {}).get("fromMe") is True,
            occurred_at=clock.at((after or {}).get("timestamp")),
        )
    ]


def _session(payload: dict[str, Any], clock: _Clock) -> Sequence[ChannelEvent]:
    status = payload.get("status")
    state = SESSION_STATES.get(status) if isinstance(status, str) else None
    if state is None:
        raise _Odd(f"session status {words(status, 40)}")
    me = clock.me or {}
    own = identity_of(normal_chat(me.get("id"))) if state is ChannelStatus.CONNECTED else None
    return [
        SessionStatus(
            state=state,
            occurred_at=clock.now,
            own_address=own.value if own else None,
            own_name=words(me.get("pushName"), 80) or None,
            detail=str(status),
        )
    ]


def _presence(payload: dict[str, Any], clock: _Clock) -> Sequence[ChannelEvent]:
    chat = normal_chat(payload.get("id"))
    presences = payload.get("presences")
    if not chat or not isinstance(presences, list):
        raise _Odd("a presence without a chat")
    return [
        Typing(
            chat=Chat(chat_id=chat, is_group=is_group(chat)),
            author=_person(normal_chat(one.get("participant")) or chat, {}),
            active=one.get("lastKnownPresence") in {"typing", "recording"},
            recording=one.get("lastKnownPresence") == "recording",
            occurred_at=clock.now,
        )
        for one in presences[:20]
        if isinstance(one, dict)
    ]


_MAPPINGS: dict[str, Callable[[dict[str, Any], _Clock], Sequence[ChannelEvent]]] = {
    "message": _message,
    "message.any": _message,
    "message.ack": _ack,
    "message.reaction": _reaction,
    "message.edited": _edited,
    "message.revoked": _revoked,
    "session.status": _session,
    "presence.update": _presence,
}


def _identifier(payload: dict[str, Any]) -> MessageId:
    identifier = parse_message_id(payload.get("id"))
    if identifier is None:
        raise _Odd("a message without an id")
    return identifier


def _chat(payload: dict[str, Any], identifier: MessageId | None, from_me: bool) -> str:
    if identifier is not None and identifier.chat:
        return identifier.chat
    return normal_chat(payload.get("to" if from_me else "from"))


def _quoted(payload: dict[str, Any], chat: str) -> str | None:
    quoted = payload.get("replyTo")
    target = parse_message_id(quoted.get("id")) if isinstance(quoted, dict) else parse_message_id(quoted)
    return message_key(target.raw, target.chat or chat) if target else None


def _person(address: str, payload: dict[str, Any]) -> Person:
    return Person(identities=_identities(address, payload), name=_name(payload))


def _identities(address: str, payload: dict[str, Any]) -> tuple[Identity, ...]:
    """The address itself and the other one that some engines tell (the phone beside a hidden id)."""
    found = [identity_of(address), *(identity_of(other) for other in _other_addresses(payload))]
    known = [identity for identity in dict.fromkeys(found) if identity is not None]
    return tuple(sorted(known, key=lambda identity: identity.kind != "phone"))


def _other_addresses(payload: dict[str, Any]) -> list[str]:
    if payload.get("fromMe") is True:
        return []
    data = payload.get("_data")
    if not isinstance(data, dict):
        return []
    places = [data, data.get("key"), data.get("Info")]
    return [normal_chat(place.get(field)) for place in places if isinstance(place, dict) for field in _ALT_FIELDS]


def _name(payload: dict[str, Any]) -> str | None:
    data = payload.get("_data")
    places = [payload, *([data, data.get("Info")] if isinstance(data, dict) else [])]
    for place in places:
        if isinstance(place, dict):
            for field in ("pushName", "notifyName", "PushName"):
                if name := words(place.get(field), 80):
                    return name
    return None
