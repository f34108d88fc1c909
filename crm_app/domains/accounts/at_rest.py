"""What the people of an organization that does no work are told: why, since when, and whom to turn to."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.config import get_settings
from crm_app.core.errors import NotFound
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository
from crm_app.domains.accounts.models import Role


class Turned(BaseModel):
    """Somebody to turn to."""

    model_config = ConfigDict(frozen=True)

    name: str
    email: str


class RestView(BaseModel):
    """Where the organization stands. The reason and the platform's address are for its owners; everybody else is
    told who these are."""

    model_config = ConfigDict(frozen=True)

    organization: str
    state: str
    since: datetime
    is_owner: bool
    reason: str
    support: str
    owners: tuple[Turned, ...]


async def explain_rest(session: AsyncSession, actor: Actor) -> RestView:
    """Return what the actor may know about their organization's rest. Runs in any state. Raises `NotFound`."""
    organization = await repository.find_organization(session, actor.organization_id)
    if organization is None:
        raise NotFound(kind="organization")
    is_owner = actor.role == Role.OWNER
    owners = [
        Turned(name=user.name, email=user.email)
        for membership, user in await repository.list_members(session, actor.organization_id)
        if membership.role == Role.OWNER and membership.is_active
    ]
    return RestView(
        organization=organization.name,
        state=organization.state,
        since=organization.state_since,
        is_owner=is_owner,
        reason=organization.state_reason if is_owner else "",
        support=get_settings().support_email if is_owner else "",
        owners=() if is_owner else tuple(owners),
    )
