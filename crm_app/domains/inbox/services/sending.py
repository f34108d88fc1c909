"""Writing into a thread: messages that leave, and notes that do not."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import Conflict, Invalid, NotFound
from crm_app.core.events import announce
from crm_app.core.queue import enqueue
from crm_app.core.tenancy import Actor
from crm_app.domains.channels.models import Channel
from crm_app.domains.channels.registry import get_provider
from crm_app.domains.channels.schemas import Capabilities
from crm_app.domains.inbox import fresh_files, repository, rules
from crm_app.domains.inbox.errors import (
    AlreadySent,
    CannotQuote,
    ChannelGone,
    EmptyMessage,
    FileRefused,
    TextTooLong,
    WindowClosed,
)
from crm_app.domains.inbox.events import MessageRemoved
from crm_app.domains.inbox.models import (
    Attachment,
    AttachmentStatus,
    Conversation,
    DeliveryStatus,
    Direction,
    Message,
    MessageKind,
)
from crm_app.domains.inbox.schemas import MAX_ATTACHMENTS, MessageView
from crm_app.domains.inbox.services.access import access_to_write
from crm_app.domains.inbox.services.assignment import take_over
from crm_app.domains.inbox.services.media import Upload, open_upload
from crm_app.domains.inbox.services.placing import place, show_newest, unanswer
from crm_app.domains.inbox.services.thread import get_message
from crm_app.domains.plans import metering

DELIVER_JOB = "inbox.deliver_message"
MAX_UNDO_SECONDS = 30


def delivery_lock(conversation_id: UUID) -> str:
    """Return the lock under which a conversation's messages leave one after the other."""
    return f"conversation:{conversation_id}"


async def send_message(
    session: AsyncSession,
    actor: Actor,
    *,
    conversation_id: UUID,
    body: str = "",
    attachments: Sequence[str] = (),
    reply_to: UUID | None = None,
    idempotency_key: str,
    undo_seconds: int = 0,
) -> MessageView:
    """Store the message and its delivery job together; a repeated key returns the message that it made.

    `attachments` are tokens of uploads; several files become several messages, the first of which carries the text
    and is returned. `undo_seconds` (0 to 30) holds it back so that `undo_send` can take it away. An unassigned
    conversation goes to its first answerer. Permission `messages.send`. Raises `NotFound`, `EmptyMessage`,
    `TextTooLong`, `FileRefused`, `UploadExpired`, `CannotQuote`, `WindowClosed`, `ChannelGone`, `Conflict` (a key
    that was used for another conversation), `LimitReached` when the month's messages are used up.
    """
    conversation = await access_to_write(session, actor, conversation_id)
    repeated = await _repeated(session, actor, conversation, idempotency_key)
    if repeated is not None:
        return repeated
    text = rules.check_outgoing(body)
    uploads = _opened(actor, attachments)
    await fresh_files.hold(session, actor.organization_id, [upload.key for upload in uploads])
    if not text and not uploads:
        raise EmptyMessage(field="body")
    await _check_channel(session, conversation, text, uploads)
    quoted = await _quoted_id(session, conversation, reply_to)
    hold = timedelta(seconds=max(0, min(undo_seconds, MAX_UNDO_SECONDS)))
    first: Message | None = None
    parts = _parts(text, uploads)
    await metering.take(session, actor.organization_id, "messages", len(parts))
    for number, (words, upload) in enumerate(parts):
        message = _outbound(actor, conversation, words, upload, hold)
        message.idempotency_key = idempotency_key if number == 0 else f"{message.id}"
        message.reply_to_provider_id = quoted if number == 0 else None
        await _place_outbound(session, conversation, message, upload, hold)
        first = first or message
    await take_over(session, actor, conversation)
    assert first is not None
    return await get_message(session, actor, message_id=first.id)


async def _repeated(
    session: AsyncSession, actor: Actor, conversation: Conversation, key: str
) -> MessageView | None:
    if not 8 <= len(key) <= 80 or not key.isascii() or not key.isprintable():
        raise Invalid("errors.inbox.bad_key", field="idempotency_key")
    known = await repository.find_message_by_key(session, actor.organization_id, key)
    if known is None:
        return None
    if known.conversation_id != conversation.id:
        raise Conflict("errors.inbox.key_reused")
    return await get_message(session, actor, message_id=known.id)


def _opened(actor: Actor, tokens: Sequence[str]) -> list[Upload]:
    if len(tokens) > MAX_ATTACHMENTS:
        raise FileRefused(field="attachments", limit=MAX_ATTACHMENTS)
    return [open_upload(actor, token) for token in tokens]


def _parts(text: str, uploads: Sequence[Upload]) -> list[tuple[str, Upload | None]]:
    """Return one entry per message: the text goes with the first file, except that sound carries no words."""
    if not uploads or (text and uploads[0].kind is MessageKind.AUDIO):
        return [(text, None), *(("", upload) for upload in uploads)]
    return [(text, uploads[0]), *(("", upload) for upload in uploads[1:])]


