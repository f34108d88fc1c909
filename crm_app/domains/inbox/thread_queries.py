"""Statements behind threads, quotes and the list of failed deliveries."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func, literal, literal_column, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.domains.accounts.models import User
from crm_app.domains.channels.models import Channel
from crm_app.domains.contacts.models import Contact
from crm_app.domains.inbox.listing import COUNTED_AT_MOST, Position
from crm_app.domains.inbox.models import Conversation, Direction, Message

_FAILED: Any = literal_column("'failed'")  # no parameter, so that the partial index is seen to fit
_IS_ITS_CONVERSATION = and_(
    col(Conversation.organization_id) == col(Message.organization_id),
    col(Conversation.id) == col(Message.conversation_id),
)
_IS_ITS_CONTACT = and_(
    col(Contact.organization_id) == col(Conversation.organization_id),
    col(Contact.id) == col(Conversation.contact_id),
)
MESSAGE_COLUMNS: Any = (
    col(Message.id),
    col(Message.conversation_id),
    col(Message.channel_id),
    col(Message.direction),
    col(Message.kind),
    col(Message.body),
    col(Message.status),
    col(Message.status_at),
    col(Message.error_key),
    col(Message.error_detail),
    col(Message.attempts),
    col(Message.author_id),
    col(User.name).label("author_name"),
    col(Message.occurred_at),
    col(Message.edited_at),
    col(Message.revoked_at),
    col(Message.reply_to_provider_id),
    col(Message.idempotency_key),
    # Nearly always empty: what is not there need not be parsed.
    func.nullif(col(Message.data), literal_column("'{}'::jsonb")).label("data"),
)


def _messages() -> Select[Any]:
    return select(*MESSAGE_COLUMNS).outerjoin(User, col(User.id) == col(Message.author_id))


def thread_statement(
    organization_id: UUID,
    conversation_id: UUID,
    *,
    before: Position | None,
    after: Position | None,
    limit: int,
) -> Select[Any]:
    """Return the statement of a window of a thread: newest first, or oldest first when it goes forward."""
    place = tuple_(col(Message.occurred_at), col(Message.id))
    statement = _messages().where(
        col(Message.organization_id) == organization_id, col(Message.conversation_id) == conversation_id
    )
    if before is not None:
        statement = statement.where(place < tuple_(literal(before[0]), literal(before[1])))
    if after is not None:
        statement = statement.where(place > tuple_(literal(after[0]), literal(after[1])))
        return statement.order_by(col(Message.occurred_at), col(Message.id)).limit(limit)
    return statement.order_by(col(Message.occurred_at).desc(), col(Message.id).desc()).limit(limit)


async def list_thread(
    session: AsyncSession,
    organization_id: UUID,
    conversation_id: UUID,
    *,
    before: Position | None = None,
    after: Position | None = None,
    limit: int,
) -> list[Any]:
    """Return messages beside a position, nearest to it first."""
    statement = thread_statement(organization_id, conversation_id, before=before, after=after, limit=limit)
    return list(await session.execute(statement))


async def list_messages_by_id(session: AsyncSession, organization_id: UUID, ids: Sequence[UUID]) -> list[Any]:
    """Return these messages, in no order."""
    statement = _messages().where(col(Message.organization_id) == organization_id, col(Message.id).in_(ids))
    return list(await session.execute(statement))


async def list_quoted(
    session: AsyncSession, organization_id: UUID, channel_id: UUID, provider_ids: Sequence[str]
) -> list[Any]:
    """Return what is shown of quoted messages, by the vendor's ids."""
    if not provider_ids:
        return []
    statement = (
        select(
            col(Message.provider_message_id),
            col(Message.id),
            col(Message.direction),
            col(Message.kind),
            func.left(col(Message.body), 400).label("body"),
            col(Message.revoked_at),
            case(
                (col(Message.direction) == Direction.INBOUND, col(Contact.name)),
                else_=func.coalesce(col(User.name), ""),
            ).label("author_name"),
        )
        .join(Conversation, _IS_ITS_CONVERSATION)
        .join(Contact, _IS_ITS_CONTACT)
        .outerjoin(User, col(User.id) == col(Message.author_id))
        .where(
            col(Message.organization_id) == organization_id,
            col(Message.channel_id) == channel_id,
            col(Message.provider_message_id).in_(provider_ids),
        )
    )
    return list(await session.execute(statement))


async def list_hits(session: AsyncSession, organization_id: UUID, ids: Sequence[UUID]) -> list[Any]:
    """Return what is shown of found messages, in no order."""
    statement = (
        select(
            col(Message.id),
            col(Message.conversation_id),
            col(Message.direction),
            col(Message.occurred_at),
            func.left(col(Message.body), 20_000).label("body"),
            col(Contact.name).label("contact_name"),
        )
        .join(Conversation, _IS_ITS_CONVERSATION)
        .join(Contact, _IS_ITS_CONTACT)
        .where(col(Message.organization_id) == organization_id, col(Message.id).in_(ids))
    )
    return list(await session.execute(statement))


async def list_failed(
    session: AsyncSession, organization_id: UUID, *, before: UUID | None, limit: int
) -> list[Any]:
    """Return messages that failed, newest first, with contact and channel."""
    statement = (
        select(*MESSAGE_COLUMNS, col(Contact.name).label("contact_name"), col(Channel.name).label("channel_name"))
        .outerjoin(User, col(User.id) == col(Message.author_id))
        .join(Conversation, _IS_ITS_CONVERSATION)
        .join(Contact, _IS_ITS_CONTACT)
        .join(
            Channel,
            and_(
                col(Channel.organization_id) == col(Message.organization_id),
                col(Channel.id) == col(Message.channel_id),
            ),
        )
        .where(*_failed(organization_id))
        .order_by(col(Message.id).desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(col(Message.id) < before)
    return list(await session.execute(statement))


def _failed(organization_id: UUID) -> list[Any]:
    return [col(Message.organization_id) == organization_id, col(Message.status) == _FAILED]


async def count_failed(session: AsyncSession, organization_id: UUID) -> int:
    """Return how many messages failed, up to the cap."""
    window = select(literal(1)).select_from(Message).where(*_failed(organization_id)).limit(COUNTED_AT_MOST)
    return int(await session.scalar(select(func.count()).select_from(window.subquery())) or 0)
