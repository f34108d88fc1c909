"""What vendors report about messages that exist: ticks, reactions, edits, deletions, in any order and repeated."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.sight import EVERYBODYS
from crm_app.core.tenancy import Actor
from crm_app.domains.channels.schemas import DeliveryState, DeliveryStatus, Edited, Reaction, Revoked
from crm_app.domains.inbox import repository, rules
from crm_app.domains.inbox.models import DeliveryStatus as Status
from crm_app.domains.inbox.models import Direction, Message
from crm_app.domains.inbox.services.placing import claim_provider_id, show_newest, tell_changed, tell_status

Report = DeliveryStatus | Reaction | Edited | Revoked
_REPORT: TypeAdapter[Report] = TypeAdapter(Report)
_MAX_REACTIONS = 50
_MAX_EDITS = 20

_STATUS_OF = {
    DeliveryState.SENT: Status.SENT,
    DeliveryState.DELIVERED: Status.DELIVERED,
    DeliveryState.READ: Status.READ,
    DeliveryState.PLAYED: Status.READ,
    DeliveryState.FAILED: Status.FAILED,
}


async def apply_report(session: AsyncSession, actor: Actor, channel_id: UUID, report: Report) -> None:
    """Apply a report to its message, or keep it until that message appears."""
    if isinstance(report, DeliveryStatus) and report.provider_message_id is None:
        await _apply_without_id(session, actor, channel_id, report)
        return
    provider_id = str(report.provider_message_id)[:300]
    message = await _find(session, actor, channel_id, provider_id)
    if message is None and isinstance(report, DeliveryStatus) and report.client_reference:
        await claim_provider_id(session, actor, channel_id, provider_id)
        message = await _adopt(session, actor, channel_id, report.client_reference, provider_id)
    if message is None:
        await claim_provider_id(session, actor, channel_id, provider_id)
        message = await _find(session, actor, channel_id, provider_id)
    if message is None:
        await repository.add_early_report(
            session, actor.organization_id, channel_id, provider_id, report.model_dump(mode="json")
        )
        return
    await _apply(session, message, report)


async def apply_early_reports(session: AsyncSession, actor: Actor, message: Message) -> None:
    """Apply what was reported before this message had its vendor's id. The id must be claimed."""
    if message.provider_message_id is None:
        return
    waiting = await repository.take_early_reports(
        session, actor.organization_id, message.channel_id, message.provider_message_id
    )
    if not waiting:
        return
    row = await session.get_one(Message, (message.organization_id, message.id))
    for event in waiting:
        await _apply(session, row, _REPORT.validate_python(event))


async def _find(session: AsyncSession, actor: Actor, channel_id: UUID, provider_id: str) -> Message | None:
    return await repository.lock_message_by_provider_id(session, actor.organization_id, channel_id, provider_id)


async def _adopt(
    session: AsyncSession, actor: Actor, channel_id: UUID, reference: str, provider_id: str
) -> Message | None:
    """Find our own message by the key that the vendor repeats, and learn the vendor's id from it."""
    message = await find_by_reference(session, actor, channel_id, reference)
    if message is None or message.provider_message_id is not None:
        return message
    await mark_accepted(session, actor, message, provider_id, utc_now())
    return message


async def find_by_reference(
    session: AsyncSession, actor: Actor, channel_id: UUID, reference: str
) -> Message | None:
    """Return our message that was sent with this reference (its id), locked."""
    try:
        message_id = UUID(reference)
    except ValueError:
        return None
    message = await repository.lock_message(session, actor.organization_id, message_id)
    return message if message is not None and message.channel_id == channel_id else None


async def _apply_without_id(session: AsyncSession, actor: Actor, channel_id: UUID, report: DeliveryStatus) -> None:
    """Apply a status that names our key only, or "everything in this chat up to then"."""
    if report.client_reference:
        message = await find_by_reference(session, actor, channel_id, report.client_reference)
        if message is not None:
            await _apply(session, message, report)
    elif report.up_to and report.chat:
        conversation = await repository.find_conversation_by_address(
            session, actor.organization_id, channel_id, report.chat.chat_id[:200]
        )
        if conversation is None:
            return
        for message in await repository.lock_sent_until(
            session, actor.organization_id, conversation.id, report.up_to
        ):
            await _apply(session, message, report)


