"""Use cases of whoever runs the platform. All run without a tenant; none of them reads what anybody wrote.

Every one raises `NotFound` for anybody else, and `ProofNeeded` when the last proof is too old.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.config import get_settings
from crm_app.core.checks import queue_state, run_checks
from crm_app.core.clock import utc_now
from crm_app.core.errors import Invalid, NotFound
from crm_app.core.life_cycle import TRANSITIONS, State
from crm_app.core.repository import Page, decode_cursor, encode_cursor
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.service import note_for_platform
from crm_app.domains.platform import repository
from crm_app.domains.platform.access import require_operator
from crm_app.domains.platform.schemas import (
    CheckLine,
    Health,
    OrganizationLine,
    OrganizationSheet,
    OwnerLine,
    PlatformEntryView,
    StepLine,
    Usage,
    UsageLine,
)

PAGE_SIZE = 30
MOST_LINES = 200
FIRST_MONTH = date(2020, 1, 1)


async def list_organizations(
    session: AsyncSession,
    actor: Actor,
    *,
    words: str = "",
    state: str = "",
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
) -> Page[OrganizationLine]:
    """Return organizations, the newest first; `words` are part of a name, a short name or an id.

    Raises `Invalid` for a state that does not exist or a bad cursor.
    """
    operator = await require_operator(session, actor)
    if state and state not in list(State):
        raise Invalid(field="state")
    size = max(1, min(limit, 100))
    wanted = words.replace("\x00", "").strip()[:120]
    rows = await repository.list_organizations(session, operator, wanted, state, _id_in(cursor), size + 1)
    items = [OrganizationLine.model_validate(row) for row in rows[:size]]
    return Page(items, encode_cursor(items[-1].id) if len(rows) > size else None)


def _id_in(cursor: str | None) -> UUID | None:
    if not cursor:
        return None
    try:
        return UUID(str(decode_cursor(cursor, 1)[0]))
    except ValueError as error:
        raise Invalid("errors.cursor") from error


async def open_organization(session: AsyncSession, actor: Actor, *, organization_id: UUID) -> OrganizationSheet:
    """Return what the platform knows about one organization; who looked is written down. Raises `NotFound`."""
    operator = await require_operator(session, actor)
    row = await repository.find_organization(session, operator, organization_id)
    if row is None:
        raise NotFound(kind="organization")
    owners = await repository.list_owners(session, operator, organization_id)
    steps = await repository.list_steps(session, operator, organization_id)
    note_for_platform(session, actor.user_id, "organization.open", organization_id)
    following = TRANSITIONS[State(row["state"])]
    return OrganizationSheet(
        **row,
        owners=tuple(OwnerLine.model_validate(one) for one in owners),
        steps=tuple(StepLine.model_validate(one) for one in steps),
        choices=tuple(one for one in State if one in following),
    )


async def read_usage(session: AsyncSession, actor: Actor, *, month: date | None = None) -> Usage:
    """Return what organizations have used in a month, by default the present one. Raises `Invalid`."""
    operator = await require_operator(session, actor)
    today = utc_now().date()
    wanted = (month or today).replace(day=1)
    if not FIRST_MONTH <= wanted <= today:
        raise Invalid(field="month")
    rows = await repository.read_usage(session, operator, wanted)
    lines = sorted(map(UsageLine.model_validate, rows), key=lambda one: (-one.messages, one.name.casefold()))
    return Usage(
        month=wanted,
        organizations=len(lines),
        members=sum(one.members for one in lines),
        channels=sum(one.channels for one in lines),
        messages_in=sum(one.messages_in for one in lines),
        messages_out=sum(one.messages_out for one in lines),
        previous=sum(one.previous for one in lines),
        states={state.value: sum(one.state == state for one in lines) for state in State},
        lines=tuple(lines[:MOST_LINES]),
    )


async def read_health(session: AsyncSession, actor: Actor) -> Health:
    """Return how the house is. The checks ask over connections of their own."""
    operator = await require_operator(session, actor)
    dead = await repository.count_dead_letters(session, operator)
    checks, state = await run_checks(get_settings()), await queue_state()
    return Health(
        checks=tuple(CheckLine.model_validate(one) for one in checks),
        jobs=state.jobs,
        lag_seconds=state.lag_seconds,
        workers=state.workers,
        scheduled=state.scheduled,
        waiting=state.waiting,
        failed_messages=dead["messages"],
        failed_events=dead["events"],
    )


async def list_entries(
    session: AsyncSession, actor: Actor, *, cursor: str | None = None, limit: int = 50
) -> Page[PlatformEntryView]:
    """Return the platform's own record, newest first. Raises `Invalid` for a bad cursor."""
    operator = await require_operator(session, actor)
    size = max(1, min(limit, 200))
    rows = await repository.list_entries(session, operator, _moment_in(cursor), size + 1)
    items = [PlatformEntryView.model_validate(row) for row in rows[:size]]
    return Page(items, encode_cursor(items[-1].created_at.isoformat()) if len(rows) > size else None)


def _moment_in(cursor: str | None) -> datetime | None:
    if not cursor:
        return None
    try:
        found = datetime.fromisoformat(str(decode_cursor(cursor, 1)[0]))
        if found.tzinfo is None:
            raise ValueError(cursor)
    except ValueError as error:
        raise Invalid("errors.cursor") from error
    return found
