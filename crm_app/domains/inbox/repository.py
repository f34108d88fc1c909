"""Rows of the inbox: found, locked and written. Every statement starts from the organization; nothing decides."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, false, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.errors import NotFound
from crm_app.core.ids import new_id
from crm_app.core.sight import Sight, clauses
from crm_app.domains.inbox.models import (
    Attachment,
    Conversation,
    DeliveryStatus,
    Direction,
    EarlyReport,
    Message,
    MessageStatus,
)

# No parameters, so that the partial index of undelivered messages is seen to fit.
_UNDELIVERED: Any = [literal_column("'pending'"), literal_column("'sending'"), literal_column("'failed'")]

# --- conversations --------------------------------------------------------------------------------------


async def get_conversation(
    session: AsyncSession, organization_id: UUID, conversation_id: UUID, *, sight: Sight, lock: bool = False
) -> Conversation:
    """Return a conversation, locked against others' changes when asked for. Raises `NotFound`."""
    statement = select(Conversation).where(
        col(Conversation.organization_id) == organization_id,
        col(Conversation.id) == conversation_id,
        *clauses(sight.where("conversation.assignee_id", "seen")),
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    conversation = (await session.scalars(statement)).one_or_none()
    if conversation is None:
        raise NotFound(kind="conversation")
    return conversation


async def find_conversation_by_address(
    session: AsyncSession, organization_id: UUID, channel_id: UUID, address: str, *, lock: bool = True
) -> Conversation | None:
    """Return the conversation with this chat of a channel, locked unless told otherwise."""
    statement = (
        select(Conversation)
        .where(
            col(Conversation.organization_id) == organization_id,
            col(Conversation.channel_id) == channel_id,
            col(Conversation.address) == address,
        )
        .execution_options(populate_existing=True)
    )
    if lock:
        statement = statement.with_for_update()
    return (await session.scalars(statement)).one_or_none()


async def find_conversation_by_contact(
    session: AsyncSession, organization_id: UUID, channel_id: UUID, contact_id: UUID
) -> Conversation | None:
    """Return the most recent conversation with this contact on this channel, locked."""
    statement = (
        select(Conversation)
        .where(
            col(Conversation.organization_id) == organization_id,
            col(Conversation.contact_id) == contact_id,
            col(Conversation.channel_id) == channel_id,
        )
        .order_by(col(Conversation.last_message_at).desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def insert_conversation(session: AsyncSession, conversation: Conversation) -> bool:
    """Add a conversation; False when another transaction made one with the same channel and address first."""
    statement = (
        insert(Conversation)
        .values(**conversation.model_dump())
        .on_conflict_do_nothing(constraint="uq_conversation_address")
        .returning(col(Conversation.id))
    )
    return (await session.execute(statement)).one_or_none() is not None


# --- messages -------------------------------------------------------------------------------------------


async def insert_message(session: AsyncSession, message: Message) -> bool:
    """Add a message; False when its provider id or idempotency key is taken already."""
    statement = insert(Message).values(**message.model_dump()).on_conflict_do_nothing().returning(col(Message.id))
    return (await session.execute(statement)).one_or_none() is not None


async def lock_message(session: AsyncSession, organization_id: UUID, message_id: UUID) -> Message | None:
    """Return a message, locked."""
    return await _one_message(
        session, col(Message.organization_id) == organization_id, col(Message.id) == message_id
    )


async def lock_message_by_provider_id(
    session: AsyncSession, organization_id: UUID, channel_id: UUID, provider_message_id: str
) -> Message | None:
    """Return the message that the vendor knows by this id, locked."""
    return await _one_message(
        session,
        col(Message.organization_id) == organization_id,
        col(Message.channel_id) == channel_id,
        col(Message.provider_message_id) == provider_message_id,
    )


async def _one_message(session: AsyncSession, *conditions: Any) -> Message | None:
    statement = select(Message).where(*conditions).with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(statement)).one_or_none()


async def find_message_by_key(session: AsyncSession, organization_id: UUID, key: str) -> Message | None:
    """Return the message that was made with this idempotency key."""
    statement = select(Message).where(
        col(Message.organization_id) == organization_id, col(Message.idempotency_key) == key
    )
    return (await session.scalars(statement)).one_or_none()


async def lock_uncertain(session: AsyncSession, organization_id: UUID, conversation_id: UUID) -> Sequence[Message]:
    """Return messages that the vendor may have taken without our knowing, oldest first, locked."""
    statement = (
        select(Message)
        .where(
            col(Message.organization_id) == organization_id,
            col(Message.conversation_id) == conversation_id,
            col(Message.status).in_(_UNDELIVERED),
            col(Message.provider_message_id).is_(None),
            col(Message.data)["uncertain"].as_boolean(),
        )
        .order_by(col(Message.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).all()


async def lock_sent_until(
    session: AsyncSession, organization_id: UUID, conversation_id: UUID, until: datetime
) -> Sequence[Message]:
    """Return our messages up to a moment that the customer is not known to have read, locked."""
    statement = (
        select(Message)
        .where(
            col(Message.organization_id) == organization_id,
            col(Message.conversation_id) == conversation_id,
            col(Message.occurred_at) <= until,
            col(Message.direction) == Direction.OUTBOUND,
            col(Message.status).in_([DeliveryStatus.SENT, DeliveryStatus.DELIVERED]),
        )
        .order_by(col(Message.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).all()


async def list_provider_ids(
    session: AsyncSession, organization_id: UUID, conversation_id: UUID, since: datetime
) -> frozenset[str]:
    """Return the vendor's ids of all messages of a conversation since a moment."""
    statement = select(col(Message.provider_message_id)).where(
        col(Message.organization_id) == organization_id,
        col(Message.conversation_id) == conversation_id,
        col(Message.occurred_at) >= since,
        col(Message.provider_message_id).is_not(None),
    )
    return frozenset(cast(Sequence[str], (await session.scalars(statement)).all()))


async def list_unread_ids(
    session: AsyncSession, organization_id: UUID, conversation_id: UUID, most: int, *, before: UUID | None
) -> list[str]:
    """Return the vendor's ids of the last `most` inbound messages, newest first.

    With `before` only those that we had when that message was written.
    """
    earlier = () if before is None else (col(Message.id) < before,)
    statement = (
        select(col(Message.provider_message_id))
        .where(
            col(Message.organization_id) == organization_id,
            col(Message.conversation_id) == conversation_id,
            col(Message.direction) == Direction.INBOUND,
            col(Message.provider_message_id).is_not(None),
            *earlier,
        )
        .order_by(col(Message.occurred_at).desc(), col(Message.id).desc())
        .limit(most)
    )
    return list(cast(Sequence[str], (await session.scalars(statement)).all()))


async def count_inbound_after(session: AsyncSession, message: Message) -> int:
    """Return how many messages of the customer came after this one was written, by our own clock."""
    statement = select(func.count()).where(
        col(Message.organization_id) == message.organization_id,
        col(Message.conversation_id) == message.conversation_id,
        col(Message.direction) == Direction.INBOUND,
        col(Message.id) > message.id,
    )
    return int((await session.scalars(statement)).one())


async def delete_message(session: AsyncSession, message: Message) -> None:
    """Remove a message and everything that hangs on it."""
    await session.execute(
        delete(Message).where(
            col(Message.organization_id) == message.organization_id, col(Message.id) == message.id
        )
    )
    session.expunge(message)


async def find_last_message(session: AsyncSession, organization_id: UUID, conversation_id: UUID) -> Message | None:
    """Return the newest message of a conversation."""
    statement = (
        select(Message)
        .where(col(Message.organization_id) == organization_id, col(Message.conversation_id) == conversation_id)
        .order_by(col(Message.occurred_at).desc(), col(Message.id).desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()


async def find_answer_times(
    session: AsyncSession, conversation: Conversation
) -> tuple[datetime | None, datetime | None]:
    """Return when a conversation's customer was first answered and since when they wait; None for never."""
    mine = (
        col(Message.organization_id) == conversation.organization_id,
        col(Message.conversation_id) == conversation.id,
    )
    moment = col(Message.occurred_at)
    asked = conversation.first_inbound_at
    answering = moment >= asked if asked else false()  # what was said before anybody asked is no answer
    answers = select(func.min(moment).filter(answering), func.max(moment)).where(
        *mine, col(Message.direction) == Direction.OUTBOUND
    )
    first, last = (await session.execute(answers)).one()
    questions = select(func.min(moment)).where(*mine, col(Message.direction) == Direction.INBOUND)
    waiting = (await session.execute(questions.where(moment > last) if last else questions)).scalar_one()
    return first, waiting


# --- reports and files ----------------------------------------------------------------------------------


async def add_status(
    session: AsyncSession, message: Message, status: str, happened_at: datetime, detail: str = ""
) -> None:
    """Keep one report about a message's delivery."""
    await session.execute(
        insert(MessageStatus).values(
            organization_id=message.organization_id,
            id=new_id(),
            created_at=func.now(),
            message_id=message.id,
            status=status,
            detail=detail[:500],
            happened_at=happened_at,
        )
    )


async def move_statuses(session: AsyncSession, source: Message, target: Message) -> None:
    """Hang the reports about `source` on `target`."""
    await session.execute(
        update(MessageStatus)
        .where(
            col(MessageStatus.organization_id) == source.organization_id,
            col(MessageStatus.message_id) == source.id,
        )
        .values(message_id=target.id)
    )


async def add_early_report(
    session: AsyncSession, organization_id: UUID, channel_id: UUID, provider_message_id: str, event: dict[str, Any]
) -> None:
    """Keep a report about a message that is not here yet."""
    session.add(
        EarlyReport(
            organization_id=organization_id,
            channel_id=channel_id,
            provider_message_id=provider_message_id,
            event=event,
        )
    )
    await session.flush()


async def take_early_reports(
    session: AsyncSession, organization_id: UUID, channel_id: UUID, provider_message_id: str
) -> list[dict[str, Any]]:
    """Return and remove the reports that waited for a message, in the order in which they came."""
    statement = (
        delete(EarlyReport)
        .where(
            col(EarlyReport.organization_id) == organization_id,
            col(EarlyReport.channel_id) == channel_id,
            col(EarlyReport.provider_message_id) == provider_message_id,
        )
        .returning(col(EarlyReport.id), col(EarlyReport.event))
    )
    found = (await session.execute(statement)).all()
    return [event for _, event in sorted(found, key=lambda row: row[0])]


async def drop_early_reports(session: AsyncSession, organization_id: UUID, before: datetime) -> int:
    """Remove reports whose message never came; returns how many."""
    result = await session.execute(
        delete(EarlyReport).where(
            col(EarlyReport.organization_id) == organization_id, col(EarlyReport.created_at) < before
        )
    )
    return cast(CursorResult[Any], result).rowcount


async def lock_attachment(session: AsyncSession, organization_id: UUID, attachment_id: UUID) -> Attachment | None:
    """Return an attachment, locked."""
    statement = (
        select(Attachment)
        .where(col(Attachment.organization_id) == organization_id, col(Attachment.id) == attachment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def list_attachments(
    session: AsyncSession, organization_id: UUID, message_ids: Sequence[UUID]
) -> Sequence[Attachment]:
    """Return the files of some messages, in the order in which they were added."""
    if not message_ids:
        return []
    statement = (
        select(Attachment)
        .where(col(Attachment.organization_id) == organization_id, col(Attachment.message_id).in_(message_ids))
        .order_by(col(Attachment.id))
    )
    return (await session.scalars(statement)).all()
