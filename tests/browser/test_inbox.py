"""The inbox in Chromium: what the browser does by itself, and what two people see of each other."""

import re
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, expect

from crm_app.pages.simulator.samples import SAMPLES

MARINA = "marina@horizonte.demo"
BRUNA = "bruna@horizonte.demo"
CAMILA = "camila@horizonte.demo"
PHOTO = Path("crm_app/pages/simulator/samples") / SAMPLES["photo"].file_name


async def new_customer(phone: Page, name: str, number: str) -> None:
    """Give a customer a phone in the simulator."""
    await phone.get_by_role("button", name="Novo cliente").click()
    await phone.locator("[name=name]").fill(name)
    await phone.locator("[name=number]").fill(number)
    await phone.get_by_role("button", name="Criar cliente").click()
    await expect(phone.locator(".sim-who.on")).to_contain_text(name)


async def say(phone: Page, *texts: str) -> None:
    """Write as the customer."""
    field = phone.get_by_test_id("phone-text")
    for text in texts:
        await field.fill(text)
        await field.press("Enter")
        await expect(phone.locator(".ph-b.me").last).to_contain_text(text)
        await expect(field).to_have_value("")


async def turn(phone: Page, name: str, *, on: bool) -> None:
    """Turn one of the phone's switches; the server decides, so it follows a moment later."""
    switch = phone.get_by_role("switch", name=name)
    await switch.click()
    await expect(switch).to_be_checked(checked=on)


async def open_row(page: Page, name: str) -> None:
    """Open a conversation from the list of all."""
    await page.get_by_role("tab", name=re.compile("Todas")).click()
    await page.locator("a.cv", has_text=name).first.click()
    await expect(page.locator(".ch .who")).to_contain_text(name)


def composer(page: Page) -> Locator:
    return page.locator("#composer-text")


async def write(page: Page, text: str) -> None:
    await composer(page).fill(text)
    await composer(page).press("Enter")


def bubble(page: Page, text: str) -> Locator:
    return page.get_by_role("log").locator(".ms", has_text=text)


async def test_a_bubble_stands_there_before_the_server_has_answered(open_window: Any) -> None:
    page = await open_window(BRUNA, "/inbox")
    await open_row(page, "Viviane Torres")
    # Everything between pressing Enter and the clock happens inside one evaluation: no server is that fast.
    shown = await page.evaluate(
        """async () => {
            const area = document.querySelector("#composer-text");
            const write = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set;
            write.call(area, "Agora mesmo");
            area.dispatchEvent(new Event("input", { bubbles: true }));
            await new Promise(requestAnimationFrame);
            area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
            await new Promise(requestAnimationFrame);
            const waiting = [...document.querySelectorAll("[data-key]")].at(-1);
            return waiting?.innerText ?? "";
        }"""
    )
    assert "Agora mesmo" in shown
    await expect(page.locator("[data-message]", has_text="Agora mesmo")).to_have_count(1)
    await expect(page.locator("[data-key]")).to_have_count(0)


async def test_shift_enter_breaks_the_line_and_a_draft_stays_with_its_conversation(open_window: Any) -> None:
    page = await open_window(BRUNA, "/inbox")
    await open_row(page, "Viviane Torres")
    await composer(page).fill("primeira")
    await composer(page).press("Shift+Enter")
    await composer(page).press_sequentially("segunda")
    await expect(composer(page)).to_have_value("primeira\nsegunda")
    await page.locator("a.cv", has_text="Juliana Porto").first.click()
    await expect(page.locator(".ch .who")).to_contain_text("Juliana Porto")
    await expect(composer(page)).to_have_value("")
    await open_row(page, "Viviane Torres")
    await expect(composer(page)).to_have_value("primeira\nsegunda")
    await page.reload()
    await expect(page.locator(".ch .who")).to_contain_text("Viviane Torres")
    await expect(composer(page)).to_have_value("primeira\nsegunda")
    await composer(page).fill("")


async def test_without_a_connection_messages_are_kept_and_leave_once(open_window: Any) -> None:
    page = await open_window(BRUNA, "/inbox")
    await open_row(page, "Gabriela Sanches")
    await page.context.set_offline(True)
    await write(page, "Escrita sem rede")
    await expect(page.get_by_text(re.compile("Guardando 1 mensagem"))).to_be_visible()
    await expect(bubble(page, "Escrita sem rede").get_by_role("img", name="Na fila de envio")).to_be_visible()
    await page.context.set_offline(False)
    await expect(page.locator("[data-message]", has_text="Escrita sem rede")).to_have_count(1)
    await expect(page.locator("[data-key]")).to_have_count(0)
    await page.reload()
    await expect(bubble(page, "Escrita sem rede")).to_have_count(1)


