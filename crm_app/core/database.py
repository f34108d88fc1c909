"""PostgreSQL: the engine, the transaction of one use case, and the second and third tenancy walls."""

import select
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import psycopg
from sqlalchemy import event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import Session

from crm_app.core import events, visiting
from crm_app.core.clock import utc_now
from crm_app.core.life_cycle import check_growth, refusal_of
from crm_app.core.tenancy import Actor

Driver = psycopg.AsyncConnection[Any]

APP_ROLE = "prumo_app"
"""Owns nothing and cannot bypass row-level security; every application connection runs as this role."""

_SET_TENANT = "SELECT set_config('app.organization_id', %s, true), set_config('app.user_id', %s, true)"
_TENANT_STATE = "SELECT tenant_state()"
_DRIVER = "driver"
AT_COMMIT = "at commit"
"""Where a session keeps the statements of `sql.run_at_commit`."""
AT_THE_END = "at the end"
"""Where it keeps those that lock what all organizations share: they come after all others."""


@dataclass(slots=True)
class _State:
    engine: AsyncEngine | None = None
    sessions: async_sessionmaker[AsyncSession] | None = None


_state = _State()


def driver_url(url: str) -> URL:
    """Return any PostgreSQL address as one for SQLAlchemy on psycopg 3 (`postgresql+psycopg://…`)."""
    return make_url(url).set(drivername="postgresql+psycopg")


def libpq_url(url: str) -> str:
    """Return any PostgreSQL address in the plain form that libpq and psycopg understand."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def open_database(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """Create the engine of this process; call it after the server has forked. Connections open when needed."""
    engine = create_async_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        hide_parameters=True,  # what customers write must not stand in a log
        # The transactions of use cases are begun by hand: one trip to the server instead of two.
        isolation_level="AUTOCOMMIT",
        connect_args={"options": f"-c role={APP_ROLE}", "connect_timeout": 10},
    )
    event.listen(engine.sync_engine, "checkout", _replace_dead)
    _state.engine = engine
    _state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    return engine


def _replace_dead(connection: Any, *_: Any) -> None:
    """Have the pool replace a connection that its server has closed.

    A resting connection whose socket can be read has been hung up on. Asking the socket takes microseconds;
    the usual ping (`pool_pre_ping`) is a round trip that costs as much as a statement.
    """
    waiting = select.poll()
    waiting.register(connection.driver_connection.pgconn.socket, select.POLLIN)
    if connection.driver_connection.closed or waiting.poll(0):
        raise DisconnectionError


async def close_database() -> None:
    """Close all connections of this process."""
    if _state.engine is not None:
        await _state.engine.dispose()
    _state.engine = _state.sessions = None


def engine() -> AsyncEngine:
    """Return the open engine. Raises `RuntimeError` before `open_database`."""
    if _state.engine is None:
        raise RuntimeError("the database is not open")
    return _state.engine


@contextmanager
def psycopg_errors(statement: str) -> Iterator[None]:
    """Raise what psycopg raises inside as SQLAlchemy's error of the same kind, without the parameters."""
    try:
        yield
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error, hide_parameters=True) from error


async def set_tenant(session: AsyncSession, organization_id: UUID | None, user_id: UUID | None = None) -> None:
    """Tell PostgreSQL for whom the current transaction runs; row-level policies read it.

    What waits for the commit belongs to the tenant before, and is written first; what belongs to none waits on.
    """
    driver = await driver_of(session)
    for statement, values in session.info.pop(AT_COMMIT, ()):
        await session.flush()
        with psycopg_errors(statement):
            await driver.execute(statement, values)
    with psycopg_errors(_SET_TENANT):
        await driver.execute(_SET_TENANT, (str(organization_id or ""), str(user_id or "")))


async def set_scope(session: AsyncSession, name: str, value: str) -> None:
    """Set `app.<name>` for this transaction: the narrow keys that open one row before a tenant is known.

    Policies know `channel_id` (that one channel), `user_id` (the user's own memberships and their
    organizations) and `directory` = "on" (the list of organizations, for the scheduler).
    """
    await session.execute(text("SELECT set_config(:name, :value, true)"), {"name": f"app.{name}", "value": value})


