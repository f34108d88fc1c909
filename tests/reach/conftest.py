"""One organization, several sellers with a row of everything each, and what is common to all of them."""

import dataclasses
import time

import pytest
import pytest_asyncio

from crm_app.core.database import set_tenant, system_unit_of_work
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor, Reach
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.models import Membership, Organization, Role, User
from crm_app.domains.accounts.permissions import permissions_of
from tests.attacks.household import PERSONAL
from tests.attacks.world import World, build_world
from tests.conftest import PASSWORD, Tenant

REACHING = (
    "contacts.read",
    "contacts.write",
    "deals.read",
    "deals.write",
    "conversations.read",
    "messages.send",
    "analytics.read",
)


def reaching(actor: Actor, reach: Reach, *colleagues: Actor, pickup: bool = False) -> Actor:
    """Return an actor whose permissions all reach only that far, and who may ask why others see a record."""
    taken = set() if pickup else {"contacts.pickup", "deals.pickup", "conversations.pickup"}
    return dataclasses.replace(
        actor,
        permissions=(actor.permissions | {"roles.manage"}) - taken,
        narrowed={} if reach is Reach.ALL else dict.fromkeys(REACHING, reach),
        colleagues=frozenset(one.user_id for one in colleagues if one.user_id),
    )


async def world_of(actor: Actor, tenant: Tenant, common: World) -> World:
    """Commit a row of everything that belongs to somebody, for one member."""
    shared = {name: row for name, row in common.ids.items() if name not in PERSONAL}
    return await build_world(Tenant(tenant.organization, actor, ""), shared)


@pytest_asyncio.fixture(scope="session")
async def house(db: EmbeddedPostgres) -> tuple[World, World]:
    """Two sellers of one organization, with a row of everything each. No test may change them."""
    async with system_unit_of_work() as session:
        email = f"alcance-{time.time_ns()}@exemplo.com.br"
        made = await accounts.create_organization(session, name="Alcance", owner_email=email, password=PASSWORD)
        await set_tenant(session, made.id)
        organization = await session.get_one(Organization, made.id)
        actors = []
        for name in ("ana", "bruno"):
            user = User(email=f"{name}-{email}", name=name)
            session.add(user)
            await session.flush()
            session.add(Membership(organization_id=made.id, user_id=user.id, role=Role.MANAGER))
            await session.flush()
            actors.append(Actor(made.id, user.id, Role.MANAGER, permissions_of(Role.MANAGER)))
    owner = Actor(made.id, made.owner_id, Role.OWNER, permissions_of(Role.OWNER))
    tenant = Tenant(organization, owner, email)
    common = await build_world(tenant)
    return await world_of(actors[0], tenant, common), await world_of(actors[1], tenant, common)


@pytest.fixture
def ana(house: tuple[World, World]) -> World:
    """A seller and what is hers."""
    return house[0]


@pytest.fixture
def bruno(house: tuple[World, World]) -> World:
    """Another seller and what is his."""
    return house[1]
