"""Which plan the organization of the sheet has, what it has beside it, and changing both."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import ValidationError

from crm_app.core.clock import utc_now
from crm_app.core.errors import CrmError, NotFound
from crm_app.domains.plans.registry import LIMITS
from crm_app.domains.platform import plans
from crm_app.domains.platform.plan_schemas import Entitlement, GrantDraft, GrantView
from crm_app.pages.base import PLATFORM, handler, notify
from crm_app.pages.platform.gate import PlatformState


class EntitlementState(PlatformState, rx.State):
    """The plan of the organization whose sheet is open."""

    plan_key: str = ""
    plan_name: str = ""
    plans: list[dict[str, str]] = []
    modules: list[dict[str, str]] = []
    grants: list[dict[str, Any]] = []
    asking: str = ""
    problem: str = ""
    loading: bool = True
    failed: bool = False

    @handler(PLATFORM)
    async def load(self) -> None:
        """Read the plan; runs with the sheet."""
        self.loading, self.asking, self.problem = True, "", ""
        try:
            async with self._opening(), self._platform(EntitlementState.load) as (session, actor):
                known = await plans.list_plans(session, actor)
                found = await plans.read_entitlement(session, actor, organization_id=self._wanted())
                self.plans = [{"key": one.key, "name": one.name} for one in known]
                self._show(found)
        except NotFound:
            self.plan_key = ""  # the sheet says so

    def _show(self, found: Entitlement) -> None:
        self.plan_key, self.plan_name = found.modules.plan.key, found.modules.plan.name
        self.modules = [
            {"key": one.key, "for_whom": one.for_whom} for one in found.modules.modules if one.why != "basic"
        ]
        now = utc_now()
        self.grants = [
            _row(one)
            for one in found.grants
            if one.revoked_at is None and (one.expires_at is None or one.expires_at > now)
        ]

    def _wanted(self) -> UUID:
        return _uuid(self.router.url.path.rstrip("/").rpartition("/")[2])

    @handler(PLATFORM)
    async def ask(self, what: str) -> None:
        """Open the dialog about another plan (`plan`), or about something beside it (`grant`)."""
        if what in {"plan", "grant"}:
            self.asking, self.problem = what, ""

    @handler(PLATFORM)
    async def close(self, wish: bool) -> None:
        """Close the dialog."""
        if not wish:
            self.asking = self.problem = ""

    @handler(PLATFORM)
    async def change(self, form: dict[str, Any]) -> Any:
        """Give the organization the chosen plan."""
        given = dict(form) if isinstance(form, dict) else {}
        key, reason = str(given.get("plan", "")), str(given.get("reason", ""))
        return await self._do(
            EntitlementState.change(given),
            plans.change_plan_of,
            "platform.plan.changed",
            plan_key=key[:40],
            reason=reason,
        )

    @handler(PLATFORM)
    async def give(self, form: dict[str, Any]) -> Any:
        """Give the organization something beside its plan."""
        given = dict(form) if isinstance(form, dict) else {}
        try:
            draft = _draft(given)
        except ValueError:
            self.problem = "platform.plan.wrong"
            return None
        return await self._do(EntitlementState.give(given), plans.grant_module, "platform.plan.given", draft=draft)

    @handler(PLATFORM)
    async def take_back(self, grant_id: str) -> Any:
        """Take back what was given."""
        return await self._do(
            EntitlementState.take_back(grant_id),
            plans.revoke_grant,
            "platform.plan.taken",
            grant_id=_uuid(grant_id),
        )

    async def _do(self, again: Any, use_case: Any, told: str, **arguments: Any) -> Any:
        """Run a use case about the organization of the sheet; `again` is sent once a fresh proof was given."""
        done = False
        try:
            async with self._platform(again) as (session, actor):
                await use_case(session, actor, organization_id=self._wanted(), **arguments)
                done = True
        except CrmError as error:
            self.problem = error.key
            return None
        return [EntitlementState.load, notify(told)] if done else None


def _draft(given: dict[str, Any]) -> GrantDraft:
    """Return what the form says. Raises `ValueError`, of which pydantic's error is one."""
    subject = str(given.get("subject", ""))
    until = str(given.get("until", "")).strip()
    last = date.fromisoformat(until) if until else None
    values: dict[str, Any] = {
        "kind": str(given.get("kind", "grant")),
        "subject": subject,
        "amount": int(str(given.get("amount", "")) or 0) if subject in LIMITS else None,
        "chosen_only": bool(given.get("chosen_only")),
        "reason": str(given.get("reason", "")),
        "expires_at": datetime.combine(last, datetime.min.time(), UTC) + timedelta(days=1) if last else None,
    }
    try:
        return GrantDraft.model_validate(values)
    except ValidationError as error:
        raise ValueError(subject) from error


def _row(one: GrantView) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "subject": one.subject,
        "amount": one.amount or 0,
        "kind": one.kind,
        "by": one.given_by_name,
        "reason": one.reason,
        "until": one.expires_at.isoformat() if one.expires_at else "",
    }


def _uuid(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise NotFound(kind="organization") from error
