"""Conversations change hands when whoever answers them leaves. What was written stays its author's."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.events import announce
from crm_app.core.owned_rows import OwnedRows
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.members.holdings import MOST_TOLD, Holding, register_holding
from crm_app.domains.inbox.events import ConversationUpdated

OWNED = OwnedRows("conversation", "assignee_id", "contact_id, channel_id", has_updated_at=False)


async def _give(
    session: AsyncSession, actor: Actor, giver: UUID | None, receiver: UUID | None, only: Sequence[UUID] | None
) -> list[UUID]:
    rows = await OWNED.give(session, actor.organization_id, giver=giver, receiver=receiver, only=only)
    for row in rows[:MOST_TOLD]:
        announce(
            session,
            ConversationUpdated(
                organization_id=actor.organization_id,
                conversation_id=row["id"],
                contact_id=row["contact_id"],
                channel_id=row["channel_id"],
                assignee_id=receiver,
                version=row["version"],
            ),
        )
    return [row["id"] for row in rows]


register_holding(Holding("conversations", "conversation.assignee_id", OWNED.count, _give))
