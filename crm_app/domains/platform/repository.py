"""The doors of the platform: functions of the database, each of which looks at the operator's session itself."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.sql import fetch_value
from crm_app.domains.accounts.models import LifeCycleStep, UserSession

_IS_ADMIN = "SELECT is_platform_admin(%(user_id)s)"
_CHANGE_STATE = "SELECT platform_change_state(%(session)s, %(organization)s, %(was)s, %(wanted)s, %(reason)s)"


async def is_admin(session: AsyncSession, user_id: UUID) -> bool:
    """Tell whether a person runs the platform."""
    return bool(await fetch_value(session, _IS_ADMIN, {"user_id": user_id}))


async def change_state(
    session: AsyncSession, operator_session: UUID, organization_id: UUID, was: str, wanted: str, reason: str
) -> bool:
    """Write an organization's new state; False when it is no longer in the state `was`."""
    values = {
        "session": operator_session,
        "organization": organization_id,
        "was": was,
        "wanted": wanted,
        "reason": reason,
    }
    return bool(await fetch_value(session, _CHANGE_STATE, values))


async def end_sessions(session: AsyncSession, organization_id: UUID, now: datetime) -> list[tuple[UUID, UUID]]:
    """End every session that acts for an organization; returns whose they were, and which."""
    statement = (
        update(UserSession)
        .where(col(UserSession.organization_id) == organization_id, col(UserSession.revoked_at).is_(None))
        .values(revoked_at=now)
        .returning(col(UserSession.user_id), col(UserSession.id))
    )
    return [(user_id, session_id) for user_id, session_id in await session.execute(statement)]


async def list_steps(session: AsyncSession, organization_id: UUID) -> list[LifeCycleStep]:
    """Return the steps of an organization's life, the newest first. The transaction must be its own."""
    statement = (
        select(LifeCycleStep)
        .where(col(LifeCycleStep.organization_id) == organization_id)
        .order_by(col(LifeCycleStep.created_at).desc(), col(LifeCycleStep.id))
    )
    return list(await session.scalars(statement))
