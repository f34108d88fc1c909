"""The doors of the platform: functions of the database, each of which looks at the operator's session itself."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.sql import Row, fetch_all, fetch_one, fetch_value
from crm_app.domains.accounts.models import UserSession

_CHANGE_STATE = "SELECT platform_change_state(%(session)s, %(organization)s, %(was)s, %(wanted)s, %(reason)s)"
_LIST = """
SELECT * FROM platform_organizations(%(session)s, %(words)s::varchar, %(state)s::varchar, %(before)s::uuid,
                                     %(size)s::integer)"""
_DETAIL = "SELECT * FROM platform_organization(%(session)s, %(organization)s)"
_OWNERS = "SELECT * FROM platform_owners(%(session)s, %(organization)s)"
_STEPS = "SELECT * FROM platform_steps(%(session)s, %(organization)s)"
_USAGE = "SELECT * FROM platform_usage(%(session)s, %(month)s)"
_DEAD_LETTERS = "SELECT * FROM platform_dead_letters(%(session)s)"
_ENTRIES = """
SELECT * FROM platform_entries(%(session)s, coalesce(%(till)s::timestamptz, 'infinity'), %(size)s::integer)"""


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


async def list_organizations(
    session: AsyncSession, operator_session: UUID, words: str, state: str, before: UUID | None, size: int
) -> list[Row]:
    """Return organizations with their figures, the newest first."""
    values = {"session": operator_session, "words": words, "state": state, "before": before, "size": size}
    return await fetch_all(session, _LIST, values)


async def find_organization(session: AsyncSession, operator_session: UUID, organization_id: UUID) -> Row | None:
    """Return one organization with its figures."""
    return await fetch_one(session, _DETAIL, {"session": operator_session, "organization": organization_id})


async def list_owners(session: AsyncSession, operator_session: UUID, organization_id: UUID) -> list[Row]:
    """Return the owners of an organization."""
    return await fetch_all(session, _OWNERS, {"session": operator_session, "organization": organization_id})


async def list_steps(session: AsyncSession, operator_session: UUID, organization_id: UUID) -> list[Row]:
    """Return the steps of an organization's life, the newest first."""
    return await fetch_all(session, _STEPS, {"session": operator_session, "organization": organization_id})


async def read_usage(session: AsyncSession, operator_session: UUID, month: date) -> list[Row]:
    """Return what every organization has used in a month, and its messages of the month before."""
    return await fetch_all(session, _USAGE, {"session": operator_session, "month": month})


async def count_dead_letters(session: AsyncSession, operator_session: UUID) -> Row:
    """Return how many messages did not leave and how many events were not understood, of all organizations."""
    return await fetch_one(session, _DEAD_LETTERS, {"session": operator_session}) or {}


async def list_entries(
    session: AsyncSession, operator_session: UUID, till: datetime | None, size: int
) -> list[Row]:
    """Return the platform's record from before a moment, newest first."""
    values = {"session": operator_session, "till": till, "size": size}
    return await fetch_all(session, _ENTRIES, values)
