"""Use cases around a contact's timeline: lines written by every domain, notes written by people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import NotFound
from crm_app.core.events import announce
from crm_app.core.ids import new_id
from crm_app.core.repository import Page, decode_cursor, encode_cursor
from crm_app.core.tenancy import Actor
from crm_app.domains.contacts import positions, repository
from crm_app.domains.contacts.events import ActivityRecorded
from crm_app.domains.contacts.models import Activity
from crm_app.domains.contacts.reach import contact_sight
from crm_app.domains.contacts.schemas import ActivityView, NoteCreate

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


async def record_activity(
    session: AsyncSession,
    actor: Actor,
    *,
    contact_id: UUID,
    kind: str,
    data: Mapping[str, Any] | None = None,
    entity_id: UUID | None = None,
    happened_at: datetime | None = None,
) -> UUID:
    """Add a line to a contact's timeline and return its id. Raises `NotFound`.

    `kind` is `<domain>.<what>` and names the sentence `contacts.timeline.<kind>` in the catalogue; `data` holds
    plain JSON that fills it; `entity_id` is the thing that the line links to (a deal, a conversation).
    """
    actor.require("contacts.write")
    activity_id = new_id()
    values = {
        "organization_id": actor.organization_id,
        "id": activity_id,
        "created_at": utc_now(),
        "contact_id": contact_id,
        "kind": kind,
        "user_id": actor.user_id,
        "entity_id": entity_id,
        "data": Jsonb(dict(data or {})),
        "happened_at": happened_at or utc_now(),
    }
    if not await repository.insert_activity(session, values):
        raise NotFound(kind="contact")
    announce(
        session,
        ActivityRecorded(organization_id=actor.organization_id, contact_id=contact_id, activity_id=activity_id),
    )
    return activity_id


def add_line(
    session: AsyncSession,
    actor: Actor,
    contact_id: UUID,
    kind: str,
    data: Mapping[str, Any],
    entity_id: UUID | None,
    happened_at: datetime,
) -> UUID:
    """Write a line for a contact that is known to exist."""
    line = Activity(
        organization_id=actor.organization_id,
        contact_id=contact_id,
        kind=kind,
        user_id=actor.user_id,
        entity_id=entity_id,
        data=dict(data),
        happened_at=happened_at,
    )
    session.add(line)
    announce(
        session,
        ActivityRecorded(organization_id=actor.organization_id, contact_id=contact_id, activity_id=line.id),
    )
    return line.id


async def add_note(session: AsyncSession, actor: Actor, *, contact_id: UUID, note: NoteCreate) -> UUID:
    """Write a note into a contact's timeline and return its id. Raises `NotFound`."""
    actor.require("contacts.write")
    await _check_seen(session, actor, contact_id)
    return await record_activity(
        session, actor, contact_id=contact_id, kind="note.added", data={"text": note.text}
    )


async def _check_seen(session: AsyncSession, actor: Actor, contact_id: UUID) -> None:
    sight = contact_sight(actor)
    if await repository.find_contact(session, actor.organization_id, contact_id, sight=sight) is None:
        raise NotFound(kind="contact")


async def list_timeline(
    session: AsyncSession,
    actor: Actor,
    *,
    contact_id: UUID,
    kinds: Sequence[str] = (),
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[ActivityView]:
    """Return a window of a contact's timeline, newest first; with `kinds` (`deal.`) only lines of those.

    Raises `NotFound`, or `Invalid` for the cursor.
    """
    actor.require("contacts.read")
    await _check_seen(session, actor, contact_id)
    size = max(1, min(limit, MAX_PAGE_SIZE))
    after = None
    if cursor:
        key, row_id = decode_cursor(cursor, 2)
        after = (positions.moment(key), positions.uuid(row_id))
    rows = await repository.list_activities(
        session,
        actor.organization_id,
        contact_id,
        sight=contact_sight(actor),
        kinds=kinds,
        after=after,
        limit=size + 1,
    )
    items = [ActivityView.model_validate(row) for row in rows[:size]]
    more = len(rows) > size
    return Page(items, encode_cursor(items[-1].happened_at.isoformat(), items[-1].id) if more else None)
