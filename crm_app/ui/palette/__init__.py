"""Finding anything and commanding everything from one field: the palette, and its button."""

from typing import Any

import reflex as rx
from reflex_base.event import EventSpec
from reflex_base.utils.imports import ImportVar
from reflex_base.vars import VarData

from crm_app.ui.browser_module import browser_module
from crm_app.ui.client import call

SOURCES = ("opener.jsx", "palette.jsx", "sections.js", "marks.js")

_modules = {name: browser_module(name, package=__name__, beside=__file__) for name in SOURCES}
_OPENER = _modules["opener.jsx"]


def open_palette() -> EventSpec:
    """Return an event that opens the palette of this page."""
    data = VarData(imports={_OPENER: [ImportVar(tag="showPalette", install=False)]})
    return rx.run_script(call("showPalette", data=data, result=object))


class _Part(rx.Component):
    library = _OPENER


class PaletteButton(_Part):
    """Opens the palette, and tells its key. Children stand before the words."""

    tag = "PaletteButton"


class Palette(_Part):
    """Waits for its key; the dialog is loaded when it is first wanted.

    `commands` are `{words, icon, keys, shown}` with an `href` or an `act` that the dialog knows; `found` is
    the answer to `on_look`, which gets what was typed: `{asked, contacts, deals, conversations, messages}`.
    """

    tag = "PrumoPalette"

    commands: rx.Var[list[dict[str, Any]]]
    found: rx.Var[dict[str, Any]]
    currency: rx.Var[str]

    on_look: rx.EventHandler[rx.event.passthrough_event_spec(str)]
    on_make: rx.EventHandler[rx.event.passthrough_event_spec(str, str)]
    on_theme: rx.EventHandler[rx.event.passthrough_event_spec(str)]


palette = Palette.create
palette_button = PaletteButton.create
