"""Durable work: procrastinate, whose jobs live in the same PostgreSQL and are born in the same transaction."""

import functools
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import procrastinate
from procrastinate import BaseRetryStrategy
from procrastinate.jobs import Job
from procrastinate.retry import get_retry_strategy
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core import metrics, waiting_room
from crm_app.core.database import APP_ROLE, Driver, driver_of, libpq_url
from crm_app.core.trace import current_trace_id, trace
from crm_app.core.visiting import refuse_read_only

# The function of procrastinate's own schema, fed with binary arrays: its Python side escapes each quotation mark
# of the arguments twice, and that took a tenth of a webhook call.
_DEFER_MANY = """
    SELECT procrastinate_defer_jobs_v1(array_agg(
        ROW(%s, %s, %s, job.lock, NULL, job.args, NULL)::procrastinate_job_to_defer_v1 ORDER BY job.place))
    FROM unnest(%b::text[], %b::jsonb[]) WITH ORDINALITY AS job(lock, args, place)
"""

JobFunction = Callable[..., Awaitable[None]]

_TRACE = "trace_id"

queue = procrastinate.App(connector=procrastinate.PsycopgConnector())
"""Every job of the house, by name. Its connector is replaced by `open_queue`."""


def connector(url: str, *, max_size: int = 4) -> procrastinate.PsycopgConnector:
    """Return a procrastinate connector to this database, in the application role."""
    return procrastinate.PsycopgConnector(
        conninfo=libpq_url(url), kwargs={"options": f"-c role={APP_ROLE}"}, min_size=1, max_size=max_size
    )


async def open_queue(url: str, *, max_size: int = 4) -> None:
    """Connect the queue of this process; workers and everything that enqueues outside a session need it."""
    queue.connector = connector(url, max_size=max_size)
    queue.job_manager.connector = queue.connector
    await queue.open_async()


async def close_queue() -> None:
    """Close the queue's connections."""
    await queue.close_async()


_attempt: ContextVar[int] = ContextVar("attempt", default=1)


def current_attempt() -> int:
    """Return which attempt of its job this is, counted from 1."""
    return _attempt.get()


def job(
    name: str, *, retry: BaseRetryStrategy | int | bool = False, queue_name: str = "default"
) -> Callable[[JobFunction], JobFunction]:
    """Declare the decorated coroutine function as the job `name`; it is called with ids as strings.

    It runs under the trace id of whoever enqueued it. `retry` follows procrastinate: a number of attempts
    or a strategy; a job whose attempts are used up stays in the queue's table as `failed`. One that names an
    `organization_id` whose state lets no work be done waits, unattempted, until it does.
    """

    def declare(function: JobFunction) -> JobFunction:
        @functools.wraps(function)
        async def run(context: procrastinate.JobContext, **arguments: Any) -> None:
            trace_id = arguments.pop(_TRACE, None)
            _attempt.set(context.job.attempts + 1)
            with trace(trace_id, job=name):
                async with waiting_room.unless_at_rest(context.job, arguments):
                    with _measured(name):
                        await function(**arguments)

        patience = waiting_room.Patience(get_retry_strategy(retry))
        queue.task(name=name, retry=patience, queue=queue_name, pass_context=True)(cast(Any, run))
        return function

    return declare


@contextmanager
def _measured(name: str) -> Iterator[None]:
    begun = time.perf_counter()
    outcome = "failed"
    try:
        yield
        outcome = "done"
    finally:
        metrics.job_seconds.labels(name, outcome).observe(time.perf_counter() - begun)


def _build(
    name: str,
    arguments: dict[str, Any],
    *,
    lock: str | None,
    queueing_lock: str | None,
    schedule_at: datetime | None,
    priority: int,
) -> Job:
    options: dict[str, Any] = {"priority": priority}
    if lock is not None:
        options["lock"] = lock
    if queueing_lock is not None:
        options["queueing_lock"] = queueing_lock
    if schedule_at is not None:
        options["schedule_at"] = schedule_at
    known = queue.tasks.get(name)
    deferrer = known.configure(**options) if known else queue.configure_task(name, **options)
    return deferrer.job.evolve(task_kwargs=_plain(arguments))


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return arguments as they are stored: ids as text, and the trace that they belong to."""
    plain = {key: str(value) if isinstance(value, UUID) else value for key, value in arguments.items()}
    return {_TRACE: current_trace_id(), **plain}


async def enqueue(
    session: AsyncSession,
    name: str,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    schedule_at: datetime | None = None,
    priority: int = 0,
    **arguments: Any,
) -> int:
    """Add a job in the session's own transaction: it exists if and only if the transaction commits.

    Jobs with the same `lock` run one after the other, in the order in which they were added. `arguments` must
    be plain JSON values or UUIDs. Returns the job's number. Raises `procrastinate.exceptions.AlreadyEnqueued`
    (and spoils the transaction) when a job with the same `queueing_lock` is waiting.
    """
    job_to_add = _build(
        name, arguments, lock=lock, queueing_lock=queueing_lock, schedule_at=schedule_at, priority=priority
    )
    added = await queue.job_manager.defer_job_async(job_to_add, connection=await driver_of(session))
    return cast(int, added.id)


async def enqueue_many(connection: Driver, name: str, batch: list[tuple[str | None, dict[str, Any]]]) -> None:
    """Add one job per `(lock, arguments)` in the connection's own transaction, with a single statement.

    `connection` comes from `database.driver_of(session)` or `database.lent_driver()`. A `trace_id` among the
    arguments takes the place of the one of the current task.
    """
    if batch:
        like = _build(name, {}, lock=None, queueing_lock=None, schedule_at=None, priority=0)
        locks = [lock for lock, _ in batch]
        stored = [Jsonb(_plain(arguments)) for _, arguments in batch]
        await connection.execute(_DEFER_MANY, (like.queue, name, like.priority, locks, stored))


async def enqueue_outside(
    name: str, *, lock: str | None = None, queueing_lock: str | None = None, **arguments: Any
) -> int:
    """Add a job without a session, on the queue's own connection, committed at once.

    For ticks and tools; a use case takes `enqueue`. Raises `AlreadyEnqueued` when a job with the same
    `queueing_lock` is waiting.
    """
    refuse_read_only()
    job_to_add = _build(name, arguments, lock=lock, queueing_lock=queueing_lock, schedule_at=None, priority=0)
    added = await queue.job_manager.defer_job_async(job_to_add)
    return cast(int, added.id)
