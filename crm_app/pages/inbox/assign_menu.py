"""The menu that gives a conversation to somebody, as far as the reassign lock lets the person."""

from typing import Any

import reflex as rx

from crm_app.pages.inbox.rows import MemberRow
from crm_app.pages.inbox.state_list import InboxState
from crm_app.pages.inbox.state_thread import ThreadState
from crm_app.pages.session.owners import may_pass_on
from crm_app.pages.session.state import Session, allowed
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t


def small_face(name: Any, seed: Any) -> rx.Component:
    """A colleague in a line of text: one letter, the whole name on hover."""
    return p.avatar(name.split(" ")[0], seed=seed, size=18, title=name)


def assign_menu() -> rx.Component:
    """Whose the open conversation is, and whose it may become."""
    head = ThreadState.head

    def choice(member: MemberRow) -> rx.Component:
        return q.menu_item(
            member["name"],
            on_select=ThreadState.assign(head["id"], member["id"]),
            after=rx.cond(member["id"] == head["assignee_id"], p.icon("check", 14), rx.fragment()),
        )

    face = rx.cond(
        head["assignee_id"] != "",
        rx.fragment(
            small_face(head["assignee_name"], head["assignee_id"]),
            rx.el.span(head["assignee_name"].split(" ")[0], class_name="lbl-w"),
        ),
        rx.fragment(p.icon("user-plus", 16), rx.el.span(t("inbox.action.assign"), class_name="lbl-w")),
    )
    trigger = p.button(
        face,
        p.icon("chevron-down", 14),
        kind="out",
        aria_label=t("inbox.action.assign"),
        title=t("inbox.action.assign") + " (A)",
        custom_attrs={"data-hotkey": "a"},
    )
    others = rx.fragment(
        q.menu_item(t("inbox.action.to_queue"), icon_name="undo-2", on_select=ThreadState.assign(head["id"], "")),
        q.menu_line(),
        q.menu_label(t("inbox.action.assign")),
        rx.foreach(InboxState.members, choice),
    )
    menu = q.menu(
        trigger,
        q.menu_item(
            t("inbox.action.assign_me"),
            icon_name="hand",
            on_select=ThreadState.assign(head["id"], Session.user_id),
        ),
        rx.cond(allowed("conversations.reassign"), others, rx.fragment()),
    )
    locked = p.row(face, class_name="btn out", custom_attrs={"aria-disabled": "true"})
    may = may_pass_on("conversations", head["assignee_id"]) & allowed("messages.send")
    return rx.cond(may, menu, locked)
