"""How many members an organization may have: the one place that asks, before anybody gets a seat.

Plans are decided above this domain. Whoever knows the limit says so once with `limit_seats`; until somebody does,
there is none.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.database import require_growth
from crm_app.domains.accounts import member_queries
from crm_app.domains.accounts.errors import SeatsTaken

SeatLimit = Callable[[AsyncSession, UUID], Awaitable[int | None]]
"""Returns how many active members an organization may have; None for as many as it likes."""

_limits: list[SeatLimit] = []


def limit_seats(limit: SeatLimit) -> Callable[[], None]:
    """Ask `limit` from now on, before anybody gets a seat; returns the function that ends it."""
    _limits.append(limit)
    return lambda: _limits.remove(limit)


async def take_seat(session: AsyncSession, organization_id: UUID) -> None:
    """Make sure that one more member fits. The organization's members must be locked, or two take the same seat.

    Raises `SeatsTaken`, or `PaymentPending` and its like where the organization's state lets nobody be added.
    """
    await require_growth(session)
    for ask in _limits:
        limit = await ask(session, organization_id)
        if limit is not None and await member_queries.count_active(session, organization_id) >= limit:
            raise SeatsTaken(limit=limit)
