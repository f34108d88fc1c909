"""The parts of the screen of usage."""

from typing import Any

import reflex as rx

from crm_app.pages.platform.frame import state_word
from crm_app.pages.platform.usage_state import TOTALS, UsageState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import number
from crm_app.ui.i18n import t

COLUMNS = ("members", "channels", "messages_in", "messages_out", "previous")


def month_choice() -> rx.Component:
    """The month, and the way to its neighbours."""
    return p.row(
        p.icon_button("chevron-left", t("platform.usage.before"), on_click=UsageState.turn(-1)),
        rx.el.span(UsageState.shown, class_name="num mw"),
        p.icon_button(
            "chevron-right", t("platform.usage.after"), on_click=UsageState.turn(1), disabled=UsageState.last
        ),
        gap="g1",
    )


def usage() -> rx.Component:
    """Totals, how many organizations stand where, and the busiest organizations."""
    tiles = [
        rx.el.div(
            rx.el.span(t(f"platform.figure.{name}"), class_name="mut sm"),
            rx.el.span(number(UsageState.totals[name]), class_name="num plt-total"),
            class_name="pn plt-tile",
        )
        for name in TOTALS
    ]
    states = rx.foreach(
        UsageState.states,
        lambda one: rx.el.li(state_word(one["state"]), rx.el.span(number(one["count"]), class_name="num mw")),
    )
    return rx.fragment(
        rx.el.div(*tiles, class_name="plt-tiles"),
        q.panel(t("platform.usage.states"), rx.el.ul(states, class_name="plt-states")),
        _table(),
    )


def _table() -> rx.Component:
    head = rx.el.tr(
        rx.el.th(t("platform.column.organization"), scope="col"),
        *[rx.el.th(t(f"platform.figure.{name}"), scope="col", class_name="num") for name in COLUMNS],
    )
    return rx.el.div(
        rx.el.table(
            rx.el.thead(head), rx.el.tbody(rx.foreach(UsageState.rows, _row)), class_name="plt-table",
            aria_label=t("platform.usage.title"),
        ),
        class_name="pn plt-scroll",
    )  # fmt: skip


def _row(row: Any) -> rx.Component:
    name = p.link(
        rx.el.span(row["name"].to(str), class_name="mw tr", dir="auto"),
        p.meter(row["share"].to(float), t("platform.figure.messages")),
        href="/platform/organizations/" + row["id"].to(str),
        class_name="c g1",
    )
    return rx.el.tr(
        rx.el.th(name, scope="row"),
        *[rx.el.td(number(row[column]), class_name="num") for column in COLUMNS],
    )
