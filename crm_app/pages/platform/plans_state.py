"""All plans beside each other, and the dialog about one of them: its fields, then what they change."""

from typing import Any

import reflex as rx

from crm_app.core.errors import CrmError
from crm_app.domains.platform import plans
from crm_app.domains.platform.errors import PlanChangedMeanwhile, PlanGone
from crm_app.pages.base import PLATFORM, handler, notify
from crm_app.pages.platform import plan_draft
from crm_app.pages.platform.gate import PlatformState

_NEW = plan_draft.new_row(0)


class PlansState(PlatformState, rx.State):
    """The plans in their order; in the dialog one of them, or a new one."""

    rows: list[dict[str, Any]] = []
    asking: str = ""
    """The open dialog: `form`, `review` or `retire`."""
    one: dict[str, Any] = _NEW
    """The plan that the dialog is about, as it was read; a new one has version 0."""
    typed: dict[str, Any] = plan_draft.typed_of(_NEW)
    everything: bool = False
    suggested: str = ""
    wrong: dict[str, str] = {}
    changes: list[dict[str, Any]] = []
    takes_away: bool = False
    begins_before: str = ""
    """The plan with which new organizations begin so far."""
    problem: str = ""
    loading: bool = True
    failed: bool = False
    _own_key: bool = False

    @handler(PLATFORM)
    async def load(self) -> None:
        """Read all plans; runs on load and on retry."""
        self._forget()
        await self._read()

    async def _read(self) -> None:
        async with self._opening(), self._platform(PlansState.load) as (session, actor):
            found = await plans.compare_plans(session, actor)
            self.rows = [plan_draft.row_of(plan) for plan in found]
            self.begins_before = next((plan.name for plan in found if plan.is_default), "")

    def _forget(self) -> None:
        self.asking = self.problem = self.suggested = ""

    @handler(PLATFORM)
    async def begin(self) -> None:
        """Open the dialog about a new plan, after all others."""
        last = max((row["position"] for row in self.rows), default=0)
        self._open(plan_draft.new_row(min(last + 1, plan_draft.LAST_PLACE)))

    @handler(PLATFORM)
    async def edit(self, key: str) -> None:
        """Open the dialog about a plan."""
        found = self._find(key)
        if found is not None:
            self._open(found)

    def _find(self, key: str) -> dict[str, Any] | None:
        return next((row for row in self.rows if row["key"] == key), None)

    def _open(self, row: dict[str, Any]) -> None:
        self._forget()
        self.one, self.typed = row, plan_draft.typed_of(row)
        self.everything, self._own_key, self.wrong = row["everything"], False, {}
        self.changes, self.takes_away, self.asking = [], False, "form"

    @handler(PLATFORM)
    async def close(self, wish: bool) -> None:
        """Close the dialog; what was typed is dropped."""
        if not wish:
            self._forget()

    @handler(PLATFORM)
    async def choose_everything(self, wish: bool) -> None:
        """Have the plan hold all modules, so that none has to be chosen."""
        self.everything = bool(wish)

    @handler(PLATFORM)
    async def suggest(self, name: str) -> None:
        """Offer a key that looks like the name, until one was typed."""
        if not self._own_key and not self.one["version"]:
            self.suggested = plan_draft.suggest_key(str(name)[:200])
            self.typed = {**self.typed, "key": self.suggested}

    @handler(PLATFORM)
    async def own_key(self, key: str) -> None:
        """A key was typed: none is suggested any more, unless it was taken out again."""
        self._own_key = bool(str(key).strip())

    @handler(PLATFORM)
    async def check(self, form: dict[str, Any]) -> None:
        """Show what the fields change, or what is wrong with them."""
        if self.asking != "form":
            return
        self.typed, self.problem = plan_draft.typed_in(form, self.one), ""
        self.wrong = plan_draft.wrong_fields(self.typed, self.one, {row["key"] for row in self.rows})
        if self.wrong:
            return
        self._compare()
        if self.changes:
            self.asking = "review"
        else:
            self.problem = "platform.plans.same"

    def _compare(self) -> None:
        self.changes = plan_draft.changes_between(self.one, plan_draft.draft_of(self.typed))
        self.takes_away = plan_draft.takes_away(self.changes)

    @handler(PLATFORM)
    async def back(self) -> None:
        """Go back to the fields, with everything that was typed."""
        if self.asking == "review":
            self.asking, self.problem = "form", ""

    @handler(PLATFORM)
    async def save(self) -> Any:
        """Save the plan as it was looked at."""
        if self.asking != "review":
            return None
        done = False
        try:
            async with self._platform(PlansState.save) as (session, actor):
                draft = plan_draft.draft_of(self.typed)
                await plans.save_plan(
                    session, actor, key=self.typed["key"], version=self.one["version"], draft=draft
                )
                done = True
        except CrmError as error:
            await self._say(error)
            return None
        if not done:
            return None
        name, told = self.typed["name"], "platform.plans.saved" if self.one["version"] else "platform.plans.made"
        self._forget()
        await self._read()
        return notify(told, name=name)

    async def _say(self, error: CrmError) -> None:
        """Say what went wrong, beside what was typed; whatever others did meanwhile is shown."""
        self.problem = error.key
        if error.data.get("field") == "key":
            self.wrong, self.asking, self.problem = {"key": error.key}, "form", ""
        if isinstance(error, PlanChangedMeanwhile | PlanGone):
            await self._read()
            now = self._find(self.one["key"])
            if now is None:
                self.one, self.asking = plan_draft.new_row(0), "form"
            else:
                self.one = now
                self._compare()

    @handler(PLATFORM)
    async def ask_retire(self) -> None:
        """Ask whether the plan in the dialog shall really go."""
        if self.asking == "form" and self.one["retirable"]:
            self.asking, self.problem = "retire", ""

    @handler(PLATFORM)
    async def retire(self) -> Any:
        """Remove the plan in the dialog."""
        if self.asking != "retire":
            return None
        done = False
        try:
            async with self._platform(PlansState.retire) as (session, actor):
                await plans.retire_plan(session, actor, key=self.one["key"], version=self.one["version"])
                done = True
        except CrmError as error:
            self.problem = error.key
            await self._read()
            self.one = self._find(self.one["key"]) or self.one
            return None
        if not done:
            return None
        self._forget()
        await self._read()
        return notify("platform.plans.retired", name=self.one["name"])
