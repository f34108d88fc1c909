"""The line to one WAHA session.

What is guaranteed about sending once
- Text goes out under a WhatsApp id that we derive from the idempotency key. After a crash or a time-out the
  message is looked up under that id in the chat, and sent again only when it is not there. Engines that
  keep the given id (NOWEB, GOWS) make this exact.
- Files, and texts on an engine that ignores the id, are looked for among our own messages of that chat
  since the first attempt: the same words (or the same type of file and caption), under an id that no other
  message of ours has. Two identical files sent to one chat within the same minute, the first of them with
  an unknown outcome, are the one case in which this can mistake one for the other; then one is missing,
  none is doubled.
- A session without a message store (NOWEB with the store off) cannot be asked; we switch the store on.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from crm_app.domains.channels.models import ChannelStatus
from crm_app.domains.channels.providers.base import (
    ActionRequired,
    ConnectionPorts,
    ProviderSpec,
    Rejected,
    RetryLater,
)
from crm_app.domains.channels.providers.waha.addresses import (
    full_id,
    identity_of,
    message_key,
    normal_chat,
    parse_message_id,
)
from crm_app.domains.channels.providers.waha.client import WahaClient, file_body
from crm_app.domains.channels.providers.waha.completion import with_phones
from crm_app.domains.channels.providers.waha.config import WahaConfig
from crm_app.domains.channels.providers.waha.mapper import SESSION_STATES
from crm_app.domains.channels.providers.waha.webhook import WahaReader
from crm_app.domains.channels.schemas import (
    Capabilities,
    ChannelEvent,
    FetchedMedia,
    MediaDescriptor,
    MediaKind,
    OutboundMedia,
    OutboundMessage,
    PairingView,
    ProviderReceipt,
)

WEBHOOK_EVENTS = [
    "message.any",
    "message.ack",
    "message.reaction",
    "message.edited",
    "message.revoked",
    "session.status",
    "presence.update",
]
CAPABILITIES = Capabilities(
    pairing="qr",
    pairing_code=True,
    media=frozenset(MediaKind) - {MediaKind.STICKER},
    max_text=65_536,
    max_media_bytes=64 * 1024 * 1024,
    quotes=True,
    receipts=True,
    typing=True,
    echoes=True,
    finds_sent=True,
)
_VERBS = {
    MediaKind.IMAGE: "sendImage",
    MediaKind.VIDEO: "sendVideo",
    MediaKind.VOICE: "sendVoice",
    MediaKind.AUDIO: "sendFile",
    MediaKind.DOCUMENT: "sendFile",
    MediaKind.STICKER: "sendFile",
}
_SLACK = timedelta(seconds=60)


class WahaConnection:
    """One channel's session, see `Connection`."""

    def __init__(self, config: WahaConfig, ports: ConnectionPorts) -> None:
        self._config = config
        self._ports = ports
        self._client = WahaClient(config, ports.http())

    async def send(self, message: OutboundMessage) -> ProviderReceipt:
        """Send text or a file with its caption. Source: WAHA OpenAPI, /api/sendText and its siblings."""
        _check(message)
        chat = await self._chat(message.chat_id)
        verb, body = _request(message, chat)
        answer = await self._client.send(verb, body)
        return _receipt(answer, chat, message)

    async def find_sent(self, message: OutboundMessage) -> ProviderReceipt | None:
        """Look for the message at WhatsApp: under its derived id, then among our recent ones of that chat."""
        chat = await self._chat(message.chat_id)
        wanted = derived_id(message)
        if message.media is None and (found := await self._by_id(chat, wanted)):
            return _receipt(found, chat, message)
        since = int(((message.first_attempt_at or datetime.now(UTC)) - _SLACK).timestamp())
        for candidate in await self._client.sent_messages(chat, since):
            identifier = parse_message_id(candidate.get("id"))
            if identifier is None or message_key(identifier.raw, chat) in message.known_message_ids:
                continue
            if identifier.raw == wanted or _same(candidate, message):
                return _receipt(candidate, chat, message)
        return None

    async def fetch_media(self, media: MediaDescriptor) -> FetchedMedia:
        """Download at once (WAHA keeps files for 180 s by default)."""
        if not media.available or not media.reference:
            raise Rejected("errors.channels.media_gone")
        try:
            data, mime = await self._client.download(media.reference, CAPABILITIES.max_media_bytes)
        except ActionRequired as error:
            if error.key == "errors.channels.session_missing":  # a 404 of a file, not of the session
                raise Rejected("errors.channels.media_gone") from error
            raise
        return FetchedMedia(data=data, mime_type=mime or media.mime_type, filename=media.filename)

    async def complete(self, events: Sequence[ChannelEvent]) -> Sequence[ChannelEvent]:
        """Add the phone behind `@lid` addresses, where WhatsApp tells it."""
        return await with_phones(events, self._client)

    async def mark_read(self, chat_id: str, message_ids: Sequence[str]) -> None:
        """Turn the customer's ticks blue."""
        await self._client.seen(chat_id, [full_id(one, chat_id, False) for one in message_ids])

    async def show_typing(self, chat_id: str, active: bool) -> None:
        """Show "typing…" in the customer's phone."""
        await self._client.typing(chat_id, active)

    async def start_pairing(self) -> PairingView:
        """Create the session or bring it to our configuration, and start it."""
        wanted = self._session_config()
        info = await self._client.session()
        if info is None:
            await self._client.create_session(wanted)
        else:
            if not _has_webhook(info, self._ports.webhook_url):
                await self._client.configure_session(wanted)
            if info.get("status") == "FAILED":
                await self._client.restart_session()
            elif info.get("status") != "WORKING":
                await self._client.start_session()
        return await self.pairing()

    async def pairing(self) -> PairingView:
        """Read the session's state and, while it wants one, the QR code of this moment."""
        info = await self._client.session()
        if info is None:
            return PairingView(state=ChannelStatus.DISCONNECTED, detail="no session")
        status = str(info.get("status", ""))
        state = SESSION_STATES.get(status, ChannelStatus.CONNECTING)
        me = info.get("me") if isinstance(info.get("me"), dict) else {}
        own = identity_of(normal_chat((me or {}).get("id")))
        return PairingView(
            state=state,
            qr_png=await self._client.qr() if status == "SCAN_QR_CODE" else None,
            own_address=own.value if own and state is ChannelStatus.CONNECTED else None,
            own_name=str((me or {}).get("pushName") or "")[:80] or None,
            detail=status or None,
        )

    async def request_pairing_code(self, phone: str) -> str:
        """Ask for the eight characters to type on the phone."""
        return await self._client.request_code("".join(filter(str.isdigit, phone)))

    async def logout(self) -> None:
        """Unpair and stop."""
        await self._client.logout_session()
        await self._client.stop_session()

    async def _by_id(self, chat: str, raw: str) -> dict[str, Any] | None:
        try:
            return await self._client.message(chat, full_id(raw, chat, True))
        except (RetryLater, Rejected):
            return None  # some engines fail for an id that they do not know; the list below decides

    async def _chat(self, address: str) -> str:
        """Return a chat id; a phone is asked for first, because WhatsApp decides about Brazil's ninth
        digit.
        """
        if "@" in address:
            return address
        chat = await self._client.existing_chat("".join(filter(str.isdigit, address)))
        if chat is None:
            raise Rejected("errors.channels.not_on_whatsapp")
        return normal_chat(chat) or chat

    def _session_config(self) -> dict[str, Any]:
        return {
            "metadata": {"prumo.channel": str(self._ports.channel_id)},
            "noweb": {"markOnline": True, "store": {"enabled": True, "fullSync": False}},
            "ignore": {"status": True, "channels": True, "broadcast": True, "groups": False},
            "webhooks": [
                {
                    "url": self._ports.webhook_url,
                    "events": WEBHOOK_EVENTS,
                    "hmac": {"key": self._ports.webhook_secret},
                    "retries": {"policy": "exponential", "delaySeconds": 2, "attempts": 15},
                }
            ],
        }


