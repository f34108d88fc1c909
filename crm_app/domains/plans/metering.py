"""Limits: how much an organization may have, and may use in a month. The one place that asks.

What is used is counted by one conditional statement in the transaction of what it counts, so that nobody gets past
it and a rollback gives it back. What stands (members, channels) is counted where it stands, one change at a time:
such a count cannot drift, and whatever goes makes room by itself.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.domains.plans import repository
from crm_app.domains.plans.errors import LimitReached

Count = Callable[[AsyncSession, UUID], Awaitable[int]]
"""Counts what stands in an organization."""


async def limit_of(session: AsyncSession, organization_id: UUID, name: str) -> int | None:
    """Return how many of something an organization may have or use; None for as many as it likes."""
    return await repository.most(session, organization_id, name, utc_now())


async def take_place(session: AsyncSession, organization_id: UUID, name: str, *, standing: Count) -> None:
    """Make sure that one more fits, and let nobody else in before the transaction ends. Raises `LimitReached`."""
    await repository.lock_organization(session, organization_id)
    limit = await limit_of(session, organization_id, name)
    if limit is not None and await standing(session, organization_id) >= limit:
        raise LimitReached(name, limit)


async def take(session: AsyncSession, organization_id: UUID, name: str, amount: int = 1) -> None:
    """Use some of what a month allows. Raises `LimitReached`; nothing is used then."""
    if await repository.take(session, organization_id, name, amount, utc_now()) is None:
        raise LimitReached(name, await limit_of(session, organization_id, name) or 0)


async def give_back(
    session: AsyncSession, organization_id: UUID, name: str, *, taken_at: datetime, amount: int = 1
) -> None:
    """Give back what was not used after all, to the month in which it was taken."""
    await repository.give_back(session, organization_id, name, amount, taken_at)
