"""What the palette finds, and the commands that it offers beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import reflex as rx
from pydantic import Field, TypeAdapter, ValidationError
from reflex_base.style import resolved_color_mode, set_color_mode

from crm_app.core.errors import NotFound
from crm_app.core.text import LINE
from crm_app.domains.search import service
from crm_app.domains.search.schemas import Found
from crm_app.pages.base import PageState, handler
from crm_app.pages.policy import SIGNED_IN
from crm_app.pages.session.state import Session, allowed
from crm_app.ui import primitives as p
from crm_app.ui.layout import NavEntry
from crm_app.ui.palette import palette


@dataclass(frozen=True, slots=True)
class Making:
    """Something new that can be begun from any screen. `begin` gets what was typed and opens a form at `route`."""

    act: str
    words: str
    about: str
    """The words for doing it with what was typed."""
    icon: str
    permission: str
    begin: Any
    route: str


MAKING: list[Making] = []
"""What the screens have put here."""

_words: TypeAdapter[str] = TypeAdapter(Annotated[str, Field(max_length=100), LINE])


class Finder(PageState, rx.State):
    """The palette's answer; `asked` tells to which question, `number` tells answers apart."""

    found: dict[str, Any] = {}

    @handler(SIGNED_IN, supersedes=True)
    async def look(self, query: str) -> None:
        """Find what these words may mean; what cannot be searched for finds nothing."""
        try:
            words = _words.validate_python(query)
        except ValidationError:
            self._answer(query, Found())
            return
        async with self._work() as (session, actor):
            found = await service.search_everything(session, actor, query=words)
        self._answer(query, found)

    def _answer(self, query: str, found: Found) -> None:
        # An answer equal to the last one would not be sent: the number makes it another one.
        number = int(self.found.get("number", 0)) + 1
        self.found = {"asked": str(query)[:100], "number": number, **found.model_dump(mode="json")}

    @handler(SIGNED_IN)
    async def make(self, act: str, text: str) -> Any:
        """Go where something new is made, with the form open; whether one may is asked there."""
        making = next((one for one in MAKING if one.act == act), None)
        if making is None:
            raise NotFound
        return [making.begin(str(text)), rx.redirect(making.route)]


def _go(entry: NavEntry) -> dict[str, Any]:
    icon = p.icon(entry.icon)
    return {"words": entry.key, "href": entry.route, "icon": icon, "keys": entry.hotkey, "shown": entry.visible}


def _act(act: str, words: str, icon_name: str, shown: Any = True, **more: str) -> dict[str, Any]:
    return {"act": act, "words": words, "icon": p.icon(icon_name), "keys": "", "shown": shown, **more}


def _make(one: Making) -> dict[str, Any]:
    shown = allowed(one.permission) & (Session.visiting == "")
    return _act("make", one.words, one.icon, shown, make=one.act, about=one.about)


def finder(entries: Sequence[NavEntry]) -> rx.Component:
    """The palette, with a command for each of the `entries` of the navigation."""
    dark = resolved_color_mode == "dark"
    commands = [
        *[_go(entry) for entry in entries],
        *map(_make, MAKING),
        _act("dark", "shell.palette.dark", "moon", ~dark),
        _act("light", "shell.palette.light", "sun", dark),
        _act("keys", "shell.keys.title", "keyboard"),
        _act("sign_out", "shell.menu.sign_out", "log-out", Session.visiting == ""),
    ]
    return palette(
        commands=commands,
        found=Finder.found,
        currency=Session.currency,
        on_look=Finder.look,
        on_make=Finder.make,
        on_theme=lambda mode: [set_color_mode(mode), Session.keep_theme(mode)],
    )
