"""How much goes through each channel."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_TRAFFIC = text(
    """
    SELECT channel_id,
           floor(extract(epoch FROM (CAST(:now AS timestamptz) - occurred_at)) / 3600)::int AS hours_ago,
           count(*) AS messages,
           count(*) FILTER (WHERE occurred_at >= :today) AS today,
           count(*) FILTER (WHERE occurred_at >= :today AND direction = 'out') AS sent_today,
           count(*) FILTER (WHERE occurred_at >= :today AND direction = 'out'
                            AND status IN ('delivered', 'read')) AS delivered_today
    FROM message
    WHERE organization_id = :organization_id AND direction <> 'note'
      AND occurred_at > CAST(:now AS timestamptz) - interval '24 hours' AND occurred_at <= :now
    GROUP BY 1, 2
    """
)


async def count_traffic(
    session: AsyncSession, organization_id: UUID, *, now: datetime, today: datetime
) -> Sequence[Any]:
    """Return messages of the last 24 hours by channel and age in hours, with the part since `today` began."""
    found = await session.execute(_TRAFFIC, {"organization_id": organization_id, "now": now, "today": today})
    return found.all()