def derived_id(message: OutboundMessage) -> str:
    """Return the WhatsApp id of this message: 3EB0 and 18 hex digits, as WhatsApp Web makes them."""
    return "3EB0" + hashlib.sha256(message.idempotency_key.bytes).hexdigest()[:18].upper()


def _check(message: OutboundMessage) -> None:
    if len(message.text) > CAPABILITIES.max_text:
        raise Rejected("errors.channels.text_too_long", limit=CAPABILITIES.max_text)
    if message.media is not None and len(message.media.data) > CAPABILITIES.max_media_bytes:
        raise Rejected("errors.channels.media_too_large", limit=CAPABILITIES.max_media_bytes)
    if message.media is None and not message.text.strip():
        raise Rejected("errors.channels.empty_message")


def _request(message: OutboundMessage, chat: str) -> tuple[str, dict[str, Any]]:
    body: dict[str, Any] = {"chatId": chat}
    if message.quoted is not None:
        quoted = message.quoted
        body["reply_to"] = full_id(quoted.provider_message_id, chat, quoted.from_me, quoted.participant)
    if message.media is None:
        return "sendText", body | {"id": derived_id(message), "text": message.text}
    return _VERBS[message.media.kind], body | _file(message.media, message.text)


def _file(media: OutboundMedia, caption: str) -> dict[str, Any]:
    file = file_body(media.data, media.mime_type, media.filename)
    if media.kind is MediaKind.VOICE:
        return {"file": file, "convert": "opus" not in media.mime_type}
    captioned = {"file": file, **({"caption": caption} if caption else {})}
    if media.kind is MediaKind.VIDEO:
        return {**captioned, "convert": media.mime_type != "video/mp4", "asNote": False}
    return captioned


def _receipt(answer: dict[str, Any], chat: str, message: OutboundMessage) -> ProviderReceipt:
    """Read the message id defensively: `id`, `id._serialized`, `key.id`; failing all, the one we gave."""
    places = (answer.get("id"), answer.get("key"), (answer.get("_data") or {}))
    found = next((known for place in places if (known := parse_message_id(place)) is not None), None)
    raw = found.raw if found else derived_id(message)
    return ProviderReceipt(
        provider_message_id=message_key(raw, (found and found.chat) or chat),
        chat_id=chat,
        accepted_at=datetime.now(UTC),
    )


def _same(candidate: dict[str, Any], message: OutboundMessage) -> bool:
    if str(candidate.get("body") or "") != message.text:
        return False
    if message.media is None:
        return candidate.get("hasMedia") is not True
    described = candidate.get("media") if isinstance(candidate.get("media"), dict) else {}
    mime = str((described or {}).get("mimetype") or message.media.mime_type)
    return (
        candidate.get("hasMedia") is True and mime.partition("/")[0] == message.media.mime_type.partition("/")[0]
    )


def _has_webhook(info: dict[str, Any], url: str) -> bool:
    config = info.get("config") if isinstance(info.get("config"), dict) else {}
    hooks = (config or {}).get("webhooks")
    return any(isinstance(hook, dict) and hook.get("url") == url for hook in hooks or [])


SPEC = ProviderSpec(
    key="waha",
    title="WAHA",
    capabilities=CAPABILITIES,
    config=WahaConfig,
    reader=WahaReader(),
    connect=WahaConnection,
)
