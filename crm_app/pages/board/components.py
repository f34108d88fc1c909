"""The bars above the board."""

from typing import Any

import reflex as rx

from crm_app.pages.board.new_deal_state import NewDealState
from crm_app.pages.board.state import MINE, BoardState
from crm_app.pages.session.state import allowed
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t


def _pipeline(one: Any) -> rx.Component:
    tick = rx.cond(one["id"] == BoardState.pipeline_id, p.icon("check", 14), rx.fragment())
    return q.menu_item(one["name"], on_select=BoardState.choose_pipeline(one["id"]), after=tick)


def header() -> rx.Component:
    """Which funnel, whose deals, and the button for a new one."""
    switch = q.menu(
        rx.el.button(
            rx.el.h1(BoardState.pipeline_name, class_name="tr", dir="auto"), p.icon("chevron-down", 14),
            class_name="btn bd-pipe", type="button", aria_label=t("board.pipelines"),
        ),
        rx.foreach(BoardState.pipelines, _pipeline),
        align="start",
    )  # fmt: skip
    views = rx.el.div(
        _view("", t("board.filter.all")), _view(MINE, t("board.filter.mine")),
        class_name="tabs", role="group", aria_label=t("board.filter.owner"),
    )  # fmt: skip
    new = p.button(
        rx.el.span(t("board.add.new"), class_name="wide"),
        kind="pri", icon_name="plus", on_click=NewDealState.show(True), aria_label=t("board.add.new"),
        title=t("board.add.new") + " (N)", custom_attrs={"data-hotkey": "n"},
    )  # fmt: skip
    return rx.el.header(
        rx.cond(BoardState.pipeline_name != "", switch, rx.el.h1(t("board.title"))),
        rx.el.span(class_name="vr wide"),
        views,
        rx.el.span(class_name="f1"),
        _viewers(),
        rx.cond(allowed("deals.write") & (BoardState.pipeline_id != ""), new),
        class_name="hd",
    )


def _view(value: str, words: Any) -> rx.Component:
    on = BoardState.owner == value
    return rx.el.button(
        words, type="button", class_name=rx.cond(on, "on", ""), aria_pressed=on,
        on_click=BoardState.choose_owner(value),
    )  # fmt: skip


def _viewers() -> rx.Component:
    """Who else looks at this funnel now."""
    return rx.el.span(
        rx.foreach(
            BoardState.viewers,
            lambda who: p.avatar(who["name"], seed=who["id"], size=24, presence=""),
        ),
        class_name="avs sp wide", role="group", aria_label=t("board.viewers"),
    )  # fmt: skip


def toolbar() -> rx.Component:
    """Search, the owner filter, and the sums of what is shown (written by the board itself)."""
    find = p.search_input(
        label=t("board.filter.search"), on_search=BoardState.look_for, default_value=BoardState.search,
        key=rx.cond(BoardState.search == "", "empty", "full"), custom_attrs={"data-hotkey": "/"},
    )  # fmt: skip
    who = p.select(
        rx.el.option(t("board.filter.everybody"), value=""),
        rx.el.option(t("board.filter.mine"), value=MINE),
        rx.foreach(BoardState.people, lambda one: rx.el.option(one["name"], value=one["id"])),
        value=BoardState.owner, on_change=BoardState.choose_owner, size="s",
        aria_label=t("board.filter.owner"),
    )  # fmt: skip
    filtered = (BoardState.owner != "") | (BoardState.search != "")
    return rx.el.div(
        rx.el.div(find, class_name="bd-find"),
        rx.el.div(who, class_name="bd-who"),
        rx.cond(
            filtered,
            p.button(t("board.filter.clear"), size="xs", icon_name="x", on_click=BoardState.clear_filters),
        ),
        rx.el.span(class_name="f1"),
        rx.el.span(class_name="num sm nw", id="board-summary"),
        class_name="tbar bd-tbar",
    )
