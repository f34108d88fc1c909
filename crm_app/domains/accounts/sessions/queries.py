"""SQL statements about a person's own sessions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.domains.accounts.models import UserSession
from crm_app.domains.accounts.rules import SESSION_IDLE


async def list_sessions(
    session: AsyncSession, user_id: UUID, now: datetime, *, within: UUID | None
) -> Sequence[UserSession]:
    """Return the person's sessions that are valid now, the last used first; `within` one organization, or all."""
    statement = (
        select(UserSession)
        .where(
            col(UserSession.user_id) == user_id,
            col(UserSession.revoked_at).is_(None),
            col(UserSession.expires_at) > now,
            col(UserSession.last_seen_at) > now - SESSION_IDLE,
            *_inside(within),
        )
        .order_by(col(UserSession.last_seen_at).desc(), col(UserSession.id))
    )
    return (await session.scalars(statement)).all()


def _inside(organization_id: UUID | None) -> list[ColumnElement[bool]]:
    return [] if organization_id is None else [col(UserSession.organization_id) == organization_id]


async def find_own_session(
    session: AsyncSession, user_id: UUID, session_id: UUID | None, *, within: UUID | None = None
) -> UserSession | None:
    """Return one session of the person, `within` one organization when one is given."""
    statement = select(UserSession).where(
        col(UserSession.user_id) == user_id, col(UserSession.id) == session_id, *_inside(within)
    )
    return (await session.scalars(statement.execution_options(populate_existing=True))).one_or_none()
