"""Use cases of the first steps: looking at them, and putting them away."""

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.events import announce
from crm_app.core.life_cycle import State
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.events import OrganizationStateChanged, PreferencesChanged
from crm_app.domains.accounts.service import audit
from crm_app.domains.onboarding import repository
from crm_app.domains.onboarding.schemas import STEPS, Checklist


async def get_checklist(session: AsyncSession, actor: Actor) -> Checklist:
    """Return what the actor's organization has done so far. Raises `Forbidden`."""
    actor.require("organization.manage")
    happened = await repository.what_happened(session, actor.organization_id, actor.user_id)
    done = tuple(step for step in STEPS if happened.get(step))
    return Checklist(done=done, closed=bool(happened.get("closed")))


async def close_checklist(session: AsyncSession, actor: Actor) -> None:
    """Lead nobody of the organization to the first steps any more: it has settled in. Raises `Forbidden`."""
    actor.require("organization.manage")
    if await repository.close(session, actor.organization_id):
        await audit(session, actor, "organization.close_checklist", "organization", actor.organization_id)
        if await repository.settle(session):
            settled = OrganizationStateChanged(
                organization_id=actor.organization_id, before=State.ONBOARDING, after=State.ACTIVE
            )
            announce(session, settled)
        if actor.user_id is not None:
            announce(session, PreferencesChanged(organization_id=actor.organization_id, user_id=actor.user_id))
