"""Use cases around channels: creating and keeping them, their status, their line to the vendor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.config import get_settings
from crm_app.core.clock import utc_now
from crm_app.core.database import require_growth
from crm_app.core.errors import Conflict, Invalid
from crm_app.core.events import announce
from crm_app.core.http import shared_client
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.service import audit
from crm_app.domains.channels import credentials, repository
from crm_app.domains.channels.doors import doors
from crm_app.domains.channels.events import ChannelChanged, ChannelStatusChanged
from crm_app.domains.channels.models import Channel, ChannelStatus
from crm_app.domains.channels.providers.base import Connection, ConnectionPorts, ProviderSpec
from crm_app.domains.channels.registry import get_provider
from crm_app.domains.channels.schemas import PairingView, SessionStatus
from crm_app.domains.channels.simulator.network import network
from crm_app.domains.channels.views import ChannelConfiguration, ChannelCreated, ChannelView
from crm_app.domains.plans.metering import take_place

KEY_AGAIN = "errors.channels.key_again"
TRUSTED_HOST = "trusted_host"
"""Key in `channel.config`: the private destination that the operator opened for this channel."""


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """A channel with its line to the vendor. Use the line outside of a transaction: it waits for a network."""

    id: UUID
    organization_id: UUID
    spec: ProviderSpec
    connection: Connection


async def create_channel(
    session: AsyncSession,
    actor: Actor,
    *,
    provider: str,
    name: str,
    config: Mapping[str, Any],
    trusted: bool = False,
) -> ChannelCreated:
    """Create a channel and return its webhook's path and secret, which is never shown again.

    `trusted` is for the operator's own command: it opens the private destination that `config` names (say a WAHA
    server on this machine) for this channel. Raises `Forbidden`, `Invalid`, `LimitReached` or `PaymentPending`.
    """
    actor.require("channels.manage")
    await require_growth(session)
    spec = get_provider(provider)
    public, secret = credentials.split_config(spec, config)
    host = _destination(public)
    if trusted and host:
        public[TRUSTED_HOST] = host
    await take_place(session, actor.organization_id, "channels", standing=repository.count_open)
    paired = spec.capabilities.pairing == "none"
    channel = Channel(
        organization_id=actor.organization_id,
        provider=spec.key,
        name=_name(name),
        config=public,
        status=ChannelStatus.CONNECTED if paired else ChannelStatus.CREATED,
    )
    session.add(channel)
    await session.flush()
    webhook_secret = credentials.new_secret()
    await credentials.write(session, channel, {**secret, credentials.WEBHOOK_SECRET: webhook_secret})
    await _changed(session, actor, channel, "channel.create", after={"name": channel.name, "provider": spec.key})
    return ChannelCreated(id=channel.id, webhook_path=webhook_path(channel), secret=webhook_secret)


async def list_channels(session: AsyncSession, actor: Actor, *, archived: bool = False) -> list[ChannelView]:
    """Return the organization's channels, the oldest first."""
    actor.require("channels.read")
    rows = await repository.list_channels(session, actor.organization_id, archived=archived)
    failed = await repository.count_failed_events(session, actor.organization_id)
    return [_view(row, failed.get(row.id, 0)) for row in rows]


async def count_channels(session: AsyncSession, actor: Actor) -> int:
    """Return how many channels are not archived. Permission `channels.read`, or `organization.manage`."""
    if not actor.can("organization.manage"):
        actor.require("channels.read")
    return await repository.count_open(session, actor.organization_id)


async def access_channel(session: AsyncSession, actor: Actor, *, channel_id: UUID) -> ChannelView:
    """Return one channel. Raises `NotFound`."""
    actor.require("channels.read")
    channel = await repository.get_channel(session, actor.organization_id, channel_id)
    failed = await repository.count_failed_events(session, actor.organization_id)
    return _view(channel, failed.get(channel.id, 0))


