"""Organizations whose members come in through their identity provider, and by no other way.

Owners keep every way in: a provider that fails must not lock an organization out of its own settings.
"""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.clock import utc_now
from crm_app.core.errors import NotFound
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository
from crm_app.domains.accounts.events import SessionRevoked
from crm_app.domains.accounts.models import Membership, Organization, Role, UserSession

SSO = "sso"
"""How a session says that it began at an identity provider."""


def admits(membership: Membership, organization: Organization, method: str) -> bool:
    """Tell whether a member may come into the organization this way."""
    return not organization.sso_only or method == SSO or membership.role == Role.OWNER


async def requires_sso(session: AsyncSession, organization_id: UUID) -> bool:
    """Tell whether the organization knows no other way in."""
    organization = await repository.find_organization(session, organization_id)
    return organization is not None and organization.sso_only


async def require_sso(session: AsyncSession, actor: Actor, *, only: bool) -> int:
    """Close the other ways in, or open them again; returns how many sessions that ended. Raises `Forbidden`."""
    actor.require("sso.manage")
    organization = await repository.find_organization(session, actor.organization_id)
    if organization is None:
        raise NotFound(kind="organization")
    was, organization.sso_only = organization.sso_only, only
    await session.flush()
    return 0 if was or not only else await _end_other_sessions(session, actor.organization_id)


async def _end_other_sessions(session: AsyncSession, organization_id: UUID) -> int:
    owners = select(col(Membership.user_id)).where(
        col(Membership.organization_id) == organization_id, col(Membership.role) == Role.OWNER
    )
    statement = (
        update(UserSession)
        .where(
            col(UserSession.organization_id) == organization_id,
            col(UserSession.method) != SSO,
            col(UserSession.revoked_at).is_(None),
            col(UserSession.user_id).not_in(owners),
        )
        .values(revoked_at=utc_now())
        .returning(col(UserSession.user_id), col(UserSession.id))
    )
    ended = (await session.execute(statement)).all()
    for user_id, session_id in ended:
        announce(session, SessionRevoked(organization_id=organization_id, user_id=user_id, session_id=session_id))
    return len(ended)
