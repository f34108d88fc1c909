"""Connecting a number to its vendor.

These use cases wait for a network, so they hold no transaction while they do: the line is opened in one, the
vendor is asked outside, what it told is written down in another.
"""

from datetime import datetime
from uuid import UUID

from crm_app.core.clock import utc_now
from crm_app.core.database import unit_of_work
from crm_app.core.errors import Invalid
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.service import audit
from crm_app.domains.channels import service
from crm_app.domains.channels.models import ChannelStatus
from crm_app.domains.channels.providers.base import ActionRequired, RetryLater
from crm_app.domains.channels.schemas import PairingView
from crm_app.domains.channels.service import OpenChannel


async def start_pairing(actor: Actor, *, channel_id: UUID) -> PairingView:
    """Create or start the vendor's session with our webhook, and tell where it stands.

    Raises `ActionRequired` or `RetryLater` with what is wrong, which is also written on the channel.
    """
    line = await _open(actor, channel_id)
    asked_at = utc_now()
    try:
        pairing = await line.connection.start_pairing()
    except (ActionRequired, RetryLater) as failure:
        failed = PairingView(state=ChannelStatus.FAILED, detail=failure.key)
        await _note(actor, channel_id, failed, asked_at)
        raise
    await _note(actor, channel_id, pairing, asked_at)
    await _write_down(actor, channel_id)
    return pairing


async def read_pairing(actor: Actor, *, channel_id: UUID) -> PairingView:
    """Tell where the session stands, with the QR code of this moment while one is wanted."""
    line = await _open(actor, channel_id)
    asked_at = utc_now()
    pairing = await line.connection.pairing()
    await _note(actor, channel_id, pairing, asked_at)
    return pairing


async def request_pairing_code(actor: Actor, *, channel_id: UUID, phone: str) -> str:
    """Return a code to type on the phone with this number. Raises `Invalid` for a number that cannot be one."""
    digits = "".join(one for one in phone if one.isascii() and one.isdigit())
    if not 10 <= len(digits) <= 15:
        raise Invalid("errors.channels.bad_number", field="phone")
    line = await _open(actor, channel_id)
    # Brazilians leave their country code out.
    wanted = f"+55{digits}" if len(digits) <= 11 else f"+{digits}"
    code = await line.connection.request_pairing_code(wanted)
    await _write_down(actor, channel_id, phone=wanted)
    return code


async def disconnect(actor: Actor, *, channel_id: UUID) -> None:
    """Unpair the number; what it has received stays. Raises `RetryLater` when the vendor does not answer."""
    line = await _open(actor, channel_id)
    await line.connection.logout()
    async with unit_of_work(actor) as session:
        pairing = PairingView(state=ChannelStatus.DISCONNECTED)
        await service.note_pairing(session, actor, channel_id=channel_id, pairing=pairing, at=utc_now())
        await audit(session, actor, "channel.disconnect", "channel", channel_id)


async def _open(actor: Actor, channel_id: UUID) -> OpenChannel:
    actor.require("channels.manage")
    async with unit_of_work(actor) as session:
        return await service.open_provider(session, actor, channel_id=channel_id)


async def _write_down(actor: Actor, channel_id: UUID, **how: str) -> None:
    async with unit_of_work(actor) as session:
        await audit(session, actor, "channel.pair", "channel", channel_id, after=how or None)


async def _note(actor: Actor, channel_id: UUID, pairing: PairingView, asked_at: datetime) -> None:
    async with unit_of_work(actor) as session:
        await service.note_pairing(session, actor, channel_id=channel_id, pairing=pairing, at=asked_at)
