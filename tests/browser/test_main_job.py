"""The main job, end to end: a customer writes, two people see it live, a deal is born, moves, and counts."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.test_board import card, drag
from tests.fakes.waha import FakeWaha

MARINA = "marina@horizonte.demo"
RAFAEL = "rafael@horizonte.demo"
BRUNA = "bruna@horizonte.demo"
CAMILA = "camila@horizonte.demo"


async def number_of(page: Page, label: str) -> int:
    """Return what a tile of the dashboard says, as a number."""
    tile = page.locator(".kpi", has=page.get_by_text(label, exact=True)).locator(".v")
    await expect(tile).to_have_text(re.compile(r"\d"))
    return int(re.sub(r"\D", "", await tile.inner_text()))


async def counts_up(page: Page, label: str, above: int) -> None:
    """Wait until a tile says more than `above`, by itself."""
    await page.wait_for_function(
        """([label, above]) => [...document.querySelectorAll(".kpi")].some(tile =>
            tile.innerText.includes(label) && +tile.querySelector(".v").innerText.replace(/\\D/g, "") > above)""",
        arg=[label, above],
    )


async def open_conversation(page: Page, name: str) -> None:
    """Open the newest conversation of this customer in the list."""
    await page.get_by_role("tab", name=re.compile("Todas")).click()
    await page.locator("#conversations").get_by_text(name, exact=True).first.click()
    await expect(page.get_by_role("log")).to_be_visible()


async def deal_of(page: Page, name: str) -> str:
    """Return the id of the customer's card on the board."""
    found = page.locator("[data-card]", has_text=name).first
    await expect(found).to_be_attached()
    card_id = await found.get_attribute("data-card")
    assert card_id is not None
    return card_id


async def answer(page: Page, text: str) -> None:
    """Write an answer and send it with Enter."""
    await page.locator("#composer-text").fill(text)
    await page.locator("#composer-text").press("Enter")


async def move_to_next_stage(seller: Page, colleague: Page, name: str) -> None:
    """Drag the customer's card one column on, and see a colleague's board follow."""
    await seller.goto("/board")
    moved = await deal_of(seller, name)
    second = seller.locator(".bd > section").nth(1)
    await drag(seller, moved, second.locator("[data-card]").first)
    for page in (seller, colleague):
        column = page.locator(".bd > section").nth(1)
        await expect(column.locator(f'[data-card="{moved}"]')).to_be_attached()
    await expect(card(colleague, moved)).to_be_visible()


async def test_a_message_on_the_simulator_becomes_a_deal_on_two_screens(open_window: Any) -> None:
    name, question, reply = "Zenaide Aparecida", "Oi! Vocês fazem site para padaria?", "Fazemos sim, Zenaide."
    dashboard = await open_window(MARINA, "/dashboard")
    messages = await number_of(dashboard, "Mensagens")
    deals = await number_of(dashboard, "Novos negócios")
    seller, colleague = await open_window(BRUNA, "/inbox"), await open_window(CAMILA, "/inbox")
    board = await open_window(RAFAEL, "/board")
    phone = await open_window(MARINA, "/simulator")

    await phone.get_by_role("button", name="Novo cliente").click()
    await phone.locator("[name=name]").fill(name)
    await phone.locator("[name=number]").fill("+55 41 99999-7301")
    await phone.get_by_role("button", name="Criar cliente").click()
    await phone.get_by_test_id("phone-text").fill(question)
    await phone.get_by_test_id("phone-text").press("Enter")

    for inbox in (seller, colleague):
        await open_conversation(inbox, name)
        await expect(inbox.get_by_role("log").get_by_text(question)).to_be_visible()
    await deal_of(board, name)

    await answer(seller, reply)
    for inbox in (seller, colleague):
        await expect(inbox.get_by_role("log").get_by_text(reply)).to_be_visible()
    await expect(phone.get_by_role("log").get_by_text(reply)).to_be_visible()
    mine = seller.get_by_role("log").locator(".bub", has_text=reply)
    await expect(mine.get_by_role("img", name="Lida")).to_be_visible()

    await move_to_next_stage(seller, board, name)
    await counts_up(dashboard, "Novos negócios", deals)
    await counts_up(dashboard, "Mensagens", messages + 1)


@pytest_asyncio.fixture
async def waha() -> AsyncIterator[FakeWaha]:
    """A WAHA server on loopback that holds every request of ours against its description."""
    async with FakeWaha() as server:
        yield server
        assert server.violations == []


async def test_a_number_is_paired_by_qr_code_and_does_the_same_job(open_window: Any, waha: FakeWaha) -> None:
    name, number = "Osmar do Bairro", "5541999997402"
    question, reply = "Bom dia, quanto custa um cardápio digital?", "Bom dia, Osmar! A partir de R$ 900."
    owner = await open_window(CAMILA, "/settings/channels")
    await owner.get_by_role("button", name="Conectar número").first.click()
    await owner.get_by_role("tab", name="WAHA").click()
    await owner.locator("[name=name]").fill("Comercial 02")
    await owner.locator("[name=base_url]").fill(waha.base_url)
    await owner.locator("[name=api_key]").fill(waha.api_key)
    await owner.locator("[name=session]").fill("comercial-02")
    await owner.get_by_role("button", name="Continuar").click()
    await expect(owner.get_by_role("dialog").locator("img")).to_be_visible()
    assert (await waha.scan("comercial-02")).status_code == 200
    await owner.get_by_role("button", name="Concluir").click()

    seller, colleague = await open_window(BRUNA, "/inbox"), await open_window(RAFAEL, "/inbox")
    board = await open_window(RAFAEL, "/board")
    sent = await waha.customer_writes(number, question, session="comercial-02", _data={"notifyName": name})
    assert sent.status_code == 200
    for inbox in (seller, colleague):
        await open_conversation(inbox, name)
        await expect(inbox.get_by_role("log").get_by_text(question)).to_be_visible()
    await deal_of(board, name)

    await answer(seller, reply)
    mine = seller.get_by_role("log").locator(".bub", has_text=reply)
    await expect(mine.get_by_role("img", name="Enviada")).to_be_visible()
    (verb, body), *rest = waha.sent
    assert rest == []
    assert (verb, body["text"], body["session"]) == ("sendText", reply, "comercial-02")
    message_id = waha.chats[f"{number}@c.us"][-1]["id"]
    for ack, words in ((2, "Entregue"), (3, "Lida")):
        await waha.ack(message_id, ack, session="comercial-02")
        await expect(mine.get_by_role("img", name=words)).to_be_visible()

    await waha.typed_on_phone(number, "Respondi também pelo celular", session="comercial-02")
    await expect(colleague.get_by_role("log").get_by_text("Respondi também pelo celular")).to_be_visible()
    await move_to_next_stage(seller, board, name)
