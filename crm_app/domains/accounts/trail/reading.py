"""Reading the audit trail: pages of entries, and what they can be filtered by."""

import re
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.errors import Invalid
from crm_app.core.repository import Page, decode_cursor, encode_cursor
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.trail import queries
from crm_app.domains.accounts.trail.schemas import AuditChoices, AuditEntryView, AuditFilter, PersonChoice

READ = "audit.read"
PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
_HEX = re.compile(r"[0-9a-f]{4,32}")


async def list_entries(
    session: AsyncSession,
    actor: Actor,
    *,
    criteria: AuditFilter | None = None,
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[AuditEntryView]:
    """Return a page of the trail, newest first. Raises `Forbidden`, or `Invalid` for a bad cursor or search."""
    actor.require(READ)
    wanted = criteria or AuditFilter()
    size = max(1, min(limit, MAX_PAGE_SIZE))
    after = _position(cursor) if cursor else None
    rows = await queries.list_entries(session, actor.organization_id, wanted, ids_meant(wanted.q), after, size + 1)
    items = [AuditEntryView.model_validate(row) for row in rows[:size]]
    more = encode_cursor(items[-1].created_at.isoformat(), items[-1].id) if len(rows) > size else None
    return Page(items, more)


async def list_choices(session: AsyncSession, actor: Actor) -> AuditChoices:
    """Return people, actions and kinds of things that the trail holds. Raises `Forbidden`."""
    actor.require(READ)
    people = await queries.list_people(session, actor.organization_id)
    return AuditChoices(
        people=tuple(PersonChoice.model_validate(row) for row in people),
        actions=tuple(await queries.list_actions(session, actor.organization_id)),
        kinds=tuple(await queries.list_kinds(session, actor.organization_id)),
    )


def ids_meant(text: str) -> tuple[UUID, UUID] | None:
    """Return the first and the last id that begin like `text`, None for an empty one. Raises `Invalid`."""
    digits = "".join(text.lower().replace("-", "").split())
    if not digits:
        return None
    if not _HEX.fullmatch(digits):
        raise Invalid("errors.audit.search", field="q")
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def _position(cursor: str) -> queries.Position:
    moment, last = decode_cursor(cursor, 2)
    try:
        found = datetime.fromisoformat(moment)
        if found.tzinfo is None:
            raise ValueError(moment)
        return found, UUID(last)
    except (TypeError, ValueError, AttributeError) as error:
        raise Invalid("errors.cursor") from error
