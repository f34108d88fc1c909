"""Every SQL statement about contacts, their identities and their timelines."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.sight import clauses
from crm_app.core.sql import run
from crm_app.domains.contacts.models import Activity, Contact, ContactIdentity
from crm_app.domains.contacts.reach import ContactSight, activities_seen
from crm_app.domains.contacts.schemas import ContactFilter, ContactOrder

LIST_COLUMNS = (
    col(Contact.id),
    col(Contact.name),
    col(Contact.company),
    col(Contact.job_title),
    col(Contact.phone),
    col(Contact.email),
    col(Contact.source),
    col(Contact.tags),
    col(Contact.owner_id),
    col(Contact.last_activity_at),
    col(Contact.created_at),
    col(Contact.updated_at),
    col(Contact.archived_at),
    col(Contact.version),
)

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


def _filtered(organization_id: UUID, criteria: ContactFilter, sight: ContactSight) -> list[Any]:
    archived_at = col(Contact.archived_at)
    conditions = [
        col(Contact.organization_id) == organization_id,
        archived_at.is_not(None) if criteria.archived else archived_at.is_(None),
        *clauses(sight.where()),
    ]
    if criteria.owner_id is not None:
        conditions.append(col(Contact.owner_id) == criteria.owner_id)
    return conditions


def _ordered(statement: Any, order: ContactOrder, after: tuple[Any, UUID] | None) -> Any:
    """Order the list and start it behind the row `after`: (sort key, id)."""
    row_id = col(Contact.id)
    if order is ContactOrder.NAME:
        key = col(Contact.sort_name)
        if after:
            statement = statement.where(tuple_(key, row_id) > tuple_(literal(after[0]), literal(after[1])))
        return statement.order_by(key, row_id)
    moment = col(Contact.last_activity_at)
    if after:
        statement = statement.where(tuple_(moment, row_id) < tuple_(literal(after[0]), literal(after[1])))
    return statement.order_by(moment.desc(), row_id.desc())


async def list_contacts(
    session: AsyncSession,
    organization_id: UUID,
    criteria: ContactFilter,
    *,
    sight: ContactSight,
    after: tuple[Any, UUID] | None,
    limit: int,
) -> Sequence[Any]:
    """Return up to `limit` rows of `LIST_COLUMNS` and `sort_name`, in the filter's order, behind `after`."""
    statement = select(*LIST_COLUMNS, col(Contact.sort_name)).where(*_filtered(organization_id, criteria, sight))
    rows: Sequence[Any] = (await session.execute(_ordered(statement, criteria.order, after).limit(limit))).all()
    return rows


def _search_query(query_words: Sequence[str]) -> str:
    # Words are letters and digits only, so quoting them is enough; `:*` makes each a prefix.
    return " & ".join(f"'{word}':*" for word in query_words)


_SEARCH = text(
    "search_contacts(to_tsquery('simple', :query), :archived, CAST(:owner_id AS uuid), :by_activity, "
    "CAST(:after_name AS text), CAST(:after_moment AS timestamptz), CAST(:after_id AS uuid), :most, "
    "CAST(:reach AS jsonb))"
)


async def search_contacts(
    session: AsyncSession,
    organization_id: UUID,
    criteria: ContactFilter,
    query_words: Sequence[str],
    *,
    sight: ContactSight,
    after: tuple[Any, UUID] | None,
    limit: int,
) -> Sequence[Any]:
    """Return the same as `list_contacts`, but only contacts with words that begin like all of `query_words`.

    The text index is used inside a database function: row-level security would keep this statement from it.
    """
    by_activity = criteria.order is ContactOrder.ACTIVITY
    found = await session.scalars(
        select(text("id")).select_from(_SEARCH),
        {
            "query": _search_query(query_words),
            "archived": criteria.archived,
            "owner_id": criteria.owner_id,
            "by_activity": by_activity,
            "after_name": after[0] if after and not by_activity else None,
            "after_moment": after[0] if after and by_activity else None,
            "after_id": after[1] if after else None,
            "most": limit,
            "reach": sight.as_json(),
        },
    )
    ids = found.all()
    statement = select(*LIST_COLUMNS, col(Contact.sort_name)).where(
        col(Contact.organization_id) == organization_id, col(Contact.id).in_(ids)
    )
    rows: Sequence[Any] = (await session.execute(_ordered(statement, criteria.order, None))).all()
    return rows


async def count_contacts(
    session: AsyncSession, organization_id: UUID, criteria: ContactFilter, *, sight: ContactSight
) -> int:
    """Return how many contacts the filter lets through."""
    statement = select(func.count()).select_from(Contact).where(*_filtered(organization_id, criteria, sight))
    return (await session.scalar(statement)) or 0


async def count_found(
    session: AsyncSession, criteria: ContactFilter, query_words: Sequence[str], *, sight: ContactSight, most: int
) -> int:
    """Return how many contacts a search finds, counting no further than `most`."""
    counted = text(
        "SELECT count_found_contacts(to_tsquery('simple', :query), :archived, CAST(:owner_id AS uuid), :most, "
        "CAST(:reach AS jsonb))"
    )
    values = {
        "query": _search_query(query_words),
        "archived": criteria.archived,
        "owner_id": criteria.owner_id,
        "most": most,
        "reach": sight.as_json(),
    }
    return int((await session.execute(counted, values)).scalar_one())


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
