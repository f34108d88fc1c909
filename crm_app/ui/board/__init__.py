"""The sales board as one React component with a store of its own."""

from typing import Any

import reflex as rx

from crm_app.ui.browser_module import browser_module

SOURCES = (
    "board.jsx",
    "card.jsx",
    "column.jsx",
    "drag.js",
    "glide.js",
    "icons.jsx",
    "keys.js",
    "menu.jsx",
    "moves.js",
    "quick-add.jsx",
    "stage.js",
    "store.js",
    "strip.jsx",
    "toast.jsx",
    "words.js",
)

DND_KIT = "@dnd-kit/core@6.3.1"

_modules = {name: browser_module(name, package=__name__, beside=__file__) for name in SOURCES}


def _moved(
    deal_id: rx.Var[str], stage_id: rx.Var[str], before: rx.Var[Any], after: rx.Var[Any], version: rx.Var[int]
) -> list[rx.Var[Any]]:
    return [deal_id, stage_id, before, after, version]


def _added(stage_id: rx.Var[str], title: rx.Var[str], value: rx.Var[str], token: rx.Var[str]) -> list[rx.Var[Any]]:
    return [stage_id, title, value, token]


class Board(rx.Component):
    """Columns of cards. `snapshot` fills it when its `key` changes, numbered `patches` keep it true.

    A snapshot is `{key, n, stages: [{…column, cards: […]}]}`. A patch carries its number `n` and a `kind`: `card`
    (a card as it stands, with `actor` or `mine`), `gone`, `refused` (with the reason), `more` (the next cards of a
    column), `contact` (what cards show of one) or `totals`; each may carry the `totals` of columns. After a gap in
    the numbers the board asks for a new snapshot with `on_resync`.
    """

    library = _modules["board.jsx"]
    tag = "PrumoBoard"
    lib_dependencies: list[str] = [DND_KIT]

    snapshot: rx.Var[dict[str, Any]]
    patches: rx.Var[list[dict[str, Any]]]
    people: rx.Var[list[dict[str, Any]]]
    can_write: rx.Var[bool]
    filtered: rx.Var[bool]
    currency: rx.Var[str]

    on_card_moved: rx.EventHandler[_moved]
    on_open: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_more: rx.EventHandler[rx.event.passthrough_event_spec(str, str)]
    on_quick_add: rx.EventHandler[_added]
    on_resync: rx.EventHandler[rx.event.no_args_event_spec]


board = Board.create