async def rename_channel(session: AsyncSession, actor: Actor, *, channel_id: UUID, name: str) -> ChannelView:
    """Give a channel another name. Raises `NotFound`, `Invalid`."""
    channel = await _managed(session, actor, channel_id)
    before, channel.name = channel.name, _name(name)
    await _changed(
        session, actor, channel, "channel.rename", before={"name": before}, after={"name": channel.name}
    )
    return _view(channel, 0)


async def read_configuration(session: AsyncSession, actor: Actor, *, channel_id: UUID) -> ChannelConfiguration:
    """Return what a channel is configured with, and which secrets it has, but not them. Raises `NotFound`."""
    channel = await _managed(session, actor, channel_id)
    fields = get_provider(channel.provider).config.model_fields
    known = await credentials.read(session, channel)
    return ChannelConfiguration(
        id=channel.id,
        name=channel.name,
        config={name: str(value) for name, value in channel.config.items() if name in fields},
        secrets=tuple(sorted(name for name, value in known.items() if name in fields and value)),
    )


async def configure_channel(
    session: AsyncSession, actor: Actor, *, channel_id: UUID, config: Mapping[str, Any]
) -> ChannelView:
    """Change a channel's configuration; secrets that are left out or empty stay as they are.

    Raises `Invalid`, also when another server is named and the secrets were not given again: they belong to the
    old one, and whoever may manage channels may still not read them.
    """
    channel = await _managed(session, actor, channel_id)
    spec = get_provider(channel.provider)
    known = await credentials.read(session, channel)
    given = {name: value for name, value in config.items() if value not in ("", None)}
    kept = {name: value for name, value in known.items() if name in spec.config.model_fields}
    own = {name: value for name, value in channel.config.items() if name in spec.config.model_fields}
    public, secret = credentials.split_config(spec, {**own, **kept, **given})
    moved = _destination(public) != _destination(channel.config)
    if moved and any(kept.get(name) and name not in given for name in secret):
        raise Invalid(KEY_AGAIN, field="api_key")
    trusted = channel.config.get(TRUSTED_HOST)
    if trusted and trusted == _destination(public):
        public[TRUSTED_HOST] = trusted
    before, channel.config = channel.config, public
    await credentials.write(session, channel, secret)
    changed = sorted(name for name in given if name in secret)
    await _changed(
        session, actor, channel, "channel.configure", before=before, after={**public, "secrets_changed": changed}
    )
    return _view(channel, 0)


async def rotate_secret(session: AsyncSession, actor: Actor, *, channel_id: UUID) -> ChannelCreated:
    """Replace the webhook's secret; the old one opens for another hour. Pair again to tell the vendor."""
    channel = await _managed(session, actor, channel_id)
    fresh = await credentials.rotate_webhook_secret(session, channel)
    await _changed(session, actor, channel, "channel.rotate_secret")
    return ChannelCreated(id=channel.id, webhook_path=webhook_path(channel), secret=fresh)


async def archive_channel(session: AsyncSession, actor: Actor, *, channel_id: UUID) -> None:
    """Close a channel for good: its webhook answers 404, its conversations stay. Raises `NotFound`."""
    channel = await _managed(session, actor, channel_id)
    channel.archived_at, channel.status = utc_now(), ChannelStatus.DISCONNECTED
    channel.status_at = channel.archived_at
    await _changed(session, actor, channel, "channel.archive", before={"name": channel.name})


async def note_status(session: AsyncSession, actor: Actor, *, channel_id: UUID, status: SessionStatus) -> None:
    """Write down what the vendor told about the connection, unless something newer is known already.

    Told again, the same state is announced again: a fresh QR code waits behind it.
    """
    actor.require("channels.manage")
    channel = await repository.get_channel(session, actor.organization_id, channel_id)
    if channel.archived_at is None and status.occurred_at >= channel.status_at:
        await _take_status(session, actor, channel, status)
        _announce_status(session, channel)


async def note_pairing(
    session: AsyncSession, actor: Actor, *, channel_id: UUID, pairing: PairingView, at: datetime
) -> None:
    """Write down a pairing's state as the vendor told it at the moment `at`; only a change is announced."""
    actor.require("channels.manage")
    channel = await repository.get_channel(session, actor.organization_id, channel_id)
    status = SessionStatus(
        state=pairing.state, occurred_at=at, own_address=pairing.own_address, detail=pairing.detail
    )
    if channel.archived_at is not None or at < channel.status_at:
        return
    if await _take_status(session, actor, channel, status):
        _announce_status(session, channel)


