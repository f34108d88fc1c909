"""The platform's area in a real browser: found by the login, an organization suspended and let in again."""

import os
import subprocess
import sys
from uuid import uuid4

import pytest
from playwright.async_api import expect

from crm_app.demo.platform import EMAIL
from crm_app.demo.seed import PASSWORD
from tests.browser.conftest import Open
from tests.browser.server import ROOT, Server

STRONG = "girafa-lilas-danca-42"
LOGIN = ("status of 401", "status of 403")


@pytest.fixture
def agency(server: Server) -> tuple[str, str]:
    """An organization of this test alone, on the running server: its name, and its owner's address."""
    mark = uuid4().hex[:8]
    name, email = f"Agência {mark}", f"dona-{mark}@exemplo.com.br"
    words = ("--name", name, "--owner-email", email, "--password", STRONG)
    environment = {**os.environ, "PRUMO_DATA_DIR": str(server.data_dir), "PRUMO_LOG_FORMAT": "json"}
    for variable in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(variable, None)
    subprocess.run(
        [sys.executable, "-m", "crm_app.cli", "create-organization", *words],
        cwd=ROOT, env=environment, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return name, email


async def test_suspended_and_let_in_again(open_window: Open, server: Server, agency: tuple[str, str]) -> None:
    name, email = agency
    owner = await open_window(None, "/login", expecting=LOGIN)
    await owner.fill("#email", email)
    await owner.fill("#password", STRONG)
    await owner.click("form button[type=submit]")
    await expect(owner.locator(".org-b")).to_contain_text(name)

    operator = await open_window(None, "/login", expecting=LOGIN)
    await operator.fill("#email", EMAIL)
    await operator.fill("#password", PASSWORD)
    await operator.click("form button[type=submit]")
    await expect(operator.locator("h1")).to_contain_text("Organizações")
    await expect(operator).to_have_url(f"{server.address}/platform")
    await operator.fill("input[type=search]", name)
    await operator.click(f"a.plt-row:has-text('{name}')")
    await expect(operator.locator(".plt-sheet")).to_contain_text(email)

    await operator.get_by_role("button", name="Mudar para Suspensa").click()
    await operator.fill("textarea[name=reason]", "Fatura de julho em aberto")
    await operator.get_by_role("button", name="Mudar estado").click()
    await expect(operator.locator(".plt-steps")).to_contain_text("Fatura de julho em aberto")

    await expect(owner.locator("h1")).to_contain_text("está suspensa")
    await expect(owner.locator(".sus-reason")).to_contain_text("Fatura de julho em aberto")
    await owner.goto("/inbox")
    await expect(owner).to_have_url(f"{server.address}/suspended")

    await operator.get_by_role("button", name="Mudar para Pagamento em aberto").click()
    await operator.fill("textarea[name=reason]", "Vai pagar na sexta")
    await operator.get_by_role("button", name="Mudar estado").click()
    await expect(owner.locator(".bar-note")).to_contain_text("pagamento em aberto")

    for page, words in (("/platform/usage", "Por estado"), ("/platform/health", "Banco de dados")):
        await operator.goto(page)
        await expect(operator.locator("main")).to_contain_text(words)
    await operator.goto("/platform/trail")
    await expect(operator.locator(".plt-trail")).to_contain_text("Vai pagar na sexta")


async def test_an_owner_finds_nothing_at_the_platform(open_window: Open, server: Server) -> None:
    page = await open_window("marina@horizonte.demo", "/platform")
    await expect(page.locator("main")).to_contain_text("Não há nada neste endereço")
    await page.goto("/platform/health")
    await expect(page.locator("main")).to_contain_text("Não há nada neste endereço")
