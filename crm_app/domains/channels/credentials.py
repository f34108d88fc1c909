"""Secrets of a channel: sealed when written, opened only where a call is signed or made."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, SecretStr, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.crypto import Sealed, get_sealer
from crm_app.core.errors import Invalid
from crm_app.domains.channels import repository
from crm_app.domains.channels.models import Channel, ChannelCredential
from crm_app.domains.channels.providers.base import ProviderSpec

WEBHOOK_SECRET = "webhook_secret"  # noqa: S105 (a name, no secret)
OLD_WEBHOOK_SECRET = "webhook_secret_old"  # noqa: S105
OLD_SECRET_LIFETIME = timedelta(hours=1)
"""After a rotation the old secret still opens for deliveries that are under way."""


def new_secret() -> str:
    """Return an unguessable secret of 256 random bits."""
    return secrets.token_urlsafe(32)


def split_config(spec: ProviderSpec, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Check a provider's configuration and part it into what is public and what is secret.

    Raises `Invalid` with the wrong fields; a secret's value never stands in the error.
    """
    try:
        config = spec.config.model_validate(dict(given))
    except ValidationError as error:
        fields = {str(one["loc"][0]) if one["loc"] else "config": one["msg"][:200] for one in error.errors()}
        raise Invalid("errors.channels.bad_config", fields=fields, names=", ".join(sorted(fields))) from None
    public: dict[str, Any] = {}
    secret: dict[str, str] = {}
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, SecretStr):
            secret[name] = value.get_secret_value()
        else:
            public[name] = value
    return public, secret


async def write(session: AsyncSession, channel: Channel, values: Mapping[str, str]) -> None:
    """Seal and store credentials, replacing those of the same name."""
    sealer = get_sealer()
    rows = {row.name: row for row in await _rows(session, channel)}
    for name, value in values.items():
        sealed = sealer.seal(value.encode(), context=_context(channel.id, name))
        if row := rows.get(name):
            row.key_id, row.ciphertext, row.created_at = sealed.key_id, sealed.data, utc_now()
            continue
        session.add(
            ChannelCredential(
                organization_id=channel.organization_id,
                channel_id=channel.id,
                name=name,
                key_id=sealed.key_id,
                ciphertext=sealed.data,
            )
        )
    await session.flush()


async def read(session: AsyncSession, channel: Channel) -> dict[str, str]:
    """Return the channel's credentials in the clear. Raises `SealBroken` when the key is gone."""
    return {name: value for name, (value, _) in (await _opened(session, channel)).items()}


async def webhook_secrets(session: AsyncSession, channel: Channel) -> tuple[str, ...]:
    """Return the secrets that a webhook may be signed with at present, the newest first."""
    opened = await _opened(session, channel)
    fresh = utc_now() - OLD_SECRET_LIFETIME
    current = [opened[WEBHOOK_SECRET][0]] if WEBHOOK_SECRET in opened else []
    old = (
        [value for value, since in [opened[OLD_WEBHOOK_SECRET]] if since > fresh]
        if OLD_WEBHOOK_SECRET in opened
        else []
    )
    return (*current, *old)


async def rotate_webhook_secret(session: AsyncSession, channel: Channel) -> str:
    """Replace the webhook's secret and return the new one; the old one opens for another hour."""
    known = await read(session, channel)
    fresh = new_secret()
    values = {WEBHOOK_SECRET: fresh}
    if WEBHOOK_SECRET in known:
        values[OLD_WEBHOOK_SECRET] = known[WEBHOOK_SECRET]
    await write(session, channel, values)
    return fresh


async def full_config(session: AsyncSession, channel: Channel, spec: ProviderSpec) -> BaseModel:
    """Put the public and the secret half of a channel's configuration together again."""
    known = await read(session, channel)
    fields = spec.config.model_fields
    secret = {name: value for name, value in known.items() if name in fields}
    public = {name: value for name, value in channel.config.items() if name in fields}
    return spec.config.model_validate({**public, **secret})


async def _opened(session: AsyncSession, channel: Channel) -> dict[str, tuple[str, datetime]]:
    sealer = get_sealer()
    return {
        row.name: (
            sealer.open(Sealed(row.key_id, row.ciphertext), context=_context(channel.id, row.name)).decode(),
            row.created_at,
        )
        for row in await _rows(session, channel)
    }


async def _rows(session: AsyncSession, channel: Channel) -> list[ChannelCredential]:
    return list(await repository.list_credentials(session, channel.organization_id, channel.id))


def _context(channel_id: UUID, name: str) -> str:
    return f"channel:{channel_id}:{name}"
