"""The job worker: takes jobs from the queue, in this process or in one of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from crm_app.core.queue import queue
from jobs import load_jobs
from jobs.maintenance import HEARTBEAT_SECONDS, STALLED_SECONDS, rescue_jobs

log = structlog.get_logger(__name__)

SHUTDOWN_SECONDS = 20
"""How long running jobs may take to finish when the worker is asked to stop."""
_RESTART_SECONDS = 1.0
_LOOK_SECONDS = 0.2
"""How often to look for jobs that nothing announces: one behind a lock that has become free, and one whose notice
came while the worker was looking, which procrastinate forgets."""


async def work(*, concurrency: int, until_empty: bool = False) -> None:
    """Take jobs until cancelled, or with `until_empty` until none is left that could run now.

    The queue must be open. After a lost database the worker starts again by itself.
    """
    load_jobs()
    while True:
        try:
            await rescue_jobs()
            await queue.run_worker_async(
                concurrency=concurrency,
                wait=not until_empty,
                listen_notify=not until_empty,
                fetch_job_polling_interval=_LOOK_SECONDS,
                shutdown_graceful_timeout=SHUTDOWN_SECONDS,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
                install_signal_handlers=False,
            )
            return
        except Exception:
            if until_empty:
                raise
            log.exception("worker lost the queue, starting again")
            await asyncio.sleep(_RESTART_SECONDS)


@asynccontextmanager
async def working(*, concurrency: int) -> AsyncIterator[None]:
    """Take jobs in the background while the block runs; running jobs are finished at its end."""
    task = asyncio.create_task(work(concurrency=concurrency), name="worker")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
