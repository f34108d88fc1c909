"""Alive, ready and numbers, as a load balancer and Prometheus see them."""

import os
import subprocess
import sys

import httpx
import psycopg
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from crm_app.api import health
from crm_app.api.observe import Observed
from crm_app.config import forget_settings, use_settings
from crm_app.core import checks
from crm_app.core.checks import Check
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.trace import current_trace_id


@pytest_asyncio.fixture
async def client(db: EmbeddedPostgres, tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PRUMO_DATA_DIR", str(tmp_path))
    forget_settings()
    with psycopg.connect(db.admin_url, autocommit=True) as connection:
        connection.execute("DELETE FROM procrastinate_jobs")  # what other tests have left is late by now
    app = FastAPI()
    app.include_router(health.router)

    @app.get("/api/echo/{word}")
    async def echo(word: str, request: Request) -> PlainTextResponse:
        if word == "boom":
            raise RuntimeError("boom")
        return PlainTextResponse(current_trace_id())

    transport = httpx.ASGITransport(app=Observed(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened
    forget_settings()


async def test_alive_asks_nothing_of_others(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "run_checks", None)
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_ready_on_a_migrated_database(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert answer.status_code == 200, answer.text
    assert answer.json()["not_ready"] == []
    assert {check["name"] for check in answer.json()["checks"]} == {
        "database",
        "migrations",
        "clock",
        "queue",
        "storage",
    }


async def test_not_ready_names_what_is_missing_and_tells_strangers_no_more(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "wanted_revision", lambda: "9999")
    use_settings(redis_url="redis://secret-host:1/0")
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["not_ready"] == ["migrations", "redis"]
    assert "secret-host" not in answer.text
    assert "9999" not in answer.text


async def test_a_check_that_hangs_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async def hang() -> Check:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(checks, "_TIMEOUT_SECONDS", 0.05)
    outcome = await checks._ask("database", hang)
    assert not outcome.ok
    assert outcome.key == "checks.no_answer"


async def test_metrics_count_requests_by_route_and_the_queue(client: httpx.AsyncClient) -> None:
    await client.get("/api/echo/one")
    await client.get("/api/echo/two")
    numbers = (await client.get("/metrics")).text
    assert 'prumo_http_request_seconds_count{method="GET",route="/api/echo/{word}",status="2xx"}' in numbers
    assert "/api/echo/one" not in numbers
    assert 'prumo_queue_jobs{status="todo"}' in numbers


async def test_metrics_may_be_closed_with_a_token(client: httpx.AsyncClient) -> None:
    use_settings(metrics_token="for-prometheus")
    assert (await client.get("/metrics")).status_code == 401
    wrong = {"Authorization": "Bearer é-errado"}
    assert (await client.get("/metrics", headers={k: v.encode() for k, v in wrong.items()})).status_code == 401
    right = {"Authorization": "Bearer for-prometheus"}
    assert (await client.get("/metrics", headers=right)).status_code == 200


async def test_the_trace_id_is_in_the_answer_and_a_proxys_is_kept(client: httpx.AsyncClient) -> None:
    fresh = await client.get("/api/echo/x")
    assert fresh.text == fresh.headers["x-request-id"]
    assert len(fresh.text) == 32
    given = await client.get("/api/echo/x", headers={"X-Request-ID": "proxy-4711-abc"})
    assert given.text == "proxy-4711-abc"


@pytest.mark.parametrize("bad", ["short", "x" * 65, "evil\u00e9-request", "with space in it"])
async def test_an_unsound_trace_id_is_replaced(client: httpx.AsyncClient, bad: str) -> None:
    answer = await client.get("/api/echo/x", headers={"X-Request-ID": bad.encode()})
    assert answer.text != bad
    assert len(answer.text) == 32


async def test_a_failure_is_counted_as_such(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/echo/boom")).status_code == 500
    numbers = (await client.get("/metrics")).text
    assert 'route="/api/echo/{word}",status="5xx"} 1.0' in numbers


def test_several_web_processes_add_up_their_numbers(tmp_path) -> None:
    program = (
        "from crm_app.core import metrics;"
        "metrics.facts.labels('message.created').inc(); metrics.websockets.inc();"
        "print(metrics.exposition().decode())"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for expected in ("1.0", "2.0"):
        ended = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        assert f'prumo_facts_total{{name="message.created"}} {expected}' in ended.stdout
