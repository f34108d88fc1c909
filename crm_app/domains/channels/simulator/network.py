"""The simulated network as its provider calls it: each call a transaction of its own."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.database import unit_of_work
from crm_app.core.errors import NotFound
from crm_app.core.events import announce
from crm_app.core.queue import enqueue
from crm_app.domains.accounts.permissions import system_actor
from crm_app.domains.channels.models import SimulatorMessage, SimulatorPhone
from crm_app.domains.channels.providers.base import Line, Rejected
from crm_app.domains.channels.schemas import DeliveryState, FetchedMedia, OutboundMessage, ProviderReceipt
from crm_app.domains.channels.simulator import repository
from crm_app.domains.channels.simulator.events import SimulatorTyping
from crm_app.domains.channels.simulator.numbers import normal_number
from crm_app.domains.channels.simulator.traffic import advance, message_id, touched

REACT_JOB = "channels.simulator_react"


class TableNetwork:
    """See `SimulatedNetwork`."""

    async def accept(self, line: Line, message: OutboundMessage) -> ProviderReceipt:
        """Put the message on the phone; the same key twice is one message."""
        async with unit_of_work(system_actor(line.organization_id)) as session:
            phone = await _phone_for(session, line, message.chat_id)
            known = await _known(session, phone, message)
            if known is None:
                known = await _take(session, phone, message)
            return _receipt(phone, known)

    async def find(self, line: Line, message: OutboundMessage) -> ProviderReceipt | None:
        """Look the message up by its key."""
        async with unit_of_work(system_actor(line.organization_id)) as session:
            number = normal_number(message.chat_id)
            phone = await repository.find_phone_by_number(session, line.organization_id, line.channel_id, number)
            known = await _known(session, phone, message) if phone else None
            return _receipt(phone, known) if phone and known else None

    async def download(self, line: Line, reference: str) -> FetchedMedia:
        """Return a customer's file. Raises `Rejected` when there is none."""
        async with unit_of_work(system_actor(line.organization_id)) as session:
            try:
                row = await repository.get_message(session, line.organization_id, UUID(reference))
            except (ValueError, NotFound) as error:
                raise Rejected("errors.channels.media_gone") from error
            if row.file is None:
                raise Rejected("errors.channels.media_gone")
            return FetchedMedia(data=row.file, mime_type=row.mime_type, filename=row.file_name or None)

    async def read(self, line: Line, chat_id: str, message_ids: Sequence[str]) -> None:
        """Turn ticks blue on the phone."""
        wanted = set(message_ids)
        async with unit_of_work(system_actor(line.organization_id)) as session:
            phone = await repository.find_phone_by_number(session, line.organization_id, line.channel_id, chat_id)
            if phone is None:
                return
            grey = await repository.list_in_state(
                session, line.organization_id, phone.id, from_customer=True, states=[DeliveryState.SENT]
            )
            for message in grey:
                if message_id(message) in wanted:
                    message.state = DeliveryState.READ
            touched(session, phone)

    async def typing(self, line: Line, chat_id: str, active: bool) -> None:
        """Show on the phone that the business types."""
        async with unit_of_work(system_actor(line.organization_id)) as session:
            phone = await repository.find_phone_by_number(session, line.organization_id, line.channel_id, chat_id)
            if phone is not None:
                announce(
                    session,
                    SimulatorTyping(
                        organization_id=line.organization_id,
                        channel_id=line.channel_id,
                        phone_id=phone.id,
                        active=active,
                    ),
                )


network = TableNetwork()


async def _phone_for(session: AsyncSession, line: Line, address: str) -> SimulatorPhone:
    number = normal_number(address)
    phone = await repository.find_phone_by_number(session, line.organization_id, line.channel_id, number)
    if phone is None:
        phone = SimulatorPhone(
            organization_id=line.organization_id, channel_id=line.channel_id, number=number, name=number
        )
        session.add(phone)
        await session.flush()
    return phone


async def _known(
    session: AsyncSession, phone: SimulatorPhone, message: OutboundMessage
) -> SimulatorMessage | None:
    return await repository.find_message_by_key(
        session, phone.organization_id, phone.id, str(message.idempotency_key)
    )


async def _take(session: AsyncSession, phone: SimulatorPhone, message: OutboundMessage) -> SimulatorMessage:
    media = message.media
    row = SimulatorMessage(
        organization_id=phone.organization_id,
        phone_id=phone.id,
        key=str(message.idempotency_key),
        from_customer=False,
        kind=media.kind if media else "text",
        body=message.text,
        mime_type=media.mime_type if media else "",
        file_name=media.filename[:200] if media else "",
        file=media.data if media else None,
        size_bytes=len(media.data) if media else 0,
        reply_to=message.quoted.provider_message_id[:80] if message.quoted else "",
    )
    session.add(row)
    phone.last_at = utc_now()
    await session.flush()
    if phone.reachable:
        await advance(session, phone, [row], DeliveryState.DELIVERED)
        await enqueue(
            session, REACT_JOB, organization_id=phone.organization_id, phone_id=phone.id, message_id=row.id
        )
    touched(session, phone)
    return row


def _receipt(phone: SimulatorPhone, row: SimulatorMessage) -> ProviderReceipt:
    return ProviderReceipt(provider_message_id=message_id(row), chat_id=phone.number, accepted_at=row.created_at)
