"""What a tab knows of the board: a snapshot on load, then patches."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

import reflex as rx
import structlog
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from crm_app.core.errors import CrmError, Invalid, NotFound
from crm_app.core.ids import new_id
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.roles.sights import sight_of_deals
from crm_app.domains.pipeline import service
from crm_app.domains.pipeline.rules import parse_money
from crm_app.domains.pipeline.schemas import BoardFilter, DealCreate, DealMove, DealView, StageTotals
from crm_app.pages.base import PageState, handler
from crm_app.pages.board.following import changes_after, contact_after
from crm_app.pages.board.ring import Patch, trimmed
from crm_app.pages.current import current_actor

log = structlog.get_logger(__name__)

MINE = "me"
"""The owner filter's value for the signed-in person, whoever that is."""


class BoardState(PageState, rx.State):
    """The board of one funnel under one filter."""

    snapshot: dict[str, Any] = {}
    patches: list[dict[str, Any]] = []
    people: list[dict[str, str]] = []
    pipelines: list[dict[str, str]] = []
    stages: list[dict[str, str]] = []
    pipeline_id: str = ""
    pipeline_name: str = ""
    owner: str = ""
    search: str = ""
    failed: bool = False
    viewers: list[dict[str, str]] = []
    """Colleagues who look at this funnel now."""

    _number: int = 0
    _own: dict[str, int] = {}

    @handler("deals.read")
    async def load(self) -> None:
        """Read the board anew; runs on load, on retry, and when the browser has missed a patch."""
        try:
            await self._load()
        except (SQLAlchemyError, OSError):
            log.exception("the board could not be read")
            self.failed = True

    async def _load(self) -> None:
        wanted = self._filter()
        # Watched before it is read: a change in between waits for this event to end and becomes a patch.
        self._watch("deal.", "presence.", "contact.updated", "contact.activity")
        async with self._work() as (session, actor):
            pipelines = await service.list_pipelines(session, actor)
            members = await accounts.list_members(session, actor)
            known = {str(pipeline.id) for pipeline in pipelines}
            chosen = UUID(self.pipeline_id) if self.pipeline_id in known else None
            board = await service.get_board(session, actor, pipeline_id=chosen, wanted=wanted) if known else None
        self.failed = False
        self.people = [{"id": str(member.user_id), "name": member.name} for member in members]
        self.pipelines = [{"id": str(pipeline.id), "name": pipeline.name} for pipeline in pipelines]
        columns = board.model_dump(mode="json")["columns"] if board else []
        self.pipeline_id = str(board.pipeline_id) if board else ""
        self.pipeline_name = board.pipeline_name if board else ""
        self.stages = [{"id": column["id"], "name": column["name"], "kind": column["kind"]} for column in columns]
        self.patches = []
        self.snapshot = {"key": str(new_id()), "n": self._number, "stages": columns}
        await self._be_at(self._place())
        self.viewers = self._others_at(self._place())

    def _place(self) -> str:
        return f"pipeline:{self.pipeline_id}"

    def _filter(self) -> BoardFilter:
        owner = str(current_actor().user_id) if self.owner == MINE else self.owner
        try:
            return BoardFilter(owner_id=owner or None, search=self.search)
        except ValidationError as error:
            raise Invalid from error

    @handler("deals.read")
    async def choose_pipeline(self, pipeline_id: str) -> None:
        """Show another funnel."""
        self.pipeline_id = str(pipeline_id)
        await self._load()

    @handler("deals.read")
    async def choose_owner(self, owner: str) -> None:
        """Show everybody's deals (""), one's own ("me") or those of a member."""
        self.owner = str(owner)[:36]
        await self._load()

    @handler("deals.read")
    async def look_for(self, words: str) -> None:
        """Show the deals whose title or contact holds these words."""
        self.search = str(words).replace("\x00", "").strip()[:100]
        await self._load()

    @handler("deals.read")
    async def clear_filters(self) -> None:
        """Show everything again."""
        self.owner = self.search = ""
        await self._load()

    @handler("deals.read")
    async def load_more(self, stage_id: str, cursor: str) -> None:
        """Send the next cards of a column; `cursor` is `<rank>:<deal id>` of the last one shown."""
        rank, _, deal_id = str(cursor).rpartition(":")
        async with self._work() as (session, actor):
            page = await service.load_column(
                session, actor, stage_id=_uuid(stage_id), after=(rank, _uuid(deal_id)), wanted=self._filter()
            )
        shown = page.model_dump(mode="json")
        self._push("more", stage=shown["stage_id"], cards=shown["cards"], has_more=shown["has_more"])

    @handler("deals.write")
    async def move_card(
        self, deal_id: str, stage_id: str, before: str | None, after: str | None, version: int
    ) -> None:
        """Keep a move that the browser already shows, or send the card back with the reason."""
        try:
            move = DealMove.model_validate(
                {"stage_id": stage_id, "before": before, "after": after, "version": version}
            )
            async with self._work() as (session, actor):
                deal = await service.move_deal(session, actor, deal_id=_uuid(deal_id), move=move)
        except (CrmError, ValidationError, SQLAlchemyError) as error:
            self._refuse(error, id=str(deal_id))
        else:
            await self._confirm(deal)

    @handler("deals.write")
    async def quick_add(self, stage_id: str, title: str, value: str, token: str) -> None:
        """Create a deal that was typed into a column, or give the text back with what is wrong."""
        try:
            wanted = DealCreate.model_validate(
                {"title": title, "stage_id": stage_id, "value_cents": parse_money(str(value))}
            )
            async with self._work() as (session, actor):
                owned = wanted.model_copy(update={"owner_id": actor.user_id})
                deal = await service.create_deal(session, actor, deal=owned)
        except (CrmError, ValidationError, SQLAlchemyError) as error:
            self._refuse(error, token=str(token)[:64])
        else:
            await self._confirm(deal, token=str(token)[:64])

    # ── patches ──────────────────────────────────────────────────────────────────────────────────

    def _push(self, kind: str, **fields: Any) -> None:
        self._number += 1
        patch: Patch = {"n": self._number, "kind": kind, **fields}
        self.patches = trimmed([*self.patches, patch])

    async def _confirm(self, deal: DealView, **fields: Any) -> None:
        """Tell the own tab at once; the fact that follows through the hub is then nothing new."""
        self._own = {**dict(list(self._own.items())[-32:]), str(deal.id): deal.version}
        await self._show(deal.id, deal.version, mine=True, **fields)

    async def _show(self, deal_id: UUID, version: int, **fields: Any) -> None:
        here = [stage["id"] for stage in self.stages]
        cards, totals = await changes_after(
            current_actor(),
            deal_id=deal_id,
            version=version,
            stage_ids=[UUID(stage_id) for stage_id in here],
            wanted=self._filter(),
        )
        summed = _totals(totals)
        shown = [card.model_dump(mode="json") for card in cards if str(card.stage_id) in here]
        if shown:
            self._push("card", card=shown[0], totals=summed, **fields)
        else:
            self._push("gone", id=str(deal_id), version=version, totals=summed)

    def _refuse(self, error: Exception, **target: str) -> None:
        if isinstance(error, SQLAlchemyError):
            log.error("a change on the board was not saved", exc_info=error)
        key, data = _reason(error)
        current = error.data.get("current") if isinstance(error, CrmError) else None
        here = {stage["id"] for stage in self.stages}
        card = current if current and current["stage_id"] in here and not current["archived_at"] else None
        self._push("refused", message=key, data=data, card=card, **target)

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        if fact["name"].startswith("presence."):
            self.viewers = self._others_at(self._place())
            return
        if fact["name"].startswith("contact."):
            await self._show_contact(fact)
            return
        if not _concerns(fact):
            return
        touched = {str(fact["stage_id"]), str(fact.get("from_stage_id"))}
        if not touched & {stage["id"] for stage in self.stages}:
            return
        if fact.get("reordered"):
            await self._load()
            return
        if self._own.get(str(fact["deal_id"]), 0) >= fact["version"]:
            return
        by_me = fact.get("actor_id") == str(current_actor().user_id)
        actor = None if by_me else fact.get("actor_id")
        await self._show(UUID(str(fact["deal_id"])), fact["version"], actor=actor)

    async def _show_contact(self, fact: dict[str, Any]) -> None:
        change = str(fact.get("activity_id") or fact.get("version"))
        with suppress(NotFound):
            shown = await contact_after(current_actor(), contact_id=UUID(str(fact["contact_id"])), change=change)
            self._push("contact", id=str(fact["contact_id"]), fields=shown)


def _concerns(fact: dict[str, Any]) -> bool:
    """Tell whether the deal of a fact is, or was until now, within the reach of who looks at the board."""
    sight = sight_of_deals(current_actor())
    owners = (fact.get(name) for name in ("owner_id", "owner_before"))
    return any(sight.covers(UUID(str(owner)) if owner not in {None, "", "None"} else None) for owner in owners)


def _totals(totals: Iterable[StageTotals]) -> dict[str, dict[str, int]]:
    return {str(total.stage_id): {"count": total.count, "amount_cents": total.amount_cents} for total in totals}


def _reason(error: Exception) -> tuple[str, dict[str, Any]]:
    """Return the sentence for a refusal and what fills it."""
    if isinstance(error, CrmError):
        return error.key, {name: value for name, value in error.data.items() if isinstance(value, str | int)}
    return ("errors.invalid" if isinstance(error, ValidationError) else "errors.unavailable"), {}


def _uuid(value: Any) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise Invalid from error
