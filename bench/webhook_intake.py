"""Webhook intake: events a second from 16 clients, beside a bare FastAPI endpoint that only inserts the same row.

Both are served by uvicorn in processes of their own, on the same database, in turns. Ours checks the signature,
finds the channel, stores the event and enqueues its job in one transaction before it answers. Real HTTP over
loopback with keep-alive, from a process of its own, so that neither server shares its interpreter with clients.
"""

import asyncio
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
from uuid import UUID

import psycopg
import uvicorn
from fastapi import FastAPI, Request
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from bench.harness import Report, Row, Sample, summarize
from crm_app.core import hub
from crm_app.core.clock import utc_now
from crm_app.core.database import (
    close_database,
    libpq_url,
    open_database,
    system_unit_of_work,
    unit_of_work,
)
from crm_app.core.ids import new_id
from crm_app.core.migrations import migrate
from crm_app.core.postgres import start_throwaway
from crm_app.core.queue import close_queue, open_queue
from crm_app.domains.accounts.permissions import system_actor
from crm_app.domains.accounts.service import create_organization
from crm_app.domains.channels.service import create_channel

CLIENTS = 16
EVENTS = 4_000
ROUNDS = 3
SECRET = "BENCH_INTAKE"
_INSERT = """
INSERT INTO inbound_event (organization_id, id, created_at, channel_id, provider_event_id, kind, body, headers,
                           trace_id, status, attempts, error)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '', 'pending', 0, '')
"""


def ours() -> FastAPI:
    """The real endpoint alone."""
    from crm_app.api.hooks.receive import router

    app = FastAPI()
    app.include_router(router)
    return app


def bare(url: str, organization_id: UUID) -> FastAPI:
    """The yardstick: no signature, no look-up, no job; one row through a psycopg pool, committed."""
    app = FastAPI()
    pool = AsyncConnectionPool(url, min_size=CLIENTS, max_size=CLIENTS, open=False)

    @app.post("/hooks/{provider}/{channel_id}")
    async def receive(provider: str, channel_id: UUID, request: Request) -> dict[str, str]:
        body = await request.body()
        if pool.closed:
            await pool.open()
        envelope = json.loads(body)
        row = (
            organization_id,
            new_id(),
            utc_now(),
            channel_id,
            envelope["id"],
            envelope["event"],
            body,
            Jsonb({}),
        )
        async with pool.connection() as connection:
            await connection.execute(_INSERT, row)
        return {"status": provider}

    return app


async def _serve(what: str, port: int, url: str, organization_id: str) -> None:
    if what == "ours":
        open_database(url)
        await open_queue(url)
        app = ours()
    else:
        app = bare(libpq_url(url), UUID(organization_id))
    await uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False)).serve()


async def _fire(port: int, path: str, secret: str, first: int) -> None:
    """Be 16 clients; print every duration in seconds, then the time that all took."""
    bodies = [_body(first + number) for number in range(EVENTS)]
    left = iter(bodies)
    durations: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in left:
            mac = hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()
            head = (
                f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                f"X-Webhook-Hmac: {mac}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            begun = time.perf_counter()
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in answer.split(b"\r\n", 1)[0]:
                raise RuntimeError(answer.decode())
            length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.partition(b":")[2]))
            durations.append(time.perf_counter() - begun)
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    print(json.dumps([durations, time.perf_counter() - begun]))


def _body(number: int) -> bytes:
    chat = f"55119{number % 500:08d}@c.us"
    payload = {
        "id": f"false_{chat}_3EB0{number:018X}", "timestamp": 1760000001, "from": chat, "fromMe": False,
        "to": "5511400000000@c.us", "body": "Bom dia! Queria saber quanto custa a gestão do Instagram.",
        "hasMedia": False, "ack": 1, "ackName": "SERVER", "vCards": [], "_data": {"notifyName": "Ana Paula"},
    }  # fmt: skip
    envelope = {"id": f"evt_{number:026d}", "timestamp": 1760000001000, "event": "message", "session": "default"}
    return json.dumps({**envelope, "engine": "NOWEB", "payload": payload}).encode()


def _start(what: str, port: int, url: str, organization_id: UUID) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.webhook_intake", what, str(port), url, str(organization_id)]
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with psycopg.connect(url), _knock(port):
                return process
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{what} did not start")


def _knock(port: int):  # type: ignore[no-untyped-def]
    import socket

    return socket.create_connection(("127.0.0.1", port), timeout=1)


def _measure(port: int, path: str, secret: str, first: int) -> Sample:
    out = subprocess.run(
        [sys.executable, "-m", "bench.webhook_intake", "fire", str(port), path, str(first)],
        env={**os.environ, SECRET: secret}, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    durations, elapsed = json.loads(out.stdout)
    return summarize(durations, elapsed)


async def run() -> Report:
    """Measure both in turns."""
    with start_throwaway() as cluster:
        migrate(cluster.url)
        organization_id, made = await _prepare(cluster.app_url)
        port = int(os.environ.get("BENCH_PORT", "4490"))
        servers = [_start("ours", port, cluster.app_url, organization_id)]
        try:
            servers.append(_start("bare", port + 1, _open_url(cluster.admin_url), organization_id))
            numbers = iter(range(0, 10**9, EVENTS))
            for target in (port, port + 1):
                _measure(target, made.webhook_path, made.secret, next(numbers))
            pairs = [
                [_measure(target, made.webhook_path, made.secret, next(numbers)) for target in (port, port + 1)]
                for _ in range(ROUNDS)
            ]
        finally:
            for server in servers:
                server.terminate()
                server.wait()
        with psycopg.connect(cluster.admin_url) as connection:
            stored, jobs = connection.execute(
                "SELECT (SELECT count(*) FROM inbound_event), (SELECT count(*) FROM procrastinate_jobs)"
            ).fetchone() or (0, 0)
    expected = EVENTS * (ROUNDS + 1)
    row = Row(
        "signed call, stored with its job",
        _middle([pair[0] for pair in pairs]),
        _middle([pair[1] for pair in pairs]),
        "bare FastAPI, one INSERT",
        goal=">= yardstick/s, p99 < 100",
    )
    note = f"{stored} rows of {2 * expected} expected, {jobs} jobs of {expected} expected; {CLIENTS} clients."
    return Report("Webhook intake", [row], [note])


def _middle(samples: list[Sample]) -> Sample:
    return sorted(samples, key=lambda one: one.per_second)[len(samples) // 2]


def _open_url(url: str) -> str:
    return libpq_url(url)


async def _prepare(url: str):  # type: ignore[no-untyped-def]
    open_database(url)
    await open_queue(url)
    await hub.open_hub()
    async with system_unit_of_work() as session:
        made = await create_organization(
            session, name="Bench", owner_email="bench@exemplo.com.br", password="senha-do-bench"
        )
    actor = system_actor(made.id)
    async with unit_of_work(actor) as session:
        channel = await create_channel(
            session, actor, provider="waha", name="Bench", config={"base_url": "https://waha.example"}
        )
    await hub.close_hub()
    await close_queue()
    await close_database()
    return made.id, channel


def main() -> None:
    """Be the server or the clients that `run` starts."""
    what, port, *rest = sys.argv[1:]
    if what == "fire":
        asyncio.run(_fire(int(port), rest[0], os.environ[SECRET], int(rest[1])))
    else:
        asyncio.run(_serve(what, int(port), rest[0], rest[1]))


if __name__ == "__main__":
    main()
