"""The screen /suspended: the organization does no work at present."""

from typing import Any

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.base import HELD, app_page
from crm_app.pages.session.organizations import Organizations
from crm_app.pages.session.state import Session
from crm_app.pages.suspended.state import Suspended
from crm_app.ui import primitives as p
from crm_app.ui.client import run
from crm_app.ui.entrance import entrance
from crm_app.ui.format import date_time
from crm_app.ui.i18n import t


def _owner(one: Any) -> rx.Component:
    mail = rx.el.a(one["email"].to(str), href="mailto:" + one["email"].to(str), class_name="ac-link")
    return rx.el.li(rx.el.b(one["name"].to(str)), " ", mail)


def _whom() -> rx.Component:
    support = rx.el.a(Suspended.support, href="mailto:" + Suspended.support, class_name="btn pri lg full")
    platform = rx.cond(
        Suspended.support != "",
        rx.fragment(rx.el.p(t("suspended.settle"), class_name="mut"), support),
        rx.el.p(t("suspended.support_unknown"), class_name="mut"),
    )
    owners = rx.fragment(
        rx.el.p(t("suspended.owners"), class_name="mut"),
        rx.el.ul(rx.foreach(Suspended.owners, _owner), class_name="sus-owners"),
    )
    return rx.cond(Suspended.is_owner, platform, owners)


def _others() -> rx.Component:
    """The person's other organizations: one that rests keeps nobody from those."""
    return rx.cond(
        Organizations.choices.length() > 1,
        rx.fragment(
            rx.el.p(t("suspended.others"), class_name="lbl"),
            rx.el.div(rx.foreach(Organizations.choices, _other), class_name="c g2"),
        ),
        rx.fragment(),
    )


def _other(one: Any) -> rx.Component:
    button = p.button(
        one["name"].to(str), size="lg", kind="out", full=True, on_click=Organizations.enter(one["id"].to(str))
    )
    return rx.cond(one["current"], rx.fragment(), button)


@app_page(
    routes.SUSPENDED,
    title_key="suspended.title",
    permission=HELD,
    on_load=[Suspended.load, Organizations.look(True)],
    shell=False,
)
def page() -> rx.Component:
    """Why nothing opens, whom to turn to, and that no message is lost."""
    reason = rx.cond(
        Suspended.reason != "",
        rx.el.blockquote(Suspended.reason, class_name="sus-reason", dir="auto"),
        rx.fragment(),
    )
    told = rx.el.div(
        rx.el.h1(t("suspended.heading", name=Suspended.organization)),
        rx.el.p(t("suspended.since"), " ", date_time(Suspended.since), class_name="mut md lead"),
        reason,
        rx.el.div(p.icon("inbox", 16), rx.el.span(t("suspended.kept")), class_name="co-al nf"),
        _whom(),
        _others(),
        p.row(
            rx.el.span(Session.user_email, class_name="fnt tr f1"),
            p.button(t("shell.menu.sign_out"), icon_name="log-out", on_click=run("session", "signOut")),
        ),
        class_name="in",
    )
    waiting = rx.el.div(p.skeleton("60%", 24), p.skeleton("90%"), p.skeleton("80%"), class_name="in")
    return entrance(rx.cond(Suspended.loading, waiting, told))
