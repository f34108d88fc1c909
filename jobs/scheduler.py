"""The scheduler: one process at a time decides when, and only enqueues.

Every process with the scheduler role asks PostgreSQL for one advisory lock, on a connection of its own. Who has it
ticks. PostgreSQL frees the lock when that connection dies, and another process takes over within `RETRY_SECONDS`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from procrastinate.exceptions import AlreadyEnqueued
from psycopg import AsyncConnection, OperationalError

from crm_app.core.checks import LEADER_LOCK
from crm_app.core.database import libpq_url
from crm_app.core.queue import enqueue_outside
from jobs import load_jobs
from jobs.ticks import Tick, ticks

log = structlog.get_logger(__name__)

RETRY_SECONDS = 2.0
_TAKE = "SELECT pg_try_advisory_lock(%s)"


class Scheduler:
    """Ticks while this process leads. `database_url` is used for the leader's lock only."""

    def __init__(self, database_url: str, *, what: tuple[Tick, ...] | None = None) -> None:
        self._url = libpq_url(database_url)
        self._ticks = what
        self.leads = asyncio.Event()

    async def run(self) -> None:
        """Wait for the lead, tick as long as it lasts, and so on until cancelled."""
        load_jobs()
        while True:
            try:
                await self._lead_once()
            except OperationalError as error:
                log.warning("scheduler lost the database", error=str(error))
            self.leads.clear()
            await asyncio.sleep(RETRY_SECONDS)

    async def _lead_once(self) -> None:
        async with await AsyncConnection.connect(self._url, autocommit=True, connect_timeout=5) as connection:
            while not await _takes_lock(connection):  # noqa: ASYNC110 - the other leader is in another process
                await asyncio.sleep(RETRY_SECONDS)
            log.info("this process leads the scheduler")
            with self._ticking():
                self.leads.set()
                while True:
                    await connection.execute("SELECT 1")
                    await asyncio.sleep(RETRY_SECONDS)

    def _ticking(self) -> "_Ticking":
        return _Ticking(ticks() if self._ticks is None else self._ticks)


class _Ticking:
    """APScheduler with nothing stored: it is filled when the lead begins and dropped when it ends."""

    def __init__(self, what: tuple[Tick, ...]) -> None:
        self._what = what
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    def __enter__(self) -> None:
        for tick in self._what:
            self._scheduler.add_job(
                _enqueue, tick.trigger, args=[tick.job], id=tick.job, coalesce=True, misfire_grace_time=3600
            )
        self._scheduler.start()

    def __exit__(self, *_: object) -> None:
        self._scheduler.shutdown(wait=False)


async def _takes_lock(connection: AsyncConnection) -> bool:
    row = await (await connection.execute(_TAKE, [LEADER_LOCK])).fetchone()
    return bool(row and row[0])


async def _enqueue(job: str) -> None:
    with suppress(AlreadyEnqueued):
        await enqueue_outside(job, queueing_lock=job)


@asynccontextmanager
async def scheduling(database_url: str) -> AsyncIterator[Scheduler]:
    """Take part in scheduling in the background while the block runs."""
    scheduler = Scheduler(database_url)
    task = asyncio.create_task(scheduler.run(), name="scheduler")
    try:
        yield scheduler
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
