"""Two factors in Chromium: the app, passkeys of its virtual authenticator, and a session ended from elsewhere."""

import asyncio
import re
from datetime import timedelta

import pyotp
import pytest
from playwright.async_api import Page, expect

from crm_app.core.clock import utc_now
from tests.browser.conftest import Open, demo_password, is_in, lose_session
from tests.browser.test_shell import fill_in

PERSON = "rafael@horizonte.demo"
ROUTE = "/settings/profile"


async def give_device(page: Page) -> None:
    """Give a window a device with a fingerprint reader whose owner always agrees (WebDriver's virtual one)."""
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def sign_in_with_password(page: Page) -> None:
    """Type e-mail and password."""
    await fill_in(page, PERSON, demo_password(PERSON))


async def remove_everything(page: Page) -> None:
    """Take the factors away again: the other tests sign in with the password."""
    await page.goto(ROUTE)
    await page.wait_for_selector(".prf")
    menus = page.get_by_role("button", name=re.compile("^Ações de"))
    while await menus.count():
        left = await menus.count()
        await menus.first.click()
        await page.get_by_role("menuitem", name="Remover").click()
        await page.get_by_role("dialog").get_by_role("button", name="Remover").click()
        await expect(menus).to_have_count(left - 1)
    app = page.locator(".prf-l", has_text="Aplicativo autenticador").get_by_role("button", name="Remover")
    if await app.count():
        await app.click()
        await page.get_by_role("dialog").get_by_role("button", name="Remover").click()
        await expect(app).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
async def test_a_passkey_opens_as_second_factor_and_alone(open_window: Open, width: int) -> None:
    page = await open_window(
        PERSON, ROUTE, width=width, fresh_session=True, expecting=("status of 401", "status of 403")
    )
    await give_device(page)
    await page.get_by_role("button", name="Adicionar chave de acesso").click()
    await page.fill("#passkey-name", "Notebook da agência")
    await page.get_by_role("button", name="Continuar no aparelho").click()
    await expect(page.locator(".prf-codes li")).to_have_count(10)
    await page.get_by_role("button", name="Já guardei").click()
    await expect(page.locator(".prf-l", has_text="Notebook da agência")).to_contain_text("ainda sem uso")

    await lose_session(page)
    await page.goto("/login")
    await sign_in_with_password(page)
    await expect(page.locator("h1")).to_have_text("Confirme que é você")
    await page.locator("button.pri", has_text="Usar a chave de acesso").click()
    await is_in(page, "/inbox")

    await lose_session(page)
    await page.goto("/login")
    await page.get_by_role("button", name="Entrar com chave de acesso").click()
    await is_in(page, "/inbox")
    await page.goto(ROUTE)
    await expect(page.locator(".prf-l", has_text="Notebook da agência")).to_contain_text("último uso")
    await remove_everything(page)


async def test_the_app_is_set_up_by_what_the_screen_shows_and_then_asked_for(open_window: Open) -> None:
    page = await open_window(PERSON, ROUTE, fresh_session=True, expecting=("status of 401", "status of 422"))
    await page.get_by_role("button", name="Configurar").click()
    await expect(page.locator(".prf-qr img")).to_be_visible()
    assert await page.evaluate("document.querySelector('.prf-qr img').naturalWidth") > 0
    secret = (await page.inner_text(".prf-secret")).replace(" ", "")
    code = pyotp.TOTP(secret)
    # The step before, so that the present one is still good for signing in.
    await page.fill("[name=code]", code.at(utc_now() - timedelta(seconds=30)))
    await page.get_by_role("dialog").get_by_role("button", name="Confirmar").click()
    recovery = (await page.locator(".prf-codes code").first.inner_text()).strip()
    await page.get_by_role("button", name="Já guardei").click()
    assert secret not in await page.content()

    await lose_session(page)
    await page.goto("/login?next=%2Fcontacts")
    await sign_in_with_password(page)
    await page.fill("#code-totp", "000000")
    await page.get_by_role("button", name="Confirmar").click()
    await expect(page.locator("form [role=alert]")).to_contain_text("não confere")
    await page.fill("#code-totp", code.now())
    await page.get_by_role("button", name="Confirmar").click()
    await is_in(page, "/contacts")

    await lose_session(page)
    await page.goto("/login")
    await sign_in_with_password(page)
    await page.get_by_role("button", name="Usar um código de recuperação").click()
    await page.fill("#code-recovery", recovery)
    await page.get_by_role("button", name="Confirmar").click()
    await is_in(page, "/inbox")
    await page.goto(ROUTE)
    await expect(page.locator(".prf-l", has_text="Códigos de recuperação")).to_contain_text("Restam 9 códigos")
    await remove_everything(page)


async def test_a_session_is_ended_from_another_window(open_window: Open) -> None:
    here = await open_window(PERSON, ROUTE, fresh_session=True)
    there = await open_window(PERSON, "/contacts", fresh_session=True)
    await is_in(there)
    await here.reload()
    rows = here.locator("section", has_text="Onde você está conectado").locator("li")
    await expect(rows.first).to_contain_text("Este aparelho")
    await asyncio.gather(
        expect(there).to_have_url(re.compile(r"/login")),
        here.get_by_role("button", name="Encerrar as outras").click(),
    )
    await expect(rows).to_have_count(1)
    await expect(here.locator(".who")).to_be_visible()


async def test_a_device_that_does_not_agree_changes_nothing(open_window: Open) -> None:
    page = await open_window(PERSON, ROUTE, fresh_session=True)
    await page.evaluate(
        "() => { navigator.credentials.create = () => Promise.reject(new DOMException('no', 'NotAllowedError')) }"
    )
    await page.get_by_role("button", name="Adicionar chave de acesso").click()
    await page.get_by_role("button", name="Continuar no aparelho").click()
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("não confirmou")
    await page.keyboard.press("Escape")
    await expect(page.locator("text=Nenhuma chave ainda.")).to_be_visible()
