"""The drawer with one deal."""

from typing import Any

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.board.deal_state import DealState
from crm_app.pages.board.state import BoardState
from crm_app.pages.session.owners import may_pass_on, owner_options
from crm_app.pages.session.state import allowed
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import date_time, day, money, relative
from crm_app.ui.i18n import t


def stage_options() -> rx.Component:
    """Return the choices of a list of the funnel's stages."""
    return rx.foreach(BoardState.stages, lambda stage: rx.el.option(stage["name"], value=stage["id"]))


def _fields(deal: Any) -> rx.Component:
    locked = ~allowed("deals.write")
    title = p.text_input(
        default_value=deal["title"], on_blur=DealState.save_title, max_length=200, disabled=locked, dir="auto",
        error=DealState.title_error, key="title-" + deal["id"].to(str) + deal["title"].to(str),
    )  # fmt: skip
    value = p.text_input(
        default_value=money(deal["value_cents"], exact=True), on_blur=DealState.save_value, max_length=40,
        input_mode="decimal", disabled=locked, error=DealState.value_error, class_name="num",
        key="value-" + deal["id"].to(str) + deal["value_cents"].to_string(),
    )  # fmt: skip
    closing = p.text_input(
        type="date", default_value=deal["expected_close_on"], on_blur=DealState.save_day, disabled=locked,
        error=DealState.day_error, key="day-" + deal["id"].to(str) + deal["expected_close_on"].to_string(),
    )  # fmt: skip
    stage = p.select(stage_options(), value=deal["stage_id"], on_change=DealState.choose_stage, disabled=locked)
    owned_by = rx.cond(deal["owner_id"], deal["owner_id"].to(str), "")
    owner = p.select(
        *owner_options("deals", BoardState.people, owned_by, t("board.deal.nobody")), value=owned_by,
        on_change=DealState.choose_owner, disabled=locked | ~may_pass_on("deals", owned_by),
    )  # fmt: skip
    return rx.el.div(
        p.field(t("board.deal.title"), title, error=DealState.title_error),
        p.field(t("board.deal.value"), value, error=DealState.value_error),
        p.field(t("board.deal.stage"), stage),
        p.field(t("board.deal.owner"), owner),
        p.field(t("board.deal.closing"), closing, error=DealState.day_error),
        class_name="deal-f",
    )


def _contact(deal: Any) -> rx.Component:
    name = p.column(
        rx.el.b(deal["contact_name"], class_name="tr", dir="auto"),
        rx.el.span(
            rx.cond(deal["contact_company"], deal["contact_company"], t("board.deal.contact")),
            class_name="sm fnt tr",
        ),
        class_name="f1",
    )
    talk = p.link(
        p.icon("message-square", 16), t("board.deal.conversation"), class_name="btn out",
        href=routes.INBOX + "/" + DealState.conversation_id,
    )  # fmt: skip
    card = p.row(
        p.avatar(deal["contact_name"], seed=deal["contact_id"], size=32),
        p.link(name, href="/contacts/" + deal["contact_id"].to(str), class_name="f1 r"),
        rx.cond(DealState.conversation_id != "", talk),
        class_name="deal-c",
    )
    return rx.cond(deal["contact_id"], card, rx.el.p(t("board.card.no_person"), class_name="mut deal-c"))


def _step(step: Any) -> rx.Component:
    moved = rx.cond(
        step["from_stage_name"],
        t("board.deal.step_moved", origin=step["from_stage_name"], target=step["to_stage_name"]),
        t("board.deal.step_created", target=step["to_stage_name"]),
    )
    who = rx.cond(step["user_name"] != "", step["user_name"].to(str) + " · ", "")
    return rx.el.li(
        rx.el.span(moved, dir="auto"),
        rx.el.span(
            who, rx.el.time(relative(step["moved_at"]), title=date_time(step["moved_at"])), class_name="mi fnt"
        ),
    )


def _closing_line(deal: Any) -> rx.Component:
    won = q.notice(t("board.card.won", day=day(deal["closed_at"])), tone="ok", icon_name="circle-check")
    reason = rx.cond(deal["lost_reason"] != "", ": " + deal["lost_reason"].to(str), "")
    lost = q.notice(t("board.card.lost", day=day(deal["closed_at"])), reason, tone="da", icon_name="circle-x")
    gone = q.notice(t("board.deal.archived"), tone="wa", icon_name="archive")
    return rx.fragment(
        rx.cond(deal["archived_at"], gone),
        rx.match(deal["stage_kind"], ("won", won), ("lost", lost), rx.fragment()),
    )


def _lose_form() -> rx.Component:
    return rx.el.form(
        p.field(t("board.deal.reason"), p.text_input(name="reason", max_length=200, auto_focus=True, dir="auto")),
        p.row(
            p.button(t("board.deal.lose"), kind="dan", size="m", type="submit"),
            p.button(t("common.action.cancel"), size="m", on_click=DealState.ask_reason(False)),
        ),
        on_submit=DealState.lose,
        class_name="deal-l",
    )


def _actions() -> rx.Component:
    win = p.button(t("board.deal.win"), kind="pri", size="m", icon_name="trophy", on_click=DealState.win)
    lose = p.button(t("board.deal.lose"), kind="out", size="m", on_click=DealState.ask_reason(True))
    archive = p.button(
        t("board.deal.archive"), kind="danger-t", size="m", icon_name="archive", on_click=DealState.archive
    )
    kind = DealState.deal["stage_kind"]
    return p.row(
        archive,
        rx.el.span(class_name="f1"),
        rx.cond(kind != "lost", lose),
        rx.cond(kind != "won", win),
        class_name="f1",
    )


def deal_drawer() -> rx.Component:
    """The drawer with the open deal: fields, contact, history, and what can be done."""
    deal = DealState.deal
    return q.dialog(
        _closing_line(deal),
        _contact(deal),
        _fields(deal),
        rx.cond(DealState.losing, _lose_form()),
        rx.el.h3(t("board.deal.history"), class_name="deal-h"),
        rx.el.ol(rx.foreach(DealState.steps, _step), class_name="deal-t"),
        title=deal["title"],
        open=DealState.shown,
        on_open_change=DealState.show,
        footer=rx.cond(allowed("deals.write") & ~DealState.losing, _actions()),
        look="drawer",
        width=460,
    )
