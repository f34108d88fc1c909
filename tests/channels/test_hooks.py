"""The webhook's address over HTTP: what is answered to good and bad calls."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from crm_app.api.hooks import receive as hooks
from crm_app.api.hooks.receive import router
from crm_app.core.limits import Throttle
from crm_app.domains.channels import intake
from crm_app.domains.channels.providers.waha.webhook import signature
from tests.channels.conftest import MakeChannel
from tests.channels.test_intake import message_body
from tests.conftest import Tenant


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The API alone, called without a network."""
    api = FastAPI()
    api.include_router(router)
    transport = httpx.ASGITransport(api)
    async with httpx.AsyncClient(transport=transport, base_url="http://prumo.test") as opened:
        yield opened


def signed(secret: str, body: bytes) -> dict[str, Any]:
    return {"content": body, "headers": {"X-Webhook-Hmac": signature(body, secret)}}


async def test_stored_then_known(client: httpx.AsyncClient, make_channel: MakeChannel) -> None:
    channel = await make_channel("waha")
    call = signed(channel.secret, message_body(1))
    answers = [await client.post(channel.webhook_path, **call) for _ in range(2)]
    assert [(one.status_code, one.json()) for one in answers] == [
        (200, {"status": "stored"}),
        (200, {"status": "duplicate"}),
    ]


@pytest.mark.parametrize("body", [b"", b"not json", b"[1, 2]", b"\x00\x01", b'{"event": "never.heard.of"}'])
async def test_a_signed_call_is_always_taken(
    client: httpx.AsyncClient, make_channel: MakeChannel, body: bytes
) -> None:
    channel = await make_channel("waha")
    answer = await client.post(channel.webhook_path, **signed(channel.secret, body))
    assert answer.status_code == 200


async def test_refusals_are_problems(client: httpx.AsyncClient, make_channel: MakeChannel) -> None:
    channel = await make_channel("waha")
    body = message_body(1)
    refusals = {
        401: await client.post(channel.webhook_path, content=body),
        404: await client.post(f"/hooks/waha/{uuid4()}", **signed(channel.secret, body)),
        413: await client.post(channel.webhook_path, **signed(channel.secret, b"x" * (intake.MAX_BODY + 1))),
    }
    for status, answer in refusals.items():
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
    for path in ("/hooks/waha/not-an-id", f"/hooks/nobody/{channel.id}", f"/hooks/simulator/{channel.id}"):
        assert (await client.post(path, **signed(channel.secret, body))).status_code == 404


WORDS = {
    "pt-BR": {
        401: ("Assinatura recusada", "A assinatura da chamada não confere."),
        404: ("Não encontrado", "Nenhum canal responde neste endereço."),
        413: ("Grande demais", "A chamada é grande demais: o limite é 10.485.760 bytes."),
    },
    "en": {
        401: ("Signature refused", "The call's signature does not match."),
        404: ("Not found", "No channel answers at this address."),
        413: ("Too large", "The call is too large: the limit is 10,485,760 bytes."),
    },
}


@pytest.mark.parametrize("language", WORDS)
async def test_refusals_speak_the_callers_language(
    client: httpx.AsyncClient, make_channel: MakeChannel, language: str
) -> None:
    channel = await make_channel("waha")
    client.headers["accept-language"] = language
    large = b"x" * (intake.MAX_BODY + 1)
    answers = [
        await client.post(channel.webhook_path, **signed("wrong", message_body(1))),
        await client.post(f"/hooks/waha/{uuid4()}", **signed(channel.secret, message_body(1))),
        await client.post(channel.webhook_path, **signed(channel.secret, large)),
    ]
    told = {one.status_code: (one.json()["title"], one.json()["detail"]) for one in answers}
    assert told == WORDS[language]
    assert {one.headers["content-language"] for one in answers} == {language}


@pytest.mark.parametrize("body", [b"not json", b"[1, 2]"])
async def test_without_a_signature_a_body_is_not_even_read(
    client: httpx.AsyncClient, make_channel: MakeChannel, body: bytes
) -> None:
    channel = await make_channel("waha")
    answer = await client.post(channel.webhook_path, content=body, headers={"accept-language": "en"})
    assert (answer.status_code, answer.json()["title"]) == (401, "Signature refused")
    assert answer.headers.get_list("www-authenticate") == ['Signature realm="prumo-hooks"']


async def test_an_undeclared_flood_is_cut(client: httpx.AsyncClient, make_channel: MakeChannel) -> None:
    channel = await make_channel("waha")
    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b"x" * 1024 * 1024

    answer = await client.post(channel.webhook_path, content=flood())
    assert answer.status_code == 413
    assert sent <= 12


async def test_a_large_but_allowed_body(client: httpx.AsyncClient, make_channel: MakeChannel) -> None:
    channel = await make_channel("waha")
    body = message_body(1, body="a" * (intake.MAX_BODY - 1000))
    assert (await client.post(channel.webhook_path, **signed(channel.secret, body))).status_code == 200


async def test_no_handshake_where_the_vendor_has_none(
    client: httpx.AsyncClient, make_channel: MakeChannel
) -> None:
    channel = await make_channel("waha")
    answer = await client.get(channel.webhook_path, params={"hub.mode": "subscribe", "hub.challenge": "1"})
    assert answer.status_code == 401


async def test_a_database_that_is_away_asks_for_a_retry(
    client: httpx.AsyncClient, make_channel: MakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = await make_channel("waha")
    body = message_body(1)
    await client.post(channel.webhook_path, **signed(channel.secret, body))

    async def away(_connection: Any, _events: Any) -> set[Any]:
        raise TimeoutError

    monkeypatch.setattr(intake, "_commit", away)
    answer = await client.post(channel.webhook_path, **signed(channel.secret, message_body(2)))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_the_secret_is_not_told(tenant: Tenant, make_channel: MakeChannel) -> None:
    channel = await make_channel("waha")
    assert channel.secret not in repr(channel)


async def test_strangers_are_told_to_stop(
    client: httpx.AsyncClient, make_channel: MakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = await make_channel("waha")
    monkeypatch.setattr(hooks, "_strangers", Throttle(f"test-{uuid4()}", "3/minute"))
    answers = [await client.post(channel.webhook_path, content=b"x") for _ in range(5)]
    assert [one.status_code for one in answers] == [401, 401, 401, 429, 429]
    good = await client.post(channel.webhook_path, **signed(channel.secret, message_body(1)))
    assert good.status_code == 200
