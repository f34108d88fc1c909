"""Visits in a real browser: an admin sees as a member sees; the platform's support looks, and is shown out."""

import re

import pytest
from playwright.async_api import Page, expect

from crm_app.demo.platform import EMAIL as OPERATOR
from tests.browser.conftest import Open

ADMIN, NAME = "camila@horizonte.demo", "Bruna Tavares"
ROUTE = "/settings/members"


async def begin(page: Page) -> None:
    """Choose "Ver como" in Bruna's row."""
    row = page.locator("li.mbr-row", has_text=NAME)
    await row.locator("button").last.click()
    await page.get_by_role("menuitem", name="Ver como", exact=True).click()
    await expect(page.locator(".stripe")).to_contain_text(f"Vendo como {NAME}")


@pytest.mark.parametrize("width", [1440, 390])
async def test_looking_through_a_sellers_eyes(open_window: Open, width: int) -> None:
    page = await open_window(ADMIN, ROUTE, width=width, height=844, fresh_session=True)
    await begin(page)
    await expect(page.locator(".stripe")).to_contain_text("somente leitura")

    await page.goto(ROUTE)
    await expect(page.locator("main")).to_contain_text("Esta tela não está no seu acesso")
    await page.goto("/contacts")
    await expect(page.locator(".stripe")).to_be_visible()
    refused = await page.request.get("/api/v1/contacts")
    assert (refused.status, (await refused.json())["code"]) == (403, "read_only")

    await page.goto("/inbox")
    await page.locator("[data-row] a, a.cv, .cv a, a[href^='/inbox/']").first.click()
    await expect(page).to_have_url(re.compile(r"/inbox/."))
    await expect(page.locator(".toast.error")).to_have_count(0)

    await page.locator(".stripe button").click()
    await page.wait_for_url(lambda url: "/inbox/" not in url)
    await expect(page.locator(".stripe")).to_have_count(0)
    await page.goto(ROUTE)
    await expect(page.locator("li.mbr-row").first).to_be_visible()


async def test_every_window_says_so(open_window: Open) -> None:
    page = await open_window(ADMIN, ROUTE, fresh_session=True)
    second = await page.context.new_page()
    await second.goto("/contacts")
    await expect(second.locator("main h1").first).to_have_text("Contatos")
    await begin(page)
    await expect(second.locator(".stripe")).to_contain_text(f"Vendo como {NAME}")
    await second.locator(".stripe button").click()
    await expect(page.locator(".stripe")).to_have_count(0)
    for window, left in ((page, ROUTE), (second, "/contacts")):  # a window that is under way closes badly
        await window.wait_for_url(lambda url, left=left: not url.endswith(left))
        await window.wait_for_load_state("networkidle")


async def test_support_looks_and_is_shown_out(open_window: Open) -> None:
    owner = await open_window("marina@horizonte.demo", "/contacts")
    operator = await open_window(OPERATOR, "/platform", fresh_session=True)
    await operator.locator("li > a.plt-row", has_text="Agência Horizonte").click()
    await operator.get_by_role("button", name="Entrar para ver").click()
    await operator.fill("textarea[name=reason]", "O canal não entrega")
    await operator.get_by_role("dialog").get_by_role("button", name="Entrar para ver").click()
    await expect(operator.locator(".stripe")).to_contain_text("como suporte")
    await expect(owner.locator(".stripe")).to_contain_text("O canal não entrega")

    await owner.locator(".stripe button").click()
    await expect(owner.locator(".stripe")).to_have_count(0)
    await expect(operator.locator(".stripe")).to_have_count(0)
    await operator.wait_for_load_state("networkidle")  # a window that is under way closes badly
