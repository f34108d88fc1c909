"""Use cases of the simulated phones: what one does when one plays the customer."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import Invalid, NotFound
from crm_app.core.ids import new_id
from crm_app.core.queue import enqueue
from crm_app.core.tenancy import Actor
from crm_app.domains.channels import repository as channel_repository
from crm_app.domains.channels.models import SimulatorMessage, SimulatorPhone
from crm_app.domains.channels.providers.simulator.wire import WireMedia, WireMessage, WireTyping
from crm_app.domains.channels.schemas import DeliveryState, MediaKind
from crm_app.domains.channels.simulator import repository
from crm_app.domains.channels.simulator.numbers import normal_number
from crm_app.domains.channels.simulator.scripts import SCRIPTS, find_script
from crm_app.domains.channels.simulator.traffic import (
    PROVIDER,
    call_webhook,
    message_id,
    read_all,
    settle,
    touched,
)
from crm_app.domains.channels.simulator.views import PhoneFile, PhoneMessage, PhoneView, ScriptView, StoredFile

MAX_TEXT = 65_536
SPEAK_JOB = "channels.simulator_speak"


async def list_phones(session: AsyncSession, actor: Actor, *, channel_id: UUID) -> list[PhoneView]:
    """Return the customers' phones of a simulated channel, the most recently active first."""
    actor.require("simulator.use")
    await _channel(session, actor, channel_id)
    phones = await repository.list_phones(session, actor.organization_id, channel_id)
    ids = [phone.id for phone in phones]
    unread = await repository.count_unread(session, actor.organization_id, ids)
    bodies = await repository.last_bodies(session, actor.organization_id, ids)
    return [_view(phone, unread.get(phone.id, 0), bodies.get(phone.id, "")) for phone in phones]


async def open_phone(
    session: AsyncSession, actor: Actor, *, channel_id: UUID, number: str, name: str
) -> PhoneView:
    """Return the phone with this number, made when there is none. Raises `Invalid` for a wrong number."""
    actor.require("simulator.use")
    actor.require("messages.send")
    await _channel(session, actor, channel_id)
    normal = normal_number(number)
    phone = await repository.find_phone_by_number(session, actor.organization_id, channel_id, normal)
    if phone is None:
        title = " ".join(name.replace("\x00", "").split())[:80] or normal
        phone = SimulatorPhone(
            organization_id=actor.organization_id, channel_id=channel_id, number=normal, name=title
        )
        session.add(phone)
        await session.flush()
        touched(session, phone)
    return _view(phone, 0, "")


async def list_phone_messages(
    session: AsyncSession, actor: Actor, *, phone_id: UUID, limit: int = 100
) -> list[PhoneMessage]:
    """Return the last messages on a phone, the oldest first."""
    actor.require("simulator.use")
    await repository.get_phone(session, actor.organization_id, phone_id)
    rows = await repository.list_messages(session, actor.organization_id, phone_id, max(1, min(limit, 500)))
    return [_message(row) for row in rows]


async def read_phone_file(session: AsyncSession, actor: Actor, *, message_id: UUID) -> StoredFile:
    """Return the file of a message on a phone. Raises `NotFound`."""
    actor.require("simulator.use")
    row = await repository.get_message(session, actor.organization_id, message_id)
    if row.file is None:
        raise NotFound(kind="file")
    return StoredFile(data=row.file, mime_type=row.mime_type, file_name=row.file_name)


