"""From a stranger's first click to the first steps, with letters over a real mail server; and a lost password."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, lose_session
from tests.browser.server import Server, running_server
from tests.mail.server import MailServer, running

ADDRESS = "nina@nova.com.br"
FIRST, SECOND = "abacaxi azul voador", "quatro gatos no telhado"


@pytest_asyncio.fixture
async def mail() -> AsyncIterator[MailServer]:
    """A mail server of this test."""
    async with running() as server:
        yield server


@pytest_asyncio.fixture
async def own_server(mail: MailServer, tmp_path: Path) -> AsyncIterator[Server]:
    """Prumo without the demo, open to strangers, with the mail server."""
    environment = {
        "PRUMO_DEMO": "0",
        "PRUMO_SIGNUP": "open",
        "PRUMO_SMTP_URL": f"smtp://127.0.0.1:{mail.port}?tls=none",
        "PRUMO_MAIL_FROM": "Prumo <crm@agencia.com.br>",
    }
    with running_server(tmp_path / "data", **environment) as server:
        yield server


@pytest_asyncio.fixture
async def page(own_server: Server, browser: Browser) -> AsyncIterator[Page]:
    """A stranger's window in Manaus."""
    context = await browser.new_context(
        base_url=own_server.address,
        locale="pt-BR",
        timezone_id="America/Manaus",
        viewport={"width": 1440, "height": 900},
    )
    context.set_default_timeout(PATIENCE)
    yield await context.new_page()
    await context.close()


async def link_in_letter(page: Page, mail: MailServer, number: int) -> str:
    """Wait for a letter and return its link."""
    while len(mail.taken) < number:
        await page.wait_for_timeout(50)
    plain = mail.taken[number - 1].get_body(("plain",))
    assert plain
    found = re.search(r"https?://\S+#\S+", plain.get_content())
    assert found
    return found[0]


async def ask_for_link(page: Page, path: str) -> None:
    """Ask for a letter, and read that it may be on its way."""
    await page.goto(path)
    await page.fill("#email", ADDRESS)
    await page.click("button[type=submit]")
    await expect(page.locator(".ac-notice h1")).to_have_text("Confira seu e-mail")


async def test_a_stranger_founds_an_organization_and_recovers_the_password(page: Page, mail: MailServer) -> None:
    await page.goto("/login")
    await page.click("text=Criar conta")
    await ask_for_link(page, "/signup")
    link = await link_in_letter(page, mail, 1)
    await page.request.get(link)  # the mail scanner was here first
    await page.goto(link)
    await expect(page.locator(".lead")).to_contain_text(ADDRESS)
    await page.fill("#name", "Nina Prado")
    await page.fill("#organization", "Agência São João")
    await expect(page.locator("#slug")).to_have_value("agencia-sao-joao")
    await expect(page.locator("#time_zone")).to_have_value("America/Manaus")
    await page.fill("#password", "mudar123")
    await expect(page.locator("#password-hint")).to_contain_text("muito comum")
    await page.fill("#password", FIRST)
    await expect(page.locator("#password-hint")).to_have_text("Boa senha.")
    await page.click("button[type=submit]")

    await expect(page).to_have_url(re.compile("/first-steps"))
    await expect(page.locator(".fs-h")).to_have_text("Vamos pôr Agência São João no prumo")
    await expect(page.locator(".fs-row").nth(0)).to_contain_text("Feito")  # the address is confirmed
    await expect(page.locator(".fs-row.now")).to_contain_text("Conectar um número")
    await page.click("text=Pular por agora")
    await expect(page).to_have_url(re.compile("/inbox"))

    await lose_session(page)
    await ask_for_link(page, "/forgot")
    link = await link_in_letter(page, mail, 2)
    await page.goto(link)
    await page.fill("#password", SECOND)
    await page.click("button[type=submit]")
    await expect(page).to_have_url(re.compile("/inbox"))
    await lose_session(page)
    await page.goto(link)  # used up
    await expect(page.locator(".ac-notice p").first).to_contain_text("já foi usado")
