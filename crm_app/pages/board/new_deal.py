"""The dialog for a new deal."""

from typing import Any

import reflex as rx

from crm_app.pages.board.drawer import stage_options
from crm_app.pages.board.new_deal_state import NewDealState
from crm_app.pages.board.state import BoardState
from crm_app.pages.session.owners import owner_options
from crm_app.pages.session.state import Session
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t

FORM = "new-deal"


def _hit(contact: Any) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            p.avatar(contact["name"], seed=contact["id"], size=20),
            rx.el.span(contact["name"], class_name="tr f1", dir="auto"),
            rx.el.span(contact["detail"], class_name="mi fnt tr"),
            type="button",
            class_name="mitem",
            on_click=NewDealState.choose_contact(contact["id"], contact["name"]),
        )
    )


def _contact() -> rx.Component:
    chosen = p.row(
        p.avatar(NewDealState.contact_name, seed=NewDealState.contact_id, size=24),
        rx.el.span(NewDealState.contact_name, class_name="f1 tr", dir="auto"),
        p.icon_button("x", t("board.new.no_contact"), size="xs", on_click=NewDealState.choose_contact("", "")),
        class_name="inp",
    )
    search = p.column(
        p.search_input(label=t("board.new.find_contact"), on_search=NewDealState.find_contact),
        rx.cond(
            NewDealState.found.length() > 0,
            rx.el.ul(rx.foreach(NewDealState.found, _hit), class_name="deal-hits"),
        ),
    )
    return rx.el.div(
        rx.el.span(t("board.deal.contact"), class_name="lbl"),
        rx.cond(NewDealState.contact_id != "", chosen, search),
        class_name="fld",
    )


def new_deal_dialog() -> rx.Component:
    """The dialog in which a deal is created."""
    title = p.text_input(
        name="title",
        max_length=200,
        auto_focus=True,
        dir="auto",
        required=True,
        default_value=NewDealState.title,
        error=NewDealState.title_error,
    )
    value = p.text_input(name="value", max_length=40, input_mode="decimal", error=NewDealState.value_error)
    closing = p.text_input(name="expected_close_on", type="date", error=NewDealState.day_error)
    form = rx.el.form(
        p.field(t("board.deal.title"), title, error=NewDealState.title_error),
        _contact(),
        rx.el.div(
            p.field(t("board.deal.value"), value, error=NewDealState.value_error),
            p.field(t("board.deal.closing"), closing, error=NewDealState.day_error),
            p.field(t("board.deal.stage"), p.select(stage_options(), name="stage_id")),
            p.field(
                t("board.deal.owner"),
                p.select(
                    *owner_options("deals", BoardState.people, "", t("board.deal.nobody")),
                    name="owner_id",
                    default_value=Session.user_id,
                ),
            ),
            class_name="deal-f",
        ),
        id=FORM,
        class_name="bd-new",
        on_submit=NewDealState.create,
    )
    return q.dialog(
        form,
        title=t("board.add.new"),
        open=NewDealState.shown,
        on_open_change=NewDealState.show,
        footer=rx.fragment(
            p.button(t("common.action.cancel"), size="m", on_click=NewDealState.show(False)),
            p.button(t("board.new.create"), kind="pri", size="m", type="submit", form=FORM),
        ),
        width=480,
    )
