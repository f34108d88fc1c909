"""The platform's plans in a real browser: one is made, given to an organization, changed and removed."""

import pytest
from playwright.async_api import Locator, Page, expect

from crm_app.demo.platform import EMAIL
from tests.browser.conftest import Open
from tests.browser.test_platform import agency
from tests.life_cycle.operators import unique

__all__ = ["agency"]

ROUTE = "/platform/plans"


def button(page: Page, name: str) -> Locator:
    """Return the button of that name which can be seen."""
    return page.get_by_role("button", name=name, exact=True)


async def press(page: Page, name: str) -> None:
    """Press the button of that name which can be seen."""
    await button(page, name).click()


async def save(page: Page, told: str) -> None:
    """Save what was looked at, and wait until it is said."""
    await press(page, "Salvar")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator(".toast").filter(has_text=told).first).to_be_visible()


async def give(page: Page, organization: str, plan: str) -> None:
    """Give an organization a plan on its sheet."""
    await page.goto("/platform")
    await page.fill("input[type=search]", organization)
    await page.click(f"a.plt-row:has-text('{organization}')")
    await press(page, "Mudar de plano")
    await page.locator("select[name=plan]").select_option(label=plan)
    await page.fill("input[name=reason]", "Pediu outro plano")
    await press(page, "Salvar")
    await expect(page.locator(".plt-value").filter(has_text=plan)).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
async def test_a_plan_from_its_first_day_to_its_last(
    open_window: Open, agency: tuple[str, str], width: int
) -> None:
    name = unique("Plano")
    page = await open_window(EMAIL, ROUTE, width=width, touch=width < 640)
    dialog = page.get_by_role("dialog")
    await press(page, "Novo plano")
    await page.locator("input[name=name]").press_sequentially(name)
    await expect(page.locator("input[name=key]")).to_have_value(name.lower())
    await page.locator("input[name=module_analytics]").check()
    await page.fill("input[name=limit_members]", "muitos")
    await press(page, "Conferir")
    await expect(dialog.get_by_role("alert")).to_contain_text("Use um número inteiro")
    await expect(page.locator("input[name=name]")).to_have_value(name)
    await page.fill("input[name=limit_members]", "4")
    await press(page, "Conferir")
    await expect(dialog.locator("li").filter(has_text="Análises")).to_contain_text("Para todos")
    await expect(dialog).to_contain_text("Nenhuma organização tem este plano agora")
    await save(page, f"Plano {name} criado")
    await give(page, agency[0], name)

    await page.goto(ROUTE)
    await press(page, f"Editar {name}")
    await page.fill("input[name=limit_members]", "2")
    await page.locator("input[name=module_analytics]").uncheck()
    await press(page, "Conferir")
    await expect(dialog.locator("li").filter(has_text="Membros ativos").locator(".was")).to_have_text("4")
    await expect(dialog.locator("li").filter(has_text="Membros ativos").locator(".now")).to_have_text("2")
    await expect(dialog).to_contain_text("vale em segundos para 1 organização")
    await expect(dialog).to_contain_text("Nada é apagado")
    await press(page, "Voltar")
    await expect(page.locator("input[name=limit_members]")).to_have_value("2")
    await expect(page.locator("input[name=module_analytics]")).not_to_be_checked()
    await expect(button(page, "Excluir plano")).to_have_count(0)  # somebody has it
    await press(page, "Conferir")
    await save(page, f"Plano {name} salvo")

    await give(page, agency[0], "Completo")
    await page.goto(ROUTE)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await press(page, f"Editar {name}")
    await press(page, "Excluir plano")
    await expect(dialog).to_contain_text("Nenhuma organização tem este plano")
    await press(page, "Excluir plano")
    await expect(dialog).to_have_count(0)
    await expect(page.locator("main")).not_to_contain_text(name)


async def test_the_table_tells_screen_readers_what_its_marks_mean(open_window: Open) -> None:
    page = await open_window(EMAIL, ROUTE)
    audit = page.get_by_role("row").filter(has_text="Auditoria")
    await expect(audit.get_by_role("cell").nth(0)).to_have_text("Não incluído")
    await expect(audit.get_by_role("cell").nth(1)).to_have_text("Para todos")
    await expect(page.get_by_role("columnheader").filter(has_text="Completo")).to_contain_text("Para novas")
    await press(page, "Editar Completo")
    await expect(page.get_by_role("dialog")).to_contain_text("isso não muda")
    await expect(page.locator("input[name=limit_members]")).to_have_count(0)
