"""One organization, as the platform sees it, and the change of its state."""

from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.core.errors import CrmError, NotFound
from crm_app.domains.platform import service
from crm_app.domains.platform.life_cycle import change_state
from crm_app.domains.platform.schemas import OrganizationSheet
from crm_app.domains.platform.support import enter_for_support
from crm_app.pages.base import PLATFORM, handler, notify
from crm_app.pages.platform.entitlement_state import EntitlementState
from crm_app.pages.platform.gate import Gate, PlatformState
from crm_app.pages.routes import HOME
from crm_app.pages.session.state import Session

FIGURES = ("members", "channels", "messages_in", "messages_out", "contacts", "deals")
TROUBLE = ("failed_messages", "failed_events", "waiting")


class OrganizationState(PlatformState, rx.State):
    """The sheet that is open."""

    sheet: dict[str, str] = {}
    figures: dict[str, int] = {}
    owners: list[dict[str, str]] = []
    steps: list[dict[str, str]] = []
    choices: list[str] = []
    changing: str = ""
    helping: bool = False
    problem: str = ""
    saving: bool = False
    loading: bool = True
    failed: bool = False
    missing: bool = False

    @handler(PLATFORM)
    async def load(self) -> Any:
        """Read the organization of the address, and then its plan; runs on load and on retry."""
        self.loading, self.changing = True, ""
        entitlement: Any = await self.get_state(EntitlementState)
        entitlement.loading = True  # until it is read, what it shows may be another organization's
        await self._read(OrganizationState.load)
        gate: Any = await self.get_state(Gate)
        return None if gate.locked or self.missing else EntitlementState.load

    async def _read(self, again: Any) -> None:
        self.missing = False
        try:
            async with self._opening(), self._platform(again) as (session, actor):
                found = await service.open_organization(session, actor, organization_id=self._wanted())
                self._show(found)
        except NotFound:
            self.missing, self.failed = True, False

    def _wanted(self) -> UUID:
        try:
            return UUID(self.router.url.path.rstrip("/").rpartition("/")[2])
        except ValueError as error:
            raise NotFound(kind="organization") from error

    def _show(self, found: OrganizationSheet) -> None:
        plain = found.model_dump(mode="json", exclude={"owners", "steps", "choices", *FIGURES, *TROUBLE})
        self.sheet = {name: "" if value is None else str(value) for name, value in plain.items()}
        self.figures = {name: getattr(found, name) for name in (*FIGURES, *TROUBLE, "stored_bytes")}
        self.owners = [
            {
                "name": one.name,
                "email": one.email,
                "seen": one.last_seen_at.isoformat() if one.last_seen_at else "",
            }
            for one in found.owners
        ]
        self.steps = [one.model_dump(mode="json") for one in found.steps]
        self.choices = list(found.choices)

    @handler(PLATFORM)
    async def ask(self, state: str) -> None:
        """Open the dialog about going to another state."""
        if state in self.choices:
            self.changing, self.problem = state, ""

    @handler(PLATFORM)
    async def close(self, wish: bool) -> None:
        """Close the dialog."""
        if not wish:
            self.changing = self.problem = ""

    @handler(PLATFORM)
    async def change(self, form: dict[str, Any]) -> Any:
        """Put the organization into the chosen state, for the reason that was written."""
        reason = str(form.get("reason", "")) if isinstance(form, dict) else ""
        wanted, done = self.changing, False
        try:
            async with self._platform(OrganizationState.change({"reason": reason})) as (session, actor):
                await change_state(session, actor, organization_id=self._wanted(), wanted=wanted, reason=reason)
                done = True
        except CrmError as error:
            self.problem = error.key
            return None
        if not done:
            return None
        self.changing = self.problem = ""
        await self._read(OrganizationState.load)
        return notify("platform.change.done")

    @handler(PLATFORM)
    async def ask_support(self, wish: bool) -> None:
        """Open or close the dialog about looking at the organization."""
        self.helping, self.problem = bool(wish), ""

    @handler(PLATFORM)
    async def enter_support(self, form: dict[str, Any]) -> None:
        """Look at the organization, for the reason that was written; all tabs of this session begin anew there."""
        given = form if isinstance(form, dict) else {}
        reason, minutes = str(given.get("reason", "")), str(given.get("minutes", ""))
        again = OrganizationState.enter_support({"reason": reason, "minutes": minutes})
        begun = False
        try:
            async with self._platform(again) as (session, actor):
                await enter_for_support(
                    session, actor, organization_id=self._wanted(), reason=reason,
                    minutes=int(minutes) if minutes.isdecimal() else 0,
                )  # fmt: skip
                self.helping, begun = False, True
        except CrmError as error:
            self.problem = error.key
        if begun:  # a screen of the platform follows no facts, so nobody else sends this tab on
            (await self.get_state(Session)).leave_to = HOME
