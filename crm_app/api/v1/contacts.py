"""People and companies."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from crm_app.api.deps import CurrentActor
from crm_app.api.pagination import Cursor, Limit, PageView, page_view
from crm_app.core.database import unit_of_work
from crm_app.core.text import LINE
from crm_app.domains.contacts import service
from crm_app.domains.contacts.schemas import (
    ActivityView,
    ContactCreate,
    ContactDetail,
    ContactFilter,
    ContactOrder,
    ContactUpdate,
    ContactView,
    NoteCreate,
)

router = APIRouter(prefix="/api/v1/contacts", tags=["contacts"])

Search = Annotated[str, Query(max_length=200, description="Beginnings of words, or of a phone's digits."), LINE]


class NoteAdded(BaseModel):
    """The line that a note became."""

    id: UUID


@router.get("")
async def list_contacts(
    actor: CurrentActor,
    q: Search = "",
    order: ContactOrder = ContactOrder.NAME,
    owner_id: UUID | None = None,
    archived: bool = False,
    cursor: Cursor = None,
    limit: Limit = service.PAGE_SIZE,
) -> PageView[ContactView]:
    """List contacts, by name or by last activity."""
    criteria = ContactFilter(q=q, order=order, owner_id=owner_id, archived=archived)
    async with unit_of_work(actor) as session:
        page = await service.list_contacts(session, actor, criteria=criteria, cursor=cursor, limit=limit)
    return page_view(page)


@router.post("", status_code=201)
async def create_contact(actor: CurrentActor, data: ContactCreate) -> ContactDetail:
    """Add a contact. Phone and e-mail must not belong to another one."""
    async with unit_of_work(actor) as session:
        return await service.create_contact(session, actor, data=data)


@router.get("/{contact_id}")
async def read_contact(actor: CurrentActor, contact_id: UUID) -> ContactDetail:
    """Return a contact with its addresses."""
    async with unit_of_work(actor) as session:
        return await service.get_contact(session, actor, contact_id=contact_id)


@router.patch("/{contact_id}")
async def update_contact(actor: CurrentActor, contact_id: UUID, data: ContactUpdate) -> ContactDetail:
    """Change the fields that are given. `version` is the one that was read; 409 when it is no longer the last."""
    async with unit_of_work(actor) as session:
        return await service.update_contact(session, actor, contact_id=contact_id, data=data)


@router.post("/{contact_id}/archive")
async def archive_contact(actor: CurrentActor, contact_id: UUID) -> ContactDetail:
    """Take a contact out of the lists; deals and conversations stay."""
    async with unit_of_work(actor) as session:
        return await service.archive_contact(session, actor, contact_id=contact_id)


@router.post("/{contact_id}/restore")
async def restore_contact(actor: CurrentActor, contact_id: UUID) -> ContactDetail:
    """Bring an archived contact back."""
    async with unit_of_work(actor) as session:
        return await service.restore_contact(session, actor, contact_id=contact_id)


@router.get("/{contact_id}/timeline")
async def list_timeline(
    actor: CurrentActor, contact_id: UUID, cursor: Cursor = None, limit: Limit = service.PAGE_SIZE
) -> PageView[ActivityView]:
    """List what happened with a contact, newest first."""
    async with unit_of_work(actor) as session:
        page = await service.list_timeline(session, actor, contact_id=contact_id, cursor=cursor, limit=limit)
    return page_view(page)


@router.post("/{contact_id}/notes", status_code=201)
async def add_note(actor: CurrentActor, contact_id: UUID, note: NoteCreate) -> NoteAdded:
    """Write a note into a contact's timeline."""
    async with unit_of_work(actor) as session:
        return NoteAdded(id=await service.add_note(session, actor, contact_id=contact_id, note=note))
