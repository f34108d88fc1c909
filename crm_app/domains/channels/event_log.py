"""Use cases around raw events: loading one for processing, how it ended, the list of failures, replay."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import Invalid
from crm_app.core.events import announce
from crm_app.core.queue import enqueue
from crm_app.core.repository import Page, decode_cursor, encode_cursor
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.roles.sights import sight_of_conversations
from crm_app.domains.accounts.service import audit
from crm_app.domains.channels import repository
from crm_app.domains.channels.events import InboundEventFailed, InboundEventIgnored
from crm_app.domains.channels.intake import PROCESS_JOB, lock_key
from crm_app.domains.channels.models import (
    MISSED_REASONS,
    ChannelStatus,
    IgnoredReason,
    InboundEvent,
    InboundStatus,
)
from crm_app.domains.channels.providers.base import InboundRequest, Unreadable
from crm_app.domains.channels.registry import get_provider
from crm_app.domains.channels.schemas import ChannelEvent, SessionStatus, Unknown
from crm_app.domains.channels.service import note_status
from crm_app.domains.channels.views import InboundEventView, LoadedEvent

PREVIEW_CHARACTERS = 2_000
KEEP_EVENTS = timedelta(days=30)
"""Vendors repeat a delivery for a week at most; a month also serves replays after a mistake of ours."""


async def load_inbound_event(session: AsyncSession, actor: Actor, *, event_id: UUID) -> LoadedEvent:
    """Return a raw event with what the provider's mapper reads in it. Never fails for what the body holds.

    A body that cannot be read comes as one `Unknown` that is not ignored. Raises `NotFound`.
    """
    actor.require("channels.manage")
    row = await repository.get_event(session, actor.organization_id, event_id)
    channel = await repository.get_channel(session, actor.organization_id, row.channel_id)
    return LoadedEvent(
        id=row.id,
        channel_id=row.channel_id,
        organization_id=row.organization_id,
        provider=channel.provider,
        kind=row.kind,
        received_at=row.created_at,
        attempts=row.attempts,
        processed=row.status in {InboundStatus.DONE, InboundStatus.IGNORED},
        events=_events(channel.provider, row),
    )


def _events(provider: str, row: InboundEvent) -> tuple[ChannelEvent, ...]:
    try:
        return tuple(get_provider(provider).reader.parse(row.body, row.created_at))
    except Unreadable as unreadable:
        return (Unknown(kind="unreadable", reason=str(unreadable)[:500]),)
    except Exception as error:  # noqa: BLE001 (a mapper's defect must not lose the event)
        return (Unknown(kind=row.kind or "unknown", reason=f"{type(error).__name__}: {error}"[:500]),)


async def mark_processed(
    session: AsyncSession, actor: Actor, *, event_id: UUID, ignored: IgnoredReason | None = None
) -> None:
    """Write down that an event is dealt with, or why nothing was to do, in the transaction that dealt with it."""
    actor.require("channels.manage")
    row = await repository.get_event(session, actor.organization_id, event_id)
    row.status = InboundStatus.IGNORED if ignored else InboundStatus.DONE
    row.processed_at, row.error, row.attempts = utc_now(), ignored or "", row.attempts + 1
    await session.flush()
    if ignored is None:
        await _note_traffic(session, actor, row)
    elif ignored in MISSED_REASONS:
        announce(
            session,
            InboundEventIgnored(organization_id=row.organization_id, channel_id=row.channel_id, event_id=row.id),
        )


async def _note_traffic(session: AsyncSession, actor: Actor, row: InboundEvent) -> None:
    """Messages, receipts and typing prove that a channel is in use, also when nobody paired it from here."""
    channel = await repository.get_channel(session, actor.organization_id, row.channel_id)
    if channel.status != ChannelStatus.CREATED:
        return
    if any(not isinstance(event, SessionStatus | Unknown) for event in _events(channel.provider, row)):
        status = SessionStatus(state=ChannelStatus.CONNECTED, occurred_at=max(row.created_at, channel.status_at))
        await note_status(session, actor, channel_id=channel.id, status=status)


async def mark_failed(session: AsyncSession, actor: Actor, *, event_id: UUID, error: str) -> None:
    """Put an event on the list of failures, with the reason in plain words."""
    actor.require("channels.manage")
    row = await repository.get_event(session, actor.organization_id, event_id)
    row.status, row.attempts = InboundStatus.FAILED, row.attempts + 1
    row.error = error.replace("\x00", "")[:1000]
    await session.flush()
    announce(
        session,
        InboundEventFailed(organization_id=row.organization_id, channel_id=row.channel_id, event_id=row.id),
    )


async def list_inbound_events(
    session: AsyncSession,
    actor: Actor,
    *,
    status: InboundStatus = InboundStatus.FAILED,
    channel_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[InboundEventView]:
    """Return raw events in one state, the newest first.

    Of the ignored ones only those behind which stands a message that somebody wrote.
    They hold customers' words and do not say whose conversation they belong to, so whoever sees only some
    conversations sees none of them.
    """
    actor.require("channels.read")
    if not sight_of_conversations(actor).everything:
        return Page([], None)
    rows = await repository.list_events(
        session,
        actor.organization_id,
        status=status,
        channel_id=channel_id,
        before=_position(cursor),
        limit=max(1, min(limit, 200)) + 1,
    )
    shown = rows[:-1] if len(rows) > limit else rows
    more = encode_cursor(shown[-1][0].id) if len(rows) > len(shown) and shown else None
    return Page([_view(row, name) for row, name in shown], more)


async def forget_old_events(session: AsyncSession, actor: Actor) -> int:
    """Remove raw events that were dealt with a month ago; those that failed stay. Returns how many went."""
    actor.require("channels.manage")
    return await repository.delete_done_events(session, actor.organization_id, utc_now() - KEEP_EVENTS)


async def replay_inbound_event(session: AsyncSession, actor: Actor, *, event_id: UUID) -> None:
    """Process a raw event once more. Processing is idempotent, so a replay doubles nothing."""
    actor.require("deliveries.replay")
    row = await repository.get_event(session, actor.organization_id, event_id)
    channel = await repository.get_channel(session, actor.organization_id, row.channel_id)
    identity = get_provider(channel.provider).reader.identify(InboundRequest(row.body, row.headers))
    before = row.status
    row.status, row.error = InboundStatus.PENDING, ""
    await session.flush()
    await enqueue(
        session,
        PROCESS_JOB,
        lock=lock_key(row.channel_id, identity.lock_key),
        organization_id=row.organization_id,
        event_id=row.id,
    )
    await audit(session, actor, "inbound_event.replay", "inbound_event", row.id, before={"status": before})


def _position(cursor: str | None) -> UUID | None:
    if not cursor:
        return None
    try:
        return UUID(str(decode_cursor(cursor, 1)[0]))
    except ValueError as error:
        raise Invalid("errors.cursor") from error


def _view(row: InboundEvent, channel_name: str) -> InboundEventView:
    return InboundEventView(
        id=row.id,
        channel_id=row.channel_id,
        channel_name=channel_name,
        provider_event_id=row.provider_event_id,
        kind=row.kind,
        status=InboundStatus(row.status),
        error=row.error,
        attempts=row.attempts,
        received_at=row.created_at,
        size=len(row.body),
        preview=row.body[: PREVIEW_CHARACTERS * 4]
        .decode("utf-8", "replace")
        .replace("\x00", "\ufffd")[:PREVIEW_CHARACTERS],
    )
