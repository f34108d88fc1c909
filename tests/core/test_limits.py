"""Throttles: counted in this process, in Redis for all processes, and here again while Redis is away."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from crm_app.config import Settings
from crm_app.core import limits
from crm_app.core.errors import TooManyRequests
from crm_app.core.limits import Throttle, forget_limits
from tests.core.redis_server import free_port, redis_server

Forget = Callable[[], None]


@pytest_asyncio.fixture(autouse=True)
async def forget() -> AsyncIterator[Forget]:
    """Return a function that makes this process begin anew, as another one would; connections close at the end."""
    forget_limits()
    used: list[Any] = []

    def begin_anew() -> None:
        used.append(limits._counters.shared)
        forget_limits()

    yield begin_anew
    begin_anew()
    for limiter in used:
        if limiter is not None and hasattr(limiter.storage, "bridge"):
            await limiter.storage.bridge.storage.aclose()


@pytest.fixture
def on_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let throttles count in a Redis of the test's own."""
    with redis_server() as url:
        settings = Settings(redis_url=url)
        monkeypatch.setattr(limits, "get_settings", lambda: settings)
        yield


def _name() -> str:
    return f"test-{uuid4()}"


async def _refused(throttle: Throttle, key: str, *, cost: int = 1) -> bool:
    try:
        await throttle.hit(key, cost=cost)
    except TooManyRequests as refusal:
        return 1 <= int(refusal.data["retry_after"]) <= 60
    return False


async def _counts_per_key() -> None:
    throttle = Throttle(_name(), "3/minute")
    assert [await _refused(throttle, "ana") for _ in range(5)] == [False, False, False, True, True]
    assert not await _refused(throttle, "bia")


async def test_each_key_has_its_own_count() -> None:
    await _counts_per_key()


async def test_each_key_has_its_own_count_on_redis(on_redis: None) -> None:
    await _counts_per_key()


async def test_a_heavy_call_counts_for_several() -> None:
    throttle = Throttle(_name(), "10/minute")
    assert not await _refused(throttle, "ana", cost=9)
    assert await _refused(throttle, "ana", cost=2)


async def test_throttles_of_different_names_do_not_mix() -> None:
    one, other = Throttle(_name(), "1/minute"), Throttle(_name(), "1/minute")
    assert not await _refused(one, "ana")
    assert not await _refused(other, "ana")


async def test_two_processes_count_together_on_redis(on_redis: None, forget: Forget) -> None:
    name = _name()
    assert not await _refused(Throttle(name, "2/minute"), "ana")
    forget()
    assert not await _refused(Throttle(name, "2/minute"), "ana")
    assert await _refused(Throttle(name, "2/minute"), "ana")


async def test_without_redis_a_new_process_counts_from_nothing(forget: Forget) -> None:
    name = _name()
    assert not await _refused(Throttle(name, "1/minute"), "ana")
    forget()
    assert not await _refused(Throttle(name, "1/minute"), "ana")


async def test_while_redis_is_away_this_process_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(redis_url=f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setattr(limits, "get_settings", lambda: settings)
    throttle = Throttle(_name(), "2/minute")
    assert [await _refused(throttle, "ana") for _ in range(3)] == [False, False, True]


async def test_a_rate_of_the_settings_is_read_at_the_first_use() -> None:
    asked: list[str] = []

    def rate() -> str:
        asked.append("rate")
        return "1/minute"

    throttle = Throttle(_name(), rate)
    assert asked == []
    assert [await _refused(throttle, "ana") for _ in range(2)] == [False, True]
    assert asked == ["rate"]
