"""Who works together."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from crm_app.api.deps import CurrentActor
from crm_app.api.pagination import PageView
from crm_app.core.database import unit_of_work
from crm_app.domains.accounts.roles import teams
from crm_app.domains.accounts.roles.views import TeamName, TeamView

router = APIRouter(prefix="/api/v1/teams", tags=["teams"])


class Place(BaseModel):
    """Somebody's place in a team."""

    model_config = ConfigDict(extra="forbid")

    leads: bool = False


@router.get("")
async def list_teams(actor: CurrentActor) -> PageView[TeamView]:
    """List all teams on one page, by name."""
    async with unit_of_work(actor) as session:
        return PageView(items=await teams.list_teams(session, actor), next_cursor=None)


@router.post("", status_code=201)
async def create_team(actor: CurrentActor, data: TeamName) -> TeamView:
    """Make a team."""
    async with unit_of_work(actor) as session:
        return await teams.create_team(session, actor, name=data.name)


@router.patch("/{team_id}")
async def rename_team(actor: CurrentActor, team_id: UUID, data: TeamName) -> TeamView:
    """Give a team another name."""
    async with unit_of_work(actor) as session:
        return await teams.rename_team(session, actor, team_id=team_id, name=data.name)


@router.delete("/{team_id}", status_code=204)
async def delete_team(actor: CurrentActor, team_id: UUID) -> None:
    """Remove a team; its members stay."""
    async with unit_of_work(actor) as session:
        await teams.delete_team(session, actor, team_id=team_id)


@router.put("/{team_id}/members/{user_id}")
async def put_team_member(actor: CurrentActor, team_id: UUID, user_id: UUID, data: Place) -> TeamView:
    """Put a member into a team, or say whether they lead it."""
    async with unit_of_work(actor) as session:
        return await teams.put_team_member(session, actor, team_id=team_id, user_id=user_id, leads=data.leads)


@router.delete("/{team_id}/members/{user_id}")
async def remove_team_member(actor: CurrentActor, team_id: UUID, user_id: UUID) -> TeamView:
    """Take somebody out of a team."""
    async with unit_of_work(actor) as session:
        return await teams.remove_team_member(session, actor, team_id=team_id, user_id=user_id)
