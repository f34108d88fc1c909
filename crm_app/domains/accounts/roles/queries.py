"""SQL of roles and teams: what a session needs of them, and their rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.sql import Row, fetch_all, fetch_one
from crm_app.domains.accounts.models import Membership
from crm_app.domains.accounts.roles.models import OwnRole, Team, TeamMember
from crm_app.domains.plans.repository import ENTITLED

_ACCESS = f"""
SELECT {ENTITLED},
       (SELECT r.changes FROM role r WHERE r.organization_id = %(organization_id)s
          AND (r.id = %(role_id)s OR %(role_id)s::uuid IS NULL AND r.name IS NULL AND r.based_on = %(role)s)
       ) AS changes,
       coalesce(array_agg(DISTINCT other.user_id) FILTER (WHERE other.user_id IS NOT NULL), '{{}}') AS colleagues,
       coalesce(array_agg(DISTINCT other.user_id) FILTER (WHERE mine.leads AND other.user_id IS NOT NULL), '{{}}')
         AS led
FROM team_member mine
JOIN team_member other ON other.organization_id = mine.organization_id AND other.team_id = mine.team_id
WHERE mine.organization_id = %(organization_id)s AND mine.user_id = %(user_id)s"""  # noqa: S608

_COUNTS = """
SELECT role, role_id, count(*) AS members FROM membership
WHERE organization_id = %(organization_id)s AND removed_at IS NULL GROUP BY role, role_id"""

_TEAM_MEMBERS = """
SELECT t.team_id, t.user_id, t.leads, u.name
FROM team_member t JOIN app_user u ON u.id = t.user_id
JOIN membership m ON m.organization_id = t.organization_id AND m.user_id = t.user_id AND m.removed_at IS NULL
WHERE t.organization_id = %(organization_id)s ORDER BY u.name, u.id"""


async def load_access(
    session: AsyncSession, organization_id: UUID, user_id: UUID, role: str, role_id: UUID | None, now: datetime
) -> Row:
    """Return `changes` of the member's role, the `colleagues` in their teams, those whom they `led`, and what the
    member may use of the product."""
    values = {
        "organization_id": organization_id,
        "user_id": user_id,
        "role": role,
        "role_id": role_id,
        "now": now,
    }
    found = await fetch_one(session, _ACCESS, values)
    assert found is not None  # an aggregate always has a row
    return found


async def list_roles(session: AsyncSession, organization_id: UUID) -> Sequence[OwnRole]:
    """Return the organization's own roles by name, and its changes of built-in ones."""
    statement = select(OwnRole).where(col(OwnRole.organization_id) == organization_id).order_by(col(OwnRole.name))
    return (await session.scalars(statement)).all()


async def find_role(session: AsyncSession, organization_id: UUID, role_id: UUID) -> OwnRole | None:
    """Return a role of the organization's own, locked."""
    statement = (
        select(OwnRole)
        .where(
            col(OwnRole.organization_id) == organization_id,
            col(OwnRole.id) == role_id,
            col(OwnRole.name).is_not(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def find_change(session: AsyncSession, organization_id: UUID, built_in: str) -> OwnRole | None:
    """Return what the organization has changed in a built-in role, locked."""
    statement = (
        select(OwnRole)
        .where(
            col(OwnRole.organization_id) == organization_id,
            col(OwnRole.based_on) == built_in,
            col(OwnRole.name).is_(None),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def count_members(session: AsyncSession, organization_id: UUID) -> list[Row]:
    """Return (role, role_id, members) of everybody with a place in the organization."""
    return await fetch_all(session, _COUNTS, {"organization_id": organization_id})


async def list_holders(
    session: AsyncSession, organization_id: UUID, role: str, role_id: UUID | None
) -> list[UUID]:
    """Return the users who hold a role of the organization's own, or with None the built-in one itself."""
    statement = select(col(Membership.user_id)).where(
        col(Membership.organization_id) == organization_id,
        col(Membership.role_id) == role_id if role_id else col(Membership.role_id).is_(None),
    )
    if role_id is None:
        statement = statement.where(col(Membership.role) == role)
    return list((await session.scalars(statement)).all())


async def move_holders(
    session: AsyncSession, organization_id: UUID, role_id: UUID, *, role: str, to_role_id: UUID | None
) -> None:
    """Give everybody who holds `role_id`, also who has left, another role."""
    await session.execute(
        update(Membership)
        .where(col(Membership.organization_id) == organization_id, col(Membership.role_id) == role_id)
        .values(role=role, role_id=to_role_id)
    )


async def is_name_taken(session: AsyncSession, organization_id: UUID, name: str, *, but: UUID | None) -> bool:
    """Tell whether another role has this name, whatever its case."""
    statement = select(func.count()).where(
        col(OwnRole.organization_id) == organization_id, func.lower(col(OwnRole.name)) == name.lower()
    )
    if but is not None:
        statement = statement.where(col(OwnRole.id) != but)
    return bool(await session.scalar(statement))


async def delete_role(session: AsyncSession, role: OwnRole) -> None:
    """Remove a role."""
    await session.delete(role)
    await session.flush()


# --- teams ----------------------------------------------------------------------------------------------


async def list_teams(session: AsyncSession, organization_id: UUID) -> Sequence[Team]:
    """Return the teams by name."""
    statement = select(Team).where(col(Team.organization_id) == organization_id).order_by(col(Team.name))
    return (await session.scalars(statement)).all()


async def list_team_members(session: AsyncSession, organization_id: UUID) -> list[Row]:
    """Return (team_id, user_id, leads, name) of all teams, by name."""
    return await fetch_all(session, _TEAM_MEMBERS, {"organization_id": organization_id})


async def find_team(session: AsyncSession, organization_id: UUID, team_id: UUID) -> Team | None:
    """Return a team, locked."""
    statement = (
        select(Team)
        .where(col(Team.organization_id) == organization_id, col(Team.id) == team_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def is_team_name_taken(session: AsyncSession, organization_id: UUID, name: str, *, but: UUID | None) -> bool:
    """Tell whether another team has this name, whatever its case."""
    statement = select(func.count()).where(
        col(Team.organization_id) == organization_id, func.lower(col(Team.name)) == name.lower()
    )
    if but is not None:
        statement = statement.where(col(Team.id) != but)
    return bool(await session.scalar(statement))


async def find_team_member(session: AsyncSession, team: Team, user_id: UUID) -> TeamMember | None:
    """Return somebody's place in a team."""
    statement = select(TeamMember).where(
        col(TeamMember.organization_id) == team.organization_id,
        col(TeamMember.team_id) == team.id,
        col(TeamMember.user_id) == user_id,
    )
    return (await session.scalars(statement)).one_or_none()


async def list_user_ids(session: AsyncSession, team: Team) -> list[UUID]:
    """Return who is in a team."""
    statement = select(col(TeamMember.user_id)).where(
        col(TeamMember.organization_id) == team.organization_id, col(TeamMember.team_id) == team.id
    )
    return list((await session.scalars(statement)).all())


async def remove_team_member(session: AsyncSession, team: Team, user_id: UUID) -> None:
    """Take somebody out of a team."""
    await session.execute(
        delete(TeamMember).where(
            col(TeamMember.organization_id) == team.organization_id,
            col(TeamMember.team_id) == team.id,
            col(TeamMember.user_id) == user_id,
        )
    )


async def delete_team(session: AsyncSession, team: Team) -> Any:
    """Remove a team with its places."""
    await session.delete(team)
    await session.flush()
