"""PostgreSQL: the engine, the transaction of one use case, and the second and third tenancy walls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import psycopg
from sqlalchemy import make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from crm_app.core import events
from crm_app.core.tenancy import Actor

Driver = psycopg.AsyncConnection[Any]

APP_ROLE = "prumo_app"
"""Owns nothing and cannot bypass row-level security; every application connection runs as this role."""

_SET_TENANT = text(
    "SELECT set_config('app.organization_id', :organization_id, true), set_config('app.user_id', :user_id, true)"
)


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
        pool_pre_ping=True,
        hide_parameters=True,  # what customers write must not stand in a log
        connect_args={"options": f"-c role={APP_ROLE}", "connect_timeout": 10},
    )
    _state.engine = engine
    _state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    return engine


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


async def set_tenant(session: AsyncSession, organization_id: UUID | None, user_id: UUID | None = None) -> None:
    """Tell PostgreSQL for whom the current transaction runs; row-level policies read it."""
    await session.execute(
        _SET_TENANT, {"organization_id": str(organization_id or ""), "user_id": str(user_id or "")}
    )


async def set_scope(session: AsyncSession, name: str, value: str) -> None:
    """Set `app.<name>` for this transaction: the narrow keys that open one row before a tenant is known.

    Policies know `channel_id` (that one channel), `user_id` (the user's own memberships and their
    organizations) and `directory` = "on" (the list of organizations, for the scheduler).
    """
    await session.execute(text("SELECT set_config(:name, :value, true)"), {"name": f"app.{name}", "value": value})


@asynccontextmanager
async def _transaction() -> AsyncIterator[AsyncSession]:
    if _state.sessions is None:
        raise RuntimeError("the database is not open")
    async with _state.sessions() as session:
        async with session.begin():
            yield session
        facts = events.take_announced(session)
    await events.publish(facts)


@asynccontextmanager
async def unit_of_work(actor: Actor) -> AsyncIterator[AsyncSession]:
    """Run one use case in one transaction of the actor's organization.

    Commits at the end, then publishes the facts that were announced; rolls back and re-raises on any error.
    """
    async with _transaction() as session:
        await set_tenant(session, actor.organization_id, actor.user_id)
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
        yield await connection.execution_options(isolation_level="AUTOCOMMIT")


@asynccontextmanager
async def lent_driver() -> AsyncIterator[Driver]:
    """Lend psycopg's own connection, for bulk work that runs transactions of its own on it, tenant included."""
    async with engine().connect() as connection:
        yield await _driver_of(connection)


async def driver_of(session: AsyncSession) -> Driver:
    """Return psycopg's own connection under a session, for a statement inside the session's transaction."""
    return await _driver_of(await session.connection())


async def _driver_of(connection: AsyncConnection) -> Driver:
    raw = await connection.get_raw_connection()
    return cast(Driver, raw.driver_connection)
