"""Channels made for one test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from crm_app.core.database import unit_of_work
from crm_app.core.http import close_shared_clients
from crm_app.domains.channels import service
from crm_app.domains.channels.doors import doors
from crm_app.domains.channels.simulator.pace import pace
from crm_app.domains.channels.views import ChannelCreated
from tests.conftest import Tenant
from tests.fakes.waha import FakeWaha

MakeChannel = Callable[..., Awaitable[ChannelCreated]]
WAHA_CONFIG = {"base_url": "http://127.0.0.1:9", "api_key": "a-key-that-must-not-leak", "session": "default"}


@pytest.fixture(autouse=True)
def _swift_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "speed", 1e9)
    doors.clear()


@pytest.fixture
def make_channel(tenant: Tenant) -> MakeChannel:
    """Return a function that commits a channel of this test's organization."""

    async def make(
        provider: str = "simulator", config: dict[str, Any] | None = None, **options: Any
    ) -> ChannelCreated:
        given = config if config is not None else (WAHA_CONFIG if provider == "waha" else {})
        async with unit_of_work(tenant.owner) as session:
            return await service.create_channel(
                session, tenant.owner, provider=provider, name="Comercial 01", config=given, **options
            )

    return make


@pytest_asyncio.fixture
async def waha() -> AsyncIterator[FakeWaha]:
    """A WAHA server; at the end every call that it got must have fitted WAHA's own description."""
    async with FakeWaha() as server:
        yield server
    await close_shared_clients()
    assert server.violations == []
