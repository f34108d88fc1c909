"""Bringing a message to the vendor exactly once, and what happens when that does not work.

Three steps: the message is marked as being sent (committed: from here on its fate is uncertain), the vendor is
called with the message's id as idempotency key, the receipt is written. Whoever comes back to a message whose fate
is uncertain asks the vendor first (`find_sent`) and never sends blindly. A lock that dies with its process keeps a
slow worker and its replacement apart.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core import storage
from crm_app.core.clock import utc_now

# lint-skip: transaction (one transaction before and one after the provider is called)
from crm_app.core.database import raw_connection, unit_of_work
from crm_app.core.errors import CrmError, Invalid, NotFound
from crm_app.core.events import announce
from crm_app.core.queue import enqueue
from crm_app.core.repository import decode_cursor, encode_cursor
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.roles.sights import sight_of_conversations
from crm_app.domains.accounts.service import audit
from crm_app.domains.channels import service as channels
from crm_app.domains.channels.providers.base import ActionRequired, Connection, Rejected, RetryLater
from crm_app.domains.channels.schemas import (
    MediaKind,
    OutboundMedia,
    OutboundMessage,
    ProviderReceipt,
    QuotedMessage,
)
from crm_app.domains.inbox import repository, rules, thread_queries
from crm_app.domains.inbox.errors import NotFailed, TryLater
from crm_app.domains.inbox.events import MessageRemoved
from crm_app.domains.inbox.models import Attachment, Conversation, DeliveryStatus, Direction, Message, MessageKind
from crm_app.domains.inbox.schemas import FailedDelivery, FailedDeliveryPage, MessageView
from crm_app.domains.inbox.services.conversations import MARK_ANSWERED_JOB
from crm_app.domains.inbox.services.placing import claim_provider_id, tell_status
from crm_app.domains.inbox.services.reports import mark_accepted
from crm_app.domains.inbox.services.sending import DELIVER_JOB, delivery_lock
from crm_app.domains.inbox.services.thread import get_message
from crm_app.domains.inbox.services.views import message_views

log = structlog.get_logger(__name__)

OUTCOME_UNKNOWN = "errors.channels.outcome_unknown"
_KNOWN_IDS_BEFORE = timedelta(minutes=10)
_BUSY_DELAY = timedelta(seconds=5)
_TRY_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended(:key, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended(:key, 0))")
_OPEN = frozenset({DeliveryStatus.PENDING, DeliveryStatus.SENDING})


@dataclass(frozen=True, slots=True)
class _Departure:
    """A message on its way out: what to send, over which line, and whether it may have arrived already."""

    message: OutboundMessage
    attachment: Attachment | None
    connection: Connection
    uncertain: bool


async def deliver_message(actor: Actor, *, message_id: UUID) -> None:
    """Bring a message to the vendor. Nothing happens when it has left, was taken back, or was given up.

    Raises `TryLater` when it is worth another try after a while.
    """
    async with raw_connection() as connection:
        key = {"key": f"deliver:{actor.organization_id}:{message_id}"}
        if not await connection.scalar(_TRY_LOCK, key):
            raise TryLater(_BUSY_DELAY, "errors.inbox.being_sent")
        try:
            await _deliver(actor, message_id)
        finally:
            await connection.execute(_UNLOCK, key)


async def _deliver(actor: Actor, message_id: UUID) -> None:
    try:
        departure = await _depart(actor, message_id)
    except CrmError as failure:
        await _give_up(actor, message_id, failure)
        return
    except Exception as failure:
        log.exception("a delivery could not begin", message_id=str(message_id))
        await _postpone(actor, message_id, failure, certain=None, wish=None)
        return
    if departure is None:
        return
    try:
        receipt = await _hand_over(departure)
    except (Rejected, ActionRequired) as refused:
        await _give_up(actor, message_id, refused)
    except RetryLater as later:
        await _postpone(actor, message_id, later, certain=not later.maybe_accepted, wish=later.after)
    except Exception as failure:
        log.exception("a delivery ended in an unexpected way", message_id=str(message_id))
        await _postpone(actor, message_id, failure, certain=False, wish=None)
    else:
        await store_receipt(actor, message_id=message_id, receipt=receipt)


async def _depart(actor: Actor, message_id: UUID) -> _Departure | None:
    """Mark the message as being sent and collect all that sending needs."""
    async with unit_of_work(actor) as session:
        message = await repository.lock_message(session, actor.organization_id, message_id)
        if message is None or DeliveryStatus(message.status) not in _OPEN or message.provider_message_id:
            return None
        if message.direction != Direction.OUTBOUND:
            return None
        opened = await channels.open_provider(session, actor, channel_id=message.channel_id)
        files = await repository.list_attachments(session, actor.organization_id, [message.id])
        uncertain = bool(message.data.get("uncertain"))
        now = utc_now()
        first_attempt = message.data.get("first_attempt_at") or now.isoformat()
        message.status, message.status_at = DeliveryStatus.SENDING.value, now
        message.attempts += 1
        answers = message.data.get("answers")
        kept = {name: value for name, value in message.data.items() if name != "answers"}
        message.data = {**kept, "uncertain": True, "first_attempt_at": first_attempt}
        await session.flush()
        if answers:
            # In a job: whoever holds the message's row must not wait for the conversation's.
            await enqueue(
                session,
                MARK_ANSWERED_JOB,
                organization_id=actor.organization_id,
                message_id=message.id,
            )
        outbound = await _outbound(session, message, datetime.fromisoformat(first_attempt), uncertain=uncertain)
    return _Departure(outbound, files[0] if files else None, opened.connection, uncertain)


async def _outbound(
    session: AsyncSession, message: Message, first_attempt_at: datetime, *, uncertain: bool
) -> OutboundMessage:
    conversation = await session.get_one(Conversation, (message.organization_id, message.conversation_id))
    known: frozenset[str] = frozenset()
    if uncertain:
        since = first_attempt_at - _KNOWN_IDS_BEFORE
        known = await repository.list_provider_ids(session, message.organization_id, conversation.id, since)
    return OutboundMessage(
        idempotency_key=message.id,
        chat_id=conversation.address,
        text=message.body,
        quoted=await _quoted(session, message),
        attempt=message.attempts,
        first_attempt_at=first_attempt_at if message.attempts > 1 else None,
        known_message_ids=known,
    )


async def _quoted(session: AsyncSession, message: Message) -> QuotedMessage | None:
    if not message.reply_to_provider_id:
        return None
    found = await repository.lock_message_by_provider_id(
        session, message.organization_id, message.channel_id, message.reply_to_provider_id
    )
    if found is None:
        return None
    return QuotedMessage(
        provider_message_id=message.reply_to_provider_id, from_me=found.direction == Direction.OUTBOUND
    )


async def _hand_over(departure: _Departure) -> ProviderReceipt:
    """Call the vendor, after asking whether an earlier attempt arrived when that is uncertain."""
    message = departure.message
    if departure.attachment is not None:
        message = message.model_copy(update={"media": await _media(departure.attachment)})
    if departure.uncertain:
        found = await departure.connection.find_sent(message)
        if found is not None:
            log.info("an earlier attempt had arrived", message_id=str(message.idempotency_key))
            return found
    return await departure.connection.send(message)


async def _media(attachment: Attachment) -> OutboundMedia:
    kinds = {
        MessageKind.IMAGE: MediaKind.IMAGE,
        MessageKind.VIDEO: MediaKind.VIDEO,
        MessageKind.AUDIO: MediaKind.VOICE if attachment.mime_type in _VOICE_TYPES else MediaKind.AUDIO,
    }
    try:
        data = await storage.read(attachment.storage_key)
    except NotFound as gone:
        raise Rejected("errors.inbox.file_lost") from gone
    except CrmError as unavailable:
        raise RetryLater("errors.storage") from unavailable
    return OutboundMedia(
        kind=kinds.get(MessageKind(attachment.kind), MediaKind.DOCUMENT),
        mime_type=attachment.mime_type,
        filename=attachment.file_name or "file",
        data=data,
    )


_VOICE_TYPES = frozenset({"audio/ogg", "audio/webm", "audio/mp4"})


async def store_receipt(actor: Actor, *, message_id: UUID, receipt: ProviderReceipt) -> None:
    """Write down that the vendor took the message. An echo that was faster than us is merged into it."""
    provider_id = receipt.provider_message_id[:300]
    async with unit_of_work(actor) as session:
        message = await session.get(Message, (actor.organization_id, message_id))
        if message is None:
            return
        await claim_provider_id(session, actor, message.channel_id, provider_id)
        twin = await repository.lock_message_by_provider_id(
            session, actor.organization_id, message.channel_id, provider_id
        )
        if twin is not None and twin.id != message_id:
            await _absorb(session, message, twin)
        locked = await repository.lock_message(session, actor.organization_id, message_id)
        if locked is not None and locked.provider_message_id in {None, provider_id}:
            await mark_accepted(session, actor, locked, provider_id, receipt.accepted_at)


async def _absorb(session: AsyncSession, message: Message, twin: Message) -> None:
    """Remove an echo that was stored as a message of its own, and keep what was reported about it."""
    await repository.move_statuses(session, twin, message)
    reached = rules.advance(DeliveryStatus(message.status), DeliveryStatus(twin.status))
    gone = twin.id
    await repository.delete_message(session, twin)
    await session.refresh(message)
    message.status, message.status_at = reached.value, utc_now()
    await session.flush()
    announce(
        session,
        MessageRemoved(
            organization_id=message.organization_id,
            conversation_id=message.conversation_id,
            message_id=gone,
        ),
    )
    tell_status(session, message)


async def _postpone(
    actor: Actor, message_id: UUID, failure: Exception, *, certain: bool | None, wish: timedelta | None
) -> None:
    """Let the message wait for its next attempt, or give it up after the last one. Raises `TryLater`.

    `certain`: the vendor has certainly not taken it; None when this attempt did not even begin.
    """
    key = getattr(failure, "key", "errors.unexpected")
    async with unit_of_work(actor) as session:
        message = await repository.lock_message(session, actor.organization_id, message_id)
        if message is None or DeliveryStatus(message.status) not in _OPEN:
            return
        if certain is None:
            message.attempts += 1
        elif certain:
            message.data = {**message.data, "uncertain": False}
        exhausted = message.attempts >= rules.MAX_ATTEMPTS
        delay = rules.backoff(message.attempts, wish=wish, chance=random.random())  # noqa: S311
        if exhausted:
            await _fail(session, message, key, str(failure))
        else:
            message.status, message.status_at = DeliveryStatus.PENDING.value, utc_now()
            message.error_key, message.error_detail = key[:80], _detail(failure)
            await session.flush()
    if not exhausted:
        raise TryLater(delay, key)


async def _give_up(actor: Actor, message_id: UUID, failure: CrmError) -> None:
    async with unit_of_work(actor) as session:
        message = await repository.lock_message(session, actor.organization_id, message_id)
        if message is None or DeliveryStatus(message.status) not in _OPEN:
            return
        if failure.key != OUTCOME_UNKNOWN:
            message.data = {**message.data, "uncertain": False}
        await _fail(session, message, failure.key, _detail(failure))


async def _fail(session: AsyncSession, message: Message, key: str, detail: str) -> None:
    message.status, message.status_at = DeliveryStatus.FAILED.value, utc_now()
    message.error_key, message.error_detail = key[:80], detail[:500]
    await session.flush()
    await repository.add_status(session, message, DeliveryStatus.FAILED, message.status_at, detail)
    tell_status(session, message)


def _detail(failure: Exception) -> str:
    """The vendor's own words, when it gave any."""
    data: dict[str, Any] = dict(getattr(failure, "data", {}))
    return rules.clean_incoming(str(data.get("detail", "")))[:500]


