"""Letting somebody in: the conversation that a use case is about, if it is within reach."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.roles.sights import require_within, sight_of_conversations
from crm_app.domains.inbox import repository
from crm_app.domains.inbox.models import Conversation


async def access_to_write(session: AsyncSession, actor: Actor, conversation_id: UUID) -> Conversation:
    """Return a conversation, locked, for somebody who writes or decides in it.

    Permission `messages.send`. Raises `NotFound` out of sight, `Forbidden` for one that may only be seen.
    """
    actor.require("messages.send")
    conversation = await repository.get_conversation(
        session, actor.organization_id, conversation_id, sight=sight_of_conversations(actor), lock=True
    )
    sight = sight_of_conversations(actor, "messages.send")
    require_within(actor, "messages.send", sight, conversation.assignee_id)
    return conversation
