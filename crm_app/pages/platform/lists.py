"""The parts of the list of organizations."""

from typing import Any

import reflex as rx

from crm_app.pages.platform.frame import STATES, state_word
from crm_app.pages.platform.list_state import OrganizationsState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import day, number, relative
from crm_app.ui.i18n import t

COLUMNS = ("organization", "state", "members", "channels", "messages", "created", "active")


def filters() -> rx.Component:
    """Search and state."""
    states = [rx.el.option(t(f"platform.state.{one}"), value=one) for one in STATES]
    return p.row(
        p.search_input(
            label=t("platform.list.search"), on_search=OrganizationsState.search,
            default_value=OrganizationsState.words, key=OrganizationsState.cleared,
        ),
        p.select(
            rx.el.option(t("platform.list.any_state"), value=""), *states, value=OrganizationsState.wanted,
            on_change=OrganizationsState.choose, aria_label=t("platform.column.state"), size="s",
        ),
        class_name="plt-filters",
    )  # fmt: skip


def organizations() -> rx.Component:
    """The table; under 760 px every organization is a card."""
    head = rx.el.div(
        *[rx.el.span(t(f"platform.column.{name}"), class_name=f"plt-{name}") for name in COLUMNS],
        class_name="plt-row h", aria_hidden="true",
    )  # fmt: skip
    more = rx.cond(
        OrganizationsState.has_more,
        p.row(
            p.button(t("audit.more"), kind="out", loading=OrganizationsState.loading,
                     on_click=OrganizationsState.load_more),
            class_name="aud-more",
        ),
        rx.fragment(),
    )  # fmt: skip
    return rx.fragment(rx.el.div(head, rx.el.ul(rx.foreach(OrganizationsState.rows, _row)), class_name="pn"), more)


def _row(row: Any) -> rx.Component:
    name = rx.el.span(
        rx.el.span(row["name"].to(str), class_name="mw tr", dir="auto"),
        rx.el.span(row["slug"].to(str), class_name="fnt sm tr"),
        class_name="c plt-organization",
    )
    active = rx.cond(row["active"] != "", relative(row["active"]), t("platform.never"))
    return rx.el.li(
        p.link(
            name,
            rx.el.span(state_word(row["state"]), class_name="plt-state"),
            _figure("members", row["members"]),
            _figure("channels", row["channels"]),
            _figure("messages", row["messages"]),
            rx.el.span(day(row["created"]), class_name="plt-created mut sm nw"),
            rx.el.span(active, class_name="plt-active mut sm nw"),
            href="/platform/organizations/" + row["id"].to(str),
            class_name="plt-row",
        )
    )


def _figure(name: str, value: Any) -> rx.Component:
    label = rx.el.span(t(f"platform.figure.{name}"), class_name="plt-label fnt sm")
    return rx.el.span(label, number(value), class_name=f"plt-{name} num")


def nothing() -> rx.Component:
    """No organization, or none that the search finds."""
    none = q.empty_state(t("platform.list.empty_title"), t("platform.list.empty_body"), icon_name="building-2")
    missed = q.empty_state(
        t("platform.list.missed_title"), t("platform.list.missed_body"),
        p.button(t("audit.clear"), kind="out", on_click=OrganizationsState.clear), icon_name="search-x",
    )  # fmt: skip
    return rx.cond((OrganizationsState.words != "") | (OrganizationsState.wanted != ""), missed, none)
