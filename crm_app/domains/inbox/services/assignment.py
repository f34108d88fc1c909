"""Whose conversation it is, and whether it is done."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.roles.reassign_lock import check_handover
from crm_app.domains.contacts import service as contacts
from crm_app.domains.inbox.models import Conversation, ConversationStatus
from crm_app.domains.inbox.services.access import access_to_write
from crm_app.domains.inbox.services.placing import touch


async def assign(session: AsyncSession, actor: Actor, *, conversation_id: UUID, user_id: UUID | None) -> None:
    """Give the conversation to an active member, or back to the queue. Raises `NotFound`, `ReassignLocked`."""
    conversation = await access_to_write(session, actor, conversation_id)
    check_handover(actor, "conversations", conversation.assignee_id, user_id)
    if conversation.assignee_id != user_id:
        await _give(session, actor, conversation, user_id)


async def take_over(session: AsyncSession, actor: Actor, conversation: Conversation) -> None:
    """Give a conversation that is nobody's to the person who answers it."""
    free = conversation.assignee_id is None and actor.user_id is not None
    if free and actor.can("conversations.pickup"):
        await _give(session, actor, conversation, actor.user_id)


async def _give(session: AsyncSession, actor: Actor, conversation: Conversation, user_id: UUID | None) -> None:
    member = await accounts.access_member(session, actor, user_id) if user_id else None
    before, conversation.assignee_id = conversation.assignee_id, user_id
    await _changed(
        session,
        actor,
        conversation,
        "conversation.assigned",
        {"assignee_id": str(before) if before else None},
        {"assignee_id": str(user_id), "name": member.name} if member else {"assignee_id": None},
    )


async def set_status(
    session: AsyncSession, actor: Actor, *, conversation_id: UUID, status: ConversationStatus
) -> None:
    """Mark a conversation as done, or open it again. Nobody waits in a conversation that is done."""
    conversation = await access_to_write(session, actor, conversation_id)
    if conversation.status == status:
        return
    before, conversation.status = conversation.status, status.value
    kind = "conversation.reopened"
    if status is ConversationStatus.RESOLVED:
        kind = "conversation.resolved"
        conversation.waiting_since, conversation.unread_count = None, 0
    await _changed(session, actor, conversation, kind, {"status": before}, {"status": status.value})


async def _changed(
    session: AsyncSession,
    actor: Actor,
    conversation: Conversation,
    kind: str,
    before: dict[str, str | None],
    after: dict[str, str | None],
) -> None:
    touch(session, conversation)
    await session.flush()
    await accounts.audit(session, actor, kind, "conversation", conversation.id, before=before, after=after)
    await contacts.record_activity(
        session,
        actor,
        contact_id=conversation.contact_id,
        kind=kind,
        entity_id=conversation.id,
        data=after,
    )
