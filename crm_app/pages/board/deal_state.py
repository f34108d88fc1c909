"""The deal that is open beside the board."""

from contextlib import suppress
from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.errors import Invalid, NotFound, Unavailable
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.inbox import service as inbox
from crm_app.domains.inbox.schemas import ConversationFilter
from crm_app.domains.pipeline import service
from crm_app.domains.pipeline.errors import StaleDeal
from crm_app.domains.pipeline.rules import parse_money
from crm_app.domains.pipeline.schemas import DealMove, DealUpdate, DealView
from crm_app.pages.base import PageState, handler, notify


class DealState(PageState, rx.State):
    """One deal in the drawer: its fields, its way through the stages, and what can be done with it."""

    shown: bool = False
    deal: dict[str, Any] = {}
    steps: list[dict[str, Any]] = []
    conversation_id: str = ""
    losing: bool = False
    title_error: str = ""
    value_error: str = ""
    day_error: str = ""

    @handler("deals.read")
    async def open_deal(self, deal_id: str) -> None:
        """Open a deal in the drawer."""
        await self._read(_uuid(deal_id))
        self.shown = True
        self.losing = False
        self._watch("deal.", deal_id=str(deal_id))

    @handler("deals.read")
    async def open_from_address(self) -> None:
        """Open the deal that the page's address names (`/board?deal=<id>`), if any."""
        wished = self.router.url.query_parameters.get("deal", "")
        if wished:
            await self.open_deal(wished)

    @handler("deals.read")
    async def show(self, wish: bool) -> None:
        """Open or close the drawer."""
        self.shown = bool(wish) and bool(self.deal)
        self.losing = False
        if not self.shown:
            self._watch()

    async def _read(self, deal_id: UUID) -> None:
        async with self._work() as (session, actor):
            deal = await service.get_deal(session, actor, deal_id=deal_id)
            steps = await service.list_steps(session, actor, deal_id=deal_id)
            names = {member.user_id: member.name for member in await accounts.list_members(session, actor)}
            self.conversation_id = await _conversation_of(session, actor, deal.contact_id)
        self._assign(deal)
        self.steps = [
            {**step.model_dump(mode="json"), "user_name": names.get(step.user_id, "") if step.user_id else ""}
            for step in steps
        ]

    def _assign(self, deal: DealView) -> None:
        self.deal = deal.model_dump(mode="json")
        self.title_error = self.value_error = self.day_error = ""

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        same = self.shown and str(fact["deal_id"]) == self.deal.get("id")
        if not same or fact["version"] <= self.deal.get("version", 0):
            return
        try:
            await self._read(_uuid(fact["deal_id"]))
        except NotFound:  # it was handed over to somebody out of reach
            self.shown, self.deal, self.steps, self.conversation_id = False, {}, [], ""

    # ── fields: each is saved by itself, when it is left ─────────────────────────────────────────

    async def _save(self, field: str, value: Any) -> Any:
        """Write one field on the version that is shown; what somebody else wrote first is shown instead."""
        try:
            update = DealUpdate.model_validate({"version": self.deal.get("version"), field: value})
        except ValidationError as error:
            raise Invalid from error
        try:
            async with self._work() as (session, actor):
                deal = await service.update_deal(session, actor, deal_id=_uuid(self.deal.get("id")), update=update)
        except StaleDeal as error:
            return await self._show_newer(error)
        self._assign(deal)
        return None

    async def _show_newer(self, error: StaleDeal) -> Any:
        await self._read(_uuid(self.deal.get("id")))
        return notify(error.key, tone="info")

    @handler("deals.write")
    async def save_title(self, title: str) -> Any:
        """Rename the deal."""
        if str(title).strip() == self.deal.get("title"):
            return None
        try:
            return await self._save("title", str(title))
        except Invalid:
            self.title_error = "board.deal.title_invalid"
            return None

    @handler("deals.write")
    async def save_value(self, written: str) -> Any:
        """Change the amount, written as people write money."""
        try:
            return await self._save("value_cents", parse_money(str(written)))
        except Invalid as error:
            self.value_error = error.key
            return None

    @handler("deals.write")
    async def save_day(self, day: str) -> Any:
        """Change the day on which the deal is expected to close; an empty day takes it away."""
        try:
            return await self._save("expected_close_on", str(day) or None)
        except Invalid:
            self.day_error = "board.deal.day_invalid"
            return None

    @handler("deals.write")
    async def choose_owner(self, user_id: str) -> Any:
        """Hand the deal to a member, or to nobody."""
        return await self._save("owner_id", str(user_id) or None)

    # ── places ───────────────────────────────────────────────────────────────────────────────────

    async def _move(self, deal_id: str, stage_id: str, version: int, reason: str = "") -> Any:
        try:
            move = DealMove.model_validate({"stage_id": stage_id, "version": version, "lost_reason": reason})
        except ValidationError as error:
            raise Invalid from error
        try:
            async with self._work() as (session, actor):
                deal = await service.move_deal(session, actor, deal_id=_uuid(deal_id), move=move)
        except StaleDeal as error:
            return await self._show_newer(error) if self.shown else notify(error.key, tone="error")
        if self.deal.get("id") == str(deal.id):
            await self._read(deal.id)
        return None

    @handler("deals.write")
    async def choose_stage(self, stage_id: str) -> Any:
        """Move the deal to the top of another stage."""
        return await self._move(self.deal.get("id", ""), stage_id, self.deal.get("version", 0))

    @handler("deals.write")
    async def win(self) -> Any:
        """Mark the deal as won, with the way back."""
        return await self._close("won", "")

    @handler("deals.write")
    async def ask_reason(self, wish: bool) -> None:
        """Ask why the deal was lost, or stop asking."""
        self.losing = bool(wish)

    @handler("deals.write")
    async def lose(self, form: dict[str, Any]) -> Any:
        """Mark the deal as lost, with the reason given."""
        reason = str(form.get("reason", "")) if isinstance(form, dict) else ""
        return await self._close("lost", reason.replace("\x00", "").strip()[:200])

    async def _close(self, kind: str, reason: str) -> Any:
        before = dict(self.deal)
        deal_id, version = _uuid(before.get("id")), before.get("version", 0)
        try:
            async with self._work() as (session, actor):
                if kind == "won":
                    deal = await service.win_deal(session, actor, deal_id=deal_id, version=version)
                else:
                    deal = await service.lose_deal(session, actor, deal_id=deal_id, version=version, reason=reason)
        except StaleDeal as error:
            return await self._show_newer(error)
        self.losing = False
        await self._read(deal.id)
        back = DealState.put_back(str(deal.id), before["stage_id"], deal.version)
        return notify(f"board.deal.{kind}_done", title=deal.title, undo=back)

    @handler("deals.write")
    async def put_back(self, deal_id: str, stage_id: str, version: int) -> Any:
        """Undo a closing: the deal goes back to the stage in which it stood."""
        return await self._move(str(deal_id), str(stage_id), version)

    @handler("deals.write")
    async def archive(self) -> Any:
        """Take the deal off the board, with the way back."""
        try:
            async with self._work() as (session, actor):
                deal = await service.archive_deal(
                    session, actor, deal_id=_uuid(self.deal.get("id")), version=self.deal.get("version", 0)
                )
        except StaleDeal as error:
            return await self._show_newer(error)
        self.shown = False
        self._watch()
        back = DealState.restore(str(deal.id), deal.version)
        return notify("board.deal.archive_done", title=deal.title, undo=back)

    @handler("deals.write")
    async def discard(self, deal_id: str, version: int) -> None:
        """Undo a creation: the deal is archived."""
        if not isinstance(version, int):
            raise Invalid
        async with self._work() as (session, actor):
            await service.archive_deal(session, actor, deal_id=_uuid(deal_id), version=version)

    @handler("deals.write")
    async def restore(self, deal_id: str, version: int) -> Any:
        """Undo an archiving."""
        if not isinstance(version, int):
            raise Invalid
        async with self._work() as (session, actor):
            await service.restore_deal(session, actor, deal_id=_uuid(deal_id), version=version)


async def _conversation_of(session: AsyncSession, actor: Actor, contact_id: UUID | None) -> str:
    """Return the id of the contact's latest conversation, or "" when there is none to show."""
    if contact_id is None or not actor.can("conversations.read"):
        return ""
    filters = ConversationFilter(status=None, contact_id=contact_id)
    with suppress(Unavailable):
        page = await inbox.list_conversations(session, actor, filters=filters, limit=1)
        return str(page.items[0].id) if page.items else ""
    return ""


def _uuid(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise Invalid from error
