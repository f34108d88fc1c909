"""Use case of the platform: looking at an organization for support."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.schemas import VisitView
from crm_app.domains.accounts.service import note_for_platform
from crm_app.domains.accounts.visits import support as support_visits
from crm_app.domains.platform.access import require_operator


async def enter_for_support(
    session: AsyncSession, actor: Actor, *, organization_id: UUID, reason: str, minutes: int
) -> VisitView:
    """Look at an organization, read-only, with a reason that its people read, for 15, 30 or 60 minutes.

    Runs without a tenant and leaves the organization's set. Raises `NotFound`, `ProofNeeded`, `ReasonMissing`,
    `Invalid`, `OrganizationSuspended` or `OrganizationClosed`.
    """
    await require_operator(session, actor)
    after = {"reason": " ".join(reason.replace("\x00", "").split()), "minutes": minutes}
    note_for_platform(session, actor.user_id, "organization.support", organization_id, after=after)
    return await support_visits.begin_support(
        session, actor, organization_id=organization_id, reason=reason, minutes=minutes
    )
