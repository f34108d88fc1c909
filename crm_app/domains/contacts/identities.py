"""The addresses of contacts: who holds which, and how they pass from one spelling to both.

An address is a pair `(kind, value)`. Whoever gives an address to a contact has locked it first, so that two
transactions never make two contacts of one person.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.tenancy import Actor
from crm_app.domains.contacts import repository, rules
from crm_app.domains.contacts.errors import AddressTaken, EmailInvalid, IdentityInvalid, PhoneInvalid
from crm_app.domains.contacts.models import Contact, ContactIdentity, IdentityKind
from crm_app.domains.contacts.reach import contact_sight

Address = tuple[str, str]
OWN_FIELDS = (IdentityKind.PHONE.value, IdentityKind.EMAIL.value)
"""Columns of a contact that are identities as well."""


def with_canonical_addresses(values: dict[str, Any]) -> dict[str, Any]:
    """Return `values` with phone in E.164 and e-mail in lower case. Raises `PhoneInvalid` or `EmailInvalid`."""
    canonical = dict(values)
    if values.get("phone"):
        canonical["phone"] = rules.parse_phone(values["phone"])
        if canonical["phone"] is None:
            raise PhoneInvalid
    if values.get("email"):
        canonical["email"] = rules.parse_email(values["email"])
        if canonical["email"] is None:
            raise EmailInvalid
    return canonical


def addresses_of(values: Mapping[str, Any]) -> list[Address]:
    """Return the addresses, in all spellings, that stand in a contact's own fields."""
    own = [(field, str(values[field])) for field in OWN_FIELDS if values.get(field)]
    return [(kind, spelling) for kind, value in own for spelling in rules.identity_values(kind, value)]


def spell_out(addresses: Iterable[Address]) -> list[Address]:
    """Return addresses from outside in all their spellings, each once. Raises `IdentityInvalid` for the first."""
    known = {kind.value for kind in IdentityKind}
    found = [
        [(kind, spelling) for spelling in rules.identity_values(kind, value)] if kind in known else []
        for kind, value in addresses
    ]
    if not found or not found[0]:
        raise IdentityInvalid
    return list(dict.fromkeys(address for spellings in found for address in spellings))


def leading_values(addresses: Sequence[Address]) -> dict[str, str]:
    """Return the first value of each kind."""
    return dict(reversed(addresses))


async def find_holder(session: AsyncSession, actor: Actor, addresses: Sequence[Address]) -> Contact | None:
    """Return the contact that has the most reliable (first) of these addresses that anybody has.

    Raises `AddressTaken` when it is out of the actor's reach.
    """
    known = await repository.find_identities(session, actor.organization_id, addresses)
    if not known:
        return None
    first = min(known, key=lambda identity: addresses.index((identity.kind, identity.value)))
    contact = await repository.find_contact(
        session, actor.organization_id, first.contact_id, sight=contact_sight(actor)
    )
    if contact is None:
        raise AddressTaken(first.kind, None)
    return contact


async def reserve(
    session: AsyncSession, actor: Actor, addresses: Sequence[Address], *, for_contact: UUID | None = None
) -> None:
    """Lock addresses for this transaction. Raises `AddressTaken` when another contact has one."""
    if not addresses:
        return
    await repository.lock_addresses(session, actor.organization_id, addresses)
    for identity in await repository.find_identities(session, actor.organization_id, addresses):
        if identity.contact_id != for_contact:
            raise await _taken_by(session, actor, identity)


async def _taken_by(session: AsyncSession, actor: Actor, identity: ContactIdentity) -> AddressTaken:
    """Return the error, which names the other contact only to whoever may see it."""
    sight = contact_sight(actor)
    seen = await repository.list_summaries(session, actor.organization_id, [identity.contact_id], sight=sight)
    return AddressTaken(identity.kind, identity.contact_id if seen else None)


def attach(session: AsyncSession, contact: Contact, addresses: Iterable[Address]) -> None:
    """Give addresses that are locked and free to a contact."""
    session.add_all(
        ContactIdentity(organization_id=contact.organization_id, contact_id=contact.id, kind=kind, value=value)
        for kind, value in addresses
    )


async def attach_missing(
    session: AsyncSession, actor: Actor, contact: Contact, addresses: Sequence[Address]
) -> None:
    """Give a contact those of these addresses that nobody has yet; what others have they keep."""
    known = await _taken(session, actor, addresses)
    if len(known) == len(addresses):
        return
    await repository.lock_addresses(session, actor.organization_id, addresses)
    known = await _taken(session, actor, addresses)
    attach(session, contact, [address for address in addresses if address not in known])
    await session.flush()


async def _taken(session: AsyncSession, actor: Actor, addresses: Sequence[Address]) -> set[Address]:
    rows = await repository.find_identities(session, actor.organization_id, addresses)
    return {(row.kind, row.value) for row in rows}


async def replace(session: AsyncSession, actor: Actor, contact: Contact, changes: Mapping[str, Any]) -> None:
    """Let the identities follow when phone or e-mail change. Raises `AddressTaken`."""
    fields = [field for field in OWN_FIELDS if field in changes]
    if not fields:
        return
    old = addresses_of({field: getattr(contact, field) for field in fields})
    new = addresses_of({field: changes[field] for field in fields})
    await reserve(session, actor, new, for_contact=contact.id)
    await repository.remove_identities(session, actor.organization_id, contact.id, old)
    await session.flush()
    held = await repository.list_identities(session, actor.organization_id, contact.id)
    attach(session, contact, [a for a in new if a not in {(row.kind, row.value) for row in held}])
