"""A team as a card: its members, who leads, and putting somebody in."""

from typing import Any

import reflex as rx

from crm_app.pages.teams.state import TeamsState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t

FORM = "team-name"
People = list[dict[str, str]]


def new_team(kind: Any = "pri") -> rx.Component:
    """The way to a new team."""
    return p.button(t("teams.new"), kind=kind, size="m", icon_name="plus", on_click=TeamsState.ask("create", ""))


def team_list() -> rx.Component:
    """All teams."""
    return rx.el.div(rx.foreach(TeamsState.rows, _team), class_name="tms")


def _team(team: Any) -> rx.Component:
    team_id = team["id"].to(str)
    actions = q.menu(
        p.icon_button("ellipsis", t("teams.options", name=team["name"].to(str))),
        q.menu_item(t("teams.rename"), icon_name="pencil", on_select=TeamsState.ask("rename", team_id)),
        q.menu_line(),
        q.menu_item(
            t("teams.delete"), icon_name="trash-2", danger=True, on_select=TeamsState.ask("delete", team_id)
        ),
    )
    members = team["members"].to(People)
    listed = rx.el.ul(rx.foreach(members, lambda one: _member(team_id, one)))
    nobody = rx.el.p(t("teams.nobody"), class_name="mut sm tms-none")
    others = rx.foreach(team["others"].to(People), lambda one: rx.el.option(one["name"], value=one["id"]))
    add = p.select(
        rx.el.option(t("teams.add"), value=""), others,
        size="s", value="", aria_label=t("teams.add_to", name=team["name"].to(str)),
        on_change=lambda user_id: TeamsState.put(team_id, user_id),
    )  # fmt: skip
    return q.panel(
        team["name"].to(str),
        rx.cond(members.length() > 0, listed, nobody),
        rx.el.div(add, class_name="tms-add"),
        actions=actions,
    )


def _member(team_id: Any, one: Any) -> rx.Component:
    user_id = one["id"].to(str)
    return rx.el.li(
        p.avatar(one["name"], seed=one["id"], size=26),
        rx.el.span(one["name"], class_name="f1 tr", dir="auto"),
        p.checkbox(
            t("teams.leads"),
            checked=one["leads"].to(bool),
            on_change=lambda wish: TeamsState.lead(team_id, user_id, wish),
        ),
        p.icon_button("x", t("teams.take_out", name=one["name"]), on_click=TeamsState.take_out(team_id, user_id)),
        class_name="tms-row",
    )


def team_dialogs() -> rx.Component:
    """Naming a team, and removing one."""
    return rx.fragment(_name("create"), _name("rename"), _delete())


def _cancel() -> rx.Component:
    return p.button(t("common.action.cancel"), size="m", on_click=TeamsState.close(False))


def _name(what: str) -> rx.Component:
    form = f"{FORM}-{what}"
    value = {"default_value": TeamsState.target_name} if what == "rename" else {}
    name = p.text_input(name="name", required=True, max_length=60, auto_complete="off", auto_focus=True, **value)
    problem = rx.cond(
        TeamsState.problem != "", rx.el.p(t(TeamsState.problem), class_name="msg da", role="alert"), rx.fragment()
    )
    act = p.button(t(f"teams.{what}_do"), kind="pri", size="m", type="submit", form=form)
    return q.dialog(
        rx.el.form(p.field(t("teams.name"), name), problem, id=form, on_submit=TeamsState.submit),
        title=t(f"teams.{what}_title"),
        open=TeamsState.asking == what,
        on_open_change=TeamsState.close,
        footer=rx.fragment(_cancel(), act),
    )


def _delete() -> rx.Component:
    act = p.button(t("teams.delete_do"), kind="dan", size="m", on_click=TeamsState.delete)
    return q.dialog(
        title=t("teams.delete_title", name=TeamsState.target_name),
        description=t("teams.delete_body"),
        open=TeamsState.asking == "delete",
        on_open_change=TeamsState.close,
        footer=rx.fragment(_cancel(), act),
    )
