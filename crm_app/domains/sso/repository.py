"""Every SQL statement about identity providers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.database import set_scope
from crm_app.domains.accounts.models import Membership, Organization, User
from crm_app.domains.sso.models import IdentityProvider, SsoIdentity


async def find_organization_id(session: AsyncSession, slug: str) -> UUID | None:
    """Return the id of the organization with this address name; before a tenant is known."""
    await set_scope(session, "directory", "on")
    found = (
        await session.scalars(select(col(Organization.id)).where(col(Organization.slug) == slug))
    ).one_or_none()
    await set_scope(session, "directory", "")
    return found


async def find_provider(session: AsyncSession, organization_id: UUID) -> IdentityProvider | None:
    """Return the organization's identity provider."""
    statement = select(IdentityProvider).where(col(IdentityProvider.organization_id) == organization_id)
    return (await session.scalars(statement)).one_or_none()


async def find_identity(
    session: AsyncSession, organization_id: UUID, issuer: str, subject: str
) -> SsoIdentity | None:
    """Return the member who is `subject` at `issuer`."""
    statement = select(SsoIdentity).where(
        col(SsoIdentity.organization_id) == organization_id,
        col(SsoIdentity.issuer) == issuer,
        col(SsoIdentity.subject) == subject,
    )
    return (await session.scalars(statement)).one_or_none()


async def find_member_by_email(session: AsyncSession, organization_id: UUID, email: str) -> UUID | None:
    """Return the user with this address, if they have a place in the organization, active or not."""
    statement = (
        select(col(User.id))
        .join(Membership, col(Membership.user_id) == col(User.id))
        .where(
            col(Membership.organization_id) == organization_id,
            col(Membership.removed_at).is_(None),
            col(User.email) == email,
        )
    )
    return (await session.scalars(statement)).one_or_none()


async def touch_identity(session: AsyncSession, identity: SsoIdentity, now: datetime) -> None:
    """Remember that the identity was used."""
    statement = update(SsoIdentity).where(
        col(SsoIdentity.organization_id) == identity.organization_id, col(SsoIdentity.id) == identity.id
    )
    await session.execute(statement.values(last_used_at=now))
