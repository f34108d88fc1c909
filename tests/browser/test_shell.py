"""The frame in a real browser: signing in and out, language, theme, connection, presence, lost addresses."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Open, demo_password, is_in

OWNER, SALES = "marina@horizonte.demo", "bruna@horizonte.demo"
NARROW = 390


async def fill_in(page: Page, email: str, password: str) -> None:
    """Fill the login form and send it."""
    await page.fill("#email", email)
    await page.fill("#password", password)
    await page.click("button[type=submit]")


async def open_own_menu(page: Page) -> None:
    """Open the menu of the signed-in person."""
    await page.click(".who")


@pytest.mark.parametrize("width", [1440, NARROW])
async def test_signing_in_leads_to_the_page_that_was_wanted(open_window: Open, width: int) -> None:
    page = await open_window(None, "/contacts", width=width)
    await expect(page).to_have_url(re.compile(r"/login\?next="))
    await page.click("text=Marina Duarte")
    assert await page.input_value("#email") == OWNER
    assert await page.input_value("#password") == demo_password(OWNER)
    await page.click("button[type=submit]")
    await expect(page).to_have_url(re.compile(r"^[^?]*/contacts/?$"))
    await expect(page.locator("main h1").first).to_have_text("Contatos")


async def test_a_wrong_password_is_said_and_what_was_typed_stays(open_window: Open) -> None:
    page = await open_window(None, "/login", expecting=("status of 401",))
    async with page.expect_response("**/api/auth/login") as answer:
        await fill_in(page, OWNER, "errada-errada")
    assert (await answer.value).status == 401
    await expect(page.locator("form [role=alert]")).to_have_text("E-mail ou senha não conferem.")
    assert await page.input_value("#email") == OWNER
    assert await page.input_value("#password") == "errada-errada"
    await page.click("text=English")
    await expect(page.locator("form [role=alert]")).to_have_text("E-mail or password do not match.")


async def test_a_form_sent_before_the_page_is_alive_waits_and_shows_no_password(open_window: Open) -> None:
    page = await open_window(None, "/login")
    released = asyncio.Event()

    async def late(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await page.route("**/assets/entry.client*", late)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto("/login", wait_until="commit")
    await fill_in(page, OWNER, demo_password(OWNER))
    await page.wait_for_selector("html:not(.alive)", state="attached")
    released.set()
    await is_in(page, "/inbox")
    assert not [url for url in asked if "password" in url]


async def test_language_and_theme_change_without_a_reload_and_stay(open_window: Open) -> None:
    page = await open_window(SALES, "/contacts")
    await is_in(page)
    await page.evaluate("window.neverReloaded = true")
    await open_own_menu(page)
    await page.click("text=English")
    await expect(page.locator(".nav .ni").first).to_have_attribute("title", "Conversations")
    await expect(page).to_have_title("Contacts · Prumo")
    await open_own_menu(page)
    await page.click("text=Dark")
    await expect(page.locator("html")).to_have_class(re.compile(r"\bdark\b"))
    assert await page.evaluate("window.neverReloaded")
    await page.reload()
    await expect(page.locator(".nav .ni").first).to_have_attribute("title", "Conversations")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await open_own_menu(page)
    await page.click("text=Português")
    await expect(page).to_have_title("Contatos · Prumo")


async def test_the_navigation_stays_narrow_when_it_was_folded(open_window: Open) -> None:
    page = await open_window(OWNER, "/contacts")
    await page.hover(".org")
    await page.click(".fold")
    await expect(page.locator("html")).to_have_class(re.compile("nav-rail"))
    await page.reload()
    await expect(page.locator("html")).to_have_class(re.compile("nav-rail"))
    box = await page.locator(".nav").bounding_box()
    assert box is not None
    assert box["width"] <= 56


async def test_colleagues_are_visible_while_they_are_here(open_window: Open) -> None:
    mine = await open_window(OWNER, "/contacts")
    theirs = await open_window(SALES, "/contacts")
    await expect(mine.locator(".nav-avs .av[title='Bruna Tavares']")).to_be_visible()
    await theirs.close()
    await expect(mine.locator(".nav-avs .av[title='Bruna Tavares']")).to_be_hidden()


async def test_a_lost_connection_is_told_and_comes_back(open_window: Open) -> None:
    page = await open_window(OWNER, "/contacts", expecting=("ERR_INTERNET_DISCONNECTED", "WebSocket"))
    await is_in(page)
    await page.context.set_offline(True)
    await expect(page.locator(".offline")).to_contain_text("Reconectando")
    await page.context.set_offline(False)
    await expect(page.locator(".offline")).to_be_hidden()


async def test_logging_out_everywhere_closes_the_other_windows(open_window: Open) -> None:
    here = await open_window("camila@horizonte.demo", "/contacts", fresh_session=True)
    there = await open_window("camila@horizonte.demo", "/contacts", fresh_session=True)
    await is_in(there)
    await open_own_menu(here)
    await here.click("text=Sair de todos os aparelhos")
    await expect(here).to_have_url(re.compile(r"/login"))
    await expect(there).to_have_url(re.compile(r"/login"))


async def test_an_address_that_leads_nowhere_says_so(open_window: Open) -> None:
    page = await open_window(OWNER, "/nothing/here", expecting=("status of 404",))
    await expect(page.locator("h1")).to_have_text("Não há nada neste endereço")
    await page.click("text=Ir para o início")
    await expect(page).to_have_url(re.compile(r"/inbox"))


BREAK = """language => {
    const { DateTimeFormat, RelativeTimeFormat } = Intl;
    const broken = (Real) => function (asked, options) {
        if (asked === language) throw Error('made to break');
        return new Real(asked, options);
    };
    Intl.DateTimeFormat = broken(DateTimeFormat);
    Intl.RelativeTimeFormat = broken(RelativeTimeFormat);
}"""
"""Makes the first text with a date in that language throw while the page is drawn."""


async def test_a_screen_that_breaks_says_so_and_can_be_loaded_again(open_window: Open) -> None:
    page = await open_window(OWNER, "/contacts", expecting=("made to break",))
    await page.wait_for_selector(".ct-tb tbody tr")
    await open_own_menu(page)
    await page.evaluate(BREAK, "en")
    await page.click("text=English")
    await expect(page.locator(".crash h1")).to_have_text("This screen stopped working")
    await page.get_by_role("button", name="Reload", exact=True).click()
    await expect(page.locator("main h1").first).to_have_text("Contacts")
    await page.wait_for_selector(".ct-tb tbody tr")
    await open_own_menu(page)
    await page.evaluate(BREAK, "pt-BR")
    await page.click("text=Português")
    await expect(page.locator(".crash h1")).to_have_text("Esta tela parou de funcionar")
    await page.get_by_role("button", name="Recarregar", exact=True).click()
    await expect(page.locator("main h1").first).to_have_text("Contatos")


@pytest.mark.parametrize("path", ["/inbox", "/board", "/contacts", "/dashboard", "/settings/channels"])
async def test_no_screen_is_wider_than_a_phone(open_window: Open, path: str) -> None:
    page = await open_window(OWNER, path, width=NARROW, height=844, touch=True)
    await page.wait_for_selector(".tabbar")
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW
    await page.click(".tabbar > button")
    await expect(page.get_by_role("menuitem", name="Sair", exact=True)).to_be_visible()


async def test_pages_carry_a_policy_that_the_browser_finds_kept(open_window: Open) -> None:
    page = await open_window(OWNER, "/contacts")
    answer = await page.reload()
    assert answer is not None
    await is_in(page)
    policy = answer.headers["content-security-policy"]
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
