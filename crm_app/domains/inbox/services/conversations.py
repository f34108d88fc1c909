"""Use cases around conversations: lists, counters, reading, assigning, resolving, composing."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now

# lint-skip: transaction (what the customer sees is told outside the use case)
from crm_app.core.database import unit_of_work
from crm_app.core.errors import NotFound
from crm_app.core.events import announce
from crm_app.core.queue import enqueue
from crm_app.core.sight import EVERYBODYS
from crm_app.core.tenancy import Actor, Sight
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.roles.reassign_lock import owner_of_new
from crm_app.domains.accounts.roles.sights import sight_of_conversations
from crm_app.domains.channels import service as channels
from crm_app.domains.channels.models import Channel
from crm_app.domains.channels.registry import find_provider
from crm_app.domains.channels.schemas import Capabilities
from crm_app.domains.contacts import service as contacts
from crm_app.domains.inbox import listing, repository, rules, thread_queries
from crm_app.domains.inbox.errors import ChannelGone, NoAddress
from crm_app.domains.inbox.events import TypingSeen
from crm_app.domains.inbox.models import Conversation, ConversationStatus, Direction, Message, MessageKind
from crm_app.domains.inbox.schemas import (
    ConversationDetail,
    ConversationFilter,
    ConversationPage,
    ConversationRow,
    Counters,
    PersonView,
)
from crm_app.domains.inbox.services import assignment
from crm_app.domains.inbox.services.access import access_to_write
from crm_app.domains.inbox.services.arriving import open_conversation
from crm_app.domains.inbox.services.placing import touch
from crm_app.domains.inbox.services.thread import cursor_at, position_of

SHOW_READ_JOB = "inbox.show_read"
MARK_ANSWERED_JOB = "inbox.mark_answered"
SHOW_TYPING_JOB = "inbox.show_typing"
MAX_LIMIT = 200
_MOST_READ_AT_ONCE = 100
_TYPING_FRESH_SECONDS = 10


async def list_conversations(
    session: AsyncSession,
    actor: Actor,
    *,
    filters: ConversationFilter | None = None,
    cursor: str | None = None,
    limit: int = 30,
) -> ConversationPage:
    """Return conversations, the most recently active first; `limit` is at most 200.

    Permission `conversations.read`. Raises `Invalid` for a cursor.
    """
    actor.require("conversations.read")
    size = max(1, min(limit, MAX_LIMIT))
    rows = await listing.list_conversations(
        session,
        actor.organization_id,
        filters or ConversationFilter(),
        actor.user_id,
        sight=sight_of_conversations(actor),
        after=position_of(cursor),
        limit=size + 1,
    )
    items = tuple(ConversationRow(**row_fields(row)) for row in rows[:size])
    more = len(rows) > size
    return ConversationPage(
        items=items, next_cursor=cursor_at(items[-1].last_message_at, items[-1].id) if more else None
    )


def row_fields(row: Any) -> dict[str, Any]:
    """Return the fields of a line of the list."""
    assignee = PersonView(id=row.assignee_id, name=row.assignee_name or "") if row.assignee_id else None
    return {
        "id": row.id,
        "contact_id": row.contact_id,
        "contact_name": row.contact_name,
        "contact_company": row.contact_company,
        "contact_phone": row.contact_phone,
        "channel_id": row.channel_id,
        "channel_name": row.channel_name,
        "provider": row.provider,
        "status": ConversationStatus(row.status),
        "assignee": assignee,
        "unread_count": row.unread_count,
        "last_message_at": row.last_message_at,
        "last_message_preview": row.last_message_preview,
        "last_message_kind": MessageKind(row.last_message_kind) if row.last_message_kind else None,
        "last_message_direction": Direction(row.last_message_direction) if row.last_message_direction else None,
        "waiting_since": row.waiting_since,
        "version": row.version,
    }


async def count_conversations(session: AsyncSession, actor: Actor) -> Counters:
    """Return the numbers beside the boxes and in the navigation. Permission `conversations.read`."""
    actor.require("conversations.read")
    sight = sight_of_conversations(actor)
    row = await listing.count_conversations(session, actor.organization_id, actor.user_id, sight=sight)
    return Counters(
        all=row[0],
        mine=row[1],
        queue=row[2],
        unread=row[3],
        unread_mine=row[4],
        unread_queue=row[5],
        failed_deliveries=await thread_queries.count_failed(session, actor.organization_id, sight=sight),
    )


async def get_conversation(session: AsyncSession, actor: Actor, *, conversation_id: UUID) -> ConversationDetail:
    """Return one conversation. Permission `conversations.read`. Raises `NotFound`."""
    actor.require("conversations.read")
    return await _detail(session, actor, conversation_id, sight_of_conversations(actor))


async def _detail(session: AsyncSession, actor: Actor, conversation_id: UUID, sight: Sight) -> ConversationDetail:
    row = await listing.find_conversation_detail(session, actor.organization_id, conversation_id, sight=sight)
    if row is None:
        raise NotFound(kind="conversation")
    limits = _capabilities(row.provider)
    window = rules.reply_window(limits.window_hours, row.last_inbound_at, utc_now())
    return ConversationDetail(
        **row_fields(row),
        address=row.address,
        channel_status=row.channel_status,
        created_at=row.created_at,
        first_inbound_at=row.first_inbound_at,
        first_response_at=row.first_response_at,
        last_inbound_at=row.last_inbound_at,
        window_closes_at=window.closes_at,
        window_open=window.is_open,
        can_send=window.is_open and row.channel_archived_at is None,
        max_text=limits.max_text,
        max_media_bytes=limits.max_media_bytes,
        media_kinds=tuple(sorted(kind.value for kind in limits.media)),
        quotes=limits.quotes,
    )


def _capabilities(provider: str) -> Capabilities:
    spec = find_provider(provider)
    return spec.capabilities if spec else Capabilities()


async def start_conversation(
    session: AsyncSession, actor: Actor, *, contact_id: UUID, channel_id: UUID
) -> ConversationDetail:
    """Return the conversation with this contact on this channel, made when there is none.

    Permission `messages.send`. Raises `NotFound`, `ChannelGone`, or `NoAddress` when the contact has no phone.
    """
    actor.require("messages.send")
    contact = await contacts.get_contact(session, actor, contact_id=contact_id)
    channel = await channels.access_channel(session, actor, channel_id=channel_id)
    if channel.archived_at is not None:
        raise ChannelGone
    known = await repository.find_conversation_by_contact(session, actor.organization_id, channel_id, contact_id)
    if known is None:
        if not contact.phone:
            raise NoAddress(field="contact_id")
        assignee_id = owner_of_new(actor, "conversations", sight_of_conversations(actor), None)
        known = await open_conversation(
            session, actor, channel_id, contact_id, contact.phone, assignee_id=assignee_id
        )
    return await get_conversation(session, actor, conversation_id=known.id)


async def mark_read(session: AsyncSession, actor: Actor, *, conversation_id: UUID) -> None:
    """Set the unread count to zero and let the customer see blue ticks.

    Permission `messages.send`: whoever only looks changes nothing. Raises `NotFound`.
    """
    conversation = await access_to_write(session, actor, conversation_id)
    await _mark_read(session, conversation, conversation.unread_count)


async def _mark_read(
    session: AsyncSession, conversation: Conversation, count: int, before: UUID | None = None
) -> None:
    """Take `count` messages, those that came before the message `before`, from the unread ones."""
    if count <= 0:
        return
    conversation.unread_count -= count
    touch(session, conversation)
    await session.flush()
    await enqueue(
        session,
        SHOW_READ_JOB,
        organization_id=conversation.organization_id,
        conversation_id=conversation.id,
        count=min(count, _MOST_READ_AT_ONCE),
        before=before,
    )


async def mark_unread(session: AsyncSession, actor: Actor, *, conversation_id: UUID) -> None:
    """Make a read conversation stand out again. Permission `messages.send`. Raises `NotFound`."""
    conversation = await access_to_write(session, actor, conversation_id)
    if conversation.unread_count == 0:
        conversation.unread_count = 1
        touch(session, conversation)
        await session.flush()


async def assign_conversation(
    session: AsyncSession, actor: Actor, *, conversation_id: UUID, user_id: UUID | None
) -> ConversationDetail:
    """Give the conversation to an active member, or back to the queue (None).

    Permission `messages.send`. Raises `NotFound` for the conversation or the member, `ReassignLocked`.
    """
    await assignment.assign(session, actor, conversation_id=conversation_id, user_id=user_id)
    # Whoever has handed it over may have lost sight of it; the answer shows what they have done.
    return await _detail(session, actor, conversation_id, EVERYBODYS)


async def resolve_conversation(
    session: AsyncSession, actor: Actor, *, conversation_id: UUID
) -> ConversationDetail:
    """Mark as done; a new message of the customer opens it again. Permission `messages.send`."""
    status = ConversationStatus.RESOLVED
    await assignment.set_status(session, actor, conversation_id=conversation_id, status=status)
    return await get_conversation(session, actor, conversation_id=conversation_id)


async def reopen_conversation(session: AsyncSession, actor: Actor, *, conversation_id: UUID) -> ConversationDetail:
    """Open a resolved conversation. Permission `messages.send`."""
    status = ConversationStatus.OPEN
    await assignment.set_status(session, actor, conversation_id=conversation_id, status=status)
    return await get_conversation(session, actor, conversation_id=conversation_id)


async def announce_typing(
    session: AsyncSession, actor: Actor, *, conversation_id: UUID, active: bool = True
) -> None:
    """Tell colleagues (fact `typing`, with the user's name) and the customer that the actor composes.

    Call at most every few seconds while keys are pressed, and with `active=False` when the composer is emptied.
    Permission `messages.send`. Raises `NotFound`.
    """
    actor.require("messages.send")
    row = await listing.find_conversation_detail(
        session, actor.organization_id, conversation_id, sight=sight_of_conversations(actor)
    )
    if row is None or actor.user_id is None:
        raise NotFound(kind="conversation")
    member = await accounts.access_member(session, actor, actor.user_id)
    announce(
        session,
        TypingSeen(
            organization_id=actor.organization_id,
            conversation_id=conversation_id,
            user_id=actor.user_id,
            user_name=member.name,
            active=active,
            recording=False,
        ),
    )
    if _capabilities(row.provider).typing and row.channel_archived_at is None:
        await enqueue(
            session,
            SHOW_TYPING_JOB,
            organization_id=actor.organization_id,
            conversation_id=conversation_id,
            active=active,
            at=utc_now().timestamp(),
        )


# --- for jobs: what the customer gets to see ------------------------------------------------------------


async def mark_answered(session: AsyncSession, actor: Actor, *, message_id: UUID) -> None:
    """Mark as read what stood there when an answer was written, as opening the conversation does.

    What came after it stays unread. Permission `messages.send`.
    """
    actor.require("messages.send")
    answer = await session.get(Message, (actor.organization_id, message_id))
    if answer is None:
        return
    conversation = await access_to_write(session, actor, answer.conversation_id)
    later = await repository.count_inbound_after(session, answer)
    await _mark_read(session, conversation, conversation.unread_count - later, before=answer.id)


async def show_read(actor: Actor, *, conversation_id: UUID, count: int, before: UUID | None = None) -> None:
    """Turn the ticks of the customer's last `count` messages blue, where the vendor can. Raises its errors.

    `before` is the answer after whose writing nothing counts as read.
    """
    async with unit_of_work(actor) as session:
        conversation = await repository.get_conversation(
            session, actor.organization_id, conversation_id, sight=sight_of_conversations(actor)
        )
        ids = await repository.list_unread_ids(
            session, actor.organization_id, conversation_id, count, before=before
        )
        if not ids or not await _is_open(session, conversation.channel_id, actor):
            return
        opened = await channels.open_provider(session, actor, channel_id=conversation.channel_id)
    await opened.connection.mark_read(conversation.address, ids[::-1])


async def show_typing(actor: Actor, *, conversation_id: UUID, active: bool, at: float) -> None:
    """Show the customer that somebody types, unless that was a while ago (`at`, Unix seconds)."""
    if utc_now().timestamp() - at > _TYPING_FRESH_SECONDS:
        return
    async with unit_of_work(actor) as session:
        conversation = await repository.get_conversation(
            session, actor.organization_id, conversation_id, sight=sight_of_conversations(actor)
        )
        if not await _is_open(session, conversation.channel_id, actor):
            return
        opened = await channels.open_provider(session, actor, channel_id=conversation.channel_id)
    await opened.connection.show_typing(conversation.address, active)


async def _is_open(session: AsyncSession, channel_id: UUID, actor: Actor) -> bool:
    channel = await session.get_one(Channel, (actor.organization_id, channel_id))
    return channel.archived_at is None
