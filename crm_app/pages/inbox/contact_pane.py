"""The right pane: the contact, their deals and what has happened."""

from typing import Any

import reflex as rx
from reflex_base.vars.base import Var

from crm_app.pages import routes
from crm_app.pages.inbox.contact_rows import ActivityRow, DealRow, StepRow
from crm_app.pages.inbox.rows import MemberRow
from crm_app.pages.inbox.state_contact import ContactState
from crm_app.pages.inbox.state_list import InboxState
from crm_app.pages.session.state import allowed
from crm_app.ui import primitives as p
from crm_app.ui.format import day_short, money, phone, relative, stamp
from crm_app.ui.i18n import t


def _line(key: str, *value: Any) -> rx.Component:
    return rx.fragment(rx.el.dt(t(f"inbox.side.{key}")), rx.el.dd(*value))


def _person() -> rx.Component:
    contact = ContactState.contact
    second = rx.cond(
        (contact["job_title"] != "") & (contact["company"] != ""),
        contact["job_title"] + " · " + contact["company"],
        contact["job_title"] + contact["company"],
    )
    return rx.el.section(
        p.avatar(contact["name"], seed=contact["id"], size=40),
        rx.el.div(
            rx.el.b(contact["name"], class_name="md tr"),
            rx.el.span(second, class_name="mut tr"),
            class_name="c f1",
        ),
        class_name="sx r g3",
    )


def _owner() -> rx.Component:
    def shown(member: MemberRow) -> rx.Component:
        named = rx.fragment(p.avatar(member["name"], seed=member["id"], size=18), member["name"])
        return rx.cond(member["id"] == ContactState.contact["owner_id"], named, rx.fragment())

    return rx.cond(
        ContactState.contact["owner_id"] != "",
        rx.foreach(InboxState.members, shown),
        rx.el.span(t("inbox.list.nobody"), class_name="fnt"),
    )


def _tag(tag: Any) -> rx.Component:
    return p.chip(tag, tone="ln")


def _data() -> rx.Component:
    contact = ContactState.contact

    def given(key: str, value: Any, shown: Any) -> rx.Component:
        return rx.cond(value != "", _line(key, shown), rx.fragment())

    return rx.el.section(
        rx.el.dl(
            given("phone", contact["phone"], rx.el.span(phone(contact["phone"]), class_name="num")),
            given("email", contact["email"], contact["email"]),
            _line("owner", _owner()),
            given("source", contact["source"], contact["source"]),
            rx.cond(
                contact["tags"].length() > 0,
                _line("tags", rx.el.span(rx.foreach(contact["tags"], _tag), class_name="r g1 wrap")),
                rx.fragment(),
            ),
            class_name="dl",
        ),
        class_name="sx",
    )  # fmt: skip


def _deal(deal: DealRow) -> rx.Component:
    steps = rx.foreach(
        deal["stages"],
        lambda step, index: rx.el.i(class_name=rx.cond(index < deal["place"], "d", ""), key=step["id"]),
    )

    def option(step: StepRow) -> rx.Component:
        return rx.el.option(step["name"], value=step["id"])

    chooser = p.select(
        rx.foreach(deal["stages"], option),
        size="s",
        value=deal["stage_id"],
        on_change=lambda stage: ContactState.move_deal(deal["id"], stage, deal["version"]),
        aria_label=t("inbox.side.stage", deal=deal["title"]),
    )
    return rx.el.div(
        rx.el.div(
            rx.el.b(deal["title"], class_name="tr"),
            rx.el.span(money(deal["value_cents"]), class_name="num mw nw"),
            class_name="r jb g2",
        ),
        rx.el.div(steps, class_name="stp", title=deal["stage_name"], style={"--st": deal["hue"]}),
        rx.cond(allowed("deals.write"), chooser, rx.el.span(deal["stage_name"], class_name="mut")),
        rx.el.div(
            rx.el.span(t("inbox.side.in_stage", since=relative(deal["entered_at"]))),
            rx.cond(
                deal["closes_on"] != "",
                rx.el.span(t("inbox.side.closes", day=day_short(deal["closes_on"]))),
                rx.fragment(),
            ),
            class_name="r jb sm fnt",
            style={"marginTop": "6px"},
        ),
        class_name="dealc",
        key=deal["id"],
    )  # fmt: skip


def _deals() -> rx.Component:
    add = p.icon_button("plus", t("inbox.side.new_deal"), size="xs", on_click=ContactState.add_deal)
    return rx.el.section(
        rx.el.div(
            rx.el.h3(t("inbox.side.deals")),
            p.count(ContactState.deals.length()),
            rx.el.span(class_name="f1"),
            rx.cond(allowed("deals.write"), add, rx.fragment()),
            class_name="sx-h",
        ),
        rx.cond(
            ContactState.deals.length() > 0,
            rx.foreach(ContactState.deals, _deal),
            rx.el.p(t("inbox.side.no_deals"), class_name="fnt"),
        ),
        class_name="sx",
    )


_ICONS = (
    ("contact.created", "user-plus"),
    ("contact.updated", "pencil"),
    ("deal.created", "square-kanban"),
    ("deal.moved", "square-kanban"),
    ("deal.archived", "archive"),
    ("deal.updated", "pencil"),
    ("note.added", "sticky-note"),
    ("conversation.started", "message-circle"),
    ("conversation.reopened", "rotate-ccw"),
    ("conversation.resolved", "check"),
    ("conversation.assigned", "user-check"),
)


def _activity(activity: ActivityRow) -> rx.Component:
    symbol = rx.match(activity["kind"], *((name, p.icon(icon, 15)) for name, icon in _ICONS), p.icon("dot", 15))
    words = t(activity["key"], activity["data"])
    return rx.el.div(
        rx.el.span(symbol, class_name="fnt"),
        rx.el.span(words, class_name="f1 mut"),
        rx.el.span(stamp(activity["at"]), class_name="sm fnt num nw"),
        class_name="r g2",
        key=activity["id"],
    )


def _timeline() -> rx.Component:
    return rx.el.section(
        rx.el.div(rx.el.h3(t("inbox.side.timeline")), class_name="sx-h"),
        rx.cond(
            ContactState.timeline.length() > 0,
            rx.el.div(rx.foreach(ContactState.timeline, _activity), class_name="tline"),
            rx.el.p(t("inbox.side.no_timeline"), class_name="fnt"),
        ),
        class_name="sx",
    )


def contact_pane() -> rx.Component:
    """The right pane; a drawer below 1440 px."""
    profile = p.link(
        p.icon("external-link", 16),
        href=Var.create(routes.CONTACTS + "/") + ContactState.contact["id"],
        class_name="btn ico",
        aria_label=t("inbox.action.profile"),
        title=t("inbox.action.profile"),
    )
    return rx.el.aside(
        rx.el.header(
            rx.el.h2(t("inbox.side.title"), class_name="md"),
            rx.el.span(class_name="f1"),
            profile,
            p.icon_button("x", t("inbox.side.hide"), on_click=ContactState.toggle),
            class_name="hd",
        ),
        rx.cond(
            ContactState.contact["id"] != "",
            rx.el.div(_person(), _data(), _deals(), _timeline(), class_name="side"),
            rx.fragment(),
        ),
        class_name="pane third",
        aria_label=t("inbox.side.label"),
    )
