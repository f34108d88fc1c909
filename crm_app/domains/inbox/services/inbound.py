"""From a raw event to what happened: the one job behind every webhook. Safe to repeat at any point."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

# lint-skip: transaction (each event has a transaction of its own)
from crm_app.core.database import unit_of_work
from crm_app.core.errors import CrmError, Unavailable
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.channels import event_log
from crm_app.domains.channels import service as channels
from crm_app.domains.channels.models import MISSED_REASONS, IgnoredReason
from crm_app.domains.channels.schemas import (
    ChannelEvent,
    DeliveryStatus,
    EchoMessage,
    Edited,
    IdentityKind,
    InboundMessage,
    Reaction,
    Revoked,
    SessionStatus,
    Typing,
    Unknown,
)
from crm_app.domains.channels.views import LoadedEvent
from crm_app.domains.inbox import repository
from crm_app.domains.inbox.events import TypingSeen
from crm_app.domains.inbox.services.arriving import Ignored, receive_echo, receive_message
from crm_app.domains.inbox.services.reports import apply_report

log = structlog.get_logger(__name__)


class NotUnderstood(Exception):
    """The event has a shape that this version does not know; the words go to the list of failures."""


async def process_event(actor: Actor, *, event_id: UUID, last_try: bool) -> None:
    """Do what a raw event asks for, once, and write down that it is done; all in one transaction.

    What cannot be done is put on the list of failures with its reason, where it can be replayed. Raises only what
    is worth another try (the database or the vendor is out of reach, two transactions stood in each other's way).
    """
    try:
        await _process(actor, event_id)
    except (NotUnderstood, CrmError) as failure:
        if isinstance(failure, Unavailable) and not last_try:
            raise
        await _put_aside(actor, event_id, str(failure))
    except Exception as failure:
        if not last_try:
            raise
        log.exception("an inbound event cannot be processed", event_id=str(event_id))
        await _put_aside(actor, event_id, f"{type(failure).__name__}: {failure}")


async def _put_aside(actor: Actor, event_id: UUID, reason: str) -> None:
    log.warning("inbound event put aside", event_id=str(event_id), reason=reason[:300])
    async with unit_of_work(actor) as session:
        await event_log.mark_failed(session, actor, event_id=event_id, error=reason)


async def _process(actor: Actor, event_id: UUID) -> None:
    async with unit_of_work(actor) as session:
        loaded = await event_log.load_inbound_event(session, actor, event_id=event_id)
        if loaded.processed:
            return
        if not any(_hides_phone(event) for event in loaded.events):
            await _apply_all(session, actor, loaded, loaded.events)
            return
        opened = await channels.open_provider(session, actor, channel_id=loaded.channel_id)
    # A customer known only by a hidden id: ask the vendor, outside of any transaction.
    completed = await opened.connection.complete(loaded.events)
    async with unit_of_work(actor) as session:
        await _apply_all(session, actor, loaded, completed)


def _hides_phone(event: ChannelEvent) -> bool:
    """Tell whether the person behind a message is named by a WhatsApp hidden id and nothing better."""
    if isinstance(event, InboundMessage):
        person = event.sender
    elif isinstance(event, EchoMessage):
        person = event.recipient
    else:
        return False
    kinds = {identity.kind for identity in person.identities}
    return IdentityKind.WHATSAPP_LID in kinds and IdentityKind.PHONE not in kinds


async def _apply_all(session: AsyncSession, actor: Actor, loaded: LoadedEvent, events: Any) -> None:
    outcomes = [await _apply(session, actor, loaded.channel_id, event) for event in events]
    await event_log.mark_processed(session, actor, event_id=loaded.id, ignored=_why_ignored(outcomes))


def _why_ignored(outcomes: Sequence[Ignored]) -> Ignored:
    """Return why a call as a whole changed nothing: the reason that somebody would most likely ask about."""
    if None in outcomes:
        return None
    return next((reason for reason in MISSED_REASONS if reason in outcomes), IgnoredReason.NOT_NEEDED)


async def _apply(session: AsyncSession, actor: Actor, channel_id: UUID, event: ChannelEvent) -> Ignored:
    """Apply one event; returns why it has changed nothing. Raises `NotUnderstood`."""
    if isinstance(event, InboundMessage):
        return await receive_message(session, actor, channel_id, event)
    if isinstance(event, EchoMessage):
        return await receive_echo(session, actor, channel_id, event)
    if isinstance(event, DeliveryStatus | Reaction | Edited | Revoked):
        await apply_report(session, actor, channel_id, event)
    elif isinstance(event, SessionStatus):
        await channels.note_status(session, actor, channel_id=channel_id, status=event)
    elif isinstance(event, Typing):
        await _show_typing(session, actor, channel_id, event)
    elif isinstance(event, Unknown):
        if event.ignored is None:
            raise NotUnderstood(f"{event.kind}: {event.reason}")
        return event.ignored
    return None


async def _show_typing(session: AsyncSession, actor: Actor, channel_id: UUID, event: Typing) -> None:
    conversation = await repository.find_conversation_by_address(
        session, actor.organization_id, channel_id, event.chat.chat_id[:200], lock=False
    )
    if conversation is not None:
        announce(
            session,
            TypingSeen(
                organization_id=actor.organization_id,
                conversation_id=conversation.id,
                user_id=None,
                user_name="",
                active=event.active,
                recording=event.recording,
            ),
        )
