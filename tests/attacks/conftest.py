"""Two organizations with one row of everything; one of them is the intruder's. And the walls, one by one."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from crm_app.core import database
from crm_app.core.clock import utc_now
from crm_app.core.database import driver_url, set_tenant, system_unit_of_work
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.models import Organization, Role, UserSession
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.accounts.rules import hash_token, new_token
from tests.api.clients import api_app, client_for
from tests.attacks.household import Household, build_household
from tests.attacks.world import Watchman, World, build_world, mark_people
from tests.conftest import PASSWORD, Tenant
from tests.life_cycle.operators import grant, open_session
from tests.pages.conftest import open_tab

__all__ = ["api_app", "client_for", "open_tab"]


async def _new_tenant(name: str) -> Tenant:
    async with system_unit_of_work() as session:
        email = f"{name}-{time.time_ns()}@exemplo.com.br"
        made = await accounts.create_organization(session, name=name, owner_email=email, password=PASSWORD)
        await set_tenant(session, made.id)
        organization = await session.get_one(Organization, made.id)
        row = UserSession(
            token_hash=hash_token(new_token()),
            user_id=made.owner_id,
            organization_id=made.id,
            proven_at=utc_now() + timedelta(days=1),
            expires_at=utc_now() + timedelta(days=1),
        )
        session.add(row)
    owner = Actor(made.id, made.owner_id, Role.OWNER, permissions_of(Role.OWNER), row.id)
    return Tenant(organization, owner, email)


async def _new_world(name: str) -> World:
    world = await build_world(await _new_tenant(name))
    await mark_people(world.tenant)
    return world


@pytest_asyncio.fixture(scope="session")
async def victim(db: EmbeddedPostgres) -> World:
    """The organization whose data must stay its own. One for all attacks: none of them may change it."""
    return await _new_world("vitima")


@pytest_asyncio.fixture(scope="module")
async def intruder(db: EmbeddedPostgres) -> World:
    """Another organization; its owner may do everything there, and what one module has done to it ends with it."""
    return await _new_world("intruso")


@pytest_asyncio.fixture(scope="session")
async def watchman(keeper: psycopg.Connection, victim: World) -> Watchman:
    """Somebody who sees every change to the victim's rows."""
    return Watchman(keeper, victim)


@pytest_asyncio.fixture(params=["all walls", "without row-level security"])
async def walls(
    request: pytest.FixtureRequest, db: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """Run the test with all walls standing, and again over connections that row-level security does not bind.

    Without it, the organization in every statement of the repositories has to hold alone.
    """
    if request.param == "all walls":
        yield request.param
        return
    engine = create_async_engine(driver_url(db.admin_url), pool_size=4)
    monkeypatch.setattr(database._state, "engine", engine)
    monkeypatch.setattr(database._state, "sessions", async_sessionmaker(engine, expire_on_commit=False))
    yield request.param
    await engine.dispose()


@pytest_asyncio.fixture(scope="session")
async def household(db: EmbeddedPostgres) -> Household:
    """An organization with a member of every role. None of them may reach what is not theirs."""
    return await build_household(await _new_tenant("casa"))


@pytest_asyncio.fixture(scope="session")
async def operator(db: EmbeddedPostgres) -> Actor:
    """Somebody who runs the platform, in a session of their own."""
    tenant = await _new_tenant("plataforma")
    grant(db, tenant.owner.user_id)
    return await open_session(tenant.owner)
