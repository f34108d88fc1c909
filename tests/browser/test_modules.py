"""Modules and limits in a real browser: what the owner is told, on a wide screen and on a telephone."""

import pytest
from playwright.async_api import expect

from crm_app.domains.plans.registry import LIMITS, MODULES
from tests.browser.conftest import Open

OWNER = "marina@horizonte.demo"
ROUTE = "/settings/modules"


@pytest.mark.parametrize("width", [1440, 390])
async def test_the_owner_sees_plan_limits_and_every_module(open_window: Open, width: int) -> None:
    page = await open_window(OWNER, ROUTE, width=width)
    await expect(page.locator(".mdl-plan")).to_have_text("Completo")
    await expect(page.locator(".mdl-meter")).to_have_count(len(LIMITS))
    await expect(page.locator(".mdl-meter").first).to_contain_text("sem limite")
    rows = page.locator(".mdl-row")
    await expect(rows).to_have_count(len(MODULES))
    await expect(rows.filter(has_text="Para todos")).to_have_count(len(MODULES))
    await expect(rows.filter(has_text="Login único")).to_contain_text("Incluído no plano")
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
