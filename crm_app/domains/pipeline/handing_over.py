"""Deals change hands when their owner leaves."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.events import announce
from crm_app.core.owned_rows import OwnedRows
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.members.holdings import MOST_TOLD, Holding, register_holding
from crm_app.domains.pipeline.events import DealUpdated

OWNED = OwnedRows("deal", "owner_id", "pipeline_id, stage_id, contact_id")


async def _give(
    session: AsyncSession, actor: Actor, giver: UUID | None, receiver: UUID | None, only: Sequence[UUID] | None
) -> list[UUID]:
    rows = await OWNED.give(session, actor.organization_id, giver=giver, receiver=receiver, only=only)
    for row in rows[:MOST_TOLD]:
        announce(
            session,
            DealUpdated(
                organization_id=actor.organization_id,
                deal_id=row["id"],
                pipeline_id=row["pipeline_id"],
                stage_id=row["stage_id"],
                version=row["version"],
                contact_id=row["contact_id"],
                actor_id=actor.user_id,
            ),
        )
    return [row["id"] for row in rows]


register_holding(Holding("deals", "deal.owner_id", OWNED.count, _give))
