"""The screen on which somebody answers an offer of ownership."""

from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.core.errors import NotFound
from crm_app.domains.accounts.members import ownership
from crm_app.pages.base import PageState, handler, notify
from crm_app.pages.policy import SIGNED_IN


class OwnershipState(PageState, rx.State):
    """The offer that waits for this person's answer."""

    offer_id: str = ""
    giver: str = ""
    step_down: bool = True
    loading: bool = True

    @handler(SIGNED_IN)
    async def load(self) -> None:
        """Read the offer that this person has got."""
        self._watch("ownership.")
        await self._read()

    async def _read(self) -> None:
        async with self._work() as (session, actor):
            found = await ownership.find_offer(session, actor)
        mine = found is not None and found.receiver_id == actor.user_id
        self.offer_id = str(found.id) if found and mine else ""
        self.giver = found.giver_name if found and mine else ""
        self.step_down = bool(found and found.step_down)
        self.loading = False

    async def _on_fact(self, _fact: dict[str, Any]) -> None:
        """The offer was made, answered or withdrawn."""
        await self._read()

    def _offer_id(self) -> UUID:
        try:
            return UUID(self.offer_id)
        except ValueError as error:
            raise NotFound(kind="ownership_offer") from error

    @handler(SIGNED_IN)
    async def accept(self) -> Any:
        """Become an owner; this tab begins anew with what owners may do."""
        async with self._work() as (session, actor):
            await ownership.accept_ownership(session, actor, ownership_offer_id=self._offer_id())
        return notify("members.offer.accepted")

    @handler(SIGNED_IN)
    async def decline(self) -> Any:
        """Say no."""
        async with self._work() as (session, actor):
            await ownership.decline_ownership(session, actor, ownership_offer_id=self._offer_id())
        self.offer_id = ""
        return notify("members.offer.declined", tone="info")
