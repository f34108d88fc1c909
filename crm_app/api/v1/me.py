"""Who the caller is."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from crm_app.api.deps import CurrentSession, HeldActor
from crm_app.core.database import system_unit_of_work
from crm_app.domains.accounts import organizations
from crm_app.domains.accounts.members.views import OrganizationChoice
from crm_app.domains.accounts.schemas import OrganizationView, UserView

router = APIRouter(prefix="/api/v1/me", tags=["me"])


class MeView(BaseModel):
    """The signed-in person, the organization they act for, and what they may do there."""

    user: UserView
    organization: OrganizationView
    role: str
    permissions: list[str]


class OrganizationWanted(BaseModel):
    """The organization for which to act from now on."""

    organization_id: UUID


@router.get("")
async def read_me(signed_in: CurrentSession) -> MeView:
    """Return who is signed in."""
    actor = signed_in.actor
    return MeView(
        user=signed_in.user,
        organization=signed_in.organization,
        role=actor.role,
        permissions=sorted(actor.permissions),
    )


@router.get("/organizations")
async def list_organizations(actor: HeldActor) -> list[OrganizationChoice]:
    """List the organizations of which the caller is an active member."""
    async with system_unit_of_work() as session:
        return await organizations.list_own_organizations(session, actor)


@router.post("/organization")
async def enter_organization(actor: HeldActor, wanted: OrganizationWanted) -> OrganizationChoice:
    """Make this session act for another organization of the caller; its open screens begin anew there."""
    async with system_unit_of_work() as session:
        return await organizations.switch_organization(session, actor, organization_id=wanted.organization_id)
