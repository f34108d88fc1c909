"""Use cases around contacts: create, change, archive, find, list, and their timelines."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import Forbidden, Invalid, NotFound
from crm_app.core.events import announce
from crm_app.core.repository import Page, decode_cursor, encode_cursor
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.roles.reassign_lock import check_handover, owner_of_new
from crm_app.domains.accounts.roles.sights import sight_of_contacts
from crm_app.domains.contacts import handing_over as handing_over
from crm_app.domains.contacts import identities, list_queries, positions, repository, rules
from crm_app.domains.contacts.errors import ContactChanged
from crm_app.domains.contacts.events import ContactCreated, ContactUpdated
from crm_app.domains.contacts.models import Contact
from crm_app.domains.contacts.reach import contact_sight
from crm_app.domains.contacts.schemas import (
    ContactCreate,
    ContactDetail,
    ContactFilter,
    ContactOrder,
    ContactSummary,
    ContactUpdate,
    ContactView,
    IdentityView,
)
from crm_app.domains.contacts.timeline import add_line
from crm_app.domains.contacts.timeline import add_note as add_note
from crm_app.domains.contacts.timeline import list_timeline as list_timeline
from crm_app.domains.contacts.timeline import record_activity as record_activity

PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 200
MOST_FOUND: Final = 1000


async def create_contact(session: AsyncSession, actor: Actor, *, data: ContactCreate) -> ContactDetail:
    """Add a contact.

    Raises `PhoneInvalid`, `EmailInvalid`, `AddressTaken`, `ReassignLocked`, or `NotFound` for the owner.
    """
    actor.require("contacts.write")
    values = identities.with_canonical_addresses(data.model_dump())
    values["owner_id"] = owner_of_new(actor, "contacts", sight_of_contacts(actor), data.owner_id)
    if data.owner_id is not None:
        await accounts.access_member(session, actor, data.owner_id)
    contact = Contact(organization_id=actor.organization_id, **values)
    addresses = identities.addresses_of(values)
    await identities.reserve(session, actor, addresses)
    await _add(session, actor, contact, addresses)
    return await _detail(session, contact)


async def _add(
    session: AsyncSession, actor: Actor, contact: Contact, addresses: Iterable[tuple[str, str]]
) -> None:
    _index(contact)
    session.add(contact)
    await session.flush()
    identities.attach(session, contact, addresses)
    add_line(session, actor, contact.id, "contact.created", {"source": contact.source}, None, contact.created_at)
    await accounts.audit(
        session,
        actor,
        "contact.create",
        "contact",
        contact.id,
        after={"name": contact.name, "phone": contact.phone},
    )
    announce(session, ContactCreated(organization_id=actor.organization_id, contact_id=contact.id))
    await session.flush()


def _index(contact: Contact) -> None:
    """Bring the folded columns in line with what they are made of."""
    contact.sort_name = rules.fold(contact.name)[:200]
    phones = [contact.phone] if contact.phone else []
    contact.search_text = rules.searchable(contact.name, contact.company, contact.email, phones=phones)


async def find_or_create_by_identity(
    session: AsyncSession,
    actor: Actor,
    *,
    kind: str,
    value: str,
    name: str = "",
    aliases: Iterable[tuple[str, str]] = (),
    source: str = "",
) -> tuple[ContactDetail, bool]:
    """Return the contact behind an address and whether it was created just now.

    Two transactions that ask at once get the same contact. `aliases` are further `(kind, value)` of the same
    person, most reliable first: they help to find it and are kept with it, unless another contact has them.
    An archived contact comes back when it is asked for here. Raises `IdentityInvalid`.
    """
    actor.require("contacts.write")
    addresses = identities.spell_out([(kind, value), *aliases])
    contact = await identities.find_holder(session, actor, addresses)
    if contact is None:
        await repository.lock_addresses(session, actor.organization_id, addresses)
        contact = await identities.find_holder(session, actor, addresses)
    if contact is None:
        return await _create_from_identity(session, actor, kind, value, name, source, addresses), True
    await identities.attach_missing(session, actor, contact, addresses)
    if contact.archived_at is not None:
        await _set_archived(session, actor, contact, None)
    return await _detail(session, contact), False


async def _create_from_identity(
    session: AsyncSession,
    actor: Actor,
    kind: str,
    value: str,
    name: str,
    source: str,
    addresses: list[tuple[str, str]],
) -> ContactDetail:
    known = identities.leading_values(addresses)
    contact = Contact(
        organization_id=actor.organization_id,
        name=rules.shown_name(name, kind, known.get(kind, value)),
        phone=known.get("phone", ""),
        email=known.get("email", ""),
        source=source[:60],
        tags=[],
    )
    await _add(session, actor, contact, addresses)
    return await _detail(session, contact)


async def update_contact(
    session: AsyncSession, actor: Actor, *, contact_id: UUID, data: ContactUpdate
) -> ContactDetail:
    """Change the given fields of the version that was read.

    Raises `NotFound`, `ContactChanged`, `PhoneInvalid`, `EmailInvalid`, `AddressTaken`, `ReassignLocked`.
    """
    contact = await _load_to_change(session, actor, contact_id)
    if contact.version != data.version:
        raise ContactChanged(contact.version)
    wanted = identities.with_canonical_addresses(data.changes())
    changes = {field: value for field, value in wanted.items() if getattr(contact, field) != value}
    if not changes:
        return await _detail(session, contact)
    if "owner_id" in changes:
        check_handover(actor, "contacts", contact.owner_id, changes["owner_id"])
    if changes.get("owner_id") is not None:
        await accounts.access_member(session, actor, changes["owner_id"])
    await identities.replace(session, actor, contact, changes)
    await _apply(session, actor, contact, changes)
    return await _detail(session, contact)


async def _apply(session: AsyncSession, actor: Actor, contact: Contact, changes: Mapping[str, Any]) -> None:
    known = {"name": contact.name}  # what the entry is about, whatever changes
    before = known | {field: _plain(getattr(contact, field)) for field in changes}
    for field, value in changes.items():
        setattr(contact, field, value)
    _index(contact)
    _mark_changed(session, actor, contact)
    after = known | {field: _plain(value) for field, value in changes.items()}
    await accounts.audit(session, actor, "contact.update", "contact", contact.id, before=before, after=after)
    await session.flush()


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _mark_changed(session: AsyncSession, actor: Actor, contact: Contact) -> None:
    contact.version += 1
    contact.updated_at = utc_now()
    fact = ContactUpdated(organization_id=actor.organization_id, contact_id=contact.id, version=contact.version)
    announce(session, fact)


async def archive_contact(session: AsyncSession, actor: Actor, *, contact_id: UUID) -> ContactDetail:
    """Take a contact out of the lists; its deals and conversations stay. Raises `NotFound`."""
    contact = await _load_to_change(session, actor, contact_id)
    if contact.archived_at is None:
        await _set_archived(session, actor, contact, utc_now())
    return await _detail(session, contact)


async def restore_contact(session: AsyncSession, actor: Actor, *, contact_id: UUID) -> ContactDetail:
    """Bring an archived contact back into the lists. Raises `NotFound`."""
    contact = await _load_to_change(session, actor, contact_id)
    if contact.archived_at is not None:
        await _set_archived(session, actor, contact, None)
    return await _detail(session, contact)


async def _set_archived(session: AsyncSession, actor: Actor, contact: Contact, moment: datetime | None) -> None:
    contact.archived_at = moment
    _mark_changed(session, actor, contact)
    action = "contact.archive" if moment else "contact.restore"
    before, after = ({"name": contact.name, "archived": archived} for archived in (not moment, bool(moment)))
    await accounts.audit(session, actor, action, "contact", contact.id, before=before, after=after)
    await session.flush()


async def get_contact(session: AsyncSession, actor: Actor, *, contact_id: UUID) -> ContactDetail:
    """Return a contact with its addresses. Raises `NotFound`."""
    actor.require("contacts.read")
    return await _detail(session, await _load(session, actor, contact_id))


async def _load(session: AsyncSession, actor: Actor, contact_id: UUID) -> Contact:
    contact = await repository.find_contact(session, actor.organization_id, contact_id, sight=contact_sight(actor))
    if contact is None:
        raise NotFound(kind="contact")
    return contact


async def _load_to_change(session: AsyncSession, actor: Actor, contact_id: UUID) -> Contact:
    """Lock a contact for a change. Raises `NotFound`, or `Forbidden` for one that may only be seen."""
    actor.require("contacts.write")
    sight = contact_sight(actor, "contacts.write")
    contact = await repository.find_contact(session, actor.organization_id, contact_id, sight=sight, lock=True)
    if contact is None:
        await _load(session, actor, contact_id)
        raise Forbidden("errors.accounts.beyond_reach", permission="contacts.write")
    return contact


async def _detail(session: AsyncSession, contact: Contact) -> ContactDetail:
    rows = await repository.list_identities(session, contact.organization_id, contact.id)
    known = [IdentityView(kind=row.kind, value=row.value) for row in rows]
    return ContactDetail.model_validate({**contact.model_dump(exclude={"search_vector"}), "identities": known})


async def list_contacts(
    session: AsyncSession,
    actor: Actor,
    *,
    criteria: ContactFilter | None = None,
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[ContactView]:
    """Return a window of the contacts that the filter lets through (all, by name, when there is none).

    `limit` is at most 200. Raises `Invalid` for a cursor that was not made by the same kind of list.
    """
    actor.require("contacts.read")
    wanted = criteria or ContactFilter()
    size = max(1, min(limit, MAX_PAGE_SIZE))
    if rules.finds_nothing(wanted.q):
        return Page([], None)
    query_words = rules.search_words(wanted.q)
    after = _position(cursor, wanted.order) if cursor else None
    sight = contact_sight(actor)
    if query_words:
        found, last_name = await list_queries.search_contacts(
            session, actor.organization_id, wanted, query_words, sight=sight, after=after, size=size
        )
    else:
        found, last_name = await list_queries.list_contacts(
            session, actor.organization_id, wanted, sight=sight, after=after, size=size
        )
    items = found[:size]
    return Page(items, _next_cursor(items[-1], last_name, wanted.order) if len(found) > size else None)


def _next_cursor(last: ContactView, last_name: str, order: ContactOrder) -> str:
    key = last_name if order is ContactOrder.NAME else last.last_activity_at.isoformat()
    return encode_cursor(order.value, key, last.id)


def _position(cursor: str, order: ContactOrder) -> tuple[Any, UUID]:
    made_for, key, row_id = decode_cursor(cursor, 3)
    if made_for != order.value or not isinstance(key, str) or "\x00" in key:
        raise Invalid("errors.cursor")
    return (key if order is ContactOrder.NAME else positions.moment(key)), positions.uuid(row_id)


async def count_contacts(session: AsyncSession, actor: Actor, *, criteria: ContactFilter | None = None) -> int:
    """Return how many contacts the filter lets through; a search counts no further than `MOST_FOUND`."""
    actor.require("contacts.read")
    wanted = criteria or ContactFilter()
    if rules.finds_nothing(wanted.q):
        return 0
    query_words, sight = rules.search_words(wanted.q), contact_sight(actor)
    if query_words:
        return await list_queries.count_found(session, wanted, query_words, sight=sight, most=MOST_FOUND)
    return await list_queries.count_contacts(session, actor.organization_id, wanted, sight=sight)


async def get_summaries(
    session: AsyncSession, actor: Actor, *, contact_ids: Iterable[UUID]
) -> dict[UUID, ContactSummary]:
    """Return what cards and rows show of these contacts, by id; unknown ids are left out."""
    actor.require("contacts.read")
    wanted = set(contact_ids)
    if not wanted:
        return {}
    rows = await repository.list_summaries(session, actor.organization_id, wanted, sight=contact_sight(actor))
    return {row.id: ContactSummary(id=row.id, name=row.name, company=row.company, phone=row.phone) for row in rows}
