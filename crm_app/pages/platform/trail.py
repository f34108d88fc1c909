"""The parts of the platform's record."""

from typing import Any

import reflex as rx

from crm_app.pages.platform.frame import state_name
from crm_app.pages.platform.trail_state import TrailState
from crm_app.ui import primitives as p
from crm_app.ui.format import date_time
from crm_app.ui.i18n import t


def entries() -> rx.Component:
    """The list, newest first, and the way to more of it."""
    more = rx.cond(
        TrailState.has_more,
        p.row(
            p.button(t("audit.more"), kind="out", loading=TrailState.loading, on_click=TrailState.load_more),
            class_name="aud-more",
        ),
        rx.fragment(),
    )
    return rx.fragment(
        rx.el.ul(
            rx.foreach(TrailState.rows, _entry), class_name="pn plt-trail", aria_label=t("platform.nav.trail")
        ),
        more,
    )


def _entry(one: Any) -> rx.Component:
    who = rx.cond(one["who"] != "", one["who"], t("platform.operator"))
    thing = rx.cond(
        one["concerns"] != "",
        p.link(one["thing"], href="/platform/organizations/" + one["concerns"], class_name="ac-link"),
        rx.el.span(one["thing"]),
    )
    states = rx.cond(
        one["after"] != "",
        rx.el.span(state_name(one["before"]), " → ", state_name(one["after"]), class_name="mut"),
        rx.fragment(),
    )
    reason = rx.cond(
        one["reason"] != "", rx.el.span("“", one["reason"], "”", class_name="mut", dir="auto"), rx.fragment()
    )
    return rx.el.li(
        rx.el.span(
            rx.el.span(t(one["key"], who=who, action=one["action"])), thing, states, reason, class_name="plt-said"
        ),
        rx.el.span(one["ip"], class_name="fnt sm num aud-ip"),
        rx.el.span(date_time(one["at"]), class_name="fnt sm nw num"),
    )