async def _apply(session: AsyncSession, message: Message, report: Report) -> None:
    if isinstance(report, DeliveryStatus):
        await apply_status(session, message, report)
    elif isinstance(report, Reaction):
        await _apply_reaction(session, message, report)
    elif isinstance(report, Edited):
        await _apply_edit(session, message, report)
    else:
        await _apply_revocation(session, message, report)


async def apply_status(session: AsyncSession, message: Message, report: DeliveryStatus) -> None:
    """Move a message of ours forward, never back, and keep the report in its history."""
    if message.direction != Direction.OUTBOUND:
        return
    reported = _STATUS_OF[report.state]
    reached = rules.advance(Status(message.status), reported)
    if reached == message.status:
        return
    message.status, message.status_at = reached.value, report.occurred_at
    if reached is Status.FAILED:
        message.error_key = (report.error_key or "errors.inbox.delivery_failed")[:80]
        message.error_detail = rules.clean_incoming(report.error_detail or "")[:500]
    else:
        message.error_key = message.error_detail = ""
    await session.flush()
    await repository.add_status(session, message, reached, report.occurred_at, message.error_detail)
    tell_status(session, message)


async def mark_accepted(
    session: AsyncSession, actor: Actor, message: Message, provider_id: str, accepted_at: datetime
) -> None:
    """Write down that the vendor has taken our message, under which id; also when we had given up hope.

    The id must be claimed and free.
    """
    message.provider_message_id = provider_id
    message.data = {key: value for key, value in message.data.items() if key != "uncertain"}
    if Status(message.status) in _NOT_TAKEN:
        message.status, message.status_at = Status.SENT.value, accepted_at
        message.error_key = message.error_detail = ""
        await session.flush()
        await repository.add_status(session, message, Status.SENT, accepted_at)
        tell_status(session, message)
    await session.flush()
    await apply_early_reports(session, actor, message)


_NOT_TAKEN = frozenset({Status.PENDING, Status.SENDING, Status.FAILED})


async def _apply_reaction(session: AsyncSession, message: Message, report: Reaction) -> None:
    who = "me" if report.from_me else next((each.value for each in report.author.identities), "customer")
    reactions: dict[str, Any] = dict(message.data.get("reactions", {}))
    known = reactions.get(who)
    if known and datetime.fromisoformat(known["at"]) > report.occurred_at:
        return
    if who not in reactions and len(reactions) >= _MAX_REACTIONS:
        return
    reactions[who] = {
        "emoji": rules.clean_incoming(report.emoji or "")[:16],
        "at": report.occurred_at.isoformat(),
    }
    message.data = {**message.data, "reactions": reactions}
    await session.flush()
    tell_changed(session, message)


async def _apply_edit(session: AsyncSession, message: Message, report: Edited) -> None:
    if message.revoked_at or (message.edited_at and message.edited_at >= report.occurred_at):
        return
    edits = [*message.data.get("edits", []), {"body": message.body, "at": report.occurred_at.isoformat()}]
    message.data = {**message.data, "edits": edits[-_MAX_EDITS:]}
    message.body, message.edited_at = rules.clean_incoming(report.text), report.occurred_at
    await _changed(session, message)


async def _apply_revocation(session: AsyncSession, message: Message, report: Revoked) -> None:
    if message.revoked_at is None:
        message.revoked_at = report.occurred_at
        await _changed(session, message)


async def _changed(session: AsyncSession, message: Message) -> None:
    await session.flush()
    newest = await repository.find_last_message(session, message.organization_id, message.conversation_id)
    if newest is not None and newest.id == message.id:
        conversation = await repository.get_conversation(
            session, message.organization_id, message.conversation_id, sight=EVERYBODYS, lock=True
        )
        await show_newest(session, conversation)
    tell_changed(session, message)
