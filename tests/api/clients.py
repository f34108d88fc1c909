"""A client of the API that is signed in as whomever a test wants."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from crm_app.api.app import build_api
from crm_app.core.clock import utc_now
from crm_app.core.cookies import SESSION
from crm_app.core.database import system_unit_of_work
from crm_app.core.limits import forget_limits
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.models import UserSession
from crm_app.domains.accounts.rules import SESSION_LIFETIME, hash_token, new_token

BASE = "http://localhost:3000"
ClientFor = Callable[[Actor | None], Awaitable[httpx.AsyncClient]]


async def begin_session(actor: Actor) -> str:
    """Commit a session of the actor's user and return its token."""
    token = new_token()
    assert actor.user_id
    async with system_unit_of_work() as session:
        session.add(
            UserSession(
                token_hash=hash_token(token),
                user_id=actor.user_id,
                organization_id=actor.organization_id,
                expires_at=utc_now() + SESSION_LIFETIME,
            )
        )
    return token


@pytest.fixture(scope="session")
def api_app(db: EmbeddedPostgres) -> FastAPI:
    """The app, once per test process."""
    return build_api()


@pytest_asyncio.fixture
async def client_for(api_app: FastAPI) -> AsyncIterator[ClientFor]:
    """Return a function that gives a client signed in as an actor; as nobody for None."""
    forget_limits()
    opened: list[httpx.AsyncClient] = []

    async def make(actor: Actor | None) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=api_app, raise_app_exceptions=False)
        cookies = {SESSION.name: await begin_session(actor)} if actor else None
        client = httpx.AsyncClient(transport=transport, base_url=BASE, cookies=cookies)
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.aclose()


@pytest_asyncio.fixture
async def client(client_for: ClientFor, actor: Actor) -> httpx.AsyncClient:
    """A client signed in as the owner of the test's organization."""
    return await client_for(actor)


@pytest_asyncio.fixture
async def stranger(client_for: ClientFor) -> httpx.AsyncClient:
    """A client that is not signed in."""
    return await client_for(None)
