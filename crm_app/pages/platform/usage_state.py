"""What organizations have used in a month."""

from datetime import date, timedelta
from typing import Any

import reflex as rx

from crm_app.core.clock import utc_now
from crm_app.core.errors import Invalid
from crm_app.domains.platform import service
from crm_app.domains.platform.schemas import Usage
from crm_app.pages.base import PLATFORM, handler
from crm_app.pages.platform.gate import PlatformState

TOTALS = ("organizations", "members", "channels", "messages_in", "messages_out", "previous")


class UsageState(PlatformState, rx.State):
    """The month that is shown."""

    month: str = ""
    shown: str = ""
    rows: list[dict[str, Any]] = []
    totals: dict[str, int] = dict.fromkeys(TOTALS, 0)
    states: list[dict[str, Any]] = []
    last: bool = True
    loading: bool = True
    failed: bool = False

    @handler(PLATFORM)
    async def load(self) -> None:
        """Read the month; runs on load and on retry."""
        async with self._opening(), self._platform(UsageState.load) as (session, actor):
            self._show(await service.read_usage(session, actor, month=self._wanted()))

    @handler(PLATFORM)
    async def turn(self, months: int) -> None:
        """Go to the month before, or to the next one."""
        here = self._wanted() or utc_now().date().replace(day=1)
        back = int(months) < 0
        self.month = (here - timedelta(days=1) if back else here + timedelta(days=32)).replace(day=1).isoformat()
        async with self._opening(), self._platform(UsageState.load) as (session, actor):
            self._show(await service.read_usage(session, actor, month=self._wanted()))

    def _wanted(self) -> date | None:
        try:
            return date.fromisoformat(self.month) if self.month else None
        except ValueError as error:
            raise Invalid(field="month") from error

    def _show(self, found: Usage) -> None:
        self.month, self.shown = found.month.isoformat(), f"{found.month:%m/%Y}"
        self.last = (found.month + timedelta(days=32)).replace(day=1) > utc_now().date()
        self.totals = {name: getattr(found, name) for name in TOTALS}
        self.states = [{"state": state, "count": count} for state, count in found.states.items() if count]
        most = max((one.messages for one in found.lines), default=0)
        self.rows = [
            {
                "id": str(one.id),
                "name": one.name,
                "state": one.state,
                "members": one.members,
                "channels": one.channels,
                "messages_in": one.messages_in,
                "messages_out": one.messages_out,
                "previous": one.previous,
                "share": one.messages / most if most else 0.0,
            }
            for one in found.lines
        ]
