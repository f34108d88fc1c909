"""Statements behind threads, quotes and the list of failed deliveries.

Threads are read all day long, so theirs go straight through psycopg (see `core.sql`).
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.errors import NotFound
from crm_app.core.sight import Condition, Sight, clauses
from crm_app.core.sql import Row, fetch_all, fetch_value
from crm_app.domains.accounts.models import User
from crm_app.domains.contacts.models import Contact
from crm_app.domains.inbox.listing import COUNTED_AT_MOST, Position
from crm_app.domains.inbox.models import Conversation, Direction, Message

_IS_ITS_CONVERSATION = and_(
    col(Conversation.organization_id) == col(Message.organization_id),
    col(Conversation.id) == col(Message.conversation_id),
)
_IS_ITS_CONTACT = and_(
    col(Contact.organization_id) == col(Conversation.organization_id),
    col(Contact.id) == col(Conversation.contact_id),
)
_MESSAGE = """
SELECT m.id, m.conversation_id, m.channel_id, m.direction, m.kind, m.body, m.status, m.status_at, m.error_key,
       m.error_detail, m.attempts, m.author_id, u.name AS author_name, m.occurred_at, m.edited_at, m.revoked_at,
       m.reply_to_provider_id, m.idempotency_key,
       NULLIF(m.data, '{}'::jsonb) AS data  -- nearly always empty: what is not there need not be parsed
"""
_FROM_MESSAGE = "FROM message m LEFT JOIN app_user u ON u.id = m.author_id"
_THREAD = f"""{_MESSAGE} {_FROM_MESSAGE}
WHERE m.organization_id = %(organization_id)s AND m.conversation_id = %(conversation_id)s"""
_NEWEST_FIRST = "ORDER BY m.occurred_at DESC, m.id DESC LIMIT %(limit)s"
_OLDEST_FIRST = "ORDER BY m.occurred_at, m.id LIMIT %(limit)s"
LAST_MESSAGES = f"{_THREAD} {_NEWEST_FIRST}"
_MESSAGES_BEFORE = f"{_THREAD} AND (m.occurred_at, m.id) < (%(moment)s, %(id)s) {_NEWEST_FIRST}"
_MESSAGES_AFTER = f"{_THREAD} AND (m.occurred_at, m.id) > (%(moment)s, %(id)s) {_OLDEST_FIRST}"
_MESSAGES_BY_ID = f"""{_MESSAGE} {_FROM_MESSAGE}
WHERE m.organization_id = %(organization_id)s AND m.id = ANY(%(ids)s)"""
_CONVERSATION = """
JOIN conversation ON conversation.organization_id = m.organization_id AND conversation.id = m.conversation_id"""
_SEEN_BY_ID = f"""{_MESSAGE} {_FROM_MESSAGE} {_CONVERSATION}
WHERE m.organization_id = %(organization_id)s AND m.id = ANY(%(ids)s)"""
_FAILED = f"""{_MESSAGE}, contact.name AS contact_name, channel.name AS channel_name
{_FROM_MESSAGE} {_CONVERSATION}
JOIN contact ON contact.organization_id = conversation.organization_id AND contact.id = conversation.contact_id
JOIN channel ON channel.organization_id = m.organization_id AND channel.id = m.channel_id
WHERE m.organization_id = %(organization_id)s AND m.status = 'failed'
  AND (%(before)s::uuid IS NULL OR m.id < %(before)s)"""
_IS_THERE = """
SELECT EXISTS (SELECT FROM conversation WHERE organization_id = %(organization_id)s AND id = %(conversation_id)s"""
_COUNT_FAILED = """SELECT count(*) FROM (
    SELECT FROM message WHERE organization_id = %(organization_id)s AND status = 'failed' LIMIT %(most)s
) AS failed"""


async def list_thread(
    session: AsyncSession,
    organization_id: UUID,
    conversation_id: UUID,
    *,
    before: Position | None = None,
    after: Position | None = None,
    limit: int,
) -> list[Row]:
    """Return messages beside a position, nearest to it first; the last ones when there is no position."""
    values: Row = {"organization_id": organization_id, "conversation_id": conversation_id, "limit": limit}
    place = after or before
    if place is None:
        return await fetch_all(session, LAST_MESSAGES, values)
    statement = _MESSAGES_AFTER if after else _MESSAGES_BEFORE
    return await fetch_all(session, statement, {**values, "moment": place[0], "id": place[1]})


async def require_conversation(
    session: AsyncSession, organization_id: UUID, conversation_id: UUID, *, sight: Sight
) -> None:
    """Make sure that a conversation is there and within sight. Raises `NotFound`."""
    seen, people = _where(sight)
    values = {"organization_id": organization_id, "conversation_id": conversation_id, **people}
    if not await fetch_value(session, f"{_IS_THERE} {seen})", values):
        raise NotFound(kind="conversation")


def _seen(sight: Sight) -> list[TextClause]:
    return clauses(_where(sight))


def _where(sight: Sight) -> Condition:
    return sight.where("conversation.assignee_id", "seen")


async def list_messages_by_id(
    session: AsyncSession, organization_id: UUID, ids: Sequence[UUID], *, sight: Sight
) -> list[Row]:
    """Return these messages, in no order."""
    values: Row = {"organization_id": organization_id, "ids": list(ids)}
    if sight.everything:
        return await fetch_all(session, _MESSAGES_BY_ID, values)
    seen, people = _where(sight)
    return await fetch_all(session, f"{_SEEN_BY_ID} {seen}", {**values, **people})


async def list_quoted(
    session: AsyncSession, organization_id: UUID, channel_id: UUID, provider_ids: Sequence[str], *, sight: Sight
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
            *_seen(sight),
        )
    )
    return list(await session.execute(statement))


async def list_hits(
    session: AsyncSession, organization_id: UUID, ids: Sequence[UUID], *, sight: Sight
) -> list[Any]:
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
        .where(col(Message.organization_id) == organization_id, col(Message.id).in_(ids), *_seen(sight))
    )
    return list(await session.execute(statement))


async def list_failed(
    session: AsyncSession, organization_id: UUID, *, sight: Sight, before: UUID | None, limit: int
) -> list[Row]:
    """Return messages that failed, newest first, with contact and channel."""
    seen, people = _where(sight)
    statement = f"{_FAILED} {seen} ORDER BY m.id DESC LIMIT %(limit)s"
    return await fetch_all(
        session, statement, {"organization_id": organization_id, "before": before, "limit": limit, **people}
    )


async def count_failed(session: AsyncSession, organization_id: UUID, *, sight: Sight) -> int:
    """Return how many messages failed, up to the cap."""
    values = {"organization_id": organization_id, "most": COUNTED_AT_MOST}
    if sight.everything:
        return int(await fetch_value(session, _COUNT_FAILED, values) or 0)
    seen, people = _where(sight)
    statement = f"""SELECT count(*) FROM (
    SELECT FROM message m {_CONVERSATION}
    WHERE m.organization_id = %(organization_id)s AND m.status = 'failed' {seen} LIMIT %(most)s
) AS failed"""  # noqa: S608
    return int(await fetch_value(session, statement, {**values, **people}) or 0)
