"""Statements behind the list of conversations and its counters: each walks an index in the list's order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, false, func, literal, literal_column, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.sight import Condition, Sight, clauses
from crm_app.domains.accounts.models import User
from crm_app.domains.channels.models import Channel
from crm_app.domains.contacts.models import Contact
from crm_app.domains.inbox.models import Conversation, ConversationStatus
from crm_app.domains.inbox.schemas import Box, ConversationFilter

Position = tuple[datetime, UUID]
"""Where a window ends: the time and the id of its last row."""

COUNTED_AT_MOST = 1_000
MOST_WALKS = 24
"""People whose conversations are walked each for itself; of larger teams the whole list is walked and filtered."""
_NOTHING: Any = literal_column("0")  # no parameter, so that partial indexes are seen to fit
_ALL_STATUSES = tuple(ConversationStatus)

_ROW: Any = (
    col(Conversation.id),
    col(Conversation.contact_id),
    col(Contact.name).label("contact_name"),
    col(Contact.company).label("contact_company"),
    col(Contact.phone).label("contact_phone"),
    col(Conversation.channel_id),
    col(Channel.name).label("channel_name"),
    col(Channel.provider).label("provider"),
    col(Conversation.status),
    col(Conversation.assignee_id),
    col(User.name).label("assignee_name"),
    col(Conversation.unread_count),
    col(Conversation.last_message_at),
    col(Conversation.last_message_preview),
    col(Conversation.last_message_kind),
    col(Conversation.last_message_direction),
    col(Conversation.waiting_since),
    col(Conversation.version),
)
_DETAIL: Any = (
    col(Conversation.address),
    col(Conversation.created_at),
    col(Conversation.first_inbound_at),
    col(Conversation.first_response_at),
    col(Conversation.last_inbound_at),
    col(Channel.status).label("channel_status"),
    col(Channel.archived_at).label("channel_archived_at"),
)


def _joined(statement: Select[Any]) -> Select[Any]:
    """Add who and where: contact, channel and assignee of each conversation."""
    return (
        statement.join(
            Contact,
            and_(
                col(Contact.organization_id) == col(Conversation.organization_id),
                col(Contact.id) == col(Conversation.contact_id),
            ),
        )
        .join(
            Channel,
            and_(
                col(Channel.organization_id) == col(Conversation.organization_id),
                col(Channel.id) == col(Conversation.channel_id),
            ),
        )
        .outerjoin(User, col(User.id) == col(Conversation.assignee_id))
    )


def _narrowed(filters: ConversationFilter, user_id: UUID | None) -> list[Any]:
    conditions: list[Any] = []
    if filters.box is Box.MINE:
        conditions.append(col(Conversation.assignee_id) == user_id)
    elif filters.box is Box.QUEUE:
        conditions.append(col(Conversation.assignee_id).is_(None))
    if filters.assignee_id is not None:
        conditions.append(col(Conversation.assignee_id) == filters.assignee_id)
    if filters.unread:
        conditions.append(col(Conversation.unread_count) > _NOTHING)
    if filters.channel_id is not None:
        conditions.append(col(Conversation.channel_id) == filters.channel_id)
    if filters.contact_id is not None:
        conditions.append(col(Conversation.contact_id) == filters.contact_id)
    return conditions


def _whose(filters: ConversationFilter, sight: Sight) -> list[list[Any]]:
    """Return the conditions on the assignee, one entry per walk through an index in the list's order.

    Who sees only some people's conversations gets the newest of each of them, merged: every walk is short.
    """
    assignee = col(Conversation.assignee_id)
    chosen = filters.box is not Box.ALL or filters.assignee_id is not None
    if chosen or sight.people is None or len(sight.people) > MOST_WALKS:
        return [list(clauses(_seen(sight)))]
    walks: list[list[Any]] = [[assignee == person] for person in sight.people]
    return [*walks, [assignee.is_(None)]] if sight.nobody else walks or [[false()]]


def _seen(sight: Sight) -> Condition:
    return sight.where("conversation.assignee_id", "seen")


def conversations_statement(
    organization_id: UUID,
    filters: ConversationFilter,
    user_id: UUID | None,
    *,
    sight: Sight,
    after: Position | None,
    limit: int,
) -> Select[Any]:
    """Return the statement of a window of the list, the most recently active conversation first.

    The ids of the window come first, from the index of one status each; only they are joined with names.
    """
    conditions = [col(Conversation.organization_id) == organization_id, *_narrowed(filters, user_id)]
    if after is not None:
        place = tuple_(col(Conversation.last_message_at), col(Conversation.id))
        conditions.append(place < tuple_(literal(after[0]), literal(after[1])))
    statuses = [filters.status] if filters.status else _ALL_STATUSES
    windows = [
        select(col(Conversation.id), col(Conversation.last_message_at))
        .where(*conditions, *whose, col(Conversation.status) == status)
        .order_by(col(Conversation.last_message_at).desc(), col(Conversation.id).desc())
        .limit(limit)
        for status in statuses
        for whose in _whose(filters, sight)
    ]
    if len(windows) == 1:
        window = windows[0].subquery()
    else:
        window = union_all(*(select(each.subquery()) for each in windows)).subquery()
    return (
        _joined(
            select(*_ROW).join(
                window,
                and_(
                    col(Conversation.organization_id) == organization_id,
                    col(Conversation.id) == window.c.id,
                ),
            )
        )
        .order_by(col(Conversation.last_message_at).desc(), col(Conversation.id).desc())
        .limit(limit)
    )


async def list_conversations(
    session: AsyncSession,
    organization_id: UUID,
    filters: ConversationFilter,
    user_id: UUID | None,
    *,
    sight: Sight,
    after: Position | None,
    limit: int,
) -> list[Any]:
    """Return rows of the inbox list."""
    statement = conversations_statement(organization_id, filters, user_id, sight=sight, after=after, limit=limit)
    return list(await session.execute(statement))


async def list_conversations_of_contacts(
    session: AsyncSession, organization_id: UUID, contact_ids: Sequence[UUID], limit: int, *, sight: Sight
) -> list[Any]:
    """Return the conversations of these contacts, the most recently active first."""
    statement = (
        _joined(select(*_ROW))
        .where(
            col(Conversation.organization_id) == organization_id,
            col(Conversation.contact_id).in_(contact_ids),
            *clauses(_seen(sight)),
        )
        .order_by(col(Conversation.last_message_at).desc())
        .limit(limit)
    )
    return list(await session.execute(statement))


async def find_conversation_detail(
    session: AsyncSession, organization_id: UUID, conversation_id: UUID, *, sight: Sight
) -> Any:
    """Return one conversation with what its header and composer need."""
    statement = _joined(select(*_ROW, *_DETAIL)).where(
        col(Conversation.organization_id) == organization_id,
        col(Conversation.id) == conversation_id,
        *clauses(_seen(sight)),
    )
    return (await session.execute(statement)).one_or_none()


async def count_conversations(
    session: AsyncSession, organization_id: UUID, user_id: UUID | None, *, sight: Sight
) -> Any:
    """Return counts of open conversations: all, mine, queue, then the same of those with something unread."""
    mine = col(Conversation.assignee_id) == user_id
    queue = col(Conversation.assignee_id).is_(None)
    unread = col(Conversation.unread_count) > _NOTHING

    def capped(*conditions: Any) -> Any:
        """Stop counting at the cap: a badge says "999+", and nobody waits for more."""
        window = (
            select(literal(1))
            .select_from(Conversation)
            .where(
                col(Conversation.organization_id) == organization_id,
                col(Conversation.status) == ConversationStatus.OPEN,
                *conditions,
                *clauses(_seen(sight)),
            )
            .limit(COUNTED_AT_MOST)
        )
        return select(func.count()).select_from(window.subquery()).scalar_subquery()

    statement = select(
        capped(), capped(mine), capped(queue), capped(unread), capped(mine, unread), capped(queue, unread)
    )
    return (await session.execute(statement)).one()