async def test_an_at_sign_opens_a_note_that_only_the_team_sees(open_window: Any) -> None:
    phone = await open_window(MARINA, "/simulator")
    await new_customer(phone, "Nota Teste", "+55 41 98888-1001")
    await say(phone, "Tem desconto?")
    page, colleague = await open_window(BRUNA, "/inbox"), await open_window(CAMILA, "/inbox")
    for one in (page, colleague):
        await open_row(one, "Nota Teste")
    await composer(page).press_sequentially("@mar")
    await page.get_by_role("option", name="Marina Duarte").click()
    await expect(composer(page)).to_have_value("@Marina ")
    await composer(page).press_sequentially("libera 8%?")
    await composer(page).press("Enter")
    for one in (page, colleague):
        await expect(one.locator(".pnote", has_text="libera 8%?")).to_be_visible()
    await write(page, "Já te respondo")
    await expect(phone.locator(".ph-b", has_text="Já te respondo")).to_be_visible()
    await expect(phone.locator(".ph-b", has_text="libera 8%?")).to_have_count(0)


async def test_files_go_both_ways(open_window: Any) -> None:
    phone = await open_window(MARINA, "/simulator")
    await new_customer(phone, "Arquivo Teste", "+55 41 98888-1002")
    await phone.get_by_role("button", name="Arquivos prontos").click()
    await phone.get_by_role("menuitem", name="Recado de voz").click()
    await phone.get_by_test_id("phone-file").set_input_files(PHOTO)
    page = await open_window(BRUNA, "/inbox")
    await open_row(page, "Arquivo Teste")
    await expect(page.get_by_role("button", name=re.compile("Ouvir áudio"))).to_be_visible()
    picture = page.get_by_role("log").locator(".pic img")
    await expect(picture).to_have_js_property("complete", True)
    await page.locator(".pic").click()
    await expect(page.locator("dialog.lightbox")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog.lightbox")).to_have_count(0)
    await page.get_by_test_id("composer-file").set_input_files(PHOTO)
    await expect(page.locator(".fchip")).to_contain_text("KB")
    await write(page, "Segue a foto")
    await expect(page.locator(".fchip")).to_have_count(0)
    await expect(phone.locator(".ph-b:not(.me) img")).to_be_visible()


LEAVING = "!window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
"""Whether the browser would ask before it leaves the page."""


async def test_the_browser_asks_before_files_that_were_not_sent_are_left_behind(open_window: Any) -> None:
    page = await open_window(BRUNA, "/inbox")
    await open_row(page, "Viviane Torres")
    await composer(page).fill("Só um texto: fica no rascunho")
    assert not await page.evaluate(LEAVING)
    await page.get_by_test_id("composer-file").set_input_files(PHOTO)
    await expect(page.locator(".fchip")).to_contain_text("KB")
    assert await page.evaluate(LEAVING)
    await page.get_by_role("button", name=re.compile("Remover")).click()
    await expect(page.locator(".fchip")).to_have_count(0)
    assert not await page.evaluate(LEAVING)
    await composer(page).fill("")


async def test_a_thread_reserves_the_place_of_its_pictures(open_window: Any) -> None:
    phone = await open_window(MARINA, "/simulator")
    await new_customer(phone, "Altura Teste", "+55 41 98888-1012")
    await phone.get_by_test_id("phone-file").set_input_files(PHOTO)
    page = await open_window(BRUNA, "/inbox")
    await page.route("**/api/media/**", lambda _: None)  # pictures that never come
    await open_row(page, "Altura Teste")
    box = await page.get_by_role("log").locator(".pic img").bounding_box()
    assert box is not None
    assert box["height"] > 100


async def test_switches_of_the_phone_hold_the_ticks_back(open_window: Any) -> None:
    phone = await open_window(MARINA, "/simulator")
    await new_customer(phone, "Tique Teste", "+55 41 98888-1003")
    await say(phone, "Oi")
    await turn(phone, "Sem sinal", on=True)
    page = await open_window(BRUNA, "/inbox")
    await open_row(page, "Tique Teste")
    await write(page, "Chegou?")
    mine = bubble(page, "Chegou?")
    await expect(mine.get_by_role("img", name="Enviada")).to_be_visible()
    await turn(phone, "Não lida", on=True)
    await turn(phone, "Sem sinal", on=False)
    await expect(mine.get_by_role("img", name="Entregue")).to_be_visible()
    await turn(phone, "Não lida", on=False)
    await expect(mine.get_by_role("img", name="Lida")).to_be_visible()


async def test_scrolling_keeps_its_place_and_counts_what_arrives(open_window: Any) -> None:
    phone = await open_window(MARINA, "/simulator")
    await new_customer(phone, "Rolagem Teste", "+55 41 98888-1004")
    await say(phone, *(f"mensagem {index}" for index in range(1, 13)))
    page = await open_window(BRUNA, "/inbox", height=520)
    await open_row(page, "Rolagem Teste")
    log = page.get_by_role("log")
    await expect(log.get_by_text("mensagem 12", exact=True)).to_be_in_viewport()
    await log.evaluate("box => { box.scrollTop = 0; }")
    top = await log.evaluate("box => box.scrollTop")
    await say(phone, "chegou agora")
    latest = page.get_by_role("button", name="Ir para 1 mensagem nova")
    await expect(latest).to_be_visible()
    assert await log.evaluate("box => box.scrollTop") == top
    await latest.click()
    await expect(log.get_by_text("chegou agora")).to_be_in_viewport()
    await expect(latest).to_have_count(0)


async def test_keys_walk_resolve_and_the_toast_undoes(open_window: Any) -> None:
    page = await open_window(CAMILA, "/inbox")
    await page.get_by_role("tab", name=re.compile("Todas")).click()
    rows = page.locator("a.cv")
    await expect(rows.nth(2)).to_be_visible()
    chosen = page.locator('a.cv[aria-current="true"] .name')
    await page.keyboard.press("j")
    first = await chosen.inner_text()
    await page.keyboard.press("j")
    await expect(chosen).not_to_have_text(first)
    name = await chosen.inner_text()  # the next one, wherever news has moved it meanwhile
    await expect(page.locator(".ch .who b")).to_have_text(name)
    await page.keyboard.press("e")
    await expect(page.get_by_role("button", name="Reabrir")).to_be_visible()
    await expect(page.locator("#conversations .name", has_text=name)).to_have_count(0)
    await page.get_by_role("button", name="Desfazer").click()
    await expect(page.get_by_role("button", name="Resolver")).to_be_visible()
    await page.keyboard.press("a")
    await expect(page.get_by_role("menuitem", name="Assumir")).to_be_visible()
    await page.keyboard.press("Escape")


async def test_a_colleague_who_writes_is_seen(open_window: Any) -> None:
    page, colleague = await open_window(BRUNA, "/inbox"), await open_window(CAMILA, "/inbox")
    for one in (page, colleague):
        await open_row(one, "Helena Prates")
    await composer(colleague).press_sequentially("Oi He")
    await expect(page.get_by_text("Camila está respondendo")).to_be_visible()
    await expect(colleague.get_by_text("está respondendo")).to_have_count(0)
    await composer(colleague).fill("")


async def test_a_phone_shows_one_pane_and_the_way_back(open_window: Any) -> None:
    page = await open_window(BRUNA, "/inbox", width=390, height=844, touch=True)
    first = page.locator("a.cv").first
    await first.click()
    await expect(composer(page)).to_have_attribute("placeholder", "Mensagem")
    await expect(first).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.get_by_role("link", name="Voltar à lista").click()
    await expect(first).to_be_visible()
    await expect(page).to_have_url(re.compile("/inbox$"))
    await page.go_back()
    await expect(composer(page)).to_be_visible()


async def test_the_docked_phone_shows_both_sides_at_once(open_window: Any) -> None:
    page = await open_window(CAMILA, "/inbox", width=1600)
    await page.get_by_role("button", name="Celular", exact=True).click()
    await page.get_by_role("button", name="Chamar cliente").click()
    await page.get_by_role("menuitem", name="Renata Bastos").click()
    await expect(page.locator(".ph-b.me").first).to_be_visible()
    await open_row(page, "Renata Bastos")
    await expect(bubble(page, "Oi, tudo bem?")).to_be_visible()
    await write(page, "Desculpe, vou pausar agora")
    await expect(page.locator(".ph-b:not(.me)", has_text="vou pausar agora")).to_be_visible()
    await page.get_by_role("link", name="Funil").first.click()
    await expect(page.locator(".ph-b:not(.me)", has_text="vou pausar agora")).to_be_visible()
