"""The parts of the matrix: one column for each role, the chosen one in hand."""

from typing import Any

import reflex as rx

from crm_app.domains.accounts.roles.matrix import MODULES, REACHING, Module
from crm_app.pages.roles.state import RolesState
from crm_app.pages.roles.words import permission_key, reach_word, role_name
from crm_app.pages.session.state import allowed
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t

REACHES = ("none", "own", "team", "all")


def chosen_role() -> rx.Component:
    """Which role is in hand, how many hold it, and what can be done with it."""
    return rx.foreach(
        RolesState.rows, lambda role: rx.cond(role["key"] == RolesState.chosen, _card(role), rx.fragment())
    )


def _card(role: Any) -> rx.Component:
    own = role["own"].to(bool)
    facts = p.row(
        p.chip(t("roles.members", count=role["members"].to(int))),
        rx.cond(
            own,
            p.chip(t("roles.own")),
            rx.cond(role["differs"], p.chip(t("roles.changed")), p.chip(t("roles.built_in"))),
        ),
        gap="g1",
    )
    actions = p.row(
        rx.cond(
            own,
            rx.fragment(
                p.button(t("roles.rename"), size="s", on_click=RolesState.ask("rename")),
                p.button(t("roles.delete"), size="s", icon_name="trash-2", on_click=RolesState.ask("delete")),
            ),
            rx.fragment(),
        ),
        p.button(t("roles.clone"), size="s", kind="out", icon_name="copy", on_click=RolesState.ask("clone")),
        gap="g1",
        class_name="rol-acts",
    )
    quick = p.row(
        rx.el.span(t("roles.narrow.label"), class_name="mut sm"),
        *[
            p.button(t(f"roles.narrow.{reach}"), size="s", kind="out", on_click=RolesState.narrow(reach))
            for reach in ("own", "team", "all")
        ],
        rx.cond(
            role["differs"],
            p.button(t("roles.reset"), size="s", on_click=RolesState.back_to_standard),
            rx.fragment(),
        ),
        _give(),
        gap="g1",
        class_name="rol-quick",
    )
    locked = q.notice(t("roles.owner_fixed"), icon_name="crown")
    return rx.el.section(
        p.row(rx.el.h3(role_name(role), class_name="tr"), facts, actions, class_name="rol-head"),
        rx.cond(role["editable"], quick, locked),
        class_name="pn rol-card",
    )


def _give() -> rx.Component:
    """Give the chosen role to a member, for those who manage members."""
    options = rx.foreach(RolesState.members, lambda one: rx.el.option(one["name"], value=one["id"]))
    chooser = p.select(
        rx.el.option(t("roles.give"), value=""), options,
        size="s", value="", aria_label=t("roles.give"), on_change=RolesState.give,
    )  # fmt: skip
    return rx.cond(allowed("members.manage"), rx.el.div(chooser, class_name="rol-give"), rx.fragment())


def chooser() -> rx.Component:
    """Choosing a role on a narrow screen."""
    options = rx.foreach(RolesState.rows, lambda role: rx.el.option(role_name(role), value=role["key"].to(str)))
    choice = p.select(options, value=RolesState.chosen, aria_label=t("roles.choose"), on_change=RolesState.choose)
    return rx.el.div(choice, class_name="rol-choose")


def matrix() -> rx.Component:
    """The whole matrix, module by module."""
    head = rx.el.tr(
        rx.el.th(t("roles.what"), scope="col"),
        rx.foreach(RolesState.rows, _column_head),
    )
    body = [rx.el.tbody(*_module(module)) for module in MODULES]
    table = rx.el.table(rx.el.thead(head), *body, class_name="rol-table")
    return rx.el.section(
        rx.el.div(table, class_name="rol-scroll", tab_index=0, aria_label=t("roles.title"), role="region"),
        class_name="pn",
    )


def _column_head(role: Any) -> rx.Component:
    on = role["key"] == RolesState.chosen
    choose = rx.el.button(
        role_name(role), type="button", class_name="rol-pick", aria_pressed=on,
        on_click=RolesState.choose(role["key"].to(str)),
    )  # fmt: skip
    return rx.el.th(choose, scope="col", class_name=rx.cond(on, "on", ""))


def _module(module: Module) -> list[rx.Component]:
    title = rx.el.tr(
        rx.el.th(t(f"roles.module.{module.name}"), scope="rowgroup", class_name="rol-mod"),
        rx.foreach(
            RolesState.rows, lambda role: rx.el.td(class_name=rx.cond(role["key"] == RolesState.chosen, "on", ""))
        ),
    )
    return [title, *[_line(permission) for permission in module.permissions]]


def _line(permission: str) -> rx.Component:
    name = t(permission_key(permission))
    return rx.el.tr(
        rx.el.th(name, scope="row"),
        rx.foreach(RolesState.rows, lambda role: _cell(role, permission)),
    )


def _cell(role: Any, permission: str) -> rx.Component:
    on = role["key"] == RolesState.chosen
    shown = _shown(role["matrix"].to(dict[str, str])[permission], permission)
    mine = rx.cond(role["editable"], _editor(permission, role), shown)
    changed = RolesState.draft[permission] != role["matrix"].to(dict[str, str])[permission]
    return rx.el.td(
        rx.cond(on, mine, shown),
        class_name=rx.cond(on, rx.cond(changed, "on new", "on"), ""),
    )


def _shown(reach: Any, permission: str) -> rx.Component:
    none = rx.fragment(p.icon("minus", 15, class_name="fnt"), p.hidden_text(t("roles.reach.none")))
    if permission in REACHING:
        return rx.cond(reach == "none", none, rx.el.span(reach_word(reach)))
    held = rx.fragment(p.icon("check", 15, class_name="ok"), p.hidden_text(t("roles.reach.on")))
    return rx.cond(reach == "none", none, held)


def _editor(permission: str, role: Any) -> rx.Component:
    label = t("roles.cell", permission=t(permission_key(permission)), role=role_name(role))
    value = RolesState.draft[permission].to(str)
    if permission not in REACHING:
        return p.switch(label, checked=value != "none", on_change=lambda wish: RolesState.switch(permission, wish))
    options = [rx.el.option(t(f"roles.reach.{reach}"), value=reach) for reach in REACHES]
    return p.select(
        *options, size="s", value=value, aria_label=label,
        on_change=lambda reach: RolesState.change(permission, reach),
    )  # fmt: skip


def save_bar() -> rx.Component:
    """What waits to be looked at and saved."""
    bar = rx.el.div(
        rx.el.span(t("roles.unsaved", count=RolesState.changes.length()), class_name="f1 mw"),
        p.button(t("roles.discard"), size="m", on_click=RolesState.discard),
        p.button(t("roles.review"), size="m", kind="pri", on_click=RolesState.ask("review")),
        class_name="rol-bar",
        role="status",
    )
    return rx.cond(RolesState.changes.length() > 0, bar, rx.fragment())
