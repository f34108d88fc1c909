"""Reading a conversation."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.errors import Invalid, NotFound
from crm_app.core.repository import decode_cursor, encode_cursor
from crm_app.core.sql import Row
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.roles.sights import sight_of_conversations
from crm_app.domains.inbox import thread_queries
from crm_app.domains.inbox.listing import Position
from crm_app.domains.inbox.schemas import MessageView, Thread
from crm_app.domains.inbox.services.views import message_views

MAX_LIMIT = 200


def position_of(cursor: str | None) -> Position | None:
    """Return the place that a cursor names, None for none. Raises `Invalid`."""
    if cursor is None:
        return None
    moment, row_id = decode_cursor(cursor, 2)
    try:
        place = datetime.fromisoformat(moment), UUID(row_id)
    except (TypeError, ValueError, AttributeError) as error:
        raise Invalid("errors.cursor") from error
    if place[0].tzinfo is None:
        raise Invalid("errors.cursor")
    return place


def cursor_at(moment: datetime, row_id: UUID) -> str:
    """Return the cursor of this place."""
    return encode_cursor(moment.isoformat(), row_id)


async def get_thread(
    session: AsyncSession,
    actor: Actor,
    *,
    conversation_id: UUID,
    before: str | None = None,
    after: str | None = None,
    around: UUID | None = None,
    limit: int = 100,
) -> Thread:
    """Return messages oldest first: the last ones, those before or after a cursor, or those around a message.

    `limit` is at most 200. Permission `conversations.read`. Raises `NotFound`, or `Invalid` for a cursor.
    """
    actor.require("conversations.read")
    organization_id = actor.organization_id
    await thread_queries.require_conversation(
        session, organization_id, conversation_id, sight=sight_of_conversations(actor)
    )
    size = max(1, min(limit, MAX_LIMIT))
    if around is not None:
        rows, older, newer = await _around(session, actor, conversation_id, around, size)
    elif after is not None:
        rows, older, newer = await _forward(session, organization_id, conversation_id, after, size)
    else:
        rows, older, newer = await _backward(session, organization_id, conversation_id, before, size)
    items = tuple(await message_views(session, actor, rows))
    return Thread(
        items=items,
        older=cursor_at(items[0].occurred_at, items[0].id) if older and items else None,
        newer=cursor_at(items[-1].occurred_at, items[-1].id) if newer and items else None,
    )


Window = tuple[list[Row], bool, bool]
"""Rows, oldest first, and whether there are older and newer ones."""


async def _backward(
    session: AsyncSession, organization_id: UUID, conversation_id: UUID, before: str | None, size: int
) -> Window:
    place = position_of(before)
    rows = await thread_queries.list_thread(
        session, organization_id, conversation_id, before=place, limit=size + 1
    )
    return rows[:size][::-1], len(rows) > size, place is not None


async def _forward(
    session: AsyncSession, organization_id: UUID, conversation_id: UUID, after: str, size: int
) -> Window:
    rows = await thread_queries.list_thread(
        session, organization_id, conversation_id, after=position_of(after), limit=size + 1
    )
    return rows[:size], True, len(rows) > size


async def _around(
    session: AsyncSession, actor: Actor, conversation_id: UUID, message_id: UUID, size: int
) -> Window:
    organization_id, sight = actor.organization_id, sight_of_conversations(actor)
    found = await thread_queries.list_messages_by_id(session, organization_id, [message_id], sight=sight)
    if not found or found[0]["conversation_id"] != conversation_id:
        raise NotFound(kind="message")
    place = found[0]["occurred_at"], found[0]["id"]
    half = max(1, size // 2)
    older = await thread_queries.list_thread(
        session, organization_id, conversation_id, before=place, limit=half + 1
    )
    newer = await thread_queries.list_thread(
        session, organization_id, conversation_id, after=place, limit=half + 1
    )
    return [*older[:half][::-1], found[0], *newer[:half]], len(older) > half, len(newer) > half


async def get_message(session: AsyncSession, actor: Actor, *, message_id: UUID) -> MessageView:
    """Return one message. Permission `conversations.read`. Raises `NotFound`."""
    actor.require("conversations.read")
    sight = sight_of_conversations(actor)
    rows = await thread_queries.list_messages_by_id(session, actor.organization_id, [message_id], sight=sight)
    if not rows:
        raise NotFound(kind="message")
    return (await message_views(session, actor, rows))[0]
