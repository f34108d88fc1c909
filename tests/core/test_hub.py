"""The live hub in one process, over Redis between two processes, and when Redis goes away and comes back."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from crm_app.core import hub
from tests.core.redis_server import free_port, redis_server

OTHER_PROCESS = """
import asyncio, json, sys
from crm_app.core import hub

async def main():
    await hub.open_hub(sys.argv[1])
    heard = asyncio.Event()
    async def listener(payload):
        print(json.dumps(payload), flush=True)
        heard.set()
    hub.listen(listener)
    await hub.publish({"name": "from-the-other"})
    await heard.wait()
    print("ready", flush=True)
    heard.clear()
    await heard.wait()
    await hub.close_hub()

asyncio.run(main())
"""


@pytest_asyncio.fixture
async def heard() -> AsyncIterator[Callable[[str | None], Any]]:
    """Open a hub on demand with a listener that collects; restores the hub of the session afterwards."""
    kept = hub._hub.dispatcher, hub._hub.transport
    collected: list[dict[str, Any]] = []

    async def open_and_listen(url: str | None) -> list[dict[str, Any]]:
        await hub.open_hub(url)

        async def listener(payload: dict[str, Any]) -> None:
            collected.append(payload)

        hub.listen(listener)
        return collected

    yield open_and_listen
    await hub.close_hub()
    hub._hub.dispatcher, hub._hub.transport = kept


async def test_one_process_hears_itself_in_order(heard: Any) -> None:
    collected = await heard(None)
    for number in range(50):
        await hub.publish({"name": "n", "number": number})
    await hub.drain()
    assert [payload["number"] for payload in collected] == list(range(50))


async def test_two_processes_hear_each_other_over_redis(heard: Any, eventually: Any) -> None:
    with redis_server() as url:
        collected = await heard(url)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", OTHER_PROCESS, url, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        own = json.loads(await process.stdout.readline())
        assert own == {"name": "from-the-other"}
        assert (await process.stdout.readline()).strip() == b"ready"
        await hub.publish({"name": "from-here", "number": 7})
        assert json.loads(await process.stdout.readline()) == {"name": "from-here", "number": 7}
        assert await process.wait() == 0

        async def both() -> bool:
            return [payload["name"] for payload in collected] == ["from-the-other", "from-here"]

        await eventually(both)


async def test_the_hub_survives_the_loss_of_redis(heard: Any, eventually: Any) -> None:
    port = free_port()
    with redis_server(port) as url:
        collected = await heard(url)
    await hub.publish({"name": "while-away"})
    await hub.drain()
    assert [payload["name"] for payload in collected] == ["while-away"]
    transport = hub._hub.transport
    assert isinstance(transport, hub._Redis)

    async def lost() -> bool:
        return not transport.subscribed.is_set()

    await eventually(lost)
    with redis_server(port):

        async def back() -> bool:
            return transport.subscribed.is_set()

        await eventually(back)
        await hub.publish({"name": "back"})

        async def heard_again() -> bool:
            return collected[-1]["name"] == "back"

        await eventually(heard_again)


async def test_a_fact_that_no_subscriber_hears_is_seen_here(heard: Any, eventually: Any) -> None:
    with redis_server() as url:
        collected = await heard(url)
        transport = hub._hub.transport
        assert isinstance(transport, hub._Redis)
        transport._task.cancel()

        async def deaf() -> bool:
            return await transport._client.pubsub_numsub(hub.CHANNEL) == [(hub.CHANNEL.encode(), 0)]

        await eventually(deaf)
        await hub.publish({"name": "alone"})
        await hub.drain()
    assert [payload["name"] for payload in collected] == ["alone"]


def test_nobody_can_listen_before_the_hub_is_open() -> None:
    kept, hub._hub.dispatcher = hub._hub.dispatcher, None
    try:
        with pytest.raises(RuntimeError, match="not open"):
            hub.listen(lambda _payload: asyncio.sleep(0))
    finally:
        hub._hub.dispatcher = kept
