"""The person on the right: who it is, their deals, and what has happened."""

from typing import Any
from uuid import UUID

import reflex as rx

from crm_app.core.errors import NotFound
from crm_app.domains.contacts import service as contacts
from crm_app.domains.pipeline import service as pipeline
from crm_app.domains.pipeline.moving import move_deal
from crm_app.domains.pipeline.schemas import DealCreate, DealMove
from crm_app.pages.base import PageState, handler, notify
from crm_app.pages.inbox.contact_rows import (
    NO_CONTACT,
    ActivityRow,
    ContactRow,
    DealRow,
    activity_row,
    contact_row,
    deal_row,
    step_row,
)

TIMELINE = 12


class ContactState(PageState, rx.State):
    """The contact of the open conversation."""

    contact: ContactRow = NO_CONTACT
    deals: list[DealRow] = []
    timeline: list[ActivityRow] = []
    shown: bool = False
    hidden: bool = False

    @handler("contacts.read", supersedes=True)
    async def show(self, contact_id: str) -> None:
        """Show a contact; an empty id shows nobody."""
        if not contact_id:
            self._close()
            return
        self._watch("contact.", "deal.", later=True, contact_id=contact_id)
        await self._read(UUID(contact_id))

    def _close(self) -> None:
        self.contact, self.deals, self.timeline = NO_CONTACT, [], []

    async def _read(self, contact_id: UUID) -> None:
        async with self._work() as (session, actor):
            try:
                contact = await contacts.get_contact(session, actor, contact_id=contact_id)
            except NotFound:
                self._close()
                return
            timeline = await contacts.list_timeline(session, actor, contact_id=contact_id, limit=TIMELINE)
            deals, funnels = [], []
            if actor.can("deals.read"):
                deals = await pipeline.list_deals_of_contact(session, actor, contact_id=contact_id)
                funnels = await pipeline.list_pipelines(session, actor)
        self.contact = contact_row(contact)
        self.timeline = [activity_row(activity) for activity in timeline.items]
        stages = {funnel.id: [step_row(stage) for stage in funnel.stages] for funnel in funnels}
        self.deals = [deal_row(deal, stages.get(deal.pipeline_id, [])) for deal in deals]

    @handler("deals.write")
    async def move_deal(self, deal_id: str, stage_id: str, version: int) -> Any:
        """Move a deal to another stage, to the top of its column."""
        move = DealMove(stage_id=UUID(str(stage_id)), version=int(version))
        async with self._work() as (session, actor):
            deal = await move_deal(session, actor, deal_id=UUID(str(deal_id)), move=move)
        await self._read(UUID(self.contact["id"]))
        stage = next((step for card in self.deals for step in card["stages"] if step["id"] == str(stage_id)), None)
        return notify("inbox.done.moved", deal=deal.title, stage=stage["name"] if stage else "")

    @handler("deals.write")
    async def add_deal(self) -> None:
        """Open a deal for the contact in the first stage of the default funnel."""
        if not self.contact["id"]:
            return
        deal = DealCreate(title=self.contact["company"] or self.contact["name"], contact_id=self.contact["id"])
        async with self._work() as (session, actor):
            await pipeline.create_deal(session, actor, deal=deal)
        await self._read(UUID(self.contact["id"]))

    @handler("conversations.read")
    async def toggle(self) -> None:
        """Show or hide the panel: a drawer on a narrow screen, a column on a wide one."""
        self.shown, self.hidden = not self.shown, not self.hidden

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        """The contact, its timeline or one of its deals changed."""
        if str(fact.get("contact_id")) == self.contact["id"]:
            await self._read(UUID(self.contact["id"]))
