"""The palette: it finds people, deals and conversations from any screen, commands it, and makes new things."""

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Open

SELLER = "marina@horizonte.demo"
PERSON = "Helena Prates"


async def ask(page: Page, words: str) -> Locator:
    """Open the palette with its key, type, and return what it offers."""
    await page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Buscar ou comandar")
    await expect(field).to_be_focused()
    await page.keyboard.type(words)
    return page.locator("dialog.pal").get_by_role("option")


async def test_who_types_a_name_and_enter_at_once_stands_before_the_person(open_window: Open) -> None:
    page = await open_window(SELLER, "/inbox")
    await page.wait_for_selector("#conversations a")
    offered = await ask(page, "helena prates")
    await page.keyboard.press("Enter")  # before anything was found
    await expect(page.locator("main h1")).to_have_text(PERSON)
    await expect(offered).to_have_count(0)

    await ask(page, "helena prates")  # asked anew, not remembered
    await expect(offered.first).to_contain_text(PERSON)
    await page.keyboard.press("Escape")
    await ask(page, "ninguém assim")
    await page.keyboard.press("Enter")  # nothing is made without being chosen
    await expect(page.locator("dialog.pal")).to_contain_text("Nada encontrado")
    await page.keyboard.press("Escape")

    await ask(page, "@helena")
    groups = page.locator("dialog.pal [role=group]")
    await expect(groups).to_have_count(1)
    await expect(offered.first).to_contain_text(PERSON)
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog.pal")).to_have_count(0)


async def test_a_deal_opens_from_anywhere_also_from_the_board_itself(open_window: Open) -> None:
    page = await open_window(SELLER, "/dashboard")
    title = (await (await page.request.get("/api/v1/deals?limit=1")).json())["items"][0]["title"]
    deals = page.locator("dialog.pal").get_by_role("group", name="Negócios").get_by_role("option")
    await ask(page, title)
    await deals.first.click()
    await expect(page).to_have_url(re.compile(r"/board\?deal="))
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_role("heading", level=2)).to_have_text(title)
    await page.keyboard.press("Escape")
    await expect(drawer).to_have_count(0)
    await page.wait_for_selector("[data-card]")

    other = (await (await page.request.get("/api/v1/deals?limit=30")).json())["items"][-1]["title"]
    await ask(page, other)
    await expect(deals.first).to_contain_text(other)
    for _ in range(await page.locator("dialog.pal").get_by_role("option").count()):
        if await deals.first.get_attribute("aria-selected") == "true":
            break
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(drawer.get_by_role("heading", level=2)).to_have_text(other)


async def test_commands_are_obeyed_and_new_things_begin_with_what_was_typed(open_window: Open) -> None:
    page = await open_window(SELLER, "/contacts")
    await page.wait_for_selector(".ct-hd [data-hotkey=n]")
    offered = await ask(page, ">escuro")
    await expect(offered).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).to_have_class(re.compile("dark"))
    await ask(page, ">claro")
    await page.keyboard.press("Enter")
    await expect(page.locator("html")).not_to_have_class(re.compile("dark"))

    await ask(page, "Quermesse nova")
    await expect(page.locator("dialog.pal")).to_contain_text("Nada encontrado com “Quermesse nova”")
    await offered.filter(has_text="Criar negócio “Quermesse nova”").click()
    await expect(page).to_have_url(re.compile("/board"))
    form = page.get_by_role("dialog")
    await expect(form.locator("input[name=title]")).to_have_value("Quermesse nova")
    await page.keyboard.press("Control+k")  # not over a form that is being filled
    await expect(page.locator("dialog.pal")).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(form).to_have_count(0)

    await ask(page, "Nina Prado")
    await offered.filter(has_text="Criar contato “Nina Prado”").click()
    await expect(page.locator("#new-contact [name=name]")).to_have_value("Nina Prado")


async def test_on_a_phone_it_is_in_the_menu(open_window: Open) -> None:
    page = await open_window(SELLER, "/board", width=390, height=844, touch=True)
    await page.wait_for_selector("[data-card]")
    await page.locator(".tabbar").get_by_role("button", name="Mais").tap()
    await page.get_by_role("menuitem", name="Buscar ou comandar").tap()
    await page.get_by_role("combobox", name="Buscar ou comandar").fill("helena")
    talks = page.locator("dialog.pal").get_by_role("group", name="Conversas").get_by_role("option")
    await talks.filter(has_text=PERSON).first.tap()
    await expect(page).to_have_url(re.compile("/inbox/"))
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_the_button_opens_it_and_it_closes_by_touch(open_window: Open) -> None:
    page = await open_window(SELLER, "/contacts")
    await page.wait_for_selector(".ct-hd")
    await page.get_by_role("button", name="Buscar ou comandar").click()
    await expect(page.locator("dialog.pal")).to_be_visible()
    await page.locator("dialog.pal").get_by_role("button", name="Fechar").click()
    await expect(page.locator("dialog.pal")).to_have_count(0)
