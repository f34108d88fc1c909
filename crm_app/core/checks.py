"""Is everything there that this installation stands on? Asked by /readyz and by `prumo doctor`."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
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
_OLDEST_POSTGRES = 16
_FREE_BYTES = 500 * 1024 * 1024
_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one question, in the catalogue's words, so that everybody reads it in their language.

    `key` names the sentence that tells what was found, `remedy_key` what to do about it, empty when all is well;
    `data` fills both.
    """

    name: str
    ok: bool
    key: str
    remedy_key: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


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
        slow = {"seconds": _TIMEOUT_SECONDS}
        return Check(name, False, key="checks.no_answer", remedy_key="checks.remedy.no_answer", data=slow)
    except (SQLAlchemyError, RedisError, OSError) as error:
        first_line = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
        remedy = f"checks.remedy.{name}" if name in _HAVE_A_REMEDY else "checks.remedy.message"
        return Check(name, False, key="checks.error", remedy_key=remedy, data={"message": first_line})


_HAVE_A_REMEDY = {"database", "migrations", "queue", "storage", "redis"}
"""What an error of the system itself has a remedy for."""


async def _database() -> Check:
    async with raw_connection() as connection:
        version = str(await connection.scalar(text("SHOW server_version")))
        bypasses = await connection.scalar(
            text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        )
    found = {"version": version, "oldest": _OLDEST_POSTGRES}
    if int(version.split(".")[0]) < _OLDEST_POSTGRES:
        return Check(
            "database", False, key="checks.database.found", remedy_key="checks.remedy.postgres", data=found
        )
    if bypasses:
        return Check("database", False, key="checks.database.bypasses", remedy_key="checks.remedy.role")
    return Check("database", True, key="checks.database.found", data=found)


async def _migrations() -> Check:
    async with raw_connection() as connection:
        current = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    found = {"current": str(current), "wanted": str(wanted_revision())}
    if found["current"] != found["wanted"]:
        return Check(
            "migrations", False, key="checks.migrations.behind", remedy_key="checks.remedy.migrations", data=found
        )
    return Check("migrations", True, key="checks.migrations.at", data=found)


async def _clock() -> Check:
    async with raw_connection() as connection:
        before = time.time()
        theirs = float(await connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0)
        ours = (before + time.time()) / 2
    apart = abs(theirs - ours)
    found = {"seconds": round(apart, 1), "milliseconds": round(apart * 1000)}
    if apart > CLOCK_SECONDS:
        return Check("clock", False, key="checks.clock.apart", remedy_key="checks.remedy.clock", data=found)
    return Check("clock", True, key="checks.clock.near", data=found)


async def _queue() -> Check:
    state = await queue_state()
    found = {
        "todo": state.jobs.get("todo", 0),
        "failed": state.jobs.get("failed", 0),
        "count": state.workers,
        "seconds": round(state.lag_seconds),
    }
    remedy = "checks.remedy.more_workers" if state.workers else "checks.remedy.no_worker"
    if state.lag_seconds > LAG_SECONDS:
        return Check("queue", False, key="checks.queue.state", remedy_key=remedy, data=found)
    return Check("queue", True, key="checks.queue.state", data=found)


async def _storage(settings: Settings) -> Check:
    parts = urlsplit(settings.media_url)
    if parts.scheme != "file":
        place = {"place": f"{parts.scheme}://{parts.netloc}"}
        return Check("storage", True, key="checks.storage.outside", data=place)
    return await asyncio.to_thread(_try_folder, Path(url2pathname(parts.path)))


def _try_folder(folder: Path) -> Check:
    private_folder(folder)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"prumo")
    free = shutil.disk_usage(folder).free
    found = {"megabytes": free // 1024**2, "folder": str(folder)}
    if free < _FREE_BYTES:
        return Check("storage", False, key="checks.storage.free", remedy_key="checks.remedy.space", data=found)
    return Check("storage", True, key="checks.storage.free", data=found)


async def _redis(url: str) -> Check:
    async with redis.from_url(url, socket_connect_timeout=_TIMEOUT_SECONDS) as client:
        version = (await client.info("server")).get("redis_version", "?")
    return Check("redis", True, key="checks.redis.found", data={"version": version})
