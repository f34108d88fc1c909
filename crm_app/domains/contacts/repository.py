"""SQL about single contacts, their identities and their timelines; lists of contacts are in `list_queries`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import literal, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.sight import clauses
from crm_app.core.sql import run
from crm_app.domains.contacts.models import Activity, Contact, ContactIdentity
from crm_app.domains.contacts.reach import ContactSight, activities_seen

_INSERT_ACTIVITY = """
WITH known AS (
    UPDATE contact SET last_activity_at = greatest(last_activity_at, %(happened_at)s)
    WHERE organization_id = %(organization_id)s AND id = %(contact_id)s
    RETURNING id)
INSERT INTO activity (organization_id, id, created_at, contact_id, kind, user_id, entity_id, data, happened_at)
SELECT %(organization_id)s, %(id)s, %(created_at)s, known.id, %(kind)s, %(user_id)s, %(entity_id)s, %(data)s,
       %(happened_at)s
FROM known"""


async def find_contact(
    session: AsyncSession, organization_id: UUID, contact_id: UUID, *, sight: ContactSight, lock: bool = False
) -> Contact | None:
    """Return a contact, or None; with `lock` nobody else may change it before the transaction ends."""
    statement = select(Contact).where(
        col(Contact.organization_id) == organization_id, col(Contact.id) == contact_id, *clauses(sight.where())
    )
    if lock:
        # Values read earlier in this transaction are stale once the lock was waited for.
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return (await session.scalars(statement)).one_or_none()


async def list_identities(
    session: AsyncSession, organization_id: UUID, contact_id: UUID
) -> Sequence[ContactIdentity]:
    """Return the addresses of a contact, oldest first."""
    statement = (
        select(ContactIdentity)
        .where(
            col(ContactIdentity.organization_id) == organization_id,
            col(ContactIdentity.contact_id) == contact_id,
        )
        .order_by(col(ContactIdentity.id))
    )
    return (await session.scalars(statement)).all()


async def find_identities(
    session: AsyncSession, organization_id: UUID, addresses: Iterable[tuple[str, str]]
) -> Sequence[ContactIdentity]:
    """Return the identities among these `(kind, value)` that are known."""
    kind_and_value = tuple_(col(ContactIdentity.kind), col(ContactIdentity.value))
    statement = select(ContactIdentity).where(
        col(ContactIdentity.organization_id) == organization_id, kind_and_value.in_(list(addresses))
    )
    return (await session.scalars(statement)).all()


async def lock_addresses(
    session: AsyncSession, organization_id: UUID, addresses: Iterable[tuple[str, str]]
) -> None:
    """Wait until no other transaction is giving one of these addresses to a contact.

    Locked in sorted order, so that two callers with the same addresses cannot block each other for ever.
    """
    names = sorted(f"contact:{organization_id}:{kind}:{value}" for kind, value in addresses)
    statement = text(
        "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(CAST(:names AS text[])) AS name"
    )
    await session.execute(statement.bindparams(names=names))


async def remove_identities(
    session: AsyncSession, organization_id: UUID, contact_id: UUID, addresses: Iterable[tuple[str, str]]
) -> None:
    """Take addresses away from a contact."""
    wanted = set(addresses)
    for identity in await list_identities(session, organization_id, contact_id):
        if (identity.kind, identity.value) in wanted:
            await session.delete(identity)


async def list_summaries(
    session: AsyncSession, organization_id: UUID, contact_ids: Iterable[UUID], *, sight: ContactSight
) -> Sequence[Any]:
    """Return id, name, company and phone of these contacts."""
    columns = (col(Contact.id), col(Contact.name), col(Contact.company), col(Contact.phone))
    statement = select(*columns).where(
        col(Contact.organization_id) == organization_id,
        col(Contact.id).in_(list(contact_ids)),
        *clauses(sight.where()),
    )
    return (await session.execute(statement)).all()


async def list_activities(
    session: AsyncSession,
    organization_id: UUID,
    contact_id: UUID,
    *,
    sight: ContactSight,
    kinds: Sequence[str] = (),
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Activity]:
    """Return up to `limit` lines of a contact's timeline, newest first, behind `after`.

    With `kinds` only those whose kind begins with one of them.
    """
    moment, row_id = col(Activity.happened_at), col(Activity.id)
    statement = select(Activity).where(
        col(Activity.organization_id) == organization_id, col(Activity.contact_id) == contact_id
    )
    statement = statement.where(*clauses(activities_seen(sight)))
    if kinds:
        statement = statement.where(or_(*(col(Activity.kind).startswith(kind, autoescape=True) for kind in kinds)))
    if after:
        statement = statement.where(tuple_(moment, row_id) < tuple_(literal(after[0]), literal(after[1])))
    return (await session.scalars(statement.order_by(moment.desc(), row_id.desc()).limit(limit))).all()


async def insert_activity(session: AsyncSession, values: Mapping[str, Any]) -> bool:
    """Insert a line of a contact's timeline and move the contact's last activity forward to its moment.

    One statement, since every message and every move writes one. False when there is no such contact.
    """
    return await run(session, _INSERT_ACTIVITY, values) == 1
