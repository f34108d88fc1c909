"""A real PostgreSQL for every test process, and organizations that no two tests share."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import hypothesis
import psycopg
import pytest
import pytest_asyncio
import structlog
from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncSession

import crm_app.domains.models  # noqa: F401  every table is known before the first query
from crm_app.core import hub
from crm_app.core.database import close_database, open_database, set_tenant, system_unit_of_work, unit_of_work
from crm_app.core.migrations import migrate
from crm_app.core.postgres import EmbeddedPostgres, start_throwaway
from crm_app.core.queue import close_queue, open_queue, queue
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.models import Membership, Organization, Role, User
from crm_app.domains.accounts.permissions import permissions_of
from jobs import load_jobs

# Failures that tests provoke are logged as the app logs them: without local variables, which take long to draw.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

# How long an example takes says nothing on a busy machine.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

PASSWORD = "senha-dos-testes"
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
_numbers = itertools.count(1)
_operator: list[str] = []

MakeOrganization = Callable[..., Awaitable["Tenant"]]
MakeActor = Callable[..., Awaitable[Actor]]


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization made for one test, and its owner."""

    organization: Organization
    owner: Actor
    owner_email: str


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A cluster of this test process alone, migrated; it vanishes at the end."""
    with start_throwaway() as cluster:
        migrate(cluster.url)
        yield cluster


@pytest.fixture(scope="session")
def keeper(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    """A connection that sees everything and may do everything, each statement at once."""
    with psycopg.connect(postgres.admin_url, autocommit=True) as connection:
        yield connection


@pytest_asyncio.fixture(scope="session")
async def db(postgres: EmbeddedPostgres) -> AsyncIterator[EmbeddedPostgres]:
    """The open database, queue and hub of this test process, in the application role."""
    _operator.append(postgres.admin_url)
    open_database(postgres.app_url)
    await open_queue(postgres.app_url)
    await hub.open_hub()
    yield postgres
    await hub.close_hub()
    await close_queue()
    await close_database()


@pytest_asyncio.fixture(scope="session")
async def reflex_app(db: EmbeddedPostgres) -> AsyncIterator[Any]:
    """The app with its own event processor running, fed by the hub, without a server."""
    from crm_app.crm_app import app
    from crm_app.pages.lifespan import follow_hub

    with app.set_contexts():
        async with app._setup_event_processor(), follow_hub(app):
            yield app


def operator_url() -> str:
    """Return the address at which the operator of this test process's cluster may do everything."""
    return _operator[-1]


@pytest.fixture
def make_organization(db: EmbeddedPostgres) -> MakeOrganization:
    """Return a function that commits a fresh organization with an owner, whose password is `PASSWORD`."""

    async def make(name: str = "Agência de Teste") -> Tenant:
        organization = Organization(name=name, slug=f"teste-{next(_numbers)}-{time.time_ns()}")
        async with system_unit_of_work() as session:
            await set_tenant(session, organization.id)
            session.add(organization)
            await session.flush()
            owner, email = await _add_member(session, organization, Role.OWNER)
        return Tenant(organization, owner, email)

    return make


async def _add_member(session: AsyncSession, organization: Organization, role: str) -> tuple[Actor, str]:
    email = f"{role}-{next(_numbers)}-{time.time_ns()}@exemplo.com.br"
    user = User(email=email, name=f"{role.title()} de Teste", password_hash=PASSWORD_HASH)
    session.add(user)
    await session.flush()
    session.add(Membership(organization_id=organization.id, user_id=user.id, role=role))
    await session.flush()
    return Actor(organization.id, user.id, role, permissions_of(role)), email


@pytest_asyncio.fixture
async def tenant(make_organization: MakeOrganization) -> Tenant:
    """An organization of this test alone."""
    return await make_organization()


@pytest_asyncio.fixture
async def other_tenant(make_organization: MakeOrganization) -> Tenant:
    """A second organization, whose data must stay out of reach."""
    return await make_organization("Concorrente")


@pytest.fixture
def organization(tenant: Tenant) -> Organization:
    """The organization of this test."""
    return tenant.organization


@pytest.fixture
def actor(tenant: Tenant) -> Actor:
    """The owner of this test's organization."""
    return tenant.owner


@pytest.fixture
def make_actor(tenant: Tenant) -> MakeActor:
    """Return a function that commits a further member of this test's organization with the given role."""

    async def make(role: str = Role.SALES) -> Actor:
        async with unit_of_work(tenant.owner) as session:
            member, _ = await _add_member(session, tenant.organization, role)
        return member

    return make


@pytest_asyncio.fixture
async def session(db: EmbeddedPostgres, actor: Actor) -> AsyncIterator[AsyncSession]:
    """An open transaction of the test's organization, which is rolled back at the end."""

    class RollBack(Exception):
        pass

    try:
        async with unit_of_work(actor) as opened:
            yield opened
            raise RollBack
    except RollBack:
        pass


async def _a_job_is_due() -> bool:
    """Tell whether a worker would find something, at once or in a moment.

    What stands behind a job that is tried again later, or that waits for an organization at rest, is not due.
    """
    due = await queue.connector.execute_query_one_async(
        "SELECT EXISTS (SELECT FROM procrastinate_jobs job WHERE status = 'todo' "
        "AND (scheduled_at IS NULL OR scheduled_at <= now()) AND NOT EXISTS (SELECT FROM procrastinate_jobs other "
        "WHERE other.lock = job.lock AND other.id < job.id AND other.status = 'todo' "
        "AND other.scheduled_at > now() + interval '5 seconds')) AS due"
    )
    return bool(due["due"])


@pytest.fixture
def run_jobs(db: EmbeddedPostgres) -> Callable[[], Awaitable[None]]:
    """Return a function that runs every waiting job, and the jobs that these add, until none is left."""
    load_jobs()

    async def run() -> None:
        while await _a_job_is_due():
            # A worker that does not wait also leaves when all that is left is locked by a job still running.
            await queue.run_worker_async(
                wait=False, listen_notify=False, install_signal_handlers=False, concurrency=4
            )

    return run


@pytest.fixture
def eventually() -> Callable[..., Awaitable[Any]]:
    """Return a function that calls `probe` until it gives something true, for at most `within` seconds."""

    async def wait(probe: Callable[[], Awaitable[Any]], within: float = 10.0) -> Any:
        deadline = time.monotonic() + within
        while True:
            result = await probe()
            if result:
                return result
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {within} s: {probe}")
            await asyncio.sleep(0.02)

    return wait
