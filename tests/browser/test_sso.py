"""Single sign-on in Chromium: an owner sets the provider up, and somebody comes in through it."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.server import Server
from tests.fakes.oidc import CLIENT_ID, CLIENT_SECRET, FakeProvider

MARINA = "marina@horizonte.demo"
SLUG = "agencia-horizonte"


@pytest.fixture
def provider(server: Server) -> Iterator[FakeProvider]:
    """A provider that knows our address."""
    with FakeProvider([f"{server.address}/api/auth/sso/callback"]) as running:
        running.person.email = f"ana-{time.time_ns()}@agencia.example"
        yield running


async def test_an_owner_sets_it_up_and_a_new_person_comes_in(open_window: Any, provider: FakeProvider) -> None:
    page = await open_window(MARINA, "/settings/sso")
    await page.locator("[name=preset]").select_option("other")
    await page.locator("[name=issuer]").fill(provider.issuer + "/nowhere")
    await page.locator("[name=client_id]").fill(CLIENT_ID)
    await page.locator("[name=client_secret]").fill(CLIENT_SECRET)
    await page.locator("[name=domains]").fill("agencia.example")
    await page.get_by_label("entra sem convite").check()
    save = page.get_by_role("button", name="Verificar e salvar")
    await save.click()
    await expect(page.locator(".co-al[role=alert]")).to_contain_text("127.0.0.1 não respondeu como esperado")
    await expect(page.locator("[name=domains]")).to_have_value("agencia.example")
    await page.locator("[name=issuer]").fill(provider.issuer)
    await page.locator("[name=client_secret]").fill(CLIENT_SECRET)
    await save.click()
    await expect(page.get_by_text("Login único salvo.")).to_be_visible()
    assert CLIENT_SECRET not in await page.content()

    newcomer = await open_window(None, "/login")
    await newcomer.get_by_role("link", name="Entrar com login único").click()
    await newcomer.locator("#slug").fill(SLUG)
    await newcomer.get_by_role("button", name="Continuar").click()
    await expect(newcomer).to_have_url(re.compile(r"/inbox|/$"))
    await expect(newcomer.get_by_role("navigation").first).to_be_visible()

    await page.get_by_role("button", name="Remover").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remover").click()
    await expect(page.get_by_text("Login único removido")).to_be_visible()


async def test_who_is_turned_away_is_told_why(open_window: Any) -> None:
    page = await open_window(None, "/sso")
    await page.locator("#slug").fill("nao-existe")
    await page.get_by_role("button", name="Continuar").click()
    await expect(page.locator(".co-al[role=alert]")).to_have_text(
        "Esta organização não usa login único, ou o endereço está errado."
    )
    await expect(page.locator("#slug")).to_have_value("nao-existe")
