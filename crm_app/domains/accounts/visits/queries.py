"""SQL of visits, and of the sessions in which they happen."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.domains.accounts.models import UserSession
from crm_app.domains.accounts.visits.models import VisitRecord


async def visit_of_session(session: AsyncSession, session_id: UUID) -> tuple[UUID, UUID] | None:
    """Return (organization, visit) of the visit that happens in a session. Needs no tenant."""
    statement = select(col(UserSession.visited_id), col(UserSession.visit_id)).where(
        col(UserSession.id) == session_id, col(UserSession.visit_id).is_not(None)
    )
    row = (await session.execute(statement)).one_or_none()
    return (row[0], row[1]) if row and row[0] and row[1] else None


async def list_cut_off(session: AsyncSession, user_id: UUID) -> list[tuple[UUID, UUID]]:
    """Return (organization, visit) of visits whose session has been ended. Needs no tenant."""
    statement = select(col(UserSession.visited_id), col(UserSession.visit_id)).where(
        col(UserSession.user_id) == user_id,
        col(UserSession.visit_id).is_not(None),
        col(UserSession.revoked_at).is_not(None),
    )
    found = (await session.execute(statement)).all()
    return [(row[0], row[1]) for row in found if row[0] and row[1]]


async def put_into_session(
    session: AsyncSession, session_id: UUID, user_id: UUID, place: tuple[UUID, UUID] | None
) -> bool:
    """Have a visit happen in a person's session, or none; tells whether there is such a session."""
    visited_id, visit_id = place or (None, None)
    statement = (
        update(UserSession)
        .where(col(UserSession.id) == session_id, col(UserSession.user_id) == user_id)
        .values(visited_id=visited_id, visit_id=visit_id)
        .returning(col(UserSession.id))
    )
    if place is not None:
        statement = statement.where(col(UserSession.revoked_at).is_(None))
    return (await session.execute(statement)).one_or_none() is not None


async def find_visit(session: AsyncSession, organization_id: UUID, visit_id: UUID) -> VisitRecord | None:
    """Return a visit of the organization, as it stands now."""
    statement = (
        select(VisitRecord)
        .where(col(VisitRecord.organization_id) == organization_id, col(VisitRecord.id) == visit_id)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def close_visit(session: AsyncSession, organization_id: UUID, visit_id: UUID, now: datetime) -> bool:
    """End a visit; tells whether it was open, so that only one of several who end it at once does."""
    statement = (
        update(VisitRecord)
        .where(
            col(VisitRecord.organization_id) == organization_id,
            col(VisitRecord.id) == visit_id,
            col(VisitRecord.ended_at).is_(None),
        )
        .values(ended_at=now)
        .returning(col(VisitRecord.id))
    )
    return (await session.execute(statement)).one_or_none() is not None


async def find_support(session: AsyncSession, organization_id: UUID, now: datetime) -> VisitRecord | None:
    """Return the visit of support that is open in the organization, the one that lasts longest."""
    statement = (
        select(VisitRecord)
        .where(
            col(VisitRecord.organization_id) == organization_id,
            col(VisitRecord.kind) == "support",
            col(VisitRecord.ended_at).is_(None),
            col(VisitRecord.expires_at) > now,
        )
        .order_by(col(VisitRecord.expires_at).desc())
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()
