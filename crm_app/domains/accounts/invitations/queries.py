"""SQL of invitations."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core import repository as rows
from crm_app.core.sql import fetch_all, fetch_value
from crm_app.domains.accounts.models import Invitation

_WAITING = """
SELECT i.id, i.email, i.role, r.name AS role_name, i.invited_by, u.name AS inviter_name, i.sent_at, i.expires_at
FROM invitation i JOIN app_user u ON u.id = i.invited_by
LEFT JOIN role r ON r.organization_id = i.organization_id AND r.id::text = i.role
WHERE i.organization_id = %(organization_id)s AND i.accepted_at IS NULL AND i.revoked_at IS NULL
ORDER BY i.sent_at DESC, i.id DESC LIMIT 500"""
_IS_MEMBER = """
SELECT EXISTS (SELECT FROM membership m JOIN app_user u ON u.id = m.user_id
WHERE m.organization_id = %(organization_id)s AND u.email = %(email)s AND m.removed_at IS NULL)"""
_INVITED_SINCE = """
SELECT count(*) FROM invitation WHERE organization_id = %(organization_id)s AND sent_at > %(since)s"""


async def list_waiting(session: AsyncSession, organization_id: UUID) -> list[Mapping[str, Any]]:
    """Return the invitations that were neither accepted nor taken back, the latest first."""
    return list(await fetch_all(session, _WAITING, {"organization_id": organization_id}))


async def is_member(session: AsyncSession, organization_id: UUID, email: str) -> bool:
    """Tell whether the person with this address has a place in the organization, active or not."""
    return bool(await fetch_value(session, _IS_MEMBER, {"organization_id": organization_id, "email": email}))


async def count_since(session: AsyncSession, organization_id: UUID, since: datetime) -> int:
    """Return how many invitations were sent since then."""
    return int(await fetch_value(session, _INVITED_SINCE, {"organization_id": organization_id, "since": since}))


async def find_waiting(session: AsyncSession, organization_id: UUID, email: str) -> Invitation | None:
    """Return the invitation that waits for this address."""
    statement = select(Invitation).where(
        col(Invitation.organization_id) == organization_id,
        col(Invitation.email) == email,
        col(Invitation.accepted_at).is_(None),
        col(Invitation.revoked_at).is_(None),
    )
    return (await session.scalars(statement)).first()


async def find_invitation(session: AsyncSession, organization_id: UUID, invitation_id: UUID) -> Invitation | None:
    """Return an invitation as it stands in the database now."""
    statement = (
        select(Invitation)
        .where(col(Invitation.organization_id) == organization_id, col(Invitation.id) == invitation_id)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def get_invitation(session: AsyncSession, organization_id: UUID, invitation_id: UUID) -> Invitation:
    """Return an invitation. Raises `NotFound`."""
    return await rows.get(session, Invitation, organization_id, invitation_id)
