"""The scheduler: one leader ticks, another takes over when it dies, and a slow queue is not flooded."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from apscheduler.triggers.interval import IntervalTrigger

from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.queue import queue
from jobs import load_jobs, scheduler
from jobs.scheduler import LEADER_LOCK, Scheduler
from jobs.ticks import Tick, every, ticks

ROOT = Path(__file__).resolve().parents[2]
FAST = (Tick("tests.tick", IntervalTrigger(seconds=0.1)),)
Eventually = Callable[..., Awaitable[Any]]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "RETRY_SECONDS", 0.1)


@asynccontextmanager
async def _running(url: str, what: tuple[Tick, ...] = FAST) -> AsyncIterator[Scheduler]:
    one = Scheduler(url, what=what)
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _waiting() -> int:
    row = await queue.connector.execute_query_one_async(
        "SELECT count(*) AS number FROM procrastinate_jobs WHERE task_name = 'tests.tick' AND status = 'todo'"
    )
    return int(row["number"])


async def _forget_jobs() -> None:
    await queue.connector.execute_query_async("DELETE FROM procrastinate_jobs WHERE task_name = 'tests.tick'")


async def test_the_leader_enqueues_and_never_twice_what_still_waits(
    db: EmbeddedPostgres, eventually: Eventually
) -> None:
    await _forget_jobs()
    async with _running(db.url):
        await eventually(_waiting)
        await _forget_jobs()
        await eventually(_waiting)  # it goes on
        for _ in range(5):
            await asyncio.sleep(0.1)  # lint-skip: sleep (five ticks of the scheduler under test pass here)
            assert await _waiting() == 1
    await _forget_jobs()


async def test_of_two_only_one_leads_and_the_other_takes_over(
    db: EmbeddedPostgres, eventually: Eventually
) -> None:
    async with _running(db.url) as second_standing:
        await eventually(_leads(second_standing))
        async with _running(db.url) as late:
            assert not late.leads.is_set()
            with psycopg.connect(db.admin_url, autocommit=True) as admin:  # the leader's connection breaks
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
                    " AND granted",
                    [LEADER_LOCK],
                )
            await eventually(lambda: _one_leads(second_standing, late))
    await _forget_jobs()


def _leads(one: Scheduler) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        return one.leads.is_set()

    return ask


async def _one_leads(*several: Scheduler) -> bool:
    return sum(one.leads.is_set() for one in several) == 1


@pytest.mark.crash
async def test_the_lead_passes_on_when_its_process_is_killed(db: EmbeddedPostgres, eventually: Eventually) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": db.url,
        "DATABASE_APP_URL": db.app_url,
        "PRUMO_LOG_FORMAT": "json",
    }
    leader = subprocess.Popen(  # noqa: ASYNC220 - starting it takes a moment, and nothing else runs
        [sys.executable, "-m", "crm_app.cli", "scheduler"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )

    async def lock_is_held() -> bool:
        row = await queue.connector.execute_query_one_async(
            "SELECT count(*) AS number FROM pg_locks WHERE locktype = 'advisory' AND objid = %(key)s AND granted",
            key=LEADER_LOCK,
        )
        return bool(row["number"])

    try:
        await eventually(lock_is_held, within=60)
        async with _running(db.url) as heir:
            assert not heir.leads.is_set()
            leader.send_signal(signal.SIGKILL)
            await eventually(_leads(heir))
    finally:
        leader.kill()
        leader.wait()
        await queue.connector.execute_query_async("DELETE FROM procrastinate_jobs")


def test_every_tick_is_a_known_job() -> None:
    load_jobs()
    known = set(queue.tasks)
    assert {tick.job for tick in ticks()} <= known
    assert "maintenance.rescue_jobs" in {tick.job for tick in ticks()}


@pytest.mark.parametrize("arguments", [{}, {"seconds": 5, "cron": "* * * * *"}])
def test_a_tick_needs_exactly_one_rhythm(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="seconds or cron"):
        every("tests.never", **arguments)


def test_a_job_has_one_tick() -> None:
    load_jobs()
    with pytest.raises(ValueError, match="once"):
        every("maintenance.rescue_jobs", seconds=1)