async def _check_channel(
    session: AsyncSession, conversation: Conversation, text: str, uploads: Sequence[Upload]
) -> None:
    channel = await session.get_one(Channel, (conversation.organization_id, conversation.channel_id))
    if channel.archived_at is not None:
        raise ChannelGone
    limits = get_provider(channel.provider).capabilities
    if len(text) > limits.max_text:
        raise TextTooLong(field="body", limit=limits.max_text)
    if not rules.reply_window(limits.window_hours, conversation.last_inbound_at, utc_now()).is_open:
        raise WindowClosed
    _check_files(limits, uploads)


def _check_files(limits: Capabilities, uploads: Sequence[Upload]) -> None:
    accepted = {kind.value for kind in limits.media} | ({"audio"} if "voice" in limits.media else set())
    for upload in uploads:
        if upload.size > limits.max_media_bytes or upload.kind.value not in accepted:
            raise FileRefused(field="attachments", limit=limits.max_media_bytes, file_name=upload.file_name)


async def _quoted_id(session: AsyncSession, conversation: Conversation, reply_to: UUID | None) -> str | None:
    if reply_to is None:
        return None
    quoted = await repository.lock_message(session, conversation.organization_id, reply_to)
    if quoted is None or quoted.conversation_id != conversation.id:
        raise NotFound(kind="message")
    if not quoted.provider_message_id:
        raise CannotQuote(field="reply_to")
    return quoted.provider_message_id


def _outbound(
    actor: Actor, conversation: Conversation, text: str, upload: Upload | None, hold: timedelta
) -> Message:
    now = utc_now()
    return Message(
        organization_id=conversation.organization_id,
        conversation_id=conversation.id,
        channel_id=conversation.channel_id,
        direction=Direction.OUTBOUND,
        kind=upload.kind if upload else MessageKind.TEXT,
        body=text,
        status=DeliveryStatus.PENDING,
        author_id=actor.user_id,
        occurred_at=now,
        data={"sends_at": (now + hold).isoformat()} if hold else {},
    )


async def _place_outbound(
    session: AsyncSession, conversation: Conversation, message: Message, upload: Upload | None, hold: timedelta
) -> None:
    """Add message, file and job; all or nothing, for they share the transaction."""
    if not await place(session, conversation, message, shown=upload.file_name if upload else ""):
        raise Conflict("errors.inbox.key_reused")
    if upload is not None:
        session.add(_attachment(message, upload))
        await session.flush()
    later: dict[str, Any] = {"schedule_at": message.occurred_at + hold} if hold else {}
    await enqueue(
        session,
        DELIVER_JOB,
        lock=delivery_lock(conversation.id),
        organization_id=conversation.organization_id,
        message_id=message.id,
        **later,
    )


def _attachment(message: Message, upload: Upload) -> Attachment:
    return Attachment(
        organization_id=message.organization_id,
        message_id=message.id,
        kind=upload.kind,
        mime_type=upload.mime_type,
        file_name=upload.file_name,
        size_bytes=upload.size,
        sha256=upload.sha256,
        storage_key=upload.key,
        width=upload.width,
        height=upload.height,
        status=AttachmentStatus.STORED,
    )


async def undo_send(session: AsyncSession, actor: Actor, *, message_id: UUID) -> str:
    """Take back an own message that has not left yet, and return its words.

    Permission `messages.send`. Raises `NotFound` (also for somebody else's message), `AlreadySent`.
    """
    actor.require("messages.send")
    seen = await get_message(session, actor, message_id=message_id)
    conversation = await access_to_write(session, actor, seen.conversation_id)
    message = await repository.lock_message(session, actor.organization_id, message_id)
    if message is None or message.author_id != actor.user_id or message.direction != Direction.OUTBOUND:
        raise NotFound(kind="message")
    if message.status != DeliveryStatus.PENDING or message.attempts:
        raise AlreadySent
    await repository.delete_message(session, message)
    await metering.give_back(session, actor.organization_id, "messages", taken_at=message.occurred_at)
    await unanswer(session, conversation)
    await show_newest(session, conversation)
    announce(
        session,
        MessageRemoved(
            organization_id=actor.organization_id, conversation_id=conversation.id, message_id=message_id
        ),
    )
    return seen.body


async def add_note(
    session: AsyncSession, actor: Actor, *, conversation_id: UUID, body: str, idempotency_key: str
) -> MessageView:
    """Write an internal note into the thread; it never leaves the house.

    Permission `messages.send`. Raises `NotFound`, `EmptyMessage`, `TextTooLong`, `Conflict`.
    """
    conversation = await access_to_write(session, actor, conversation_id)
    repeated = await _repeated(session, actor, conversation, idempotency_key)
    if repeated is not None:
        return repeated
    text = rules.check_outgoing(body)
    if not text:
        raise EmptyMessage(field="body")
    message = _outbound(actor, conversation, text, None, timedelta())
    message.direction, message.status = Direction.NOTE, DeliveryStatus.SENT
    message.idempotency_key = idempotency_key
    if not await place(session, conversation, message):
        raise Conflict("errors.inbox.key_reused")
    return await get_message(session, actor, message_id=message.id)