async def customer_sends(
    session: AsyncSession,
    actor: Actor,
    *,
    phone_id: UUID,
    text: str = "",
    file: PhoneFile | None = None,
    reply_to: str = "",
    key: str = "",
) -> PhoneMessage:
    """Write to the business as the customer; the same `key` twice is one message.

    Raises `Invalid` for an empty or endless text, `NotFound`.
    """
    actor.require("simulator.use")
    actor.require("messages.send")
    body = text.replace("\x00", "")
    if len(body) > MAX_TEXT or (not body.strip() and file is None):
        raise Invalid("errors.channels.bad_text", field="text", limit=MAX_TEXT)
    phone = await repository.get_phone(session, actor.organization_id, phone_id, lock=True)
    wanted = key or f"customer:{new_id()}"
    if known := await repository.find_message_by_key(session, actor.organization_id, phone_id, wanted):
        return _message(known)
    row = SimulatorMessage(
        organization_id=phone.organization_id,
        phone_id=phone.id,
        key=wanted,
        from_customer=True,
        kind=file.kind if file else "text",
        body=body,
        mime_type=file.mime_type if file else "",
        file_name=file.file_name if file else "",
        file=file.data if file else None,
        size_bytes=len(file.data) if file else 0,
        duration_ms=file.duration_ms if file else None,
        reply_to=reply_to.replace("\x00", "")[:80],
    )
    session.add(row)
    phone.last_at = utc_now()
    await session.flush()
    if phone.reads and phone.reachable:
        await read_all(session, phone)
    await call_webhook(session, phone.channel_id, _wire(phone, row))
    touched(session, phone)
    return _message(row)


async def customer_types(
    session: AsyncSession, actor: Actor, *, phone_id: UUID, active: bool, recording: bool = False
) -> None:
    """Show the business that the customer types or records, or stopped."""
    actor.require("simulator.use")
    actor.require("messages.send")
    phone = await repository.get_phone(session, actor.organization_id, phone_id)
    await call_webhook(
        session, phone.channel_id, WireTyping(number=phone.number, active=active, recording=recording)
    )


async def customer_reads(session: AsyncSession, actor: Actor, *, phone_id: UUID) -> None:
    """Read everything that was delivered, whatever the switch says: the customer opened the conversation."""
    actor.require("simulator.use")
    actor.require("messages.send")
    phone = await repository.get_phone(session, actor.organization_id, phone_id, lock=True)
    await read_all(session, phone)
    touched(session, phone)


async def switch_phone(
    session: AsyncSession,
    actor: Actor,
    *,
    phone_id: UUID,
    reads: bool | None = None,
    reachable: bool | None = None,
) -> PhoneView:
    """Turn "reads messages" and "in reach" on or off; what waited moves on at once."""
    actor.require("simulator.use")
    actor.require("messages.send")
    phone = await repository.get_phone(session, actor.organization_id, phone_id, lock=True)
    phone.reads = phone.reads if reads is None else reads
    phone.reachable = phone.reachable if reachable is None else reachable
    await session.flush()
    await settle(session, phone)
    touched(session, phone)
    unread = await repository.count_unread(session, actor.organization_id, [phone.id])
    return _view(phone, unread.get(phone.id, 0), "")


def list_scripts() -> list[ScriptView]:
    """Return the customers who can be asked to start a conversation by themselves."""
    return [
        ScriptView(key=one.key, name=one.name, number=one.number, topic=f"simulator.script.{one.key}")
        for one in SCRIPTS
    ]


async def start_script(session: AsyncSession, actor: Actor, *, channel_id: UUID, script: str) -> PhoneView:
    """Have a scripted customer write first, and answer by themselves from then on. Raises `NotFound`."""
    actor.require("simulator.use")
    actor.require("messages.send")
    await _channel(session, actor, channel_id)
    wanted = find_script(script)
    opened = await open_phone(session, actor, channel_id=channel_id, number=wanted.number, name=wanted.name)
    phone = await repository.get_phone(session, actor.organization_id, opened.id, lock=True)
    phone.script, phone.script_turn, phone.reads, phone.reachable = wanted.key, 0, True, True
    await session.flush()
    await speak(session, phone, list(wanted.opening), occasion=str(new_id()))
    touched(session, phone)
    return _view(phone, 0, "")


