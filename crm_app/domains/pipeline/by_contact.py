"""Use case: what a list of contacts shows of their deals."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.roles.sights import sight_of_deals
from crm_app.domains.pipeline import contact_queries
from crm_app.domains.pipeline.schemas import ContactDeals


async def summarize_deals(
    session: AsyncSession, actor: Actor, *, contact_ids: Iterable[UUID]
) -> dict[UUID, ContactDeals]:
    """Return, by contact, the stage of the latest open deal and the value of all open ones.

    Contacts without an open deal are left out.
    """
    actor.require("deals.read")
    wanted = list(set(contact_ids))
    if not wanted:
        return {}
    rows = await contact_queries.list_open_deals(
        session, actor.organization_id, wanted, sight=sight_of_deals(actor)
    )
    return {
        row.contact_id: ContactDeals(
            count=row.count, value_cents=row.value_cents, stage_name=row.stage_name, stage_color=row.stage_color
        )
        for row in rows
    }
