"""Looking through somebody else's eyes: the line that says so in every window, and the way out."""

from typing import Any

import reflex as rx

from crm_app.core.database import unit_of_work
from crm_app.core.visiting import reading_only
from crm_app.domains.accounts.visits import service as visits
from crm_app.pages.current import current_actor
from crm_app.pages.policy import VISITING, handler
from crm_app.pages.session.notices import Notices
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


def _leave() -> rx.Component:
    return p.button(t("shell.visit.out"), kind="out", aria_label=t("shell.visit.leave"), on_click=Visiting.leave)


def _stripe(icon_name: str, words: Any, *actions: rx.Component) -> rx.Component:
    return rx.el.div(
        p.icon(icon_name, 16), rx.el.span(words, class_name="f1", dir="auto"), *actions,
        class_name="stripe wa", role="status",
    )  # fmt: skip


def visit_bar() -> rx.Component:
    """Tells through whose eyes this window looks, while it does; and everybody, while support does."""
    until = clock(Session.visit_until)
    member: Any = t("shell.visit.view_as", name=Session.user_name, time=until)
    support: Any = t("shell.visit.support", name=Session.organization_name, time=until)
    return rx.match(
        Session.visiting,
        ("view_as", _stripe("eye", member, _leave())),
        ("support", _stripe("life-buoy", support, _leave())),
        rx.cond(Notices.support_id != "", _support_is_here(), rx.fragment()),
    )


def _support_is_here() -> rx.Component:
    words: Any = t("shell.visit.support_here", time=clock(Notices.support_until), reason=Notices.support_reason)
    end = rx.cond(
        Session.role == "owner",
        p.button(t("shell.visit.end_support"), kind="out", on_click=Notices.end_support),
        rx.fragment(),
    )
    return _stripe("life-buoy", words, end)
