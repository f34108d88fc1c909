"""The main job over WAHA: its webhooks in, its HTTP interface out, against the fake server."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from crm_app.core.database import unit_of_work
from crm_app.domains.channels import intake
from crm_app.domains.channels import service as channels
from crm_app.domains.channels.providers.base import InboundRequest
from crm_app.domains.inbox import service
from crm_app.domains.inbox.errors import TryLater
from crm_app.domains.inbox.models import AttachmentStatus, DeliveryStatus, Direction
from crm_app.domains.inbox.services.delivery import deliver_message
from tests.channels.conftest import waha
from tests.conftest import Tenant
from tests.fakes.waha import FakeWaha, Session
from tests.inbox.conftest import Desk
from tests.inbox.test_rules import PNG
from tests.inbox.tin import TinNetwork

__all__ = ["waha"]
CUSTOMER = "5541999990101"


@pytest_asyncio.fixture
async def talk(
    tenant: Tenant, network: TinNetwork, run_jobs: Any, waha: FakeWaha, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    """A paired WAHA channel whose webhooks reach our intake."""
    config = {"base_url": waha.base_url, "api_key": waha.api_key, "session": "default"}
    async with unit_of_work(tenant.owner) as session:
        made = await channels.create_channel(
            session, tenant.owner, provider="waha", name="Comercial", config=config, trusted=True
        )
    hook = {"url": made.webhook_path, "hmac": {"key": made.secret}}
    waha.sessions["default"] = Session("default", {"webhooks": [hook]}, "WORKING", {"id": waha.me})

    async def post_webhook(event: str, payload: dict[str, Any], session: str = "default") -> httpx.Response:
        _, body, headers = waha.webhook_call(event, payload, session)
        lower = {name.lower(): value for name, value in headers.items()}
        await intake.receive("waha", made.id, InboundRequest(body, lower))
        await run_jobs()
        return httpx.Response(200)

    monkeypatch.setattr(waha, "post_webhook", post_webhook)
    yield Desk(tenant, made.id, network, run_jobs)


async def test_the_main_job(talk: Desk, waha: FakeWaha) -> None:
    await waha.customer_writes(CUSTOMER, "Quanto custa?", file=(PNG, "image/png"), notifyName="Helena")
    (question,) = await talk.thread()
    assert question.attachments[0].status is AttachmentStatus.STORED
    sent = await talk.send("Mil reais")
    await talk.run_jobs()
    ours = waha.chats[f"{CUSTOMER}@c.us"][-1]
    await waha.post_webhook("message.any", ours)
    await waha.ack(ours["id"], 2)
    await waha.ack(ours["id"], 3)
    await waha.ack(ours["id"], 1)
    await waha.typed_on_phone(CUSTOMER, "Posso ligar?")
    assert [body["text"] for _, body in waha.sent] == ["Mil reais"]
    thread = await talk.thread()
    assert [(m.body, m.direction, m.from_phone) for m in thread] == [
        ("Quanto custa?", Direction.INBOUND, False),
        ("Mil reais", Direction.OUTBOUND, False),
        ("Posso ligar?", Direction.OUTBOUND, True),
    ]
    assert (await talk.call(service.get_message, message_id=sent.id)).status is DeliveryStatus.READ
    assert await talk.sql("SELECT count(*) FROM inbound_event WHERE status = 'failed'") == [(0,)]


@pytest.mark.parametrize("ignores_given_ids", [False, True])
async def test_a_connection_that_breaks_after_acceptance_sends_once(
    talk: Desk, waha: FakeWaha, ignores_given_ids: bool
) -> None:
    await waha.customer_writes(CUSTOMER, "Oi")
    waha.swallow_answers, waha.ignores_given_ids = 1, ignores_given_ids
    sent = await talk.send("Uma só vez")
    with pytest.raises(TryLater):
        await deliver_message(talk.system, message_id=sent.id)
    await deliver_message(talk.system, message_id=sent.id)
    assert len(waha.sent) == 1
    assert (await talk.call(service.get_message, message_id=sent.id)).status is DeliveryStatus.SENT


async def test_an_echo_settles_a_broken_connection(talk: Desk, waha: FakeWaha) -> None:
    await waha.customer_writes(CUSTOMER, "Oi")
    waha.swallow_answers = 1
    sent = await talk.send("Uma só vez")
    with pytest.raises(TryLater):
        await deliver_message(talk.system, message_id=sent.id)
    ours = waha.chats[f"{CUSTOMER}@c.us"][-1]
    await waha.post_webhook("message.any", ours)
    await deliver_message(talk.system, message_id=sent.id)
    assert len(waha.sent) == 1
    assert len(await talk.thread()) == 2
    assert (await talk.call(service.get_message, message_id=sent.id)).status is DeliveryStatus.SENT


async def test_a_hidden_id_becomes_the_person(talk: Desk, waha: FakeWaha) -> None:
    await waha.customer_writes(CUSTOMER, "Do número")
    waha.lids["77001@lid"] = f"{CUSTOMER}@c.us"
    await waha.customer_writes("77001@lid", "Do código")
    assert [message.body for message in await talk.thread()] == ["Do número", "Do código"]


async def test_an_unpaired_number_says_what_to_do(talk: Desk, waha: FakeWaha) -> None:
    await waha.customer_writes(CUSTOMER, "Oi")
    waha.sessions["default"].status = "SCAN_QR_CODE"
    sent = await talk.send("Oi")
    with contextlib.suppress(TryLater):
        await deliver_message(talk.system, message_id=sent.id)
    message = await talk.call(service.get_message, message_id=sent.id)
    assert message.error_key.startswith("errors.channels.")
    assert len(waha.chats[f"{CUSTOMER}@c.us"]) == 1