@asynccontextmanager
async def _transaction(*tenant: UUID | None, in_any_state: bool = False) -> AsyncIterator[AsyncSession]:
    if _state.sessions is None:
        raise RuntimeError("the database is not open")
    read_only = visiting.is_read_only()
    async with _state.sessions() as session:
        refusal = refusal_of(await _begin(session, *tenant, mode=" READ ONLY" if read_only else ""))
        if refusal is not None and not in_any_state:
            raise refusal
        with visiting.explained():
            yield session
            await _commit(session)
        facts = events.take_announced(session)
    if not read_only:  # what changed nothing has nothing to tell
        await events.publish(facts)


async def _begin(session: AsyncSession, *tenant: UUID | None, mode: str) -> str | None:
    """Begin the transaction, for a tenant or for none yet, in one trip; return the tenant's state."""
    driver = await driver_of(session)
    # Statements in one message take no parameters; what stands here is read as a UUID first.
    organization_id, user_id = (f"'{UUID(str(one))}'" if one else "''" for one in tenant or (None, None))
    begin = f"BEGIN{mode}"
    statement = f"{begin}; {_SET_TENANT % (organization_id, user_id)}; {_TENANT_STATE}" if tenant else begin
    with psycopg_errors(statement):
        cursor = await driver.execute(statement, prepare=False)
        if not tenant:
            return None
        while cursor.nextset():
            pass
        return cast("str | None", (await cursor.fetchone() or (None,))[0])


async def tenant_state(session: AsyncSession) -> str | None:
    """Return the state of the transaction's organization, None where there is none."""
    driver = await driver_of(session)
    with psycopg_errors(_TENANT_STATE):
        return cast("str | None", (await (await driver.execute(_TENANT_STATE)).fetchone() or (None,))[0])


async def require_growth(session: AsyncSession) -> None:
    """Make sure that something which makes the organization's bill larger may be added: a channel, a member.

    Raises `PaymentPending`, `OrganizationSuspended` or `OrganizationClosed`.
    """
    check_growth(await tenant_state(session))


async def _commit(session: AsyncSession) -> None:
    last = [*session.info.pop(AT_COMMIT, ()), *session.info.pop(AT_THE_END, ())]
    if last:
        await session.flush()
        driver = await driver_of(session)
        with psycopg_errors(last[0][0]):
            async with driver.pipeline():
                for statement, values in last:
                    await driver.execute(statement, values)
                await driver.commit()
    await session.commit()


@asynccontextmanager
async def unit_of_work(actor: Actor, *, in_any_state: bool = False) -> AsyncIterator[AsyncSession]:
    """Run one use case in one transaction of the actor's organization.

    Commits at the end, then publishes the facts that were announced; rolls back and re-raises on any error. Raises
    `OrganizationSuspended` or `OrganizationClosed` where the organization's state lets nothing be read or written.
    `in_any_state` is for what a person does about themselves alone: signing out, proving who they are, a language.
    For a visiting actor everything in it is read-only; raises `VisitOver` once their time is up.
    """
    if actor.visit is not None and actor.visit.until <= utc_now():
        raise visiting.VisitOver
    with visiting.reading_only(actor.visit is not None or visiting.is_read_only()):
        async with _transaction(actor.organization_id, actor.user_id, in_any_state=in_any_state) as session:
            yield session


@asynccontextmanager
async def system_unit_of_work() -> AsyncIterator[AsyncSession]:
    """Run one transaction before a tenant is known (signing in, finding a webhook's channel).

    Row-level policies show no tenant row in it until `set_scope` or `set_tenant` opens some.
    """
    async with _transaction() as session:
        yield session


@asynccontextmanager
async def raw_connection() -> AsyncIterator[AsyncConnection]:
    """Lend a connection outside any tenant, in autocommit: health checks and advisory locks only."""
    async with engine().connect() as connection:
        yield connection


@asynccontextmanager
async def lent_driver() -> AsyncIterator[Driver]:
    """Lend psycopg's own connection, for bulk work that runs transactions of its own on it, tenant included."""
    async with engine().connect() as connection:
        raw = await connection.get_raw_connection()
        yield cast("Driver", raw.driver_connection)


async def driver_of(session: AsyncSession) -> Driver:
    """Return psycopg's own connection under a session, for a statement inside the session's transaction."""
    known: Driver | None = session.info.get(_DRIVER)
    if known is None:
        known = session.info[_DRIVER] = await session.run_sync(_driver_under)
    return known


def _driver_under(session: Session) -> Driver:
    return cast("Driver", session.connection().connection.driver_connection)