async def _take_status(session: AsyncSession, actor: Actor, channel: Channel, status: SessionStatus) -> bool:
    """Take over a status; tells whether anything changed."""
    before = channel.status, channel.status_detail, channel.address
    channel.status, channel.status_detail = status.state, (status.detail or "")[:300]
    if status.own_address:
        channel.address = status.own_address[:80]
    if before[0] != status.state:
        channel.status_at = status.occurred_at
        change = {"status": before[0]}, {"status": status.state.value}
        await audit(session, actor, "channel.status", "channel", channel.id, before=change[0], after=change[1])
    await session.flush()
    return before != (channel.status, channel.status_detail, channel.address)


def _announce_status(session: AsyncSession, channel: Channel) -> None:
    announce(
        session,
        ChannelStatusChanged(
            organization_id=channel.organization_id,
            channel_id=channel.id,
            channel_name=channel.name,
            status=channel.status,
        ),
    )


async def open_provider(session: AsyncSession, actor: Actor, *, channel_id: UUID) -> OpenChannel:
    """Return the channel's line to its vendor. Raises `NotFound`, or `Conflict` when it is archived.

    Any member's use case may need it (sending, fetching a file), so it asks for no permission of its own; the
    line stays on the server.
    """
    channel = await repository.get_channel(session, actor.organization_id, channel_id)
    if channel.archived_at is not None:
        raise Conflict("errors.channels.archived")
    spec = get_provider(channel.provider)
    config = await credentials.full_config(session, channel, spec)
    ports = ConnectionPorts(
        organization_id=channel.organization_id,
        channel_id=channel.id,
        webhook_url=get_settings().address + webhook_path(channel),
        webhook_secret=next(iter(await credentials.webhook_secrets(session, channel)), ""),
        http=lambda: _client(channel.config.get(TRUSTED_HOST)),
        network=network,
    )
    return OpenChannel(channel.id, channel.organization_id, spec, spec.connect(config, ports))


def webhook_path(channel: Channel) -> str:
    """Return where the vendor has to post, below the public address."""
    return f"/hooks/{channel.provider}/{channel.id}"


def _client(trusted_host: str | None) -> httpx.AsyncClient:
    return shared_client((trusted_host,) if trusted_host else ())


def _destination(public: Mapping[str, Any]) -> str:
    """Return host and port of the server that a configuration names, or an empty string."""
    parts = urlsplit(str(public.get("base_url", "")))
    if not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _name(text: str) -> str:
    name = " ".join(text.replace("\x00", "").split())
    if not 1 <= len(name) <= 80:
        raise Invalid("errors.channels.bad_name", field="name", limit=80)
    return name


async def _managed(session: AsyncSession, actor: Actor, channel_id: UUID) -> Channel:
    actor.require("channels.manage")
    channel = await repository.get_channel(session, actor.organization_id, channel_id)
    if channel.archived_at is not None:
        raise Conflict("errors.channels.archived")
    return channel


async def _changed(
    session: AsyncSession,
    actor: Actor,
    channel: Channel,
    action: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    channel.version += 1
    await session.flush()
    await audit(session, actor, action, "channel", channel.id, before=before, after=after)
    doors.forget(channel.id)
    announce(session, ChannelChanged(organization_id=channel.organization_id, channel_id=channel.id))


def _view(channel: Channel, failed: int) -> ChannelView:
    return ChannelView(
        id=channel.id,
        provider=channel.provider,
        name=channel.name,
        address=channel.address,
        status=ChannelStatus(channel.status),
        status_detail=channel.status_detail,
        status_at=channel.status_at,
        webhook_path=webhook_path(channel),
        failed_events=failed,
        created_at=channel.created_at,
        archived_at=channel.archived_at,
        version=channel.version,
    )
