"""The line that invites, and the rows of those who have not answered yet."""

from typing import Any

import reflex as rx

from crm_app.pages.members.components import role_word
from crm_app.pages.members.invite_state import InviteState
from crm_app.pages.members.state import MembersState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import relative
from crm_app.ui.i18n import language, t

DAYS = (3, 7, 14, 30)
_TONES: dict[str, Any] = {"invited": "ok", "waiting": "ok", "unsent": "wa", "member": "nt", "bad": "da"}


def invite_bar() -> rx.Component:
    """Addresses, a role, how long the invitation is good, and the button."""
    emails = p.input_box(
        rx.el.textarea(
            name="emails", rows=1, placeholder=t("members.invite.placeholder"), required=True,
            aria_label=t("members.invite.emails"), max_length=20_000, enter_key_submit=True,
        ),
        error=InviteState.problem != "",
        class_name="inv-a",
    )  # fmt: skip
    roles = p.select(
        rx.foreach(
            MembersState.roles,
            lambda one: rx.el.option(role_word(one["key"], one["name"]), value=one["key"].to(str)),
        ),
        name="role", default_value="sales", aria_label=t("members.column.role"),
    )  # fmt: skip
    team = p.select(
        rx.el.option(t("members.invite.no_team"), value=""),
        rx.foreach(InviteState.teams, lambda one: rx.el.option(one["name"], value=one["id"])),
        name="team", default_value="", aria_label=t("members.invite.team"),
    )  # fmt: skip
    teams = rx.cond(InviteState.teams.length() > 0, team, rx.fragment())
    days = p.select(
        *[rx.el.option(t("members.invite.days", count=count), value=str(count)) for count in DAYS],
        name="days", default_value="7", aria_label=t("members.invite.good_for"),
    )  # fmt: skip
    send = p.button(t("members.invite.do"), kind="pri", size="m", icon_name="mail", type="submit")
    hidden = rx.el.input(type="hidden", name="language", value=language())
    problem = rx.el.p(t(InviteState.problem, limit=InviteState.limit), class_name="msg da inv-w", role="alert")
    hint = rx.el.p(t("members.invite.hint"), class_name="sm fnt inv-w")
    line = rx.el.form(
        emails, roles, teams, days, send, hidden, rx.cond(InviteState.problem != "", problem, hint),
        on_submit=InviteState.send, key=InviteState.round, class_name="inv",
    )  # fmt: skip
    return rx.el.section(line, _outcomes(), class_name="pn", aria_label=t("members.invite.do"))


def _outcomes() -> rx.Component:
    listed = rx.el.div(
        rx.el.ul(rx.foreach(InviteState.outcomes, _outcome), class_name="inv-o f1"),
        p.icon_button("x", t("common.action.close"), size="xs", on_click=InviteState.forget_outcomes),
        class_name="r g2 inv-out",
        role="status",
    )
    return rx.cond(InviteState.outcomes.length() > 0, listed, rx.fragment())


def _outcome(one: Any) -> rx.Component:
    words = [(name, p.chip(t(f"members.invite.outcome.{name}"), tone=tone)) for name, tone in _TONES.items()]
    said = rx.match(one["outcome"], *words, rx.fragment())
    return rx.el.li(rx.el.span(one["email"], class_name="tr", dir="auto"), said)


def pending_rows() -> rx.Component:
    """Everybody who has not answered yet."""
    return rx.foreach(InviteState.pending, _pending)


def _pending(row: Any) -> rx.Component:
    """Somebody who has not answered yet."""
    sent = t("members.invite.sent_by", name=row["inviter"])
    return rx.el.li(
        p.row(
            rx.el.span(p.icon("mail", 14), class_name="inv-mark", aria_hidden="true"),
            p.column(
                rx.el.span(row["email"], class_name="mw tr", dir="auto"),
                p.row(
                    rx.el.span(sent, class_name="tr"), rx.el.span(relative(row["sent_at"])), class_name="fnt sm"
                ),
                class_name="mbr-words",
            ),
            gap="g3",
            class_name="mbr-person",
        ),
        rx.el.div(role_word(row["role"], row["role_name"]), class_name="mbr-role"),
        rx.el.div(p.chip(t("members.invite.pending"), tone="wa"), class_name="mbr-status"),
        rx.el.div(t("members.invite.until"), " ", relative(row["expires_at"]), class_name="mbr-seen mut sm"),
        _menu(row),
        class_name="mbr-row",
    )


def _menu(row: Any) -> rx.Component:
    row_id = row["id"].to(str)
    return q.menu(
        p.icon_button("ellipsis", t("members.menu.label", name=row["email"])),
        q.menu_item(t("members.invite.resend"), icon_name="send", on_select=InviteState.resend(row_id)),
        q.menu_item(t("members.invite.copy"), icon_name="link", on_select=InviteState.copy(row_id)),
        q.menu_line(),
        q.menu_item(t("members.invite.revoke"), icon_name="x", danger=True, on_select=InviteState.revoke(row_id)),
    )
