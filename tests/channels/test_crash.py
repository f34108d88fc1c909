"""SIGKILL in the middle of intake: whatever was answered with 200 is there, with one job, and nothing twice."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from crm_app.core.database import unit_of_work
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.domains.channels.providers.waha.webhook import signature
from crm_app.domains.channels.views import ChannelCreated
from tests.channels.conftest import MakeChannel
from tests.channels.test_intake import message_body
from tests.conftest import Tenant
from tests.core.redis_server import free_port

ROOT = Path(__file__).resolve().parents[2]
EVENTS = 600
CLIENTS = 16


@contextlib.asynccontextmanager
async def running(url: str, port: int) -> AsyncIterator["subprocess.Popen[bytes]"]:
    """Run the endpoint in a process; it is killed at the latest when the block ends."""
    command = [sys.executable, "-m", "tests.channels.intake_server", url, str(port)]
    process = subprocess.Popen(command, cwd=ROOT)  # noqa: ASYNC220 (starting it takes no time)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.05)  # lint-skip: sleep (polls the port of another process)
        yield process
    finally:
        process.kill()
        process.wait()


async def deliver(port: int, channel: ChannelCreated, numbers: list[int], answered: dict[int, str]) -> None:
    """Post events as a vendor with 16 connections does; stop at the first broken one."""
    left = iter(numbers)

    async def client() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
            for number in left:
                body = message_body(number)
                headers = {"X-Webhook-Hmac": signature(body, channel.secret)}
                try:
                    answer = await http.post(
                        f"http://127.0.0.1:{port}{channel.webhook_path}", content=body, headers=headers
                    )
                except httpx.HTTPError:
                    return
                if answer.status_code == 200:
                    answered[number] = answer.json()["status"]

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


@pytest.mark.crash
async def test_killed_in_the_middle_nothing_answered_is_lost_and_nothing_is_doubled(
    db: EmbeddedPostgres, tenant: Tenant, make_channel: MakeChannel
) -> None:
    channel = await make_channel("waha")
    port = free_port()
    before: dict[int, str] = {}
    async with running(db.app_url, port) as process:
        delivering = asyncio.create_task(deliver(port, channel, list(range(EVENTS)), before))
        while len(before) < EVENTS // 4 and not delivering.done():  # noqa: ASYNC110 (another process acts)
            await asyncio.sleep(0.001)
        os.kill(process.pid, signal.SIGKILL)
        await delivering
    assert EVENTS // 4 <= len(before) < EVENTS
    stored = await rows_of(tenant, channel)
    assert {number_of(row) for row in stored} >= set(before)
    assert all(row["jobs"] == 1 for row in stored)

    # The vendor does what vendors do: it sends everything again that it heard no 200 for, and some that it did.
    after: dict[int, str] = {}
    async with running(db.app_url, port):
        await deliver(port, channel, list(range(EVENTS)), after)
    assert len(after) == EVENTS
    assert {after[number] for number in before} == {"duplicate"}
    stored = await rows_of(tenant, channel)
    assert sorted(number_of(row) for row in stored) == list(range(EVENTS))
    assert all(row["jobs"] == 1 for row in stored)


async def rows_of(tenant: Tenant, channel: ChannelCreated) -> list[Any]:
    """Return the stored events with the number of their jobs."""
    async with unit_of_work(tenant.owner) as session:
        found = await session.execute(
            text(
                "SELECT e.provider_event_id, (SELECT count(*) FROM procrastinate_jobs j "
                "WHERE j.args->>'event_id' = e.id::text) AS jobs FROM inbound_event e WHERE channel_id = :channel"
            ),
            {"channel": channel.id},
        )
        return list(found.mappings())


def number_of(row: Any) -> int:
    return int(row["provider_event_id"].rpartition("_3EB0")[2], 16)
