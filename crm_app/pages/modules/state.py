"""What the organization may use: its plan, every module with the reason, the limits, and who was chosen."""

from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.core.errors import NotFound
from crm_app.domains.accounts import service as accounts
from crm_app.domains.modules import service
from crm_app.domains.modules.schemas import LimitView, ModuleView, PlanName
from crm_app.pages.base import PageState, handler, notify

MANAGE = "organization.manage"
_NEARLY = 0.8


class ModulesState(PageState, rx.State):
    """The modules, those that are there first."""

    plan: str = ""
    rows: list[dict[str, Any]] = []
    limits: list[dict[str, Any]] = []
    people: list[dict[str, str]] = []
    loading: bool = True
    failed: bool = False

    @handler(MANAGE)
    async def load(self) -> None:
        """Read what the organization has."""
        self._watch("member.")
        async with self._opening():
            await self._read()

    async def _read(self) -> None:
        async with self._work() as (session, actor):
            found = await service.read_modules(session, actor)
            members = await accounts.list_members(session, actor)
        self.people = [{"id": str(one.user_id), "name": one.name} for one in members if one.is_active]
        self.plan = found.plan.name
        rows = [_row(one, found.plan, self.people) for one in found.modules]
        self.rows = sorted(rows, key=lambda row: bool(row["for_whom"] == "nobody"))
        self.limits = [_limit(one) for one in found.limits]

    async def _on_fact(self, _fact: dict[str, Any]) -> None:
        """Somebody came, went, or was chosen by somebody else."""
        await self._read()

    @handler(MANAGE)
    async def choose(self, module: str, user_id: str) -> Any:
        """Give a member a module that is for the chosen only."""
        async with self._work() as (session, actor):
            await service.choose_member(session, actor, module=str(module), user_id=_uuid(user_id))
        await self._read()
        return notify("modules.chosen", name=self._name(user_id))

    @handler(MANAGE)
    async def unchoose(self, module: str, user_id: str) -> Any:
        """Take such a module from a member; it can be undone."""
        async with self._work() as (session, actor):
            await service.unchoose_member(session, actor, module=str(module), user_id=_uuid(user_id))
        await self._read()
        back = ModulesState.choose(module, user_id)
        return notify("modules.unchosen", undo=back, name=self._name(user_id))

    def _name(self, user_id: str) -> str:
        return next((one["name"] for one in self.people if one["id"] == user_id), "")


def _row(module: ModuleView, own: PlanName, people: list[dict[str, str]]) -> dict[str, Any]:
    chosen = {str(one) for one in module.chosen}
    return {
        "key": module.key,
        "access": module.access,
        "for_whom": module.for_whom,
        "why": module.why,
        "until": module.until.isoformat() if module.until else "",
        "plans": ", ".join(one.name for one in module.plans if one.key != own.key),
        "chosen": [one for one in people if one["id"] in chosen],
        "others": [one for one in people if one["id"] not in chosen],
    }


def _limit(limit: LimitView) -> dict[str, Any]:
    most = limit.most or 0
    fraction = min(1.0, limit.used / most) if most else float(limit.most == 0)
    tone = "da" if limit.most is not None and limit.used >= most else "wa" if fraction >= _NEARLY else ""
    return {
        "name": limit.name,
        "used": limit.used,
        "most": most,
        "limited": limit.most is not None,
        "fraction": fraction,
        "tone": tone,
    }


def _uuid(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise NotFound(kind="member") from error
