"""The parts of the list of members."""

from typing import Any

import reflex as rx

from crm_app.pages.members.state import MembersState
from crm_app.pages.session.shell import ROLES
from crm_app.pages.session.state import Session, allowed
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import relative
from crm_app.ui.i18n import t


def role_word(role: Any, own_name: Any) -> Any:
    """The name of a role: that of the organization's own one, else of the built-in one."""
    built_in = rx.match(role, *[(name, t(f"shell.role.{name}")) for name in ROLES], "")
    return rx.cond(own_name != "", own_name, built_in)


def member_list(*more: rx.Component) -> rx.Component:
    """The table of members, with more rows below; under 760 px every member is a card."""
    head = rx.el.div(
        rx.el.span(t("members.column.person")),
        rx.el.span(t("members.column.role")),
        rx.el.span(t("members.column.status")),
        rx.el.span(t("members.column.last_seen")),
        rx.el.span(),
        class_name="mbr-row h",
        aria_hidden="true",
    )
    return rx.el.div(head, rx.el.ul(rx.foreach(MembersState.rows, _row), *more), class_name="pn")


def _row(row: Any) -> rx.Component:
    return rx.el.li(
        _person(row),
        rx.el.div(_role(row), class_name="mbr-role"),
        rx.el.div(_status(row), class_name="mbr-status"),
        rx.el.div(_last_seen(row), class_name="mbr-seen mut sm"),
        rx.cond(row["touchable"], _menu(row), rx.el.span()),
        class_name="mbr-row",
    )


def _person(row: Any) -> rx.Component:
    own = rx.cond(row["own"], rx.el.span(t("members.you"), class_name="fnt"), rx.fragment())
    return p.row(
        p.avatar(row["name"], seed=row["id"], size=30, presence=rx.cond(row["online"], "", "off")),
        p.column(
            p.row(rx.el.span(row["name"], class_name="mw tr", dir="auto"), own, gap="g1"),
            rx.el.span(row["email"], class_name="fnt sm tr"),
            class_name="mbr-words",
        ),
        gap="g3",
        class_name="mbr-person",
    )


def _role(row: Any) -> rx.Component:
    words = role_word(row["role"], row["role_name"])
    fixed = p.row(rx.cond(row["role"] == "owner", p.icon("crown", 15), rx.fragment()), rx.el.span(words), gap="g1")
    trigger = rx.el.button(
        rx.el.span(words), p.icon("chevron-down", 13, class_name="fnt"), type="button", class_name="mbr-chip",
        aria_label=t("members.change_role", name=row["name"]),
    )  # fmt: skip
    choices = rx.foreach(
        MembersState.roles,
        lambda one: q.menu_item(
            role_word(one["key"], one["name"]),
            after=rx.cond(row["role_key"] == one["key"], p.icon("check", 14), rx.fragment()),
            on_select=MembersState.change_role(row["id"].to(str), one["key"].to(str)),
        ),
    )
    return rx.cond(row["touchable"], q.menu(trigger, choices, align="start"), fixed)


def _status(row: Any) -> rx.Component:
    return rx.cond(
        row["active"],
        p.row(p.dot("var(--pr-success)"), rx.el.span(t("members.status.active")), gap="g1"),
        p.row(p.dot("var(--pr-text-faint)"), rx.el.span(t("members.status.inactive"), class_name="mut"), gap="g1"),
    )


def _last_seen(row: Any) -> rx.Component:
    before = rx.cond(row["last_seen"] != "", relative(row["last_seen"]), t("members.never"))
    return rx.cond(row["online"], t("members.now"), before)


def _menu(row: Any) -> rx.Component:
    row_id = row["id"].to(str)
    pause = q.menu_item(
        t("members.menu.deactivate"), icon_name="user-x", on_select=MembersState.deactivate(row_id)
    )
    resume = q.menu_item(
        t("members.menu.activate"), icon_name="user-check", on_select=MembersState.activate(row_id)
    )
    heir = q.menu_item(t("members.menu.offer"), icon_name="crown", on_select=MembersState.ask("offer", row_id))
    look = q.menu_item(t("members.menu.view_as"), icon_name="eye", on_select=MembersState.view_as(row_id))
    may_offer = allowed("organization.manage") & (Session.role == "owner") & row["active"].to(bool)
    return q.menu(
        p.icon_button("ellipsis", t("members.menu.label", name=row["name"])),
        rx.cond(allowed("members.view_as") & row["active"].to(bool), look, rx.fragment()),
        q.menu_item(
            t("members.menu.hand_over"),
            icon_name="arrow-right-left",
            on_select=MembersState.ask("hand_over", row_id),
        ),
        rx.cond(may_offer & (row["role"] != "owner"), heir, rx.fragment()),
        rx.cond(row["active"], pause, resume),
        q.menu_line(),
        q.menu_item(
            t("members.menu.remove"),
            icon_name="user-minus",
            danger=True,
            on_select=MembersState.ask("remove", row_id),
        ),
        width=232,
    )


def offer_bar() -> rx.Component:
    """Tells that ownership waits for an answer, while it does."""
    withdraw = p.button(t("members.offer.withdraw"), size="xs", on_click=MembersState.withdraw)
    bar = rx.el.div(
        p.icon("crown", 16),
        rx.el.span(
            t(
                "members.offer.waiting",
                giver=MembersState.offer["giver"],
                receiver=MembersState.offer["receiver"],
            ),
            class_name="f1",
        ),
        rx.cond(Session.role == "owner", withdraw, rx.fragment()),
        class_name="co-al nf",
        role="status",
    )
    return rx.cond(MembersState.offer.contains("id"), bar, rx.fragment())
