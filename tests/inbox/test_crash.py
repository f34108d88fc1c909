"""A worker that is killed loses nothing and sends nothing twice, wherever it stood."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from crm_app.config import child_environment
from crm_app.core.database import unit_of_work
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.domains.inbox.models import AttachmentStatus, DeliveryStatus
from jobs.maintenance import rescue_jobs
from tests.inbox.conftest import Desk, inbound
from tests.inbox.crash_worker import INSIDE_THE_VENDOR, POINTS
from tests.inbox.test_media import with_file
from tests.inbox.test_rules import PNG

pytestmark = pytest.mark.crash


async def start_worker(db: EmbeddedPostgres, folder: Path, point: str) -> asyncio.subprocess.Process:
    (folder / "f-1").write_bytes(PNG)
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.inbox.crash_worker",
        db.app_url,
        str(folder),
        point,
        env=child_environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert worker.stdout is not None
    assert (await asyncio.wait_for(worker.stdout.readline(), 60)) == b"ready\n"
    return worker


async def rescue(desk: Desk) -> None:
    """Give the dead worker's jobs back, as is done once it has not been heard of for a while."""
    async with unit_of_work(desk.actor) as session:
        await session.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"))
    await rescue_jobs()


async def recover(desk: Desk) -> None:
    """Do what another worker does after a crash, without its pauses."""
    await rescue(desk)
    async with unit_of_work(desk.actor) as session:
        await session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"))
    await desk.run_jobs()


@pytest.mark.parametrize("point", [*POINTS, *INSIDE_THE_VENDOR])
async def test_a_kill_at_any_point_loses_and_doubles_nothing(
    desk: Desk, db: EmbeddedPostgres, tmp_path: Path, point: str
) -> None:
    await desk.hear(inbound("Oi"))
    sent = await desk.send("Bom dia!")
    await desk.post(with_file(), chat="another-lock")
    desk.network.files["f-1"] = PNG
    worker = await start_worker(db, tmp_path, point)
    assert await asyncio.wait_for(worker.wait(), 60) == -signal.SIGKILL
    await recover(desk)
    assert [taken["key"] for taken in desk.network.taken()] == [str(sent.id)]
    bodies = {message.body: message for message in await desk.thread()}
    assert sorted(bodies) == ["Bom dia!", "Nossa fachada", "Oi"]
    assert len(await desk.thread()) == 3
    assert bodies["Bom dia!"].status is DeliveryStatus.SENT
    assert bodies["Nossa fachada"].attachments[0].status is AttachmentStatus.STORED
    assert await desk.sql("SELECT count(*) FROM inbound_event WHERE status <> 'done'") == [(0,)]
    assert await desk.sql("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')") == [(0,)]


async def test_kills_again_and_again_lose_and_double_nothing(
    desk: Desk, db: EmbeddedPostgres, tmp_path: Path, eventually: Callable[..., Awaitable[Any]]
) -> None:
    await desk.hear(inbound("Oi"))
    sent = [await desk.send(f"resposta {number}") for number in range(15)]
    for number in range(15):
        await desk.post(inbound(f"pergunta {number}", message_id=f"q-{number}"), chat=f"lock-{number % 3}")
    for wanted in (2, 5, 9):
        worker = await start_worker(db, tmp_path, "any")

        async def enough(wanted: int = wanted) -> bool:
            return len(desk.network.taken()) >= wanted

        await eventually(enough, within=30)
        worker.kill()
        await worker.wait()
        await rescue(desk)
    await recover(desk)
    assert [taken["key"] for taken in desk.network.taken()] == [str(message.id) for message in sent]
    thread = await desk.thread()
    assert sorted(message.body for message in thread if message.body.startswith("pergunta")) == sorted(
        f"pergunta {number}" for number in range(15)
    )
    assert {message.status for message in thread if message.body.startswith("resposta")} == {DeliveryStatus.SENT}
