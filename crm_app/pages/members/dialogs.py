"""Dialogs about one member: handing over, removing, offering ownership."""

from typing import Any

import reflex as rx

from crm_app.pages.members.state import NOBODY, MembersState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t

OFFER = "member-offer"
KINDS = ("contacts", "conversations", "deals")
ICONS = {"contacts": "users", "conversations": "messages-square", "deals": "square-kanban"}


def member_dialogs() -> rx.Component:
    """All of them; at most one is open."""
    return rx.fragment(_give("remove", "dan"), _give("hand_over", "pri"), _offer())


def _cancel() -> rx.Component:
    return p.button(t("common.action.cancel"), size="m", on_click=MembersState.close(False))


def _problem() -> rx.Component:
    words = rx.el.p(t(MembersState.problem), class_name="msg da", role="alert")
    return rx.cond(MembersState.problem != "", words, rx.fragment())


def _give(what: str, kind: Any) -> rx.Component:
    act = p.button(t(f"members.{what}.do"), kind=kind, size="m", on_click=MembersState.give)
    return q.dialog(
        rx.cond(MembersState.holdings.length() > 0, _preview(), rx.el.p(t("members.give.nothing"))),
        _problem(),
        title=t(f"members.{what}.title", name=MembersState.target_name),
        description=t(f"members.{what}.body"),
        open=MembersState.asking == what,
        on_open_change=MembersState.close,
        footer=rx.fragment(_cancel(), act),
        width=460,
    )


def _preview() -> rx.Component:
    """What moves, and to whom."""
    options = rx.foreach(MembersState.receivers, lambda one: rx.el.option(one["name"], value=one["id"]))
    chooser = p.select(
        rx.el.option(t("members.give.placeholder"), value="", disabled=True),
        options,
        rx.el.option(t("members.give.nobody"), value=NOBODY),
        value=MembersState.receiver_id,
        on_change=MembersState.choose_receiver,
    )
    return p.column(
        rx.el.ul(rx.foreach(MembersState.holdings, _holding), class_name="mbr-holds num"),
        p.field(t("members.give.to"), chooser),
        gap="g3",
    )


def _holding(one: Any) -> rx.Component:
    count = one["count"].to(int)
    words = rx.match(
        one["kind"], *[(kind, t(f"members.holding.{kind}", count=count)) for kind in KINDS], count.to_string()
    )
    symbol = rx.match(one["kind"], *[(kind, p.icon(ICONS[kind], 16)) for kind in KINDS], p.icon("box", 16))
    return rx.el.li(symbol, rx.el.span(words))


def _offer() -> rx.Component:
    share = p.checkbox(t("members.offer.share"), name="share")
    send = p.button(t("members.offer.do"), kind="pri", size="m", type="submit", form=OFFER)
    return q.dialog(
        rx.el.form(share, _problem(), id=OFFER, on_submit=MembersState.offer_ownership),
        title=t("members.offer.title", name=MembersState.target_name),
        description=t("members.offer.body"),
        open=MembersState.asking == "offer",
        on_open_change=MembersState.close,
        footer=rx.fragment(_cancel(), send),
        width=460,
    )
