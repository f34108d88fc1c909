"""Every SQL statement about channels, their credentials and raw events."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.database import Driver
from crm_app.core.repository import find, get
from crm_app.domains.channels.models import (
    MISSED_REASONS,
    Channel,
    ChannelCredential,
    InboundEvent,
    InboundStatus,
)

Inserted = Callable[[], Awaitable[set[UUID]]]

# Arrays go in binary form: as text, every quotation mark in a body's JSON would be escaped one by one.
_INSERT_EVENTS = """
    INSERT INTO inbound_event (organization_id, id, created_at, channel_id, provider_event_id, kind, body,
                               headers, trace_id, status, attempts, error)
    SELECT %s, e.id, e.received_at, e.channel_id, e.provider_event_id, e.kind, e.body,
           e.headers, e.trace_id, 'pending', 0, ''
    FROM unnest(%b::uuid[], %b::timestamptz[], %b::uuid[], %b::text[], %b::text[], %b::bytea[], %b::jsonb[],
                %b::text[])
         AS e(id, received_at, channel_id, provider_event_id, kind, body, headers, trace_id)
    ON CONFLICT (organization_id, channel_id, provider_event_id) DO NOTHING
    RETURNING id
"""
_SET_TENANT = "SELECT set_config('app.organization_id', %s, true), set_config('app.user_id', '', true)"


@dataclass(frozen=True, slots=True)
class RawEvent:
    """A webhook call that is about to be stored."""

    id: UUID
    organization_id: UUID
    channel_id: UUID
    provider_event_id: str
    kind: str
    lock: str
    body: bytes
    headers: Mapping[str, str]
    trace_id: str
    received_at: datetime


async def insert_events(connection: Driver, organization_id: UUID, events: Sequence[RawEvent]) -> Inserted:
    """Insert raw events of one organization in one statement; await the result for the ids that were new.

    Inside a pipeline the statement only joins the queue here, so that more can follow it on the same trip.
    """
    cursor = await connection.execute(
        _INSERT_EVENTS,
        (
            organization_id,
            [event.id for event in events],
            [event.received_at for event in events],
            [event.channel_id for event in events],
            [event.provider_event_id for event in events],
            [event.kind for event in events],
            [event.body for event in events],
            [Jsonb(dict(event.headers)) for event in events],
            [event.trace_id for event in events],
        ),
    )

    async def inserted() -> set[UUID]:
        return {row[0] for row in await cursor.fetchall()}

    return inserted


async def enter_organization(connection: Driver, organization_id: UUID) -> None:
    """Set the tenant of the driver's own transaction, as `set_tenant` does for a session's."""
    await connection.execute(_SET_TENANT, (str(organization_id),))


async def find_channel_anywhere(session: AsyncSession, channel_id: UUID) -> Channel | None:
    """Return a channel before its organization is known; the transaction's scope must name it."""
    return (await session.scalars(select(Channel).where(col(Channel.id) == channel_id))).one_or_none()


async def find_channel(session: AsyncSession, organization_id: UUID, channel_id: UUID) -> Channel | None:
    """Return a channel of this organization, or None."""
    return await find(session, Channel, organization_id, channel_id)


async def get_channel(session: AsyncSession, organization_id: UUID, channel_id: UUID) -> Channel:
    """Return a channel of this organization. Raises `NotFound`."""
    return await get(session, Channel, organization_id, channel_id)


async def list_channels(session: AsyncSession, organization_id: UUID, *, archived: bool) -> Sequence[Channel]:
    """Return the organization's channels, the oldest first."""
    statement = select(Channel).where(col(Channel.organization_id) == organization_id)
    if not archived:
        statement = statement.where(col(Channel.archived_at).is_(None))
    return (await session.scalars(statement.order_by(col(Channel.id)))).all()


async def count_open(session: AsyncSession, organization_id: UUID) -> int:
    """Return how many channels of the organization are not archived."""
    statement = select(func.count()).where(
        col(Channel.organization_id) == organization_id, col(Channel.archived_at).is_(None)
    )
    return int(await session.scalar(statement) or 0)


async def list_credentials(
    session: AsyncSession, organization_id: UUID, channel_id: UUID
) -> Sequence[ChannelCredential]:
    """Return the sealed credentials of a channel."""
    statement = select(ChannelCredential).where(
        col(ChannelCredential.organization_id) == organization_id,
        col(ChannelCredential.channel_id) == channel_id,
    )
    return (await session.scalars(statement)).all()


async def delete_credential(session: AsyncSession, organization_id: UUID, channel_id: UUID, name: str) -> None:
    """Remove one credential of a channel."""
    await session.execute(
        delete(ChannelCredential).where(
            col(ChannelCredential.organization_id) == organization_id,
            col(ChannelCredential.channel_id) == channel_id,
            col(ChannelCredential.name) == name,
        )
    )


async def count_failed_events(session: AsyncSession, organization_id: UUID) -> dict[UUID, int]:
    """Return how many raw events failed, by channel."""
    statement = (
        select(col(InboundEvent.channel_id), func.count())
        .where(
            col(InboundEvent.organization_id) == organization_id,
            col(InboundEvent.status) == InboundStatus.FAILED,
        )
        .group_by(col(InboundEvent.channel_id))
    )
    return {channel_id: count for channel_id, count in await session.execute(statement)}  # noqa: C416


async def get_event(session: AsyncSession, organization_id: UUID, event_id: UUID) -> InboundEvent:
    """Return a raw event of this organization. Raises `NotFound`."""
    return await get(session, InboundEvent, organization_id, event_id)


async def list_events(
    session: AsyncSession,
    organization_id: UUID,
    *,
    status: InboundStatus,
    channel_id: UUID | None,
    before: UUID | None,
    limit: int,
) -> Sequence[tuple[InboundEvent, str]]:
    """Return raw events with their channel's name, the newest first, older than `before`.

    Of the ignored ones those that somebody may miss.
    """
    statement = (
        select(InboundEvent, col(Channel.name))
        .join(
            Channel,
            (col(Channel.organization_id) == col(InboundEvent.organization_id))
            & (col(Channel.id) == col(InboundEvent.channel_id)),
        )
        .where(col(InboundEvent.organization_id) == organization_id, col(InboundEvent.status) == status)
    )
    if status is InboundStatus.IGNORED:
        statement = statement.where(col(InboundEvent.error).in_(MISSED_REASONS))
    if channel_id is not None:
        statement = statement.where(col(InboundEvent.channel_id) == channel_id)
    if before is not None:
        statement = statement.where(col(InboundEvent.id) < before)
    rows = await session.execute(statement.order_by(col(InboundEvent.id).desc()).limit(limit))
    return [(event, name) for event, name in rows]


async def mark_event(
    session: AsyncSession, organization_id: UUID, event_id: UUID, values: Mapping[str, Any]
) -> bool:
    """Write down how the processing of a raw event ended; tells whether the event exists."""
    done = await session.execute(
        update(InboundEvent)
        .where(col(InboundEvent.organization_id) == organization_id, col(InboundEvent.id) == event_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(done, "rowcount", 0))


async def delete_done_events(session: AsyncSession, organization_id: UUID, before: datetime) -> int:
    """Remove raw events that were dealt with and arrived before a moment; return how many."""
    gone = await session.execute(
        delete(InboundEvent)
        .where(
            col(InboundEvent.organization_id) == organization_id,
            col(InboundEvent.status).in_([InboundStatus.DONE, InboundStatus.IGNORED]),
            col(InboundEvent.created_at) < before,
        )
        .execution_options(synchronize_session=False)
    )
    return int(getattr(gone, "rowcount", 0))
