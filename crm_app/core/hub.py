"""The live hub: carries facts to every web process, by Redis when there is one, else inside this process."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

import structlog
from redis import asyncio as redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

Payload = dict[str, Any]
Listener = Callable[[Payload], Awaitable[None]]

CHANNEL = "prumo:facts"
_RECONNECT_SECONDS = 1.0
_BACKLOG = 10_000


class Transport(Protocol):
    """How a payload reaches the dispatchers of all processes."""

    async def publish(self, payload: Payload) -> None:
        """Send a payload on its way."""

    async def close(self) -> None:
        """Stop carrying."""


class _Dispatcher:
    """Calls the listeners of this process, one payload after the other, away from whoever published."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        self._waiting: asyncio.Queue[Payload] = asyncio.Queue(_BACKLOG)
        self._task = asyncio.create_task(self._run(), name="hub-dispatcher")

    async def put(self, payload: Payload) -> None:
        await self._waiting.put(payload)

    async def drain(self) -> None:
        await self._waiting.join()

    async def _run(self) -> None:
        while True:
            payload = await self._waiting.get()
            try:
                await asyncio.gather(*(self._call(listener, payload) for listener in list(self.listeners)))
            finally:
                self._waiting.task_done()

    @staticmethod
    async def _call(listener: Listener, payload: Payload) -> None:
        try:
            await listener(payload)
        except Exception:
            log.exception("hub listener failed", fact=payload.get("name"))

    async def close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


class _InProcess:
    """The transport of a single process: straight to its own dispatcher."""

    def __init__(self, dispatcher: _Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def publish(self, payload: Payload) -> None:
        await self._dispatcher.put(payload)

    async def close(self) -> None:
        return


class _Redis:
    """The transport of several processes: Redis publish/subscribe, which comes back by itself after a loss."""

    def __init__(self, url: str, dispatcher: _Dispatcher) -> None:
        self._client = redis.from_url(url)
        self._dispatcher = dispatcher
        self.subscribed = asyncio.Event()
        self._task = asyncio.create_task(self._receive(), name="hub-redis")

    async def publish(self, payload: Payload) -> None:
        try:
            heard_by = await self._client.publish(CHANNEL, json.dumps(payload))
        except (RedisError, OSError):
            log.warning("redis is out of reach, fact stays in this process", fact=payload.get("name"))
            heard_by = 0
        if heard_by == 0:
            # Also when Redis is just back and nobody has subscribed anew yet: the viewers of this process
            # at least shall see it; others catch up on their next load.
            await self._dispatcher.put(payload)

    async def _receive(self) -> None:
        while True:
            try:
                async with self._client.pubsub() as subscription:
                    await subscription.subscribe(CHANNEL)
                    self.subscribed.set()
                    async for message in subscription.listen():
                        if message["type"] == "message":
                            await self._dispatcher.put(json.loads(message["data"]))
            except (RedisError, OSError) as error:
                self.subscribed.clear()
                log.warning("hub lost redis, trying again", error=str(error))
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self._client.aclose()


class _Hub:
    def __init__(self) -> None:
        self.dispatcher: _Dispatcher | None = None
        self.transport: Transport | None = None


_hub = _Hub()


async def open_hub(redis_url: str | None = None) -> None:
    """Start carrying facts in this process; over Redis when an address is given (waits for the subscription)."""
    _hub.dispatcher = _Dispatcher()
    if redis_url is None:
        _hub.transport = _InProcess(_hub.dispatcher)
        return
    transport = _Redis(redis_url, _hub.dispatcher)
    _hub.transport = transport
    with suppress(TimeoutError):
        await asyncio.wait_for(transport.subscribed.wait(), timeout=5)


async def close_hub() -> None:
    """Stop carrying facts; what is still waiting is dropped (browsers reload on reconnect)."""
    if _hub.transport is not None:
        await _hub.transport.close()
    if _hub.dispatcher is not None:
        await _hub.dispatcher.close()
    _hub.transport = _hub.dispatcher = None


async def publish(payload: Payload) -> None:
    """Carry a JSON object to the listeners of all processes. Does nothing while the hub is closed."""
    if _hub.transport is not None:
        await _hub.transport.publish(payload)


def listen(listener: Listener) -> Callable[[], None]:
    """Call `listener` with every payload from now on; returns the function that ends it. The hub must be open."""
    dispatcher = _hub.dispatcher
    if dispatcher is None:
        raise RuntimeError("the hub is not open")
    dispatcher.listeners.append(listener)
    return lambda: dispatcher.listeners.remove(listener)


async def drain() -> None:
    """Wait until the listeners of this process have seen all that has reached it so far."""
    if _hub.dispatcher is not None:
        await _hub.dispatcher.drain()
