"""Nobody passes on what is theirs, or takes what is a colleague's, unless their role allows it.

Every use case that is told a person, as the owner of something, is found by its signature. Whatever is added must
either refuse a seller here or stand below, with the reason.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from crm_app.core.database import unit_of_work
from crm_app.core.errors import CrmError, Forbidden
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.errors import ReassignLocked
from crm_app.domains.accounts.models import Role
from crm_app.domains.accounts.permissions import permissions_of
from tests.attacks.conftest import _new_world
from tests.attacks.examples import TABLE_OF, Arguments, Place, id_places
from tests.attacks.test_isolation import call, use_cases
from tests.attacks.world import World
from tests.conftest import Tenant, _add_member

NO_OWNER = {
    "accounts.visits.service.begin_view_as user_id": "through whose eyes; nothing changes hands",
    "accounts.service.access_member user_id": "reads a name",
    "accounts.trail.reading.list_entries criteria.user_id": "a filter",
    "accounts.trail.table.begin_export criteria.user_id": "a filter",
    "analytics.service.dashboard owner_id": "a filter",
    "contacts.service.count_contacts criteria.owner_id": "a filter",
    "contacts.service.list_contacts criteria.owner_id": "a filter",
    "explain.service.explain_access user_id": "explains",
    "inbox.services.conversations.list_conversations filters.assignee_id": "a filter",
    "pipeline.service.get_board wanted.owner_id": "a filter",
    "pipeline.service.load_changes wanted.owner_id": "a filter",
    "pipeline.service.load_column wanted.owner_id": "a filter",
}
LOCKED = {
    "contacts.service.create_contact data.owner_id",
    "contacts.service.update_contact data.owner_id",
    "inbox.services.assignment.assign user_id",
    "inbox.services.conversations.assign_conversation user_id",
    "pipeline.service.create_deal deal.owner_id",
    "pipeline.service.update_deal update.owner_id",
}
"""Where the lock itself answers; elsewhere a seller lacks the permission altogether."""
CREATES = {one for one in LOCKED if "create_" in one}
ELSEWHERE = {
    "pipeline.service.ensure_deal_for_contact owner_id": "the contact has a deal already: nothing is written"
}


def _names_a_person(place: Place) -> bool:
    return TABLE_OF.get(place[-1].removesuffix("s")) == "user"


PLACES = [
    (f"{name} {'.'.join(place)}", function, place)
    for name, function in use_cases()
    for place in id_places(function)
    if _names_a_person(place) and f"{name} {'.'.join(place)}" not in NO_OWNER
]
each_place = pytest.mark.parametrize(("name", "function", "place"), PLACES, ids=[name for name, _, _ in PLACES])


@dataclass(frozen=True, slots=True)
class House:
    """A world with a seller and a colleague; its rows are the owner's."""

    world: World
    seller: Actor
    colleague: Actor

    def person(self, actor: Actor) -> World:
        """Return the world in which ids of a person are this one's."""
        return World(Tenant(self.world.tenant.organization, actor, ""), self.world.ids)

    async def give_rows_to(self, user_id: UUID | None) -> None:
        """Make the contact, the deal and the conversation somebody's, or nobody's."""
        async with unit_of_work(self.world.tenant.owner) as session:
            for table, column in (("contact", "owner_id"), ("deal", "owner_id"), ("conversation", "assignee_id")):
                await session.execute(text(f"UPDATE {table} SET {column} = :u"), {"u": user_id})


@pytest_asyncio.fixture
async def house(db: object) -> AsyncIterator[House]:
    """Two sellers who may pass on nothing, not even conversations."""
    world = await _new_world("travada")
    people = []
    async with unit_of_work(world.tenant.owner) as session:
        for _ in range(2):
            member, _ = await _add_member(session, world.tenant.organization, Role.SALES)
            held = permissions_of(Role.SALES) - {"conversations.reassign"}
            people.append(Actor(member.organization_id, member.user_id, Role.SALES, held))
    yield House(world, *people)


async def tried(house: House, function: Callable[..., Any], place: Place, actor: Actor, target: Actor) -> Any:
    """Call a use case with somebody as the owner to be; returns how it was refused, if it was."""
    arguments = Arguments(house.world, house.person(target), place).of(function, actor)
    try:
        await call(function, arguments)
    except CrmError as refusal:
        return refusal
    return None


@each_place
async def test_a_seller_passes_nothing_on(
    name: str, function: Callable[..., Any], place: Place, house: House
) -> None:
    """What is a colleague's does not become mine, what is mine or nobody's does not become a colleague's."""
    refusal = ReassignLocked if name in LOCKED else Forbidden
    if name in ELSEWHERE:
        refusal = type(None)
    if name not in CREATES:
        await house.give_rows_to(house.colleague.user_id)
        assert isinstance(await tried(house, function, place, house.seller, house.seller), refusal)
    for owner in (house.seller.user_id, None):
        await house.give_rows_to(owner)
        assert isinstance(await tried(house, function, place, house.seller, house.colleague), refusal)


@pytest.mark.parametrize(("name", "function", "place"), [one for one in PLACES if one[0] in LOCKED])
async def test_what_is_nobodys_can_be_taken(
    name: str, function: Callable[..., Any], place: Place, house: House
) -> None:
    await house.give_rows_to(None)
    assert await tried(house, function, place, house.seller, house.seller) is None
    manager = house.world.tenant.owner
    assert await tried(house, function, place, manager, house.colleague) is None


def test_the_lock_covers_the_house() -> None:
    found = {name for name, _, _ in PLACES}
    assert found >= LOCKED | set(ELSEWHERE)
    assert found >= {"accounts.members.service.hand_over to_user_id", "accounts.members.holdings.give_back giver"}