async def stop_script(session: AsyncSession, actor: Actor, *, phone_id: UUID) -> PhoneView:
    """Give the phone back to the person who plays."""
    actor.require("simulator.use")
    actor.require("messages.send")
    phone = await repository.get_phone(session, actor.organization_id, phone_id, lock=True)
    phone.script, phone.script_turn = "", 0
    await session.flush()
    touched(session, phone)
    return _view(phone, 0, "")


async def speak(session: AsyncSession, phone: SimulatorPhone, lines: list[str], *, occasion: str) -> None:
    """Have the customer type and send these lines one after the other; each line once per `occasion`."""
    await enqueue(
        session,
        SPEAK_JOB,
        lock=f"simulator:{phone.id}",
        organization_id=phone.organization_id,
        phone_id=phone.id,
        lines=lines,
        occasion=occasion,
    )


async def say_first(
    session: AsyncSession, actor: Actor, *, phone_id: UUID, lines: list[str], occasion: str
) -> None:
    """Send the first of the lines and leave the others to a later job. Raises `NotFound`, `Invalid`."""
    phone = await repository.get_phone(session, actor.organization_id, phone_id)
    if not lines:
        raise Invalid("errors.channels.bad_text", field="text", limit=MAX_TEXT)
    await customer_sends(session, actor, phone_id=phone_id, text=lines[0], key=f"script:{occasion}:{len(lines)}")
    await customer_types(session, actor, phone_id=phone_id, active=False)
    if lines[1:]:
        await speak(session, phone, lines[1:], occasion=occasion)


async def react(session: AsyncSession, actor: Actor, *, phone_id: UUID, message_id: UUID) -> None:
    """Read what came, if the phone's owner reads; a scripted customer answers when nothing newer has come."""
    actor.require("simulator.use")
    actor.require("messages.send")
    answered = await repository.get_message(session, actor.organization_id, message_id)
    phone = await repository.get_phone(session, actor.organization_id, phone_id, lock=True)
    await settle(session, phone)
    touched(session, phone)
    if not (phone.script and phone.reads and phone.reachable):
        return
    last = await repository.list_messages(session, actor.organization_id, phone_id, 1)
    if not last or last[0].id != answered.id:
        return
    lines = find_script(phone.script).answer(phone.script_turn, answered.body)
    phone.script_turn += 1
    await session.flush()
    if lines:
        await speak(session, phone, list(lines), occasion=str(message_id))


async def _channel(session: AsyncSession, actor: Actor, channel_id: UUID) -> None:
    channel = await channel_repository.get_channel(session, actor.organization_id, channel_id)
    if channel.provider != PROVIDER or channel.archived_at is not None:
        raise NotFound(kind="channel")


def _wire(phone: SimulatorPhone, row: SimulatorMessage) -> WireMessage:
    media = None
    if row.kind != "text":
        media = WireMedia(
            kind=MediaKind(row.kind),
            reference=str(row.id),
            mime_type=row.mime_type,
            file_name=row.file_name or None,
            size=row.size_bytes,
            duration_ms=row.duration_ms,
        )
    return WireMessage(
        message_id=message_id(row),
        number=phone.number,
        name=phone.name,
        text=row.body,
        media=media,
        reply_to=row.reply_to or None,
    )


def _view(phone: SimulatorPhone, unread: int, last_body: str) -> PhoneView:
    return PhoneView(
        id=phone.id,
        channel_id=phone.channel_id,
        number=phone.number,
        name=phone.name,
        reads=phone.reads,
        reachable=phone.reachable,
        script=phone.script,
        unread=unread,
        last_body=last_body[:200],
        last_at=phone.last_at,
    )


def _message(row: SimulatorMessage) -> PhoneMessage:
    state = row.state if row.state != DeliveryState.SENT or not row.from_customer else "sent"
    return PhoneMessage(
        id=row.id,
        from_customer=row.from_customer,
        kind=row.kind,
        body=row.body,
        state=state,
        mime_type=row.mime_type,
        file_name=row.file_name,
        size_bytes=row.size_bytes,
        duration_ms=row.duration_ms,
        reply_to=row.reply_to,
        at=row.created_at,
    )
