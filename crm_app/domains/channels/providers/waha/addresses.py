"""WhatsApp's addresses and message ids as WAHA writes them.

- chat: `<digits>@c.us` person, `<id>@g.us` group, `<digits>@lid` hidden id, `<id>@newsletter`,
  `status@broadcast`; engines leak `@s.whatsapp.net` and device parts (`5511…:12@…`).
- message: `{true|false}_{chat}_{raw id}[_{participant}]`; edits, revocations and quotes carry the raw id
  only.
"""

from dataclasses import dataclass
from typing import Any

from crm_app.domains.channels.schemas import Identity, IdentityKind

MIN_UNIQUE_ID = 16
MAX_ID = 250
"""WhatsApp's own ids have 18 characters and more and are unique by themselves; shorter ones get their chat.
"""


@dataclass(frozen=True, slots=True)
class MessageId:
    """A message id taken apart."""

    raw: str
    chat: str = ""
    from_me: bool = False
    participant: str | None = None

    @property
    def key(self) -> str:
        """The `provider_message_id`: stays the same when a chat is called by phone here and by @lid there."""
        return message_key(self.raw, self.chat)


def message_key(raw: str, chat: str) -> str:
    """Return the `provider_message_id` of a raw id seen in `chat`."""
    return raw if len(raw) >= MIN_UNIQUE_ID or not chat else f"{chat}_{raw}"


def raw_of(key: str) -> str:
    """Return the raw id inside a `provider_message_id`."""
    return key.rpartition("_")[2] if "@" in key else key


def full_id(key: str, chat: str, from_me: bool, participant: str | None = None) -> str:
    """Build the full id that WAHA wants for quoting, from what we stored."""
    parts = ["true" if from_me else "false", chat, raw_of(key)]
    return "_".join([*parts, participant] if participant else parts)


def parse_message_id(value: Any) -> MessageId | None:
    """Take a message id apart, in any of the shapes that the engines use; None when there is none."""
    if isinstance(value, dict):
        return _parse_object(value)
    value = _plain(value)
    if not value:
        return None
    head, _, rest = value.partition("_")
    if head not in {"true", "false"} or "_" not in rest:
        return MessageId(value)
    chat, _, raw = rest.partition("_")
    body, separator, last = raw.rpartition("_")
    participant = normal_chat(last) if separator and "@" in last else None
    return MessageId(body if participant else raw, normal_chat(chat), head == "true", participant)


def _parse_object(value: dict[str, Any]) -> MessageId | None:
    if isinstance(value.get("_serialized"), str):
        return parse_message_id(value["_serialized"])
    raw = _plain(value.get("id") or value.get("ID"))
    if not raw:
        return None
    chat = value.get("remote") or value.get("remoteJid") or ""
    return MessageId(raw, normal_chat(chat), bool(value.get("fromMe")))


def normal_chat(value: Any) -> str:
    """Return a chat address in WAHA's spelling, without device part; an empty string when it is none."""
    if isinstance(value, dict):
        value = value.get("_serialized")
    value = _plain(value)
    if "@" not in value:
        return ""
    user, _, host = value.strip().partition("@")
    host = "c.us" if host == "s.whatsapp.net" else host
    return f"{user.partition(':')[0]}@{host}" if host in {"c.us", "lid"} else f"{user}@{host}"


def _plain(value: Any) -> str:
    """Return an address or id without what no id contains (control characters, lone surrogates), or nothing."""
    if not isinstance(value, str) or len(value) > MAX_ID:
        return ""
    return value if value.isprintable() and value.isascii() else ""


def identity_of(chat: str) -> Identity | None:
    """Return the identity behind a personal chat address; None for groups, channels and stories."""
    user, _, host = chat.partition("@")
    if not user.isascii() or not user.isdigit() or not 5 <= len(user) <= 20:
        return None
    if host == "c.us":
        return Identity(kind=IdentityKind.PHONE, value=f"+{user}")
    if host == "lid":
        return Identity(kind=IdentityKind.WHATSAPP_LID, value=user)
    return None


def is_group(chat: str) -> bool:
    """Tell whether the chat is a group."""
    return chat.endswith("@g.us")


def is_personal(chat: str) -> bool:
    """Tell whether the chat is with one person."""
    return chat.endswith(("@c.us", "@lid"))
