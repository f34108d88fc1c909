"""Sessions that look through somebody else's eyes, for tests."""

from datetime import timedelta

from sqlalchemy import select, update

from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.models import AuditEntry
from crm_app.domains.accounts.schemas import SignedIn, VisitView
from crm_app.domains.accounts.visits import service as visits
from crm_app.domains.accounts.visits.models import VisitRecord
from tests.api.clients import begin_session


async def who_is(token: str) -> SignedIn:
    """Return who acts behind a session token."""
    async with system_unit_of_work() as session:
        return await visits.recognise(session, token)


async def look_as(token: str, member: Actor) -> VisitView:
    """Have a session see the app as a member does."""
    visitor = (await who_is(token)).actor
    assert member.user_id
    async with unit_of_work(visitor) as session:
        return await visits.begin_view_as(session, visitor, user_id=member.user_id)


async def visiting(visitor: Actor, member: Actor) -> tuple[str, Actor]:
    """Return a session of the visitor that looks through the member's eyes, and who acts in it."""
    token = await begin_session(visitor)
    await look_as(token, member)
    return token, (await who_is(token)).actor


async def run_out(organization_owner: Actor) -> None:
    """Let the time of every visit of an organization be up."""
    async with unit_of_work(organization_owner) as session:
        await session.execute(update(VisitRecord).values(expires_at=utc_now() - timedelta(seconds=1)))


async def entries(owner: Actor, action: str) -> list[AuditEntry]:
    """Return the audit entries of an action."""
    async with unit_of_work(owner) as session:
        return list(await session.scalars(select(AuditEntry).where(AuditEntry.action == action)))  # type: ignore[arg-type]
