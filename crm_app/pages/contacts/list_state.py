"""The list of contacts: what is shown, and the form that adds one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.errors import Conflict, CrmError, Invalid, NotFound
from crm_app.core.tenancy import Actor
from crm_app.core.validation import field_errors
from crm_app.domains.accounts import service as accounts
from crm_app.domains.contacts import rules, service
from crm_app.domains.contacts.schemas import ContactCreate, ContactFilter, ContactOrder, ContactView
from crm_app.domains.pipeline.by_contact import summarize_deals
from crm_app.pages.base import PageState, handler, notify
from crm_app.pages.contacts import views
from crm_app.pages.routes import CONTACTS
from crm_app.pages.session.finder import MAKING, Making

PAGE = 50
BOXES = ("all", "mine", "archived")
MAX_QUERY = 200


class ContactsState(PageState, rx.State):
    """What the list shows."""

    rows: list[dict[str, Any]] = []
    counts: dict[str, int] = {"all": 0, "mine": 0, "archived": 0}
    found: int = 0
    box: str = "all"
    order: str = "activity"
    query: str = ""
    has_more: bool = False
    loading: bool = True
    loading_more: bool = False
    failed: bool = False
    adding: bool = False
    new_name: str = ""
    saving: bool = False
    errors: dict[str, str] = {}
    taken_by: str = ""
    _cursor: str | None = None
    _people: dict[UUID, str] = {}

    @handler("contacts.read")
    async def load(self) -> None:
        """Read the first page."""
        self._watch("contact.")
        async with self._opening(), self._work() as (session, actor):
            members = await accounts.list_members(session, actor)
            self._people = {member.user_id: member.name for member in members}
            await self._read_counts(session, actor)
            await self._read_first_page(session, actor)

    @handler("contacts.read")
    async def search(self, text: str) -> None:
        """Show the contacts that the text finds; called when typing pauses."""
        self.query = str(text).replace("\x00", "")[:MAX_QUERY]
        await self._show_first_page()

    @handler("contacts.read")
    async def choose_box(self, box: str) -> None:
        """Show all contacts, the person's own, or the archived ones."""
        self.box = box if box in BOXES else "all"
        await self._show_first_page()

    @handler("contacts.read")
    async def choose_order(self, order: str) -> None:
        """Order by name or by last activity."""
        self.order = order if order in set(ContactOrder) else "name"
        await self._show_first_page()

    @handler("contacts.read")
    async def load_more(self):  # type: ignore[no-untyped-def]
        """Append the next page."""
        if self._cursor is None or self.loading_more:
            return
        self.loading_more = True
        yield
        try:
            async with self._work() as (session, actor):
                self.rows = [*self.rows, *await self._read_page(session, actor, self._cursor)]
        finally:
            self.loading_more = False

    @handler("contacts.write")
    async def show_form(self, wish: bool) -> None:
        """Open or close the form for a new contact."""
        self.adding = bool(wish)
        self.new_name = ""
        self.errors, self.taken_by = {}, ""

    @handler("contacts.write")
    async def begin(self, name: str) -> None:
        """Open the form with a name in it."""
        await self.show_form(True)
        self.new_name = str(name).replace("\x00", "")[:200]

    @handler("contacts.write")
    async def create(self, form: dict[str, Any]):  # type: ignore[no-untyped-def]
        """Add a contact; what was typed stays when something is wrong with it."""
        self.errors, self.taken_by = {}, ""
        try:
            data = ContactCreate.model_validate(views.form_data(views.typed(form)))
            async with self._work() as (session, actor):
                contact = await service.create_contact(session, actor, data=data)
        except ValidationError as error:
            self.errors = {wrong.field: wrong.key for wrong in field_errors(error)}
            return None
        except (Invalid, Conflict) as error:
            self._explain(error)
            return None
        self.adding = False
        return [
            notify("contacts.created", name=contact.name),
            rx.redirect(f"/contacts/{contact.id}"),
        ]

    def _explain(self, error: CrmError) -> None:
        fields = error.data.get("fields")
        if not fields:
            raise error
        self.errors = dict(fields)
        self.taken_by = str(error.data.get("contact_id", ""))

    def _criteria(self, actor: Actor) -> ContactFilter:
        return ContactFilter(
            q=self.query,
            order=ContactOrder(self.order),
            owner_id=actor.user_id if self.box == "mine" else None,
            archived=self.box == "archived",
        )

    async def _show_first_page(self) -> None:
        async with self._work() as (session, actor):
            await self._read_first_page(session, actor)

    async def _read_first_page(self, session: AsyncSession, actor: Actor) -> None:
        self.rows = await self._read_page(session, actor, None)
        searching = bool(self.query.strip())
        self.found = (
            await service.count_contacts(session, actor, criteria=self._criteria(actor)) if searching else 0
        )

    async def _read_page(self, session: AsyncSession, actor: Actor, cursor: str | None) -> list[views.Row]:
        page = await service.list_contacts(
            session, actor, criteria=self._criteria(actor), cursor=cursor, limit=PAGE
        )
        self._cursor = page.next_cursor
        self.has_more = page.next_cursor is not None
        return await self._rows(session, actor, page.items)

    async def _rows(self, session: AsyncSession, actor: Actor, found: Sequence[ContactView]) -> list[views.Row]:
        deals = await summarize_deals(session, actor, contact_ids=[contact.id for contact in found])
        return [views.contact_row(contact, self._people, deals.get(contact.id)) for contact in found]

    async def _read_counts(self, session: AsyncSession, actor: Actor) -> None:
        boxes = {
            "all": ContactFilter(),
            "mine": ContactFilter(owner_id=actor.user_id),
            "archived": ContactFilter(archived=True),
        }
        self.counts = {
            name: await service.count_contacts(session, actor, criteria=wanted) for name, wanted in boxes.items()
        }

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        """Somebody added or changed a contact, or it wrote: put its row where it belongs now."""
        async with self._work() as (session, actor):
            try:
                contact = await service.get_contact(session, actor, contact_id=UUID(fact["contact_id"]))
            except NotFound:
                self.rows = [row for row in self.rows if row["id"] != fact["contact_id"]]
                return
            if fact["name"] != "contact.activity":
                await self._read_counts(session, actor)
            if not self._belongs(contact, actor):
                self.rows = [row for row in self.rows if row["id"] != fact["contact_id"]]
                return
            (row,) = await self._rows(session, actor, [contact])
        self.rows = views.place_row(self.rows, row, self.order, whole=not self.has_more)

    def _belongs(self, contact: ContactView, actor: Actor) -> bool:
        if (contact.archived_at is not None) != (self.box == "archived"):
            return False
        if self.box == "mine" and contact.owner_id != actor.user_id:
            return False
        phones = [contact.phone] if contact.phone else []
        known = rules.searchable(contact.name, contact.company, contact.email, phones=phones)
        return rules.is_found(self.query, known)


MAKING.append(
    Making(
        "contact", "contacts.new", "shell.palette.new_contact", "user-plus", "contacts.write", ContactsState.begin,
        CONTACTS,
    )
)  # fmt: skip
