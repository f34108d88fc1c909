"""The dialog in which a deal is created with all that is known about it."""

from typing import Any

import reflex as rx
from pydantic import ValidationError

from crm_app.core.errors import Invalid
from crm_app.domains.contacts import service as contacts
from crm_app.domains.contacts.schemas import ContactFilter
from crm_app.domains.pipeline import service
from crm_app.domains.pipeline.rules import parse_money
from crm_app.domains.pipeline.schemas import DealCreate
from crm_app.pages.base import PageState, handler, notify
from crm_app.pages.board.deal_state import DealState
from crm_app.pages.routes import BOARD
from crm_app.pages.session.finder import MAKING, Making

MOST_FOUND = 6


class NewDealState(PageState, rx.State):
    """The form of a new deal."""

    shown: bool = False
    title: str = ""
    contact_id: str = ""
    contact_name: str = ""
    found: list[dict[str, str]] = []
    title_error: str = ""
    value_error: str = ""
    day_error: str = ""

    @handler("deals.write")
    async def show(self, wish: bool) -> None:
        """Open or close the dialog, empty."""
        self.shown = bool(wish)
        self.title = ""
        self.contact_id = self.contact_name = ""
        self.found = []
        self.title_error = self.value_error = self.day_error = ""

    @handler("deals.write")
    async def begin(self, title: str) -> None:
        """Open the dialog with a title in it."""
        await self.show(True)
        self.title = str(title).replace("\x00", "")[:200]

    @handler("contacts.read")
    async def find_contact(self, words: str) -> None:
        """Offer contacts whose name, company or phone holds these words."""
        asked = str(words).replace("\x00", "").strip()[:200]
        self.found = []
        if asked:
            async with self._work() as (session, actor):
                page = await contacts.list_contacts(
                    session, actor, criteria=ContactFilter(q=asked), limit=MOST_FOUND
                )
            self.found = [
                {"id": str(one.id), "name": one.name, "detail": one.company or one.phone} for one in page.items
            ]

    @handler("deals.write")
    async def choose_contact(self, contact_id: str, name: str) -> None:
        """Take one of the contacts that were offered, or with an empty id none."""
        self.contact_id, self.contact_name = str(contact_id)[:36], str(name)[:200]
        self.found = []

    @handler("deals.write")
    async def create(self, form: dict[str, Any]) -> Any:
        """Create the deal from the form; wrong fields turn red and keep their text."""
        self.title_error = self.value_error = self.day_error = ""
        wanted = self._read(form if isinstance(form, dict) else {})
        if wanted is None:
            return None
        async with self._work() as (session, actor):
            deal = await service.create_deal(session, actor, deal=wanted)
        self.shown = False
        return notify("board.new.done", title=deal.title, undo=DealState.discard(str(deal.id), deal.version))

    def _read(self, form: dict[str, Any]) -> DealCreate | None:
        fields: dict[str, Any] = {
            "title": str(form.get("title", "")),
            "stage_id": form.get("stage_id") or None,
            "owner_id": form.get("owner_id") or None,
            "contact_id": self.contact_id or None,
            "expected_close_on": form.get("expected_close_on") or None,
        }
        try:
            fields["value_cents"] = parse_money(str(form.get("value", "")))
        except Invalid as error:
            self.value_error = error.key
        try:
            wanted = DealCreate.model_validate(fields)
        except ValidationError as error:
            self._mark({str(problem["loc"][0]) for problem in error.errors()})
            return None
        return None if self.value_error else wanted

    def _mark(self, wrong: set[str]) -> None:
        if "title" in wrong:
            self.title_error = "board.deal.title_invalid"
        if "expected_close_on" in wrong:
            self.day_error = "board.deal.day_invalid"
        if wrong - {"title", "expected_close_on"}:
            raise Invalid


MAKING.append(
    Making("deal", "board.add.new", "shell.palette.new_deal", "plus", "deals.write", NewDealState.begin, BOARD)
)
