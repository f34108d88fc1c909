"""SQL of the members of an organization: their places, what changed hands, offers of ownership."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core import repository as rows
from crm_app.core.sql import fetch_all, run
from crm_app.domains.accounts.entry.sso_only import SSO
from crm_app.domains.accounts.models import HandOver, Membership, OwnershipOffer, Role, UserSession

_PEOPLE = """
SELECT m.user_id, u.name, u.email, m.role, m.role_id, r.name AS role_name, m.is_active,
       m.created_at AS joined_at, m.removed_at,
       (SELECT max(s.last_seen_at) FROM user_session s
        WHERE s.user_id = m.user_id AND s.organization_id = m.organization_id) AS last_seen_at
FROM membership m JOIN app_user u ON u.id = m.user_id
LEFT JOIN role r ON r.organization_id = m.organization_id AND r.id = m.role_id
WHERE m.organization_id = %(organization_id)s AND m.removed_at IS NULL
ORDER BY u.name, u.id"""


async def list_people(session: AsyncSession, organization_id: UUID) -> list[Mapping[str, Any]]:
    """Return who has a place in the organization, active or not, with when they were last there."""
    return list(await fetch_all(session, _PEOPLE, {"organization_id": organization_id}))


async def lock_members(session: AsyncSession, organization_id: UUID) -> None:
    """Let one change of places at a time happen in an organization, until the transaction ends."""
    # The weaker lock: rows that refer to the organization go on being written.
    statement = "SELECT 1 FROM organization WHERE id = %(organization_id)s FOR NO KEY UPDATE"
    await run(session, statement, {"organization_id": organization_id})


async def find_place(session: AsyncSession, organization_id: UUID, user_id: UUID) -> Membership | None:
    """Return the place of somebody who has not left, as it stands in the database now."""
    statement = (
        select(Membership)
        .where(
            col(Membership.organization_id) == organization_id,
            col(Membership.user_id) == user_id,
            col(Membership.removed_at).is_(None),
        )
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def count_active(session: AsyncSession, organization_id: UUID, role: str | None = None) -> int:
    """Return how many active members there are, of this role when one is given."""
    statement = select(func.count()).where(
        col(Membership.organization_id) == organization_id,
        col(Membership.is_active),
        col(Membership.removed_at).is_(None),
    )
    if role is not None:
        statement = statement.where(col(Membership.role) == role)
    return int(await session.scalar(statement) or 0)


async def count_owners(session: AsyncSession, organization_id: UUID) -> int:
    """Return how many active owners there are."""
    return await count_active(session, organization_id, Role.OWNER)


async def end_sessions(session: AsyncSession, organization_id: UUID, user_id: UUID, now: datetime) -> int:
    """End the sessions in which a person acts for this organization; those of other organizations go on."""
    statement = (
        update(UserSession)
        .where(
            col(UserSession.user_id) == user_id,
            col(UserSession.organization_id) == organization_id,
            col(UserSession.revoked_at).is_(None),
        )
        .values(revoked_at=now)
        .returning(col(UserSession.id))
    )
    return len((await session.execute(statement)).all())


async def method_of_session(session: AsyncSession, session_id: UUID) -> str:
    """Return how the session began; empty when there is no such session."""
    statement = select(col(UserSession.method)).where(col(UserSession.id) == session_id)
    return (await session.scalars(statement)).one_or_none() or ""


async def move_session(session: AsyncSession, session_id: UUID, user_id: UUID, organization_id: UUID) -> bool:
    """Make a person's own session act for another organization; tells whether there was such a session."""
    statement = (
        update(UserSession)
        .where(
            col(UserSession.id) == session_id,
            col(UserSession.user_id) == user_id,
            col(UserSession.revoked_at).is_(None),
            # What an identity provider opened is its own organization and no other.
            col(UserSession.method) != SSO,
        )
        .values(organization_id=organization_id)
        .returning(col(UserSession.id))
    )
    return (await session.execute(statement)).one_or_none() is not None


async def get_hand_over(session: AsyncSession, organization_id: UUID, hand_over_id: UUID) -> HandOver:
    """Return what changed hands in one step. Raises `NotFound`."""
    return await rows.get(session, HandOver, organization_id, hand_over_id)


async def get_offer(session: AsyncSession, organization_id: UUID, offer_id: UUID) -> OwnershipOffer:
    """Return an offer of ownership. Raises `NotFound`."""
    return await rows.get(session, OwnershipOffer, organization_id, offer_id)


async def find_open_offer(session: AsyncSession, organization_id: UUID) -> OwnershipOffer | None:
    """Return the offer of ownership that has not been closed; it may have expired."""
    statement = select(OwnershipOffer).where(
        col(OwnershipOffer.organization_id) == organization_id, col(OwnershipOffer.closed_at).is_(None)
    )
    return (await session.scalars(statement)).one_or_none()


async def names_of(session: AsyncSession, organization_id: UUID, user_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the names of members of the organization, also of those who have left."""
    statement = """
SELECT m.user_id, u.name FROM membership m JOIN app_user u ON u.id = m.user_id
WHERE m.organization_id = %(organization_id)s AND m.user_id = ANY(%(user_ids)s)"""
    found = await fetch_all(session, statement, {"organization_id": organization_id, "user_ids": list(user_ids)})
    return {row["user_id"]: row["name"] for row in found}
