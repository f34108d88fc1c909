"""The dashboard in a real browser: charts are drawn, follow language and theme, and stay out of other pages."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PATIENCE, Open

OWNER = "marina@horizonte.demo"
CHARTS = 7
PLOTLY = re.compile(r"plotly")


async def wait_for_charts(page: Page) -> None:
    """Wait until every chart is drawn."""
    await expect(page.locator(".dash .js-plotly-plot .main-svg:first-child")).to_have_count(
        CHARTS, timeout=2 * PATIENCE
    )


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
async def test_all_charts_are_drawn_and_nothing_sticks_out(open_window: Open, width: int, dark: bool) -> None:
    page = await open_window(OWNER, "/dashboard", width=width, dark=dark, touch=width < 640)
    await wait_for_charts(page)
    await expect(page.locator(".heat .sq").first).to_be_visible()
    await expect(page.locator(".rank tbody tr")).to_have_count(4)
    too_wide = await page.evaluate(
        "[...document.querySelectorAll('.dash *')].filter(e => !e.closest('svg, .seg, .fig-table') &&"
        " e.getBoundingClientRect().right > innerWidth + 1).map(e => e.className)"
    )
    assert too_wide == []


async def test_language_and_theme_change_charts_without_a_reload(open_window: Open) -> None:
    page = await open_window(OWNER, "/dashboard")
    await wait_for_charts(page)
    await page.evaluate("window.neverReloaded = true")
    bar = page.locator(".fig.new_deals .bars .point path").first
    light = await bar.evaluate("bar => getComputedStyle(bar).fill")
    await page.click(".who")
    await page.click("[role=menu] >> text=Escuro")
    await expect(page.locator("html")).to_have_class(re.compile(r"\bdark\b"))
    await expect(bar).not_to_have_css("fill", light)
    await page.click(".who")
    await page.click("text=English")
    await expect(page.locator("main h1").first).to_have_text("Analytics")
    await expect(page.locator(".fig.conversion .annotation-text").first).to_have_text("Lead to Contato")
    assert await page.evaluate("window.neverReloaded")
    await page.click(".who")
    await page.click("text=Português")
    await page.click(".who")
    await page.click("[role=menu] >> text=Como no aparelho")
    await expect(page.locator(".fig.conversion .annotation-text").first).to_have_text("Lead para Contato")


async def test_a_period_a_person_and_a_table(open_window: Open) -> None:
    page = await open_window(OWNER, "/dashboard")
    await wait_for_charts(page)
    await page.click(".dash-usual >> text=7 dias")
    switch = page.locator("section", has=page.locator("h3", has_text="Mensagens por dia")).locator("button")
    await switch.click()
    await expect(page.locator(".fig.messages tbody tr")).to_have_count(7)
    await page.click("text=Toda a equipe")
    await page.click("[role=menuitem] >> text=Bruna Tavares")
    await expect(page.locator(".rank tbody tr")).to_have_count(1)
    await expect(page.locator(".fig.messages tbody tr")).to_have_count(7)
    await switch.click()
    await expect(page.locator(".fig.messages .main-svg").first).to_be_visible()


async def test_days_of_ones_own(open_window: Open) -> None:
    page = await open_window(OWNER, "/dashboard")
    await wait_for_charts(page)
    await page.locator(".hd .btn.num").click()
    await page.fill("input[name=start]", "2026-01-10")
    await page.fill("input[name=end]", "2026-01-05")
    await page.click("text=Aplicar")
    await expect(page.locator(".days-form [role=alert]")).to_contain_text("antes do começo")
    await page.fill("input[name=end]", "2026-01-20")
    await page.click("text=Aplicar")
    await expect(page.locator(".hd .btn.num")).to_contain_text("10 a 20 de janeiro")


async def test_only_the_dashboard_loads_plotly(open_window: Open) -> None:
    page = await open_window(None, "/login")
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    await page.reload()
    await page.wait_for_load_state("networkidle")
    other = await open_window(OWNER, "/board")
    other.on("request", lambda request: loaded.append(request.url))
    for path in ("/board", "/inbox", "/contacts"):
        await other.goto(path)
        await other.wait_for_load_state("networkidle")
    assert not [url for url in loaded if PLOTLY.search(url)]
    await other.goto("/dashboard")
    await wait_for_charts(other)
    assert len({url for url in loaded if PLOTLY.search(url)}) == 1
