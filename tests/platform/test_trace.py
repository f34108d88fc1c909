"""One id from the vendor's call through the job to what reaches the browser, also when calls share a commit."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import structlog

from crm_app.api.app import build_api
from crm_app.api.observe import Observed
from crm_app.core import hub
from crm_app.core.database import unit_of_work
from crm_app.domains.channels import service
from crm_app.domains.channels.providers.waha.webhook import signature
from tests.channels.conftest import WAHA_CONFIG
from tests.channels.test_intake import message_body
from tests.conftest import Tenant


async def test_a_request_id_is_followed_to_the_fact(
    tenant: Tenant, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    async with unit_of_work(tenant.owner) as session:
        channel = await service.create_channel(
            session, tenant.owner, provider="waha", name="WhatsApp", config=WAHA_CONFIG
        )
    facts: list[dict[str, Any]] = []

    async def keep(fact: dict[str, Any]) -> None:
        facts.append(fact)

    stop = hub.listen(keep)
    transport = httpx.ASGITransport(Observed(build_api()))
    ids = [f"vendor-call-{number}" for number in range(8)]
    try:
        with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as lines:
            async with httpx.AsyncClient(transport=transport, base_url="http://prumo.test") as client:

                async def call(number: int) -> httpx.Response:
                    body = message_body(number)
                    headers = {"X-Webhook-Hmac": signature(body, channel.secret), "X-Request-ID": ids[number]}
                    return await client.post(channel.webhook_path, content=body, headers=headers)

                answers = await asyncio.gather(*(call(number) for number in range(len(ids))))
            await run_jobs()
        await hub.drain()
    finally:
        stop()
    assert [answer.headers["x-request-id"] for answer in answers] == ids
    received = [fact for fact in facts if fact["name"] == "message.received"]
    assert sorted(fact["trace_id"] for fact in received) == ids
    assert {line["trace_id"] for line in lines if line["event"] == "request"} == set(ids)
