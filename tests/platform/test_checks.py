"""What the house stands on, broken piece by piece: every failure is told in both languages, with what to do."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from crm_app.cli import doctor
from crm_app.config import Settings
from crm_app.core import checks
from crm_app.core.checks import Check, QueueState
from crm_app.core.i18n import LANGUAGES, translate
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.ui.catalogue import flatten, read_catalogue

Breaking = Callable[[pytest.MonkeyPatch, Path], Awaitable[Check]]
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)")


class Answers:
    """A connection that answers what it was told to, one after the other."""

    def __init__(self, *answers: object) -> None:
        self._answers = iter(answers)

    async def __aenter__(self) -> "Answers":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def scalar(self, _: object) -> object:
        """Return the next answer, or fail with it."""
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def answering(*answers: object) -> Callable[[pytest.MonkeyPatch], None]:
    """Return what lets the database answer so."""
    return lambda patch: patch.setattr(checks, "raw_connection", lambda: Answers(*answers))


GONE = OperationalError("SELECT 1", None, psycopg.OperationalError("server closed the connection\nmore"))


async def slow(patch: pytest.MonkeyPatch, _: Path) -> Check:
    """Nobody answers."""
    patch.setattr(checks, "_TIMEOUT_SECONDS", 0.05)

    async def hang() -> Check:
        await asyncio.Event().wait()
        raise AssertionError

    return await checks._ask("database", hang)


def of_database(name: str, *answers: object) -> Breaking:
    """Return what asks a question of a database that answers so."""

    async def ask(patch: pytest.MonkeyPatch, _: Path) -> Check:
        answering(*answers)(patch)
        return await checks._ask(name, getattr(checks, f"_{name}"))

    return ask


def of_queue(workers: int) -> Breaking:
    """Return what asks for a queue that is late."""

    async def ask(patch: pytest.MonkeyPatch, _: Path) -> Check:
        async def late() -> QueueState:
            return QueueState({"todo": 1200, "failed": 2}, 75.4, workers, scheduled=True, waiting=0)

        patch.setattr(checks, "queue_state", late)
        return await checks._ask("queue", checks._queue)

    return ask


async def lost_queue(patch: pytest.MonkeyPatch, _: Path) -> Check:
    """The queue's tables do not answer."""

    async def fail() -> QueueState:
        raise GONE

    patch.setattr(checks, "queue_state", fail)
    return await checks._ask("queue", checks._queue)


async def no_folder(_: pytest.MonkeyPatch, folder: Path) -> Check:
    """A file lies where the folder should be."""
    (folder / "media").write_text("x")
    settings = Settings(data_dir=folder)
    return await checks._ask("storage", lambda: checks._storage(settings))


async def full_disk(patch: pytest.MonkeyPatch, folder: Path) -> Check:
    """Hardly anything is free."""
    patch.setattr(checks, "_FREE_BYTES", 2**62)
    return await checks._ask("storage", lambda: checks._storage(Settings(data_dir=folder)))


async def no_redis(_: pytest.MonkeyPatch, __: Path) -> Check:
    """Nobody listens there."""
    return await checks._ask("redis", lambda: checks._redis("redis://127.0.0.1:1/0"))


BROKEN: dict[str, Breaking] = {
    "no answer": slow,
    "the database is gone": of_database("database", GONE),
    "an old PostgreSQL": of_database("database", "15.4", False),
    "a role above the policies": of_database("database", "18.1", True),
    "an old schema": of_database("migrations", "0001"),
    "no schema": of_database("migrations", GONE),
    "two clocks": of_database("clock", 0),
    "no clock": of_database("clock", GONE),
    "a queue without workers": of_queue(0),
    "a queue with too few": of_queue(1),
    "no queue": lost_queue,
    "no folder": no_folder,
    "a full disk": full_disk,
    "no Redis": no_redis,
}
FRONT = {"checks.front.built", "checks.front.old"}
FINE = {"checks.clock.near", "checks.migrations.at", "checks.storage.outside", "checks.redis.found", *FRONT}
"""Sentences about what is well."""


@pytest.mark.parametrize("name", BROKEN)
async def test_a_failure_is_told_in_both_languages(
    name: str, db: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = await BROKEN[name](monkeypatch, tmp_path)
    assert not found.ok
    for key in (found.key, found.remedy_key):
        told = {language: translate(key, language, **found.data) for language in LANGUAGES}
        assert all(one and one != key and "{{" not in one for one in told.values())
        product = found.key == "checks.database.found"  # "PostgreSQL 15.4" is the same everywhere
        assert product or len(set(told.values())) == len(LANGUAGES)
        for language in LANGUAGES:
            words = flatten(read_catalogue(language))
            named = PLACEHOLDER.findall(words.get(key, "") + words.get(f"{key}_other", ""))
            assert set(named) <= set(found.data)


async def test_the_catalogue_holds_no_failure_that_is_not_tried(
    db: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    met: set[str] = set()
    for number, name in enumerate(BROKEN):
        (tmp_path / str(number)).mkdir()
        with monkeypatch.context() as patch:
            found = await BROKEN[name](patch, tmp_path / str(number))
        met |= {found.key, found.remedy_key}
    known = {
        re.sub("_(one|other)$", "", key) for key in flatten(read_catalogue("en")) if key.startswith("checks.")
    }
    assert known - FINE == met


async def test_the_command_speaks_english(
    db: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = [doctor._in_words(await BROKEN[name](monkeypatch, tmp_path)) for name in ("an old schema", "no Redis")]
    assert words[0] == {
        "name": "migrations",
        "ok": False,
        "detail": f"at 0001, wanted {checks.wanted_revision()}",
        "remedy": "Run 'prumo migrate'.",
    }
    assert words[1]["remedy"] == "Is Redis running, and is REDIS_URL right?"
    late = doctor._in_words(await of_queue(1)(monkeypatch, tmp_path))
    assert late["detail"] == "1,200 waiting, 2 failed, 1 worker, oldest due for 75 s"
    assert doctor._in_words(Check("clock", True, key="checks.clock.near", data={"milliseconds": 3})) == {
        "name": "clock",
        "ok": True,
        "detail": "3 ms apart from the database",
        "remedy": "",
    }
