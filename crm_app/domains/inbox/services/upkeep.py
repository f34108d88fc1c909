"""What has to be tidied up from time to time."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now

# lint-skip: transaction (visits every organization)
from crm_app.core.database import system_unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.inbox import repository

KEEP_EARLY_REPORTS = timedelta(days=30)


async def organizations() -> list[UUID]:
    """Return the ids of all organizations."""
    async with system_unit_of_work() as session:
        return await accounts.list_organization_ids(session)


async def forget_early_reports(session: AsyncSession, actor: Actor) -> int:
    """Remove reports whose message did not come in a month; returns how many."""
    actor.require("deliveries.replay")
    return await repository.drop_early_reports(session, actor.organization_id, utc_now() - KEEP_EARLY_REPORTS)
