"""The gate in front of every screen of the platform: a fresh proof, and behind it no tenant."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import reflex as rx
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.database import system_unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.factors.errors import ProofNeeded
from crm_app.pages.base import PLATFORM, PageState, handler
from crm_app.pages.current import current_actor
from crm_app.pages.session.proof import ask_for_proof
from crm_app.pages.session.state import Session


class Gate(PageState, rx.State):
    """Whether the area waits for a proof."""

    locked: bool = False
    has_home: bool = False
    """Whether the person has an organization to go back to."""

    @handler(PLATFORM)
    async def ask(self) -> Any:
        """Ask once more: the dialog was closed without an answer."""
        await ask_for_proof(self, Gate.unlock)

    @handler(PLATFORM)
    async def unlock(self) -> Any:
        """The proof was given after all: read the screen that is open."""
        self.locked = False
        return rx.redirect(self.router.url.path, replace=True)


class PlatformState(PageState):
    """What a state of the platform inherits beside `rx.State`."""

    @asynccontextmanager
    async def _platform(self, again: Any) -> AsyncIterator[tuple[AsyncSession, Actor]]:
        """Open the transaction of one use case of the platform, which has no tenant.

        When a fresh proof is wanted, asks for it and ends the block there; `again` is sent once it was given.
        """
        gate: Any = await self.get_state(Gate)
        gate.has_home = not (await self.get_state(Session)).nowhere
        try:
            async with system_unit_of_work() as session:
                yield session, current_actor()
            gate.locked = False
        except ProofNeeded:
            gate.locked = True
            await ask_for_proof(self, again)
