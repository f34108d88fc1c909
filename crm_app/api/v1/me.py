"""Who the caller is."""

from fastapi import APIRouter
from pydantic import BaseModel

from crm_app.api.deps import CurrentSession
from crm_app.domains.accounts.schemas import OrganizationView, UserView

router = APIRouter(prefix="/api/v1/me", tags=["me"])


class MeView(BaseModel):
    """The signed-in person, the organization they act for, and what they may do there."""

    user: UserView
    organization: OrganizationView
    role: str
    permissions: list[str]


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
