"""Use case of the organization: for which roles one factor is not enough."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.errors import Invalid, NotFound
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository, service
from crm_app.domains.accounts.events import FactorPolicyChanged
from crm_app.domains.accounts.factors import repository as factor_repository
from crm_app.domains.accounts.factors.errors import NoFactor
from crm_app.domains.accounts.factors.step_up import person_of, require_proof
from crm_app.domains.accounts.models import Role

MOST_ROLES = 50


async def read_factor_roles(session: AsyncSession, actor: Actor) -> list[str]:
    """Return the roles whose members enter with two factors only. Raises `Forbidden`."""
    actor.require("organization.manage")
    organization = await repository.find_organization(session, actor.organization_id)
    return list(organization.factor_roles) if organization else []


async def require_factors(session: AsyncSession, actor: Actor, *, roles: Sequence[str]) -> list[str]:
    """Ask these roles for two factors from now on, in open sessions too; an empty list asks nobody.

    Raises `Forbidden`, `ProofNeeded`, `Invalid` for a role that does not exist, and `NoFactor` when the actor's
    own role is among them while the actor has none: whoever asks it of others shows that it works.
    """
    actor.require("organization.manage")
    await require_proof(session, actor)
    wanted = sorted({str(role) for role in roles})
    if len(wanted) > MOST_ROLES or not set(wanted) <= set(Role):
        raise Invalid(field="roles")
    if actor.role in wanted and not await factor_repository.list_kinds(session, person_of(actor)):
        raise NoFactor("errors.accounts.set_own_factor_first")
    organization = await repository.find_organization(session, actor.organization_id)
    if organization is None:
        raise NotFound(kind="organization")
    before, organization.factor_roles = list(organization.factor_roles), wanted
    await session.flush()
    announce(session, FactorPolicyChanged(organization_id=actor.organization_id))
    await service.audit(
        session, actor, "organization.require_factors", "organization", actor.organization_id,
        before={"roles": before}, after={"roles": wanted},
    )  # fmt: skip
    return wanted
