"""What a new message does to its conversation, and the facts that follow."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.inbox import repository, rules
from crm_app.domains.inbox.events import (
    ConversationUpdated,
    MessageCreated,
    MessageReceived,
    MessageStatusChanged,
    MessageUpdated,
)
from crm_app.domains.inbox.models import Conversation, ConversationStatus, DeliveryStatus, Direction, Message


async def place(session: AsyncSession, conversation: Conversation, message: Message, *, shown: str = "") -> bool:
    """Add a message to its (locked) conversation; False when we have it already.

    `shown` stands in the list when the message has no words of its own (a file's name).
    """
    if message.direction == Direction.OUTBOUND and conversation.waiting_since is not None:
        waited = message.occurred_at - conversation.waiting_since
        message.response_seconds = round(waited.total_seconds()) if waited.total_seconds() >= 0 else None
    _note_answer(conversation, message)
    if not await repository.insert_message(session, message):
        return False
    _count(conversation, message)
    _show_last(conversation, message, shown)
    conversation.version += 1
    await session.flush()
    _tell_created(session, conversation, message)
    return True


def _note_answer(conversation: Conversation, message: Message) -> None:
    """Note that a message of ours answers what nobody has opened yet.

    It marks that as read once it leaves (`conversations.mark_answered`), for until then it may be taken back.
    """
    if message.status == DeliveryStatus.PENDING and conversation.unread_count:
        message.data = {**message.data, "answers": True}


def _count(conversation: Conversation, message: Message) -> None:
    moment = message.occurred_at
    if message.direction == Direction.INBOUND:
        conversation.unread_count += 1
        conversation.status = ConversationStatus.OPEN
        conversation.last_inbound_at = _later(conversation.last_inbound_at, moment)
        conversation.first_inbound_at = conversation.first_inbound_at or moment
        conversation.waiting_since = conversation.waiting_since or moment
    elif message.direction == Direction.OUTBOUND:
        if message.status != DeliveryStatus.PENDING:
            conversation.unread_count = 0
        if conversation.waiting_since and conversation.waiting_since <= moment:
            conversation.waiting_since = None
        if conversation.first_inbound_at and conversation.first_response_at is None:
            conversation.first_response_at = moment


def _later(known: datetime | None, moment: datetime) -> datetime:
    return moment if known is None else max(known, moment)


def _show_last(conversation: Conversation, message: Message, shown: str = "") -> None:
    """Let the list show this message, unless a newer one stands there."""
    if conversation.last_message_kind and message.occurred_at < conversation.last_message_at:
        return
    conversation.last_message_at = message.occurred_at
    conversation.last_message_preview = "" if message.revoked_at else rules.preview(message.body, shown)
    conversation.last_message_kind = message.kind
    conversation.last_message_direction = message.direction


async def show_newest(session: AsyncSession, conversation: Conversation) -> None:
    """Bring the list in line with the newest message after one was changed or taken away."""
    newest = await repository.find_last_message(session, conversation.organization_id, conversation.id)
    if newest is None:
        conversation.last_message_preview = conversation.last_message_kind = ""
        conversation.last_message_direction = ""
        conversation.last_message_at = conversation.created_at
    else:
        conversation.last_message_kind = ""
        _show_last(conversation, newest)
    touch(session, conversation)
    await session.flush()


async def unanswer(session: AsyncSession, conversation: Conversation) -> None:
    """Let the customer wait again, as the thread says, after an answer was taken back before it left.

    Who answered keeps the conversation, and what they have read stays read.
    """
    conversation.first_response_at, waiting = await repository.find_answer_times(session, conversation)
    # Nobody waits in a conversation that is done.
    conversation.waiting_since = waiting if conversation.status == ConversationStatus.OPEN else None


def touch(session: AsyncSession, conversation: Conversation) -> None:
    """Count a change of the conversation and tell it."""
    conversation.version += 1
    _tell_updated(session, conversation)


def _about(conversation: Conversation) -> dict[str, UUID]:
    return {
        "organization_id": conversation.organization_id,
        "conversation_id": conversation.id,
        "contact_id": conversation.contact_id,
        "channel_id": conversation.channel_id,
    }


def _tell_updated(session: AsyncSession, conversation: Conversation) -> None:
    announce(
        session,
        ConversationUpdated(
            **_about(conversation), assignee_id=conversation.assignee_id, version=conversation.version
        ),
    )


def _tell_created(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    about = _about(conversation)
    if message.direction == Direction.INBOUND:
        announce(session, MessageReceived(**about, assignee_id=conversation.assignee_id, message_id=message.id))
    announce(
        session,
        MessageCreated(
            **about,
            assignee_id=conversation.assignee_id,
            message_id=message.id,
            direction=message.direction,
            author_id=message.author_id,
        ),
    )
    _tell_updated(session, conversation)


def tell_status(session: AsyncSession, message: Message) -> None:
    """Tell that a message came further or failed."""
    announce(
        session,
        MessageStatusChanged(
            organization_id=message.organization_id,
            conversation_id=message.conversation_id,
            message_id=message.id,
            status=message.status,
        ),
    )


def tell_changed(session: AsyncSession, message: Message) -> None:
    """Tell that a message looks different now."""
    announce(
        session,
        MessageUpdated(
            organization_id=message.organization_id,
            conversation_id=message.conversation_id,
            message_id=message.id,
        ),
    )


async def claim_provider_id(
    session: AsyncSession, actor: Actor, channel_id: UUID, provider_message_id: str
) -> None:
    """Make all who deal with one vendor's message id at this moment wait for each other, until the commit.

    Without it a status that finds no message, and the commit that brings that message, could miss each other.
    Take it before locking the message's row.
    """
    key = f"{actor.organization_id}:{channel_id}:{provider_message_id[:300]}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
