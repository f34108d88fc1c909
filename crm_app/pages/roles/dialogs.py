"""Dialogs of the matrix: the differences before saving, a copy, another name, the end of a role."""

from typing import Any

import reflex as rx

from crm_app.domains.accounts.roles.matrix import MODULES
from crm_app.pages.roles.state import RolesState
from crm_app.pages.roles.words import permission_word, reach_word, role_name
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t

_KNOWN = tuple(name for module in MODULES for name in module.permissions)
CLONE, RENAME = "role-clone", "role-rename"


def role_dialogs() -> rx.Component:
    """All of them; at most one is open."""
    return rx.fragment(
        _review(), _named("clone", CLONE, RolesState.clone), _named("rename", RENAME, RolesState.rename), _delete()
    )


def _cancel() -> rx.Component:
    return p.button(t("common.action.cancel"), size="m", on_click=RolesState.close(False))


def _problem() -> rx.Component:
    words = rx.el.p(t(RolesState.problem), class_name="msg da", role="alert")
    return rx.cond(RolesState.problem != "", words, rx.fragment())


def _review() -> rx.Component:
    save = p.button(t("roles.save"), kind="pri", size="m", on_click=RolesState.save)
    return q.dialog(
        rx.el.ul(rx.foreach(RolesState.changes, _change), class_name="rol-diff"),
        _problem(),
        title=t("roles.review_title"),
        description=t("roles.review_body"),
        open=RolesState.asking == "review",
        on_open_change=RolesState.close,
        footer=rx.fragment(_cancel(), save),
        width=520,
    )


def _change(one: Any) -> rx.Component:
    return rx.el.li(
        rx.el.span(permission_word(one["permission"], _KNOWN), class_name="f1"),
        rx.el.span(reach_word(one["before"]), class_name="was"),
        p.icon("arrow-right", 14, class_name="fnt"),
        rx.el.span(reach_word(one["after"]), class_name="now"),
    )


def _named(what: str, form: str, submit: Any) -> rx.Component:
    name = p.text_input(name="name", required=True, max_length=60, auto_complete="off", auto_focus=True)
    act = p.button(t(f"roles.{what}_do"), kind="pri", size="m", type="submit", form=form)
    return q.dialog(
        rx.el.form(p.field(t("roles.name"), name), _problem(), id=form, on_submit=submit),
        title=t(f"roles.{what}_title"),
        description=t(f"roles.{what}_body"),
        open=RolesState.asking == what,
        on_open_change=RolesState.close,
        footer=rx.fragment(_cancel(), act),
    )


def _delete() -> rx.Component:
    options = rx.foreach(
        RolesState.rows,
        lambda role: rx.cond(
            role["editable"].to(bool) & (role["key"] != RolesState.chosen),
            rx.el.option(role_name(role), value=role["key"].to(str)),
            rx.fragment(),
        ),
    )
    heir = p.select(
        rx.el.option(t("roles.delete_to"), value=""), options,
        value=RolesState.target, on_change=RolesState.choose_target,
    )  # fmt: skip
    act = p.button(t("roles.delete_do"), kind="dan", size="m", on_click=RolesState.delete)
    return q.dialog(
        p.field(t("roles.delete_label"), heir),
        _problem(),
        title=t("roles.delete_title"),
        description=t("roles.delete_body"),
        open=RolesState.asking == "delete",
        on_open_change=RolesState.close,
        footer=rx.fragment(_cancel(), act),
    )
