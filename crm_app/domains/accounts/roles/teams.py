"""Teams: who works together, and who leads."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.errors import NotFound
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.errors import TeamNameTaken
from crm_app.domains.accounts.events import MemberRoleChanged
from crm_app.domains.accounts.roles import queries as role_queries
from crm_app.domains.accounts.roles.models import Team, TeamMember
from crm_app.domains.accounts.roles.views import TeamMemberView, TeamView

MANAGE = "teams.manage"


async def list_teams(session: AsyncSession, actor: Actor) -> list[TeamView]:
    """Return the teams by name, with their members. Permission `teams.manage` or `members.manage`."""
    if not actor.can("members.manage"):
        actor.require(MANAGE)
    places = await role_queries.list_team_members(session, actor.organization_id)
    return [
        TeamView(
            id=team.id,
            name=team.name,
            members=[
                TeamMemberView(user_id=one["user_id"], name=one["name"], leads=one["leads"])
                for one in places
                if one["team_id"] == team.id
            ],
        )
        for team in await role_queries.list_teams(session, actor.organization_id)
    ]


async def create_team(session: AsyncSession, actor: Actor, *, name: str) -> TeamView:
    """Make a team without members. Raises `TeamNameTaken`."""
    actor.require(MANAGE)
    await _check_name(session, actor, name, but=None)
    team = Team(organization_id=actor.organization_id, name=name)
    session.add(team)
    await session.flush()
    await _audit(session, actor, "team.create", team, None, {"name": name})
    return await _view(session, actor, team.id)


async def rename_team(session: AsyncSession, actor: Actor, *, team_id: UUID, name: str) -> TeamView:
    """Give a team another name. Raises `NotFound`, `TeamNameTaken`."""
    team = await _access(session, actor, team_id)
    await _check_name(session, actor, name, but=team_id)
    before, team.name = team.name, name
    await session.flush()
    await _audit(session, actor, "team.rename", team, {"name": before}, {"name": name})
    return await _view(session, actor, team_id)


async def delete_team(session: AsyncSession, actor: Actor, *, team_id: UUID) -> None:
    """Remove a team; its members stay members of the organization. Raises `NotFound`."""
    team = await _access(session, actor, team_id)
    members = await role_queries.list_user_ids(session, team)
    _tell(session, actor, members)
    await role_queries.delete_team(session, team)
    before = {"name": team.name, "members": [str(one) for one in members]}
    await _audit(session, actor, "team.delete", team, before, None)


async def put_team_member(
    session: AsyncSession, actor: Actor, *, team_id: UUID, user_id: UUID, leads: bool = False
) -> TeamView:
    """Put a member into a team, or change whether they lead it. Raises `NotFound`."""
    team = await _access(session, actor, team_id)
    await service.access_member(session, actor, user_id)
    place = await role_queries.find_team_member(session, team, user_id)
    if place is not None and place.leads == leads:
        return await _view(session, actor, team_id)
    before = {"name": team.name, "leads": place.leads} if place else None
    if place is None:
        place = TeamMember(organization_id=team.organization_id, team_id=team.id, user_id=user_id)
        session.add(place)
    place.leads = leads
    await session.flush()
    _tell(session, actor, await role_queries.list_user_ids(session, team))
    after = {"name": team.name, "user_id": str(user_id), "leads": leads}
    await _audit(session, actor, "team.member", team, before, after)
    return await _view(session, actor, team_id)


async def remove_team_member(session: AsyncSession, actor: Actor, *, team_id: UUID, user_id: UUID) -> TeamView:
    """Take somebody out of a team. Raises `NotFound` for the team or somebody who is not in it."""
    team = await _access(session, actor, team_id)
    if await role_queries.find_team_member(session, team, user_id) is None:
        raise NotFound(kind="member")
    _tell(session, actor, await role_queries.list_user_ids(session, team))
    await role_queries.remove_team_member(session, team, user_id)
    await _audit(session, actor, "team.member", team, {"name": team.name, "user_id": str(user_id)}, None)
    return await _view(session, actor, team_id)


async def _access(session: AsyncSession, actor: Actor, team_id: UUID) -> Team:
    actor.require(MANAGE)
    team = await role_queries.find_team(session, actor.organization_id, team_id)
    if team is None:
        raise NotFound(kind="team")
    return team


async def _check_name(session: AsyncSession, actor: Actor, name: str, *, but: UUID | None) -> None:
    if await role_queries.is_team_name_taken(session, actor.organization_id, name, but=but):
        raise TeamNameTaken(field="name")


async def _view(session: AsyncSession, actor: Actor, team_id: UUID) -> TeamView:
    return next(one for one in await list_teams(session, actor) if one.id == team_id)


def _tell(session: AsyncSession, actor: Actor, user_ids: Iterable[UUID]) -> None:
    """Whoever shares a team sees other things than before."""
    for user_id in user_ids:
        announce(session, MemberRoleChanged(organization_id=actor.organization_id, user_id=user_id))


async def _audit(
    session: AsyncSession,
    actor: Actor,
    action: str,
    team: Team,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    await service.audit(session, actor, action, "team", team.id, before=before, after=after)
