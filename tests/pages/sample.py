"""A state with handlers of every kind, for the tests of the guard and of the bridge."""

from typing import Any

import reflex as rx

from crm_app.core.errors import Conflict
from crm_app.domains.accounts import service
from crm_app.pages.base import PUBLIC, SIGNED_IN, PageState, handler, notify


class Sample(PageState, rx.State):
    """What a screen's state looks like, small."""

    secret_of_user: str = ""
    calls: list[str] = []
    members: list[str] = []
    heard: list[dict[str, Any]] = []

    @handler(PUBLIC)
    async def anybody(self) -> None:
        """Open to all."""
        self.calls = [*self.calls, "anybody"]

    @handler(SIGNED_IN)
    async def somebody(self) -> None:
        """Open to whoever is signed in."""
        self.calls = [*self.calls, "somebody"]
        self.secret_of_user = "only mine"

    @handler("members.manage")
    async def managers(self) -> None:
        """Open to admins."""
        self.calls = [*self.calls, "managers"]

    @handler("members.manage", background=True)
    async def managers_in_background(self) -> None:
        """Open to admins, in the background."""
        async with self._work() as (session, actor):
            members = await service.list_members(session, actor)
        async with self:
            self.members = [member.email for member in members]

    @handler(SIGNED_IN)
    async def chain(self) -> Any:
        """Chain to a handler that demands more."""
        return Sample.managers

    @rx.event
    async def undeclared(self) -> None:
        """Nobody said who may call this."""
        self.calls = [*self.calls, "undeclared"]

    @handler(SIGNED_IN)
    async def conflict(self) -> None:
        """Fail in an expected way."""
        raise Conflict("errors.conflict", name="Ana")

    @handler(SIGNED_IN)
    async def crash(self) -> None:
        """Fail in an unexpected way."""
        raise RuntimeError("the inside of the house")

    @handler(SIGNED_IN)
    async def offer_undo(self) -> Any:
        """Show a message with an undo."""
        return notify("common.action.save", undo=Sample.somebody)

    @handler(SIGNED_IN)
    async def look(self, name: str = "sample.", thing: str = "") -> None:
        """Watch facts."""
        if thing:
            self._watch(name, thing_id=thing)
        else:
            self._watch(name)

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        """Note the fact, and who is acting."""
        if fact.get("bad"):
            raise RuntimeError("this one cannot be read")
        async with self._work() as (session, actor):
            organization = await service.get_organization(session, actor)
        self.heard = [*self.heard, {"thing": fact.get("thing_id", ""), "organization": organization.name}]
