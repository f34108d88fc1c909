"""Throttles: how often something may happen per caller. Counted in Redis when there is one, else per process."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from crm_app.config import get_settings
from crm_app.core.errors import TooManyRequests

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Counters:
    shared: FixedWindowRateLimiter | None = None
    own: FixedWindowRateLimiter | None = None
    redis_url: str | None = None


_counters = _Counters()


def _own() -> FixedWindowRateLimiter:
    if _counters.own is None:
        _counters.own = FixedWindowRateLimiter(MemoryStorage())
    return _counters.own


def _shared() -> FixedWindowRateLimiter:
    url = get_settings().redis_url
    if url is None:
        return _own()
    if _counters.shared is None or _counters.redis_url != url:
        storage: Storage = RedisStorage(f"async+{url}", implementation="redispy", key_prefix="prumo:limits")
        _counters.shared, _counters.redis_url = FixedWindowRateLimiter(storage), url
    return _counters.shared


def forget_limits() -> None:
    """Begin to count anew in this process (tests; another Redis)."""
    _counters.shared = _counters.own = _counters.redis_url = None


class Throttle:
    """At most so many events per key and window, written as in `limits`: `10/minute`, `2000/second`.

    `name` keeps the keys of different throttles apart. A rate that comes from the settings is a function, so that
    it is read at the first use.
    """

    def __init__(self, name: str, rate: str | Callable[[], str]) -> None:
        self._name = name
        self._rate = rate

    @cached_property
    def _item(self) -> RateLimitItem:
        return parse(self._rate if isinstance(self._rate, str) else self._rate())

    async def hit(self, key: str, *, cost: int = 1) -> None:
        """Count one event. Raises `TooManyRequests` with the seconds after which to try again."""
        limiter = _shared()
        try:
            allowed = await limiter.hit(self._item, self._name, key, cost=cost)
        except (RedisError, OSError) as error:
            # Better to count in this process alone than to let everything through, or nothing.
            log.warning("redis is out of reach, throttling in this process", error=str(error))
            limiter = _own()
            allowed = await limiter.hit(self._item, self._name, key, cost=cost)
        if not allowed:
            raise TooManyRequests(retry_after=await self._wait(limiter, key))

    async def _wait(self, limiter: FixedWindowRateLimiter, key: str) -> int:
        try:
            window = await limiter.get_window_stats(self._item, self._name, key)
        except (RedisError, OSError):
            return 1
        return max(1, round(window.reset_time - time.time()))
