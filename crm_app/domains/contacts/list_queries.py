"""Reading lists of contacts: in order, searched, counted."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.sight import Condition
from crm_app.core.sql import Row, fetch_all, fetch_value
from crm_app.domains.contacts.reach import ContactSight
from crm_app.domains.contacts.schemas import ContactFilter, ContactOrder, ContactView

Position = tuple[Any, UUID]
"""The sort key of a row, and its id."""

_contacts = TypeAdapter(list[ContactView])

_ORDER = {
    ContactOrder.NAME: ("sort_name, id", "AND (contact.sort_name, contact.id) > (%(after_key)s, %(after_id)s)"),
    ContactOrder.ACTIVITY: (
        "last_activity_at DESC, id DESC",
        "AND (contact.last_activity_at, contact.id) < (%(after_key)s::timestamptz, %(after_id)s)",
    ),
}
_COLUMNS = (
    "id, name, company, job_title, phone, email, source, tags, owner_id, last_activity_at, created_at, "
    "updated_at, archived_at, version, sort_name"
)
_ROWS = f"SELECT {_COLUMNS} FROM contact WHERE contact.organization_id = %(organization_id)s"  # noqa: S608

# The text index is used inside a database function: row-level security would keep a statement from it.
_FOUND = """
SELECT id FROM search_contacts(to_tsquery('simple', %(query)s), %(archived)s, %(owner_id)s::uuid, %(by_activity)s,
    %(after_name)s::text, %(after_moment)s::timestamptz, %(after_id)s::uuid, %(most)s, %(reach)s::jsonb)"""
_COUNT_FOUND = """
SELECT count_found_contacts(to_tsquery('simple', %(query)s), %(archived)s, %(owner_id)s::uuid, %(most)s,
    %(reach)s::jsonb)"""


def _filtered(criteria: ContactFilter, sight: ContactSight) -> Condition:
    """Return the conditions of a filter and a reach, from fixed parts only, and their values."""
    seen, values = sight.where()
    conditions = [f"AND contact.archived_at IS {'NOT NULL' if criteria.archived else 'NULL'}", seen]
    if criteria.owner_id is not None:
        conditions.append("AND contact.owner_id = %(owner_id)s")
        values = values | {"owner_id": criteria.owner_id}
    return " ".join(conditions), values


async def list_contacts(
    session: AsyncSession,
    organization_id: UUID,
    criteria: ContactFilter,
    *,
    sight: ContactSight,
    after: Position | None,
    size: int,
) -> tuple[list[ContactView], str]:
    """Return up to `size` contacts and one more, in the filter's order, behind `after`.

    Beside them, when there are more, the name by which the last of the `size` is sorted, for the next position.
    """
    order, behind = _ORDER[criteria.order]
    conditions, values = _filtered(criteria, sight)
    values = values | {"organization_id": organization_id, "most": size + 1}
    if after is not None:
        conditions, values = f"{conditions} {behind}", values | {"after_key": after[0], "after_id": after[1]}
    statement = f"{_ROWS} {conditions} ORDER BY {order} LIMIT %(most)s"
    return _parsed(await fetch_all(session, statement, values), size)


def _parsed(rows: list[Row], size: int) -> tuple[list[ContactView], str]:
    last_name = rows[size - 1]["sort_name"] if len(rows) > size else ""
    return _contacts.validate_python(rows), last_name


def _search_query(query_words: Sequence[str]) -> str:
    # Words are letters and digits only, so quoting them is enough; `:*` makes each a prefix.
    return " & ".join(f"'{word}':*" for word in query_words)


def _searched(criteria: ContactFilter, query_words: Sequence[str], sight: ContactSight) -> dict[str, Any]:
    return {
        "query": _search_query(query_words),
        "archived": criteria.archived,
        "owner_id": criteria.owner_id,
        "reach": sight.as_json(),
    }


async def search_contacts(
    session: AsyncSession,
    organization_id: UUID,
    criteria: ContactFilter,
    query_words: Sequence[str],
    *,
    sight: ContactSight,
    after: Position | None,
    size: int,
) -> tuple[list[ContactView], str]:
    """Return the same as `list_contacts`, but only contacts with words that begin like all of `query_words`."""
    by_activity = criteria.order is ContactOrder.ACTIVITY
    values = _searched(criteria, query_words, sight) | {
        "by_activity": by_activity,
        "after_name": after[0] if after and not by_activity else None,
        "after_moment": after[0] if after and by_activity else None,
        "after_id": after[1] if after else None,
        "most": size + 1,
    }
    ids = [row["id"] for row in await fetch_all(session, _FOUND, values)]
    statement = f"{_ROWS} AND contact.id = ANY(%(ids)s) ORDER BY {_ORDER[criteria.order][0]}"
    return _parsed(await fetch_all(session, statement, {"organization_id": organization_id, "ids": ids}), size)


async def count_contacts(
    session: AsyncSession, organization_id: UUID, criteria: ContactFilter, *, sight: ContactSight
) -> int:
    """Return how many contacts the filter lets through."""
    conditions, values = _filtered(criteria, sight)
    statement = f"SELECT count(*) FROM contact WHERE contact.organization_id = %(organization_id)s {conditions}"  # noqa: S608
    return int(await fetch_value(session, statement, values | {"organization_id": organization_id}))


async def count_found(
    session: AsyncSession, criteria: ContactFilter, query_words: Sequence[str], *, sight: ContactSight, most: int
) -> int:
    """Return how many contacts a search finds, counting no further than `most`."""
    return int(await fetch_value(session, _COUNT_FOUND, _searched(criteria, query_words, sight) | {"most": most}))
