"""Use case of the platform: an organization goes from one state of its life to another."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.database import set_tenant
from crm_app.core.errors import Invalid, NotFound
from crm_app.core.events import announce
from crm_app.core.life_cycle import State, may_follow, standing_of
from crm_app.core.tenancy import Actor
from crm_app.core.waiting_room import release_jobs
from crm_app.domains.accounts import repository as accounts
from crm_app.domains.accounts.events import OrganizationStateChanged, SessionRevoked
from crm_app.domains.accounts.service import audit, note_for_platform
from crm_app.domains.accounts.support import support_actor
from crm_app.domains.platform import repository
from crm_app.domains.platform.access import require_operator
from crm_app.domains.platform.errors import BadTransition, StateChangedMeanwhile

LONGEST_REASON = 500


async def change_state(
    session: AsyncSession, actor: Actor, *, organization_id: UUID, wanted: str, reason: str
) -> None:
    """Put an organization into another state, for a reason that its owners read.

    What is open learns of it at once: where no work is done, windows go to the screen that says so, and jobs wait;
    where nobody may enter, sessions end. Runs without a tenant and leaves the organization's set.
    Raises `NotFound`, `ProofNeeded`, `Invalid`, `BadTransition` or `StateChangedMeanwhile`.
    """
    operator = await require_operator(session, actor)
    words = " ".join(reason.replace("\x00", "").split())
    if not words or len(words) > LONGEST_REASON:
        raise Invalid("errors.platform.reason", field="reason", limit=LONGEST_REASON)
    if wanted not in list(State):
        raise Invalid(field="state")
    await set_tenant(session, organization_id)
    organization = await accounts.find_organization(session, organization_id)
    if organization is None:
        raise NotFound(kind="organization")
    before = organization.state
    if not may_follow(before, wanted):
        raise BadTransition
    if not await repository.change_state(session, operator, organization_id, before, wanted, words):
        raise StateChangedMeanwhile
    await session.refresh(organization)
    note_for_platform(
        session, actor.user_id, "organization.state", organization_id,
        before={"state": before}, after={"state": wanted, "reason": words},
    )  # fmt: skip
    await _follow(session, organization_id, before, wanted)
    await audit(
        session, support_actor(organization_id), "organization.state", "organization", organization_id,
        before={"state": before}, after={"state": wanted, "reason": words},
    )  # fmt: skip


async def _follow(session: AsyncSession, organization_id: UUID, before: str, wanted: str) -> None:
    """Let go of what waits, end what is over, and tell whoever has something open."""
    standing = standing_of(wanted)
    if standing.works:
        await release_jobs(session, organization_id)
    if not standing.enters:
        for user_id, session_id in await repository.end_sessions(session, organization_id, utc_now()):
            announce(
                session, SessionRevoked(organization_id=organization_id, user_id=user_id, session_id=session_id)
            )
    announce(session, OrganizationStateChanged(organization_id=organization_id, before=before, after=wanted))
