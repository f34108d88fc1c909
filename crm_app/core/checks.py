"""Is everything there that this installation stands on? Asked by /readyz and by `prumo doctor`."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from redis import asyncio as redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from crm_app.config import Settings, private_folder
from crm_app.core.database import raw_connection
from crm_app.core.migrations import wanted_revision
from crm_app.core.waiting_room import NEVER

CLOCK_SECONDS = 5.0
"""Largest difference between our clock and the database's that is still fine."""
LEADER_LOCK = 7_071_908
"""The advisory lock of whichever process leads the scheduler."""
LAG_SECONDS = 60.0
"""Longest wait of a due job that is still fine."""
_FREE_BYTES = 500 * 1024 * 1024
_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one question. `remedy` is empty when all is well."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class QueueState:
    """Jobs by status, how long the oldest due one waits (seconds), how many workers live, whether a scheduler
    leads, and how many jobs wait for an organization that is at rest."""

    jobs: dict[str, int]
    lag_seconds: float
    workers: int
    scheduled: bool
    waiting: int


async def run_checks(settings: Settings) -> list[Check]:
    """Ask everything at once; the database must be open. No check raises or takes over 5 seconds."""
    questions: list[tuple[str, Callable[[], Awaitable[Check]]]] = [
        ("database", _database),
        ("migrations", _migrations),
        ("clock", _clock),
        ("queue", _queue),
        ("storage", lambda: _storage(settings)),
    ]
    if settings.redis_url:
        questions.append(("redis", lambda: _redis(str(settings.redis_url))))
    return list(await asyncio.gather(*(_ask(name, question) for name, question in questions)))


async def queue_state() -> QueueState:
    """Return what the queue holds."""
    async with raw_connection() as connection:
        counted = await connection.execute(
            text("SELECT status::text, count(*) FROM procrastinate_jobs WHERE status <> 'succeeded' GROUP BY 1")
        )
        jobs = {status: int(number) for status, number in counted}
        lag = await connection.scalar(
            text(
                "SELECT extract(epoch FROM now() - min(coalesce(job.scheduled_at, event.at))) "
                "FROM procrastinate_jobs job "
                "JOIN procrastinate_events event ON event.job_id = job.id AND event.type = 'deferred' "
                "WHERE job.status = 'todo' AND (job.scheduled_at IS NULL OR job.scheduled_at <= now()) "
                # what stands behind a job that waits for its organization is not late
                "AND NOT EXISTS (SELECT FROM procrastinate_jobs other WHERE other.lock = job.lock "
                "AND other.id < job.id AND other.status = 'todo' AND other.scheduled_at = :never)"
            ),
            {"never": NEVER},
        )
        workers = await connection.scalar(
            text("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds'")
        )
        leads = await connection.scalar(
            text(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 "
                "AND objid = :key AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
            ),
            {"key": LEADER_LOCK},
        )
        waiting = await connection.scalar(
            text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at = :never"),
            {"never": NEVER},
        )
    return QueueState(jobs, max(0.0, float(lag or 0)), int(workers or 0), bool(leads), int(waiting or 0))


async def _ask(name: str, question: Callable[[], Awaitable[Check]]) -> Check:
    try:
        return await asyncio.wait_for(question(), timeout=_TIMEOUT_SECONDS)
    except TimeoutError:
        return Check(name, False, f"no answer within {_TIMEOUT_SECONDS:g} s", "Is it running and reachable?")
    except (SQLAlchemyError, RedisError, OSError) as error:
        first_line = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
        return Check(name, False, first_line, _REMEDIES.get(name, "See the message."))


_REMEDIES = {
    "database": "Is PostgreSQL running, and is DATABASE_URL right?",
    "migrations": "Run 'prumo migrate'.",
    "queue": "Run 'prumo migrate', then look at the worker's log.",
    "storage": "Make the folder writable, or set PRUMO_STORAGE_URL.",
    "redis": "Is Redis running, and is REDIS_URL right?",
}


async def _database() -> Check:
    async with raw_connection() as connection:
        version = str(await connection.scalar(text("SHOW server_version")))
        bypasses = await connection.scalar(
            text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        )
    if int(version.split(".")[0]) < 16:
        return Check("database", False, f"PostgreSQL {version}", "Prumo needs PostgreSQL 16 or newer.")
    if bypasses:
        remedy = "Connect as a role without SUPERUSER and BYPASSRLS: the tenants are not kept apart."
        return Check("database", False, "the role bypasses row-level security", remedy)
    return Check("database", True, f"PostgreSQL {version}")


async def _migrations() -> Check:
    async with raw_connection() as connection:
        current = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    wanted = wanted_revision()
    if current != wanted:
        return Check("migrations", False, f"at {current}, wanted {wanted}", _REMEDIES["migrations"])
    return Check("migrations", True, f"at {current}")


async def _clock() -> Check:
    async with raw_connection() as connection:
        before = time.time()
        theirs = float(await connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0)
        ours = (before + time.time()) / 2
    apart = abs(theirs - ours)
    if apart > CLOCK_SECONDS:
        remedy = "Set the clocks of this machine and the database's with NTP."
        return Check("clock", False, f"{apart:.1f} s apart from the database", remedy)
    return Check("clock", True, f"{apart * 1000:.0f} ms apart from the database")


async def _queue() -> Check:
    state = await queue_state()
    detail = f"{state.jobs.get('todo', 0)} waiting, {state.jobs.get('failed', 0)} failed"
    detail += f", {state.workers} worker(s), oldest due for {state.lag_seconds:.0f} s"
    if state.lag_seconds > LAG_SECONDS:
        remedy = "Start a worker: 'prumo worker'." if not state.workers else "Start more workers; see the log."
        return Check("queue", False, detail, remedy)
    return Check("queue", True, detail)


async def _storage(settings: Settings) -> Check:
    parts = urlsplit(settings.media_url)
    if parts.scheme != "file":
        return Check("storage", True, f"{parts.scheme}://{parts.netloc}")
    return await asyncio.to_thread(_try_folder, Path(url2pathname(parts.path)))


def _try_folder(folder: Path) -> Check:
    private_folder(folder)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"prumo")
    free = shutil.disk_usage(folder).free
    if free < _FREE_BYTES:
        return Check("storage", False, f"{free // 1024**2} MB free in {folder}", "Free some space.")
    return Check("storage", True, f"{free // 1024**2} MB free in {folder}")


async def _redis(url: str) -> Check:
    async with redis.from_url(url, socket_connect_timeout=_TIMEOUT_SECONDS) as client:
        version = (await client.info("server")).get("redis_version", "?")
    return Check("redis", True, f"Redis {version}")
