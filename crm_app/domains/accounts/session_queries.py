"""SQL statements about a person's own sessions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.domains.accounts.models import UserSession


async def list_sessions(session: AsyncSession, user_id: UUID, now: datetime) -> Sequence[UserSession]:
    """Return the person's sessions that are valid now, the last used first."""
    statement = (
        select(UserSession)
        .where(
            col(UserSession.user_id) == user_id,
            col(UserSession.revoked_at).is_(None),
            col(UserSession.expires_at) > now,
        )
        .order_by(col(UserSession.last_seen_at).desc(), col(UserSession.id))
    )
    return (await session.scalars(statement)).all()


async def find_own_session(session: AsyncSession, user_id: UUID, session_id: UUID | None) -> UserSession | None:
    """Return one session of the person."""
    statement = select(UserSession).where(col(UserSession.user_id) == user_id, col(UserSession.id) == session_id)
    return (await session.scalars(statement.execution_options(populate_existing=True))).one_or_none()
