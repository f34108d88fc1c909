"""Why nothing else can be opened."""

from typing import Any

import reflex as rx

from crm_app.core.database import unit_of_work
from crm_app.domains.accounts.at_rest import explain_rest
from crm_app.pages.base import HELD, PageState, handler
from crm_app.pages.current import current_actor
from crm_app.pages.routes import HOME
from crm_app.pages.session.state import Session


class Suspended(PageState, rx.State):
    """What the person is told, and whom they may turn to."""

    loading: bool = True
    organization: str = ""
    since: str = ""
    reason: str = ""
    support: str = ""
    is_owner: bool = False
    owners: list[dict[str, str]] = []

    @handler(HELD)
    async def load(self) -> Any:
        """Read it; whoever's organization works has no business here."""
        if not (await self.get_state(Session)).at_rest:
            return rx.redirect(HOME, replace=True)
        self._watch("organization.state")  # the tab goes on by itself when the organization is back
        actor = current_actor()
        async with unit_of_work(actor, in_any_state=True) as session:
            view = await explain_rest(session, actor)
        self.organization, self.reason, self.support = view.organization, view.reason, view.support
        self.since, self.is_owner = view.since.isoformat(), view.is_owner
        self.owners = [one.model_dump() for one in view.owners]
        self.loading = False
        return None
