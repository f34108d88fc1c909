"""What a member can own, and how each kind of it changes hands.

Domains above this one register what refers to a member; this one only knows that there is something to count and
to give. A test compares the register with the foreign keys of all tables, so that nothing is left behind.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.tenancy import Actor

MOST_TOLD: Final = 500
"""How many changed rows of one kind are told to screens one by one; the rest is seen on the next load."""


class Give(Protocol):
    """Changes the owner of rows from one member (None: nobody) to another and returns the ids that changed."""

    async def __call__(
        self,
        session: AsyncSession,
        actor: Actor,
        giver: UUID | None,
        receiver: UUID | None,
        only: Sequence[UUID] | None,
    ) -> list[UUID]:
        """Give what `giver` owns, of `only` these ids when there are any."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of thing that a member can own. `column` is `table.column`."""

    kind: str
    column: str
    count: Callable[[AsyncSession, UUID, UUID], Awaitable[int]]
    give: Give


_holdings: dict[str, Holding] = {}


def register_holding(holding: Holding) -> None:
    """Make a kind of thing change hands with everything else that a member owns."""
    _holdings[holding.kind] = holding


def holdings() -> Sequence[Holding]:
    """Return every kind that was registered, by name."""
    return [_holdings[kind] for kind in sorted(_holdings)]


async def count_all(session: AsyncSession, organization_id: UUID, user_id: UUID) -> dict[str, int]:
    """Return how much of each kind a member owns."""
    return {one.kind: await one.count(session, organization_id, user_id) for one in holdings()}


async def give_all(
    session: AsyncSession, actor: Actor, *, giver: UUID, receiver: UUID | None
) -> dict[str, list[UUID]]:
    """Give everything that a member owns to another one (None: to nobody); returns the ids by kind.

    Permission `members.manage`, here and below: nobody passes things on around the reassign lock.
    """
    actor.require("members.manage")
    return {one.kind: await one.give(session, actor, giver, receiver, None) for one in holdings()}


async def give_back(
    session: AsyncSession,
    actor: Actor,
    items: Mapping[str, Sequence[UUID]],
    *,
    giver: UUID,
    receiver: UUID | None,
) -> dict[str, list[UUID]]:
    """Return to `giver` what `receiver` has got and still owns; what went on to a third person stays there."""
    actor.require("members.manage")
    return {
        one.kind: await one.give(session, actor, receiver, giver, list(items[one.kind]))
        for one in holdings()
        if items.get(one.kind)
    }
