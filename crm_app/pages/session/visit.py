"""Looking through somebody else's eyes: the line that says so in every window, and the way out."""

from typing import Any

import reflex as rx

from crm_app.core.database import unit_of_work
from crm_app.core.visiting import reading_only
from crm_app.domains.accounts import visits
from crm_app.pages.current import current_actor
from crm_app.pages.policy import VISITING, handler
from crm_app.pages.session.state import Session
from crm_app.ui import primitives as p
from crm_app.ui.format import clock
from crm_app.ui.i18n import t


class Visiting(rx.State):
    """The visit of this tab's session."""

    @handler(VISITING)
    async def leave(self) -> None:
        """End the visit; every tab of this session begins anew as who the person is."""
        visit = current_actor().visit
        if visit is None:
            return
        with reading_only(False):
            async with unit_of_work(visit.visitor) as session:
                await visits.leave_visit(session, visit.visitor)


def visit_bar() -> rx.Component:
    """Tells through whose eyes this window looks, while it does."""
    words: Any = t("shell.visit.view_as", name=Session.user_name, time=clock(Session.visit_until))
    bar = rx.el.div(
        p.icon("eye", 16),
        rx.el.span(words, class_name="f1", dir="auto"),
        p.button(t("shell.visit.out"), kind="out", aria_label=t("shell.visit.leave"), on_click=Visiting.leave),
        class_name="stripe wa",
        role="status",
    )
    return rx.cond(Session.visiting == "view_as", bar, rx.fragment())
