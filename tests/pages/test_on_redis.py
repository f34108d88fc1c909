"""The guard, the bridge and the screens' states when tabs are kept in Redis, as with several web processes."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from redis import asyncio as redis
from reflex.istate.manager.redis import StateManagerRedis

from crm_app.core import hub
from crm_app.core.database import unit_of_work
from crm_app.domains.accounts import service
from crm_app.pages.session.state import Session
from tests.core.redis_server import redis_server
from tests.pages.conftest import OpenTab
from tests.pages.sample import Sample


@pytest_asyncio.fixture
async def on_redis(reflex_app: Any) -> AsyncIterator[None]:
    """Keep the tabs of this test in a Redis of its own."""
    with redis_server() as url:
        client = redis.from_url(url)
        before = reflex_app._state_manager, reflex_app._event_processor
        reflex_app._state_manager = StateManagerRedis(redis=client)
        try:
            with reflex_app.set_contexts():
                async with reflex_app._setup_event_processor():
                    yield
                await reflex_app._state_manager.close()
        finally:
            reflex_app._state_manager, reflex_app._event_processor = before
            await client.aclose()


@pytest.mark.usefixtures("on_redis")
async def test_a_tab_that_changes_hands_is_wiped_in_every_state(
    open_tab: OpenTab, actor: Any, make_actor: Any
) -> None:
    first = await open_tab(actor)
    await first.send(Sample.somebody)
    assert first.state(Sample)["secret_of_user"] == "only mine"
    await first.disconnect()
    second = await open_tab(await make_actor("sales"), token=first.token)
    assert second.state(Sample)["secret_of_user"] == ""
    assert second.state(Session)["role"] == "sales"


@pytest.mark.usefixtures("on_redis")
async def test_log_out_and_permissions_hold(open_tab: OpenTab, actor: Any, make_actor: Any) -> None:
    viewer = await open_tab(await make_actor("viewer"))
    await viewer.send(Sample.managers)
    assert viewer.state(Sample)["calls"] == []
    tab = await open_tab(actor)
    await tab.send(Sample.managers)
    assert tab.state(Sample)["calls"] == ["managers"]
    async with unit_of_work(actor) as session:
        await service.sign_out_everywhere(session, actor)
    await tab.settle()
    await tab.send(Sample.somebody)
    assert tab.state(Sample)["calls"] == []


@pytest.mark.usefixtures("on_redis")
async def test_facts_reach_the_tabs(open_tab: OpenTab, actor: Any) -> None:
    tab = await open_tab(actor)
    await tab.send(Sample.look)
    fact = {"name": "sample.changed", "organization_id": str(actor.organization_id), "thing_id": "7"}
    await hub.publish(fact)
    await tab.settle()
    assert [item["thing"] for item in tab.state(Sample)["heard"]] == ["7"]
