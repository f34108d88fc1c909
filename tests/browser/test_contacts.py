"""Contacts in Chromium: finding, adding and changing somebody, and the story that a colleague follows."""

import re
from typing import Any

from playwright.async_api import Locator, Page, expect

MARINA = "marina@horizonte.demo"
BRUNA = "bruna@horizonte.demo"
NARROW = 390


def row(page: Page, name: str) -> Locator:
    return page.locator(".ct-tb tbody tr", has_text=name)


def line(page: Page, text: str) -> Locator:
    """Return what the timeline says with this text."""
    return page.locator(".tlx .it", has_text=text)


async def add(page: Page, **fields: str) -> None:
    """Fill the form of a new contact and send it."""
    await page.get_by_role("button", name="Novo contato").first.click()
    for name, value in fields.items():
        await page.locator(f"#new-contact [name={name}]").fill(value)
    await page.get_by_role("button", name="Criar contato").click()


async def added(page: Page, **fields: str) -> None:
    """Add a contact, and arrive at its page."""
    await add(page, **fields)
    await expect(page.locator("main h1")).to_have_text(fields["name"])


async def test_somebody_is_found_by_the_beginning_of_a_name_and_by_number(open_window: Any) -> None:
    page = await open_window(BRUNA, "/contacts")
    await added(page, name="Otávia Lourençoni", phone="(41) 98888-2001", company="Padaria Pão Nosso")
    await page.goto("/contacts")
    rows = page.locator(".ct-tb tbody tr")
    await expect(rows.nth(5)).to_be_visible()
    for words in ("otavia lour", "PAO NOSSO", "988882001"):
        await page.locator("#contacts-search").fill(words)
        await expect(page.locator(".tbar .chip")).to_have_text("1 encontrado")
        await expect(rows).to_have_count(1)
        await expect(row(page, "Otávia Lourençoni")).to_be_visible()
    await page.locator("#contacts-search").fill("ninguém mesmo <b>")
    await expect(page.get_by_text("Ninguém com “ninguém mesmo <b>”")).to_be_visible()
    await page.locator("#contacts-search").fill("otavia")
    await row(page, "Otávia").get_by_role("link").click()
    await expect(page).to_have_url(re.compile(r"/contacts/[0-9a-f-]{36}/?$"))
    await expect(page.locator(".dl")).to_contain_text("(41) 98888-2001")


async def test_a_form_keeps_what_was_typed_until_it_is_right(open_window: Any) -> None:
    page = await open_window(BRUNA, "/contacts")
    await added(page, name="Dona do Número", phone="(41) 98888-2002")
    await page.goto("/contacts")
    await add(page, name="Quem Repete", phone="123")
    form = page.locator("#new-contact")
    await expect(form.locator("[name=phone]")).to_have_attribute("aria-invalid", "true")
    await expect(form.locator("[name=name]")).to_have_value("Quem Repete")
    await form.locator("[name=phone]").fill("41 98888-2002")
    await page.get_by_role("button", name="Criar contato").click()
    await form.get_by_role("link", name="Abrir o contato que usa este endereço").click()
    await expect(page.locator("main h1")).to_have_text("Dona do Número")


async def test_a_change_is_saved_and_seen_by_a_colleague(open_window: Any) -> None:
    page, colleague = await open_window(BRUNA, "/contacts"), await open_window(MARINA, "/contacts")
    await added(page, name="Zuleica Antes", phone="(41) 98888-2003")
    await row(colleague, "Zuleica Antes").get_by_role("link").click()
    await expect(colleague.locator("main h1")).to_have_text("Zuleica Antes")
    await page.get_by_role("button", name="Editar contato").click()
    await page.locator(".ct-form [name=name]").fill("Zuleica Depois")
    await page.locator(".ct-form [name=tags]").fill("vip, padaria")
    await page.get_by_role("button", name="Salvar").click()
    await expect(page.get_by_text("Contato salvo")).to_be_visible()
    for one in (page, colleague):
        await expect(one.locator("main h1")).to_have_text("Zuleica Depois")
        await expect(one.locator(".ct-tags .chip")).to_have_text(["vip", "padaria"])


async def test_who_saves_second_is_shown_what_the_first_one_wrote(open_window: Any) -> None:
    page, colleague = await open_window(BRUNA, "/contacts"), await open_window(MARINA, "/contacts")
    await added(page, name="Disputa Teste")
    await row(colleague, "Disputa Teste").get_by_role("link").click()
    for one, company in ((page, "Empresa da Bruna"), (colleague, "Empresa da Marina")):
        await one.get_by_role("button", name="Editar contato").click()
        await one.locator(".ct-form [name=company]").fill(company)
    await page.get_by_role("button", name="Salvar").click()
    await expect(page.locator(".dl")).to_contain_text("Empresa da Bruna")
    await expect(colleague.get_by_text("Outra pessoa acabou de salvar este contato.")).to_be_visible()
    await colleague.get_by_role("button", name="Salvar").click()
    await expect(colleague.locator(".ct-form").get_by_role("status")).to_contain_text("Empresa da Bruna")
    await expect(colleague.locator(".ct-form [name=company]")).to_have_value("Empresa da Marina")
    await colleague.get_by_role("button", name="Salvar").click()
    for one in (page, colleague):
        await expect(one.locator(".dl")).to_contain_text("Empresa da Marina")


async def test_the_timeline_tells_the_story_and_grows_by_itself(open_window: Any) -> None:
    page, colleague = await open_window(BRUNA, "/contacts"), await open_window(MARINA, "/contacts")
    await added(page, name="História Teste")
    await row(colleague, "História Teste").get_by_role("link").click()
    for one in (page, colleague):
        await expect(line(one, "cadastrou este contato")).to_have_count(1)
    await page.locator(".ntc textarea").fill("Prefere falar de manhã <b>cedo</b>")
    await page.get_by_role("button", name="Anotar").click()
    for one in (page, colleague):
        await expect(line(one, "Prefere falar de manhã <b>cedo</b>")).to_have_count(1)
    await expect(page.locator(".ntc textarea")).to_have_value("")
    await colleague.get_by_role("tab", name="Notas").click()
    await expect(colleague.locator(".tlx .it")).to_have_count(1)
    await colleague.get_by_role("tab", name="Negócios").click()
    await expect(colleague.get_by_text("Nada por aqui ainda")).to_be_visible()


async def test_an_archived_contact_leaves_the_list_and_comes_back(open_window: Any) -> None:
    page, colleague = await open_window(BRUNA, "/contacts"), await open_window(MARINA, "/contacts")
    await added(page, name="Arquivo Morto")
    await expect(row(colleague, "Arquivo Morto")).to_have_count(1)
    await page.get_by_role("button", name="Mais opções").click()
    await page.get_by_role("menuitem", name="Arquivar contato").click()
    await expect(row(colleague, "Arquivo Morto")).to_have_count(0)
    await expect(page.locator(".ct-hero")).to_contain_text("Arquivado")
    await page.get_by_role("button", name="Desfazer").click()
    await expect(row(colleague, "Arquivo Morto")).to_have_count(1)


async def test_one_contact_fits_a_phone(open_window: Any) -> None:
    page = await open_window(BRUNA, "/contacts", width=NARROW, height=844, touch=True)
    await page.locator(".ct-tb tbody tr").first.get_by_role("link").click()
    await expect(page.locator(".tlx .it").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW
