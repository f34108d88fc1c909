"""Keys of one letter: they lead from screen to screen, press what bears them, are listed, can be turned off."""

import re

from playwright.async_api import Page, expect

from tests.browser.conftest import Open

SELLER = "bruna@horizonte.demo"


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def test_keys_lead_from_screen_to_screen_and_open_what_is_new(open_window: Open) -> None:
    page = await open_window(SELLER, "/contacts")
    await page.wait_for_selector(".ct-hd [data-hotkey=n]")
    await press(page, "g", "f")
    await expect(page).to_have_url(re.compile("/board"))
    await page.wait_for_selector("[data-card]")
    await press(page, "n")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Novo negócio")
    await press(page, "g", "c")  # nothing: somebody is writing
    await expect(dialog).to_be_visible()
    await press(page, "Escape")
    await expect(dialog).to_have_count(0)
    await press(page, "g", "c")
    await expect(page).to_have_url(re.compile("/inbox"))
    await page.wait_for_selector("#inbox-search")
    await press(page, "/")
    await expect(page.locator("#inbox-search")).to_be_focused()
    await page.keyboard.type("gp")
    await expect(page).to_have_url(re.compile("/inbox"))
    await expect(page.locator("#inbox-search")).to_have_value("gp")


async def test_the_list_names_the_keys_of_the_screen_and_turns_them_off(open_window: Open) -> None:
    page = await open_window(SELLER, "/board")
    await page.wait_for_selector("[data-card]")
    await press(page, "?")
    listed = page.locator("dialog.keys")
    await expect(listed).to_be_visible()
    rows = listed.locator("li")
    await expect(rows.filter(has_text="Novo negócio")).to_contain_text("N")
    await expect(rows.filter(has_text="Conversas")).to_contain_text("GC")
    await expect(rows.filter(has_text="Próxima conversa")).to_have_count(0)
    await listed.get_by_role("switch", name="Usar teclas de uma letra").uncheck()
    await press(page, "Escape")
    await expect(listed).to_have_count(0)
    await press(page, "n", "g", "c", "?")
    await expect(page.locator("[role=dialog], dialog")).to_have_count(0)
    await expect(page).to_have_url(re.compile("/board"))

    await page.reload()  # this device remembers
    await page.wait_for_selector("[data-card]")
    await press(page, "?")
    await expect(listed).to_have_count(0)
    await page.get_by_role("button", name="Sua conta").click()
    await page.get_by_role("menuitem", name="Atalhos do teclado").click()
    await listed.get_by_role("switch").check()
    await listed.get_by_role("button", name="Fechar").click()
    await press(page, "g", "p")
    await expect(page).to_have_url(re.compile("/contacts"))
