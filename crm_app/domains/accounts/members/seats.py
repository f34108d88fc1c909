"""How many members an organization may have: the one place that asks, before anybody gets a seat."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.database import require_growth
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.errors import SeatsTaken
from crm_app.domains.accounts.members import queries as member_queries
from crm_app.domains.plans.errors import LimitReached
from crm_app.domains.plans.metering import take_place

LIMIT = "members"


async def count_seats(session: AsyncSession, actor: Actor) -> int:
    """Return how many active members there are. Permission `organization.manage`."""
    actor.require("organization.manage")
    return await member_queries.count_active(session, actor.organization_id)


async def take_seat(session: AsyncSession, organization_id: UUID) -> None:
    """Make sure that one more active member fits; nobody else changes the places until the transaction ends.

    Whoever leaves or pauses makes room. Raises `SeatsTaken`, or `PaymentPending` and its like where the
    organization's state lets nobody be added.
    """
    await require_growth(session)
    try:
        await take_place(session, organization_id, LIMIT, standing=member_queries.count_active)
    except LimitReached as error:
        raise SeatsTaken(limit=error.data["limit"]) from error
