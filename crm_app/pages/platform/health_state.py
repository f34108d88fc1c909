"""How the house is."""

from typing import Any

import reflex as rx

from crm_app.domains.platform import service
from crm_app.pages.base import PLATFORM, handler
from crm_app.pages.platform.gate import PlatformState

NUMBERS = ("todo", "doing", "failed", "waiting", "workers", "failed_messages", "failed_events")


class HealthState(PlatformState, rx.State):
    """The checks, and the numbers of the queue."""

    checks: list[dict[str, Any]] = []
    numbers: dict[str, int] = dict.fromkeys(NUMBERS, 0)
    lag_seconds: float = 0
    scheduled: bool = True
    sound: bool = True
    loading: bool = True
    failed: bool = False

    @handler(PLATFORM)
    async def load(self) -> None:
        """Ask everything; runs on load, on retry, and when somebody wants to know again."""
        async with self._opening(), self._platform(HealthState.load) as (session, actor):
            found = await service.read_health(session, actor)
            self.checks = [one.model_dump() for one in found.checks]
            self.numbers = {
                "todo": found.jobs.get("todo", 0) - found.waiting,
                "doing": found.jobs.get("doing", 0),
                "failed": found.jobs.get("failed", 0),
                "waiting": found.waiting,
                "workers": found.workers,
                "failed_messages": found.failed_messages,
                "failed_events": found.failed_events,
            }
            self.lag_seconds, self.scheduled = found.lag_seconds, found.scheduled
            self.sound = all(one.ok for one in found.checks) and found.scheduled