async def replay_message(session: AsyncSession, actor: Actor, *, message_id: UUID) -> MessageView:
    """Try a failed message again, with its old key, so that it can never arrive twice.

    When the vendor could not tell whether it arrived, asking again is a person's decision to send it anyway.
    Permission `deliveries.replay`, or `messages.send` for its author. Raises `NotFound`, `NotFailed`.
    """
    await get_message(session, actor, message_id=message_id)
    message = await repository.lock_message(session, actor.organization_id, message_id)
    own = message is not None and message.author_id == actor.user_id and actor.can("messages.send")
    if not own:
        actor.require("deliveries.replay")
    if message is None:
        raise NotFound(kind="message")
    if not rules.can_be_replayed(DeliveryStatus(message.status)) or message.provider_message_id:
        raise NotFailed
    before = {"error_key": message.error_key, "attempts": message.attempts}
    if message.error_key == OUTCOME_UNKNOWN:
        message.data = {**message.data, "uncertain": False}
    message.status, message.status_at = DeliveryStatus.PENDING.value, utc_now()
    message.attempts, message.error_key, message.error_detail = 0, "", ""
    await session.flush()
    await enqueue(
        session,
        DELIVER_JOB,
        lock=delivery_lock(message.conversation_id),
        organization_id=message.organization_id,
        message_id=message.id,
    )
    await audit(session, actor, "message.replay", "message", message.id, before=before)
    tell_status(session, message)
    return await get_message(session, actor, message_id=message_id)


async def list_failed_deliveries(
    session: AsyncSession, actor: Actor, *, cursor: str | None = None, limit: int = 50
) -> FailedDeliveryPage:
    """Return messages that did not leave, newest first. Permission `conversations.read`."""
    actor.require("conversations.read")
    size = max(1, min(limit, 200))
    rows = await thread_queries.list_failed(
        session,
        actor.organization_id,
        sight=sight_of_conversations(actor),
        before=_position(cursor),
        limit=size + 1,
    )
    views = await message_views(session, actor, rows[:size])
    items = tuple(
        FailedDelivery(
            message=view,
            contact_name=row["contact_name"],
            channel_name=row["channel_name"],
            attempts=row["attempts"],
        )
        for view, row in zip(views, rows, strict=False)
    )
    more = len(rows) > size
    return FailedDeliveryPage(items=items, next_cursor=encode_cursor(rows[size - 1]["id"]) if more else None)


def _position(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    try:
        return UUID(decode_cursor(cursor, 1)[0])
    except (TypeError, ValueError, AttributeError) as error:
        raise Invalid("errors.cursor") from error
