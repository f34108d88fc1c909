"""The worker: runs jobs under their trace id, gives back what a dead worker held."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import pytest_asyncio

from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.queue import enqueue_outside, job, queue
from crm_app.core.trace import current_trace_id, trace
from jobs.maintenance import rescue_jobs
from jobs.worker import work, working

seen: list[tuple[str, str]] = []


@job("tests.note")
async def _note(word: str) -> None:
    seen.append((word, current_trace_id()))


@pytest_asyncio.fixture(autouse=True)
async def _empty_queue(db: EmbeddedPostgres) -> AsyncIterator[None]:
    seen.clear()
    await _run("DELETE FROM procrastinate_jobs")
    yield
    await _run("DELETE FROM procrastinate_jobs")


async def _run(statement: str, **values: Any) -> None:
    await queue.connector.execute_query_async(statement, **values)


async def _status(number: int) -> str:
    return (await queue.job_manager.get_job_status_async(number)).value


async def test_a_job_runs_under_the_trace_id_of_its_cause() -> None:
    with trace("cause-of-it-all"):
        await enqueue_outside("tests.note", word="um")
    await work(concurrency=2, until_empty=True)
    assert seen == [("um", "cause-of-it-all")]


async def test_a_worker_in_this_process_takes_jobs_at_once_and_stops_cleanly(
    eventually: Callable[..., Any],
) -> None:
    async def noted() -> bool:
        return bool(seen)

    async with working(concurrency=2):
        await asyncio.sleep(0)
        await enqueue_outside("tests.note", word="já")
        await eventually(noted, within=5)
    workers = await queue.connector.execute_query_all_async("SELECT id FROM procrastinate_workers")
    assert workers == []


async def test_jobs_of_a_dead_worker_run_again_and_those_of_a_living_one_do_not() -> None:
    dead = await queue.job_manager.register_worker()
    alive = await queue.job_manager.register_worker()
    await _run(
        "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute' WHERE id = %(i)s", i=dead
    )
    held = {}
    for worker in (dead, alive):
        held[worker] = await enqueue_outside("tests.note", word=str(worker))
        taken = await queue.job_manager.fetch_job(queues=None, worker_id=worker)
        assert taken
        assert taken.id == held[worker]
    await rescue_jobs()
    assert await _status(held[dead]) == "todo"
    assert await _status(held[alive]) == "doing"
    await work(concurrency=1, until_empty=True)
    assert [word for word, _ in seen] == [str(dead)]
    await queue.job_manager.unregister_worker(alive)


async def test_a_job_that_nobody_knows_fails_and_stays(db: EmbeddedPostgres) -> None:
    number = await enqueue_outside(f"tests.unknown-{uuid4().hex}")
    await work(concurrency=1, until_empty=True)
    assert await _status(number) == "failed"
