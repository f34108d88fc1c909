"""What is done and what comes next; ticks appear by themselves."""

from typing import Any

import reflex as rx

from crm_app.domains.onboarding import service
from crm_app.domains.onboarding.schemas import STEPS, Checklist
from crm_app.pages import routes
from crm_app.pages.base import PageState, handler
from crm_app.pages.session.state import Session

WATCHED = ("channel.", "member.", "deal.created", "message.created")


class FirstSteps(PageState, rx.State):
    """The checklist."""

    done: list[str] = []
    next_step: str = ""
    count: int = 0
    loading: bool = True
    closed: bool = False

    @handler("organization.manage")
    async def load(self) -> None:
        """Read what is done, and follow what happens."""
        await self._read()
        self._watch(*WATCHED)

    @handler("organization.manage")
    async def put_away(self) -> Any:
        """Close the list for the organization and go on to the work."""
        async with self._work() as (session, actor):
            await service.close_checklist(session, actor)
        shown = await self.get_state(Session)
        shown.first_steps = False
        return rx.redirect(routes.HOME)

    async def _read(self) -> None:
        async with self._work() as (session, actor):
            self._assign(await service.get_checklist(session, actor))

    def _assign(self, checklist: Checklist) -> None:
        self.done = list(checklist.done)
        self.count = len(checklist.done)
        self.next_step = next((step for step in STEPS if step not in checklist.done), "")
        self.closed = checklist.closed
        self.loading = False

    async def _on_fact(self, fact: dict[str, Any]) -> None:  # noqa: ARG002
        """Something happened that may be a step."""
        await self._read()
