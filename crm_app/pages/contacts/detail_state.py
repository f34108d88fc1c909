"""One contact: its data and how they are edited, its deals and conversations, its timeline."""

from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.errors import Conflict, CrmError, Invalid, NotFound
from crm_app.core.tenancy import Actor
from crm_app.core.validation import field_errors
from crm_app.domains.accounts import service as accounts
from crm_app.domains.contacts import service
from crm_app.domains.contacts.errors import ContactChanged
from crm_app.domains.contacts.schemas import ContactDetail, ContactUpdate, NoteCreate
from crm_app.domains.inbox import service as inbox
from crm_app.domains.inbox.schemas import ConversationFilter
from crm_app.domains.pipeline import service as pipeline
from crm_app.pages.base import PageState, handler, notify
from crm_app.pages.contacts import views
from crm_app.pages.routes import CONTACTS

LINES = 40
GROUPS = {"all": (), "conversation": ("conversation.", "message."), "note": ("note.",), "deal": ("deal.",)}
COMPARED = ("name", "company", "job_title", "phone", "email", "source", "tags", "notes", "owner_id")


class ContactState(PageState, rx.State):
    """What the page of one contact shows."""

    contact: dict[str, Any] = {}
    members: list[dict[str, str]] = []
    deals: list[dict[str, Any]] = []
    conversations: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    group: str = "all"
    has_more: bool = False
    loading: bool = True
    failed: bool = False
    missing: bool = False
    editing: bool = False
    errors: dict[str, str] = {}
    taken_by: str = ""
    conflict: list[dict[str, str]] = []
    changed_by_other: bool = False
    note_error: str = ""
    note_round: int = 0
    _contact_id: UUID | None = None
    _people: dict[UUID, str] = {}
    _zone: str = "UTC"
    _version: int = 0
    _cursor: str | None = None

    @handler("contacts.read")
    async def load(self) -> None:
        """Read the contact that the address names."""
        self.missing = self.editing = False
        self.errors, self.conflict, self.taken_by, self.note_error = {}, [], "", ""
        self.group, self.changed_by_other = "all", False
        async with self._opening():
            try:
                self._contact_id = UUID(self.router.url.path.removeprefix(CONTACTS).strip("/"))
                self._watch("contact.", "deal.", "conversation.", contact_id=str(self._contact_id))
                await self._read_everything(self._contact_id)
            except (ValueError, NotFound):
                self.missing = True

    async def _read_everything(self, contact_id: UUID) -> None:
        async with self._work() as (session, actor):
            organization = await accounts.get_organization(session, actor)
            members = await accounts.list_members(session, actor)
            self._zone = organization.time_zone
            self._people = {member.user_id: member.name for member in members}
            self.members = [{"id": str(m.user_id), "name": m.name} for m in members if m.is_active]
            self._show(await service.get_contact(session, actor, contact_id=contact_id))
            await self._read_around(session, actor, contact_id)
            await self._read_lines(session, actor, contact_id)

    def _show(self, contact: ContactDetail) -> None:
        self.contact = {
            **contact.model_dump(mode="json", exclude={"identities"}),
            "owner_id": str(contact.owner_id or ""),
            "owner": self._people.get(contact.owner_id, "") if contact.owner_id else "",
            "tags_text": ", ".join(contact.tags),
            "on_whatsapp": any(i.kind in {"phone", "whatsapp_lid"} for i in contact.identities),
            "archived": contact.archived_at is not None,
        }

    async def _read_around(self, session: AsyncSession, actor: Actor, contact_id: UUID) -> None:
        """Read deals and conversations, as far as the person may see them."""
        if actor.can("deals.read"):
            deals = await pipeline.list_deals_of_contact(session, actor, contact_id=contact_id)
            self.deals = [views.deal_card(deal, self._people) for deal in deals]
        if actor.can("conversations.read"):
            wanted = ConversationFilter(contact_id=contact_id, status=None)
            page = await inbox.list_conversations(session, actor, filters=wanted, limit=10)
            self.conversations = [
                {
                    "id": str(row.id),
                    "channel": row.channel_name,
                    "preview": row.last_message_preview,
                    "at": row.last_message_at.isoformat(),
                    "unread": row.unread_count,
                    "status": row.status.value,
                }
                for row in page.items
            ]

    async def _read_lines(
        self, session: AsyncSession, actor: Actor, contact_id: UUID, cursor: str | None = None
    ) -> None:
        page = await service.list_timeline(
            session, actor, contact_id=contact_id, kinds=GROUPS[self.group], cursor=cursor, limit=LINES
        )
        shown = self.lines[-1]["local_day"] if cursor and self.lines else ""
        rows = views.timeline_rows(page.items, self._people, self._zone, shown)
        self.lines = [*self.lines, *rows] if cursor else rows
        self._cursor, self.has_more = page.next_cursor, page.next_cursor is not None

    @handler("contacts.read")
    async def choose_group(self, group: str) -> None:
        """Narrow the timeline to one kind of line."""
        self.group = group if group in GROUPS else "all"
        if self._contact_id:
            async with self._work() as (session, actor):
                await self._read_lines(session, actor, self._contact_id)

    @handler("contacts.read")
    async def load_more(self) -> None:
        """Append older lines."""
        if self._contact_id and self._cursor:
            async with self._work() as (session, actor):
                await self._read_lines(session, actor, self._contact_id, self._cursor)

    @handler("contacts.write")
    async def edit(self, wish: bool) -> None:
        """Begin or give up editing; the version at this moment is the one that the change builds on."""
        self.editing = bool(wish)
        self.errors, self.conflict, self.taken_by, self.changed_by_other = {}, [], "", False
        self._version = int(self.contact.get("version", 0))

    @handler("contacts.write")
    async def save(self, form: dict[str, Any]):  # type: ignore[no-untyped-def]
        """Save the form. When somebody else was first, say what they wrote and keep what was typed."""
        if self._contact_id is None:
            return None
        self.errors, self.taken_by = {}, ""
        try:
            data = ContactUpdate.model_validate({**views.form_data(views.typed(form)), "version": self._version})
            async with self._work() as (session, actor):
                contact = await service.update_contact(session, actor, contact_id=self._contact_id, data=data)
        except ValidationError as error:
            self.errors = {wrong.field: wrong.key for wrong in field_errors(error)}
            return None
        except ContactChanged:
            await self._show_conflict(self._contact_id, form)
            return None
        except (Invalid, Conflict) as error:
            self._explain(error)
            return None
        self._show(contact)
        self.editing, self.conflict, self.changed_by_other = False, [], False
        return notify("contacts.saved")

    def _explain(self, error: CrmError) -> None:
        fields = error.data.get("fields")
        if not fields:
            raise error
        self.errors = dict(fields)
        self.taken_by = str(error.data.get("contact_id", ""))

    async def _show_conflict(self, contact_id: UUID, form: dict[str, Any]) -> None:
        """Show where the saved values differ from the typed ones; saving again then wins."""
        async with self._work() as (session, actor):
            self._show(await service.get_contact(session, actor, contact_id=contact_id))
        typed = {"tags": "", **views.typed(form)}
        theirs = {**self.contact, "tags": self.contact["tags_text"]}
        self.conflict = [
            {"field": f"contacts.field.{name}", "theirs": str(theirs[name if name != "owner_id" else "owner"])}
            for name in COMPARED
            if str(typed.get(name, "")).strip() != str(theirs[name])
        ] or [{"field": "", "theirs": ""}]
        self._version = int(self.contact["version"])
        self.changed_by_other = False

    @handler("contacts.write")
    async def add_note(self, form: dict[str, Any]) -> None:
        """Write a note into the timeline."""
        if self._contact_id is None:
            return
        self.note_error = ""
        try:
            note = NoteCreate.model_validate({"text": views.typed(form).get("text")})
        except ValidationError as error:
            self.note_error = field_errors(error)[0].key
            return
        async with self._work() as (session, actor):
            await service.add_note(session, actor, contact_id=self._contact_id, note=note)
            await self._read_lines(session, actor, self._contact_id)
        self.note_round += 1

    @handler("contacts.write")
    async def archive(self):  # type: ignore[no-untyped-def]
        """Take the contact out of the lists, with the way back."""
        if self._contact_id is None:
            return None
        async with self._work() as (session, actor):
            self._show(await service.archive_contact(session, actor, contact_id=self._contact_id))
        return notify("contacts.archived", name=self.contact["name"], undo=ContactState.restore)

    @handler("contacts.write")
    async def restore(self):  # type: ignore[no-untyped-def]
        """Bring the contact back into the lists."""
        if self._contact_id is None:
            return None
        async with self._work() as (session, actor):
            self._show(await service.restore_contact(session, actor, contact_id=self._contact_id))
        return notify("contacts.restored", name=self.contact["name"])

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        """Follow what others do with this contact; a form that is open stays as it is."""
        contact_id = self._contact_id
        if contact_id is None or self.missing:
            return
        try:
            async with self._work() as (session, actor):
                await self._follow(session, actor, contact_id, fact["name"])
        except NotFound:  # its last link to this person was handed over
            self.missing = True
            self.contact, self.deals, self.conversations, self.lines = {}, [], [], []

    async def _follow(self, session: AsyncSession, actor: Actor, contact_id: UUID, name: str) -> None:
        fresh = await service.get_contact(session, actor, contact_id=contact_id)
        if name == "contact.activity":
            await self._read_lines(session, actor, contact_id)
        elif name.startswith("contact."):
            self.changed_by_other = self.editing and fresh.version != self._version
            self._show(fresh)
        else:
            await self._read_around(session, actor, contact_id)
