"""The network's own deeds: ticks that move and webhooks that go out, inside one transaction.

Every event leaves as a signed call through `intake.receive_within`: verified, named, stored and enqueued exactly
as a call from far away.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import NotFound
from crm_app.core.events import announce
from crm_app.core.ids import new_id
from crm_app.domains.channels.doors import doors
from crm_app.domains.channels.intake import receive_within
from crm_app.domains.channels.models import SimulatorMessage, SimulatorPhone
from crm_app.domains.channels.providers.simulator.wire import Envelope, WireEvent, WireStatus, signed
from crm_app.domains.channels.schemas import DeliveryState
from crm_app.domains.channels.simulator import repository
from crm_app.domains.channels.simulator.events import SimulatorChanged

PROVIDER = "simulator"


async def call_webhook(session: AsyncSession, channel_id: UUID, event: WireEvent) -> None:
    """Post one event to the channel's webhook. Raises `NotFound` when the channel is gone."""
    door = await doors.find(channel_id)
    if door is None or not door.secrets:
        raise NotFound(kind="channel")
    envelope = Envelope(id=f"evt_{new_id().hex}", at=utc_now(), event=event)
    await receive_within(session, PROVIDER, channel_id, signed(envelope, door.secrets[0]))


async def advance(
    session: AsyncSession, phone: SimulatorPhone, messages: Sequence[SimulatorMessage], state: DeliveryState
) -> None:
    """Move messages of the business to `state` and tell the business."""
    for message in messages:
        message.state = state
        await call_webhook(
            session,
            phone.channel_id,
            WireStatus(message_id=message_id(message), number=phone.number, state=state, reference=message.key),
        )
    await session.flush()


async def settle(session: AsyncSession, phone: SimulatorPhone) -> None:
    """Let what waits come as far as the phone's switches allow."""
    if not phone.reachable:
        return
    waiting = await repository.list_in_state(
        session, phone.organization_id, phone.id, from_customer=False, states=[DeliveryState.SENT]
    )
    await advance(session, phone, waiting, DeliveryState.DELIVERED)
    if phone.reads:
        await read_all(session, phone)


async def read_all(session: AsyncSession, phone: SimulatorPhone) -> None:
    """Mark everything that was delivered as read."""
    delivered = await repository.list_in_state(
        session, phone.organization_id, phone.id, from_customer=False, states=[DeliveryState.DELIVERED]
    )
    await advance(session, phone, delivered, DeliveryState.READ)


def message_id(message: SimulatorMessage) -> str:
    """Return the network's id of a message, unique within its channel."""
    return f"SIM{message.id.hex.upper()}"


def touched(session: AsyncSession, phone: SimulatorPhone) -> None:
    """Tell the phone's screen to look again."""
    announce(
        session,
        SimulatorChanged(organization_id=phone.organization_id, channel_id=phone.channel_id, phone_id=phone.id),
    )
