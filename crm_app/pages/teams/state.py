"""Teams: who is in which, and who leads."""

from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import ValidationError

from crm_app.core.errors import CrmError, NotFound
from crm_app.domains.accounts import service
from crm_app.domains.accounts.roles import teams
from crm_app.domains.accounts.roles.views import TeamName, TeamView
from crm_app.pages.base import PageState, handler, notify

MANAGE = "teams.manage"


class TeamsState(PageState, rx.State):
    """The teams, each with its members."""

    rows: list[dict[str, Any]] = []
    people: list[dict[str, str]] = []
    asking: str = ""
    target_id: str = ""
    target_name: str = ""
    problem: str = ""
    loading: bool = True
    failed: bool = False

    @handler(MANAGE)
    async def load(self) -> None:
        """Read all teams."""
        self._watch("member.")
        async with self._opening():
            await self._read()

    async def _read(self) -> None:
        async with self._work() as (session, actor):
            found = await teams.list_teams(session, actor)
            people = await service.list_members(session, actor)
        self.people = [{"id": str(one.user_id), "name": one.name} for one in people if one.is_active]
        self.rows = [_row(team, self.people) for team in found]

    async def _on_fact(self, _fact: dict[str, Any]) -> None:
        """Somebody came, went, or was moved by somebody else."""
        await self._read()

    @handler(MANAGE)
    async def ask(self, what: str, team_id: str) -> None:
        """Open the dialog `what` (create, rename, delete), about a team or about none."""
        known = next((row for row in self.rows if row["id"] == team_id), None)
        if what not in {"create", "rename", "delete"} or (known is None and what != "create"):
            raise NotFound(kind="team")
        self.asking, self.problem = what, ""
        self.target_id, self.target_name = (known["id"], known["name"]) if known else ("", "")

    @handler(MANAGE)
    async def close(self, wish: bool) -> None:
        """Close whatever dialog is open."""
        if not wish:
            self.asking = self.problem = ""

    @handler(MANAGE)
    async def submit(self, form: dict[str, Any]) -> Any:
        """Make a team, or give one another name."""
        creating = self.asking == "create"
        try:
            name = TeamName(name=str(form.get("name", "")).strip()).name
            async with self._work() as (session, actor):
                if creating:
                    await teams.create_team(session, actor, name=name)
                else:
                    await teams.rename_team(session, actor, team_id=_uuid(self.target_id), name=name)
        except ValidationError:
            self.problem = "teams.name_wrong"
            return None
        except CrmError as error:
            self.problem = error.key
            return None
        self.asking = ""
        await self._read()
        return notify("teams.created" if creating else "teams.renamed", name=name)

    @handler(MANAGE)
    async def delete(self) -> Any:
        """Remove the team; its members stay in the organization."""
        async with self._work() as (session, actor):
            await teams.delete_team(session, actor, team_id=_uuid(self.target_id))
        self.asking = ""
        await self._read()
        return notify("teams.deleted", name=self.target_name)

    @handler(MANAGE)
    async def put(self, team_id: str, user_id: str) -> None:
        """Put somebody into a team."""
        await self._put(team_id, user_id, leads=False)

    @handler(MANAGE)
    async def lead(self, team_id: str, user_id: str, wish: bool) -> None:
        """Say whether somebody leads the team."""
        await self._put(team_id, user_id, leads=bool(wish))

    async def _put(self, team_id: str, user_id: str, *, leads: bool) -> None:
        async with self._work() as (session, actor):
            await teams.put_team_member(
                session, actor, team_id=_uuid(team_id), user_id=_uuid(user_id), leads=leads
            )
        await self._read()

    @handler(MANAGE)
    async def take_out(self, team_id: str, user_id: str) -> Any:
        """Take somebody out of a team; it can be undone."""
        row = next((row for row in self.rows if row["id"] == team_id), {"members": []})
        gone = next((one for one in row["members"] if one["id"] == user_id), None)
        async with self._work() as (session, actor):
            await teams.remove_team_member(session, actor, team_id=_uuid(team_id), user_id=_uuid(user_id))
        await self._read()
        back = TeamsState.lead(team_id, user_id, bool(gone and gone["leads"]))
        return notify("teams.taken_out", undo=back, name=gone["name"] if gone else "")


def _row(team: TeamView, people: list[dict[str, str]]) -> dict[str, Any]:
    inside = {str(one.user_id) for one in team.members}
    return {
        "id": str(team.id),
        "name": team.name,
        "members": [{"id": str(one.user_id), "name": one.name, "leads": one.leads} for one in team.members],
        "others": [one for one in people if one["id"] not in inside],
    }


def _uuid(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise NotFound(kind="team") from error
