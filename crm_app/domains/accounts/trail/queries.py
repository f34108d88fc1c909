"""Every SQL statement that reads the audit trail. Each filter walks along an index of its own, newest first."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.sql import Row, fetch_all
from crm_app.domains.accounts.support import SUPPORT_ID, SUPPORT_NAME
from crm_app.domains.accounts.trail.schemas import AuditFilter

Position = tuple[datetime, UUID]

_ENTRIES = """
SELECT e.id, e.sequence, e.created_at, e.user_id, who.name AS user_name, e.on_behalf_of,
       whom.name AS on_behalf_name, e.action, e.entity_type, e.entity_id, e.before, e.after, e.ip, e.trace_id,
       encode(e.hash, 'hex') AS hash
FROM audit_entry e
LEFT JOIN app_user who ON who.id = e.user_id
LEFT JOIN app_user whom ON whom.id = e.on_behalf_of
WHERE {}
ORDER BY e.created_at DESC, e.id DESC LIMIT %(size)s"""

# Jumps from one value to the next along the index: as many steps as there are values, however many entries.
_VALUES = """
WITH RECURSIVE seen AS (
    (SELECT {0} AS value FROM audit_entry WHERE organization_id = %(organization_id)s AND {0} IS NOT NULL
     ORDER BY {0} LIMIT 1)
    UNION ALL
    SELECT (SELECT e.{0} FROM audit_entry e WHERE e.organization_id = %(organization_id)s AND e.{0} > seen.value
            ORDER BY e.{0} LIMIT 1)
    FROM seen WHERE seen.value IS NOT NULL
)
SELECT value FROM seen WHERE value IS NOT NULL"""
_NAMED = "SELECT u.id, u.name FROM app_user u WHERE u.id = ANY(%(ids)s) ORDER BY u.name, u.id"


async def list_entries(
    session: AsyncSession,
    organization_id: UUID,
    criteria: AuditFilter,
    ids: tuple[UUID, UUID] | None,
    after: Position | None,
    size: int,
) -> list[Row]:
    """Return entries, newest first; `ids` are the first and the last id that the search means."""
    conditions = ["e.organization_id = %(organization_id)s"]
    values: dict[str, Any] = {"organization_id": organization_id, "size": size}
    for name, condition in (
        ("user_id", "e.user_id = %(user_id)s"),
        ("action", "e.action = %(action)s"),
        ("entity_type", "e.entity_type = %(entity_type)s"),
        ("since", "e.created_at >= %(since)s"),
        ("until", "e.created_at < %(until)s"),
    ):
        if wanted := getattr(criteria, name):
            conditions.append(condition)
            values[name] = wanted
    if ids is not None:
        conditions.append("(e.entity_id BETWEEN %(low)s AND %(high)s OR e.id BETWEEN %(low)s AND %(high)s)")
        values |= {"low": ids[0], "high": ids[1]}
    if after is not None:
        conditions.append("(e.created_at, e.id) < (%(moment)s, %(last)s)")
        values |= {"moment": after[0], "last": after[1]}
    rows = await fetch_all(session, _ENTRIES.format(" AND ".join(conditions)), values)
    return [{**row, "user_name": SUPPORT_NAME} if row["user_id"] == SUPPORT_ID else row for row in rows]


async def list_people(session: AsyncSession, organization_id: UUID) -> list[Row]:
    """Return id and name of everybody who has done something."""
    met = await _values(session, organization_id, "user_id")
    people = await fetch_all(session, _NAMED, {"ids": met})
    return [*people, {"id": SUPPORT_ID, "name": SUPPORT_NAME}] if SUPPORT_ID in met else people


async def list_actions(session: AsyncSession, organization_id: UUID) -> list[str]:
    """Return every action that was ever done."""
    return await _values(session, organization_id, "action")


async def list_kinds(session: AsyncSession, organization_id: UUID) -> list[str]:
    """Return every kind of thing to which something was done."""
    return await _values(session, organization_id, "entity_type")


async def _values(session: AsyncSession, organization_id: UUID, column: str) -> list[Any]:
    rows = await fetch_all(session, _VALUES.format(column), {"organization_id": organization_id})
    return [row["value"] for row in rows]
