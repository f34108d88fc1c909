"""The screen /board."""

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.base import app_page
from crm_app.pages.board.components import header, toolbar
from crm_app.pages.board.deal_state import DealState
from crm_app.pages.board.drawer import deal_drawer
from crm_app.pages.board.new_deal import new_deal_dialog
from crm_app.pages.board.state import BoardState
from crm_app.pages.session.state import Session, allowed
from crm_app.ui import patterns as q
from crm_app.ui.board import board
from crm_app.ui.i18n import t


@app_page(
    routes.BOARD,
    title_key="board.title",
    permission="deals.read",
    on_load=[BoardState.load, DealState.open_from_address],
    rail=True,
)
def page() -> rx.Component:
    """The board of a funnel, with the open deal beside it."""
    columns = board(
        snapshot=BoardState.snapshot,
        patches=BoardState.patches,
        people=BoardState.people,
        can_write=allowed("deals.write"),
        filtered=(BoardState.owner != "") | (BoardState.search != ""),
        currency=Session.currency,
        on_card_moved=BoardState.move_card,
        on_open=DealState.open_deal,
        on_more=BoardState.load_more,
        on_quick_add=BoardState.quick_add,
        on_resync=BoardState.load,
    )
    without = q.empty_state(t("board.none.title"), t("board.none.body"), icon_name="square-kanban")
    loaded = BoardState.snapshot.length() > 0
    return rx.fragment(
        header(),
        toolbar(),
        rx.cond(
            BoardState.failed,
            q.error_state(BoardState.load),
            rx.cond(loaded & (BoardState.pipeline_id == ""), without, columns),
        ),
        deal_drawer(),
        new_deal_dialog(),
    )
