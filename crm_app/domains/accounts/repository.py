"""Every SQL statement about organizations, people, sessions and the audit trail."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.database import set_scope
from crm_app.core.life_cycle import STANDINGS
from crm_app.core.sql import fetch_value, run, run_at_commit
from crm_app.domains.accounts.models import Membership, Organization, User, UserSession

_INSERT_AUDIT_ENTRY = """
INSERT INTO audit_entry (organization_id, id, created_at, user_id, on_behalf_of, action, entity_type, entity_id,
                         before, after, ip, trace_id)
VALUES (%(organization_id)s, %(id)s, %(created_at)s, %(user_id)s, %(on_behalf_of)s, %(action)s, %(entity_type)s,
        %(entity_id)s, %(before)s, %(after)s, %(ip)s, %(trace_id)s)"""


_NOTE_FOR_PLATFORM = """
SELECT platform_note(%(user_id)s, %(action)s, %(concerns)s, %(before)s, %(after)s, %(ip)s, %(trace_id)s)"""


async def find_user_by_email(session: AsyncSession, email: str) -> User | None:
    """Return the user with this normalised address."""
    return (await session.scalars(select(User).where(col(User.email) == email))).one_or_none()


async def find_user(session: AsyncSession, user_id: UUID) -> User | None:
    """Return the user with this id."""
    return await session.get(User, user_id)


async def find_session(session: AsyncSession, token_hash: bytes) -> tuple[UserSession, User, bool] | None:
    """Return the session stored under this hash, whether it is still valid or not, its user, and whether that
    person runs the platform."""
    statement = (
        select(UserSession, User, func.is_platform_admin(col(User.id)))
        .join(User, col(User.id) == col(UserSession.user_id))
        .where(col(UserSession.token_hash) == token_hash)
    )
    row = (await session.execute(statement)).one_or_none()
    return (row[0], row[1], bool(row[2])) if row else None


async def runs_platform(session: AsyncSession, user_id: UUID) -> bool:
    """Tell whether a person is an administrator of the platform."""
    return bool(await session.scalar(select(func.is_platform_admin(user_id))))


async def list_own_memberships(
    session: AsyncSession, user_id: UUID, *, closed: bool = False
) -> Sequence[Row[Membership, Organization]]:
    """Return the user's active memberships and their organizations, oldest first: those that let their people in,
    or with `closed` the others.

    Needs the scope `user_id` in a transaction without a tenant.
    """
    shut = col(Organization.state).in_([state for state, standing in STANDINGS.items() if not standing.enters])
    statement = (
        select(Membership, Organization)
        .join(Organization, col(Organization.id) == col(Membership.organization_id))
        .where(col(Membership.user_id) == user_id, col(Membership.is_active), shut if closed else ~shut)
        .order_by(col(Membership.created_at), col(Membership.id))
    )
    return (await session.execute(statement)).all()


async def list_members(session: AsyncSession, organization_id: UUID) -> Sequence[Row[Membership, User]]:
    """Return everybody in the organization, by name."""
    statement = (
        select(Membership, User)
        .join(User, col(User.id) == col(Membership.user_id))
        .where(col(Membership.organization_id) == organization_id)
        .order_by(col(User.name), col(User.id))
    )
    return (await session.execute(statement)).all()


async def find_membership(session: AsyncSession, organization_id: UUID, user_id: UUID) -> Membership | None:
    """Return the user's place in the organization."""
    statement = select(Membership).where(
        col(Membership.organization_id) == organization_id, col(Membership.user_id) == user_id
    )
    return (await session.scalars(statement)).one_or_none()


async def find_organization(session: AsyncSession, organization_id: UUID) -> Organization | None:
    """Return the organization of the current transaction."""
    return await session.get(Organization, organization_id)


async def list_organization_ids(session: AsyncSession) -> Sequence[UUID]:
    """Return the ids of all organizations; needs the scope `directory`."""
    return (await session.scalars(select(col(Organization.id)).order_by(col(Organization.id)))).all()


async def list_working_organization_ids(session: AsyncSession) -> Sequence[UUID]:
    """Return the ids of the organizations that do work; needs the scope `directory`."""
    working = [state for state, standing in STANDINGS.items() if standing.works]
    statement = select(col(Organization.id)).where(col(Organization.state).in_(working))
    return (await session.scalars(statement.order_by(col(Organization.id)))).all()


async def touch_session(session: AsyncSession, session_id: UUID, now: datetime) -> None:
    """Note that the session was used."""
    await session.execute(update(UserSession).where(col(UserSession.id) == session_id).values(last_seen_at=now))


async def revoke_sessions(
    session: AsyncSession,
    user_id: UUID,
    now: datetime,
    session_id: UUID | None = None,
    *,
    within: UUID | None = None,
) -> int:
    """End one session of the user, or all (`within` one organization); returns how many ended."""
    statement = update(UserSession).where(
        col(UserSession.user_id) == user_id, col(UserSession.revoked_at).is_(None)
    )
    if session_id is not None:
        statement = statement.where(col(UserSession.id) == session_id)
    if within is not None:
        statement = statement.where(col(UserSession.organization_id) == within)
    ended = await session.execute(statement.values(revoked_at=now).returning(col(UserSession.id)))
    return len(ended.all())


async def forget_pending_entries(session: AsyncSession, user_id: UUID) -> None:
    """Remove the user's sign-ins that wait for their second factor."""
    await run(session, "DELETE FROM pending_entry WHERE user_id = %(user_id)s", {"user_id": user_id})


def insert_audit_entry(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Insert a row of the audit trail when the session commits."""
    run_at_commit(session, _INSERT_AUDIT_ENTRY, values)


def insert_platform_entry(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Insert a row of the platform's record when the session commits."""
    run_at_commit(session, _NOTE_FOR_PLATFORM, values, shared=True)


async def is_platform_admin(session: AsyncSession, user_id: UUID) -> bool:
    """Tell whether a person runs the platform."""
    return bool(await fetch_value(session, "SELECT is_platform_admin(%(user_id)s)", {"user_id": user_id}))


async def free_slug(session: AsyncSession, wanted: str) -> str:
    """Return `wanted`, or `wanted-2`, `wanted-3`, … when others have it already (of all organizations)."""
    await set_scope(session, "directory", "on")
    taken = set(
        await session.scalars(select(col(Organization.slug)).where(col(Organization.slug).startswith(wanted)))
    )
    return next(slug for slug in _candidates(wanted) if slug not in taken)


def _candidates(wanted: str) -> Iterator[str]:
    yield wanted
    yield from (f"{wanted}-{number}" for number in count(2))
