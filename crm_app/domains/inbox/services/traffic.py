"""How much each channel carries."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.service import get_organization
from crm_app.domains.inbox import traffic_queries
from crm_app.domains.inbox.schemas import ChannelTraffic

HOURS = 24


async def channel_traffic(session: AsyncSession, actor: Actor) -> list[ChannelTraffic]:
    """Return each channel's messages of today (in the organization's time zone) and of the last 24 hours.

    Channels without a message are left out. Permission `channels.read`.
    """
    actor.require("channels.read")
    organization = await get_organization(session, actor)
    now = utc_now()
    local = now.astimezone(ZoneInfo(organization.time_zone))
    today = datetime.combine(local.date(), time(), local.tzinfo).astimezone(UTC)
    rows = await traffic_queries.count_traffic(session, actor.organization_id, now=now, today=today)
    return [_traffic(channel, [row for row in rows if row.channel_id == channel]) for channel in _channels(rows)]


def _channels(rows: Sequence[Any]) -> list[UUID]:
    return list(dict.fromkeys(row.channel_id for row in rows))


def _traffic(channel_id: UUID, rows: Sequence[Any]) -> ChannelTraffic:
    hours = [0] * HOURS
    for row in rows:
        hours[HOURS - 1 - min(row.hours_ago, HOURS - 1)] += row.messages
    return ChannelTraffic(
        channel_id=channel_id,
        today=sum(row.today for row in rows),
        sent=sum(row.sent_today for row in rows),
        delivered=sum(row.delivered_today for row in rows),
        hours=tuple(hours),
    )
