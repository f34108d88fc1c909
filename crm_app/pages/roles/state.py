"""The matrix of roles: what each may do and how far, changed in a draft that is looked at before it is saved."""

from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import ValidationError

from crm_app.core.errors import CrmError, NotFound
from crm_app.domains.accounts import service
from crm_app.domains.accounts.roles import service as roles
from crm_app.domains.accounts.roles.matrix import MODULES, NONE, REACHING, default_matrix
from crm_app.domains.accounts.roles.views import RoleClone, RoleRename, RoleView
from crm_app.pages.base import PageState, handler, notify

MANAGE = "roles.manage"
ALL = "all"
DIALOGS = frozenset({"review", "clone", "rename", "delete"})
_ORDER = [name for module in MODULES for name in module.permissions]


class RolesState(PageState, rx.State):
    """All roles side by side; one of them is chosen, and its column is a draft."""

    rows: list[dict[str, Any]] = []
    members: list[dict[str, str]] = []
    chosen: str = ""
    draft: dict[str, str] = {}
    changes: list[dict[str, str]] = []
    asking: str = ""
    problem: str = ""
    target: str = ""
    loading: bool = True
    failed: bool = False
    busy: bool = False

    @handler(MANAGE)
    async def load(self) -> None:
        """Read all roles; the first that can be changed is chosen."""
        self._watch("member.")
        async with self._opening():
            await self._read()

    async def _read(self, choose: str = "") -> None:
        async with self._work() as (session, actor):
            found = await roles.list_roles(session, actor)
            people = await service.list_members(session, actor)
        self.rows = [_row(role) for role in found]
        self.members = [
            {"id": str(one.user_id), "name": one.name}
            for one in people
            if one.is_active and one.user_id != actor.user_id and one.role != "owner"
        ]
        known = {row["key"] for row in self.rows}
        wanted = choose or self.chosen
        self._begin(wanted if wanted in known else "sales")
        self.busy = False

    def _begin(self, key: str) -> None:
        self.chosen = key
        self.draft = dict(self._row()["matrix"])
        self.changes, self.problem, self.asking = [], "", ""

    def _row(self) -> dict[str, Any]:
        found = next((row for row in self.rows if row["key"] == self.chosen), None)
        if found is None:
            raise NotFound(kind="role")
        return found

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        """Somebody else changed something; a draft that is being made stays."""
        if fact["name"] in {"member.role", "member.changed", "member.added"} and not self.changes:
            await self._read()

    @handler(MANAGE)
    async def choose(self, key: str) -> None:
        """Put another role's column in hand; what was not saved is dropped."""
        if any(row["key"] == key for row in self.rows):
            self._begin(str(key))

    @handler(MANAGE)
    async def change(self, permission: str, reach: str) -> None:
        """Give a permission another reach in the draft."""
        if permission in self.draft and self._row()["editable"]:
            self._draw({**self.draft, permission: str(reach)[:4]})

    @handler(MANAGE)
    async def switch(self, permission: str, wish: bool) -> None:
        """Turn a permission without reach on or off in the draft."""
        if permission in self.draft and self._row()["editable"]:
            self._draw({**self.draft, permission: ALL if wish else NONE})

    @handler(MANAGE)
    async def narrow(self, reach: str) -> None:
        """Give everything that is held in the draft this reach, in one click."""
        if self._row()["editable"] and reach in {"own", "team", ALL}:
            held = {name for name in REACHING if self.draft[name] != NONE}
            self._draw({**self.draft, **dict.fromkeys(held, reach)})

    def _draw(self, draft: dict[str, str]) -> None:
        before = self._row()["matrix"]
        self.draft, self.problem = draft, ""
        self.changes = [
            {"permission": name, "before": before[name], "after": draft[name]}
            for name in _ORDER
            if draft[name] != before[name]
        ]

    @handler(MANAGE)
    async def discard(self) -> None:
        """Let go of the draft."""
        self._begin(self.chosen)

    @handler(MANAGE)
    async def ask(self, what: str) -> None:
        """Open the dialog `what`: review, clone, rename, delete."""
        if what in DIALOGS:
            self.asking, self.problem, self.target = what, "", ""

    @handler(MANAGE)
    async def close(self, wish: bool) -> None:
        """Close whatever dialog is open."""
        if not wish:
            self.asking = self.problem = ""

    @handler(MANAGE)
    async def save(self) -> Any:
        """Save the draft as it was looked at."""
        row = self._row()
        try:
            async with self._work() as (session, actor):
                await roles.save_role(
                    session, actor, key=self.chosen, version=row["version"], matrix=dict(self.draft)
                )
        except CrmError as error:
            self.problem = error.key
            return None
        await self._read()
        return notify("roles.saved")

    @handler(MANAGE)
    async def back_to_standard(self) -> None:
        """Put what the built-in role holds into the draft."""
        standard = next((row["standard"] for row in self.rows if row["key"] == self.chosen), None)
        if standard and self._row()["editable"]:
            self._draw(dict(standard))

    @handler(MANAGE)
    async def clone(self, form: dict[str, Any]) -> Any:
        """Make a role that may do the same as the chosen one."""
        try:
            wanted = RoleClone(key=self.chosen, name=str(form.get("name", "")).strip())
            async with self._work() as (session, actor):
                made = await roles.clone_role(session, actor, key=wanted.key, name=wanted.name)
        except ValidationError:
            self.problem = "roles.name_wrong"
            return None
        except CrmError as error:
            self.problem = error.key
            return None
        await self._read(choose=made.key)
        return notify("roles.cloned", name=made.name or "")

    @handler(MANAGE)
    async def rename(self, form: dict[str, Any]) -> Any:
        """Give the chosen role another name."""
        try:
            wanted = RoleRename(name=str(form.get("name", "")).strip())
            async with self._work() as (session, actor):
                await roles.rename_role(session, actor, role_id=_uuid(self.chosen), name=wanted.name)
        except ValidationError:
            self.problem = "roles.name_wrong"
            return None
        except CrmError as error:
            self.problem = error.key
            return None
        await self._read()
        return notify("roles.renamed", name=wanted.name)

    @handler(MANAGE)
    async def choose_target(self, key: str) -> None:
        """Say which role the members of the one that goes get."""
        self.target, self.problem = str(key), ""

    @handler(MANAGE)
    async def delete(self) -> Any:
        """Remove the chosen role; its members get the other one."""
        name = self._row()["name"]
        try:
            async with self._work() as (session, actor):
                await roles.delete_role(session, actor, role_id=_uuid(self.chosen), to_key=self.target or None)
        except CrmError as error:
            self.problem = error.key
            return None
        await self._read(choose=self.target)
        return notify("roles.deleted", name=name)

    @handler("members.manage")
    async def give(self, user_id: str) -> Any:
        """Give a member the chosen role."""
        async with self._work() as (session, actor):
            await roles.assign_role(session, actor, user_id=_uuid(user_id), key=self.chosen)
        await self._read()
        name = next((one["name"] for one in self.members if one["id"] == user_id), "")
        return notify("roles.given", name=name)


def _row(role: RoleView) -> dict[str, Any]:
    standard = default_matrix(role.based_on)
    return {
        "key": role.key,
        "own": role.id is not None,
        "name": role.name or "",
        "based_on": role.based_on,
        "matrix": role.matrix,
        "standard": {name: standard[name].value if name in standard else NONE for name in role.matrix},
        "members": role.members,
        "version": role.version,
        "editable": role.editable,
        "differs": bool(role.differs),
    }


def _uuid(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise NotFound(kind="role") from error
