"""The board in Chromium: one person moves a card by mouse, key and finger while another one watches it go."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

BRUNA = "bruna@horizonte.demo"
RAFAEL = "rafael@horizonte.demo"


def card(page: Page, card_id: str) -> Locator:
    return page.locator(f'[data-card="{card_id}"]')


async def ids(page: Page, stage: int) -> list[str]:
    """Return the ids of a column's cards, from top to bottom."""
    return (
        await page.locator(".bd > section")
        .nth(stage)
        .locator("[data-card]")
        .evaluate_all("cards => cards.map(card => card.dataset.card)")
    )


async def stage_of(page: Page, card_id: str) -> int:
    """Return in which column a card stands, -1 for none."""
    return await page.evaluate(
        """id => [...document.querySelectorAll(".bd > section")]
            .findIndex(column => column.querySelector(`[data-card="${id}"]`))""",
        card_id,
    )


async def middle(target: Locator) -> tuple[float, float]:
    box = await target.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def ready(page: Page) -> None:
    """Wait until every column shows all of its cards."""
    await expect(page.locator("[data-card]").first).to_be_visible()
    await expect(page.locator(".bd .cards[aria-busy=true]")).to_have_count(0)


async def arrives(page: Page, card_id: str, stage: int) -> None:
    """Wait until a page shows the card in that column."""
    column = page.locator(".bd > section").nth(stage)
    await expect(column.locator(f'[data-card="{card_id}"]')).to_be_attached()


async def drag(page: Page, card_id: str, target: Locator) -> None:
    """Carry a card with the mouse to the middle of a target."""
    start, end = await middle(card(page, card_id)), await middle(target)
    await page.mouse.move(*start)
    await page.mouse.down()
    await page.mouse.move(start[0] + 8, start[1] + 8, steps=3)
    await expect(page.locator(".cd.carried")).to_be_visible()
    await page.mouse.move(*end, steps=10)
    await expect(page.locator(".slot")).to_be_visible()
    await page.mouse.up()


async def test_a_card_dragged_by_mouse_moves_on_a_colleagues_screen(open_window: Any) -> None:
    mover, watcher = await open_window(BRUNA, "/board"), await open_window(RAFAEL, "/board")
    await ready(mover)
    await ready(watcher)
    moved = (await ids(mover, 0))[0]
    await drag(mover, moved, card(mover, (await ids(mover, 1))[1]))
    await arrives(mover, moved, 1)
    await arrives(watcher, moved, 1)
    await expect(watcher.locator(".peer-t")).to_contain_text("Bruna")
    await expect(watcher.locator(".peer-t")).to_have_count(0)
    assert await ids(mover, 1) == await ids(watcher, 1)
    await mover.reload()
    await ready(mover)
    assert await stage_of(mover, moved) == 1


async def test_the_last_move_is_undone_with_z(open_window: Any) -> None:
    page = await open_window(BRUNA, "/board")
    await ready(page)
    before = [await ids(page, 0), await ids(page, 2)]
    await drag(page, before[0][1], card(page, before[1][0]))
    await arrives(page, before[0][1], 2)
    await expect(page.locator(".bd-toast")).to_be_visible()
    await page.keyboard.press("z")
    await arrives(page, before[0][1], 0)
    assert [await ids(page, 0), await ids(page, 2)] == before
    await page.reload()
    await ready(page)
    assert [await ids(page, 0), await ids(page, 2)] == before


async def test_a_card_is_moved_by_keyboard_and_every_step_is_told(open_window: Any) -> None:
    page, watcher = await open_window(BRUNA, "/board"), await open_window(RAFAEL, "/board")
    await ready(page)
    await ready(watcher)
    told = page.locator(".bd-frame > p[role=status]")
    moved = (await ids(page, 1))[0]
    await card(page, moved).focus()
    await page.keyboard.press("Space")
    await expect(told).to_contain_text("levantado")
    await page.keyboard.press("ArrowRight")
    await expect(told).to_have_text(re.compile(r"Proposta, posição 1 de \d+"))
    await page.keyboard.press("Escape")
    await expect(told).to_contain_text("cancelado")
    assert await stage_of(page, moved) == 1
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Space")
    await expect(told).to_contain_text("solto em Proposta, posição 2")
    await expect(card(page, moved)).to_be_focused()
    await arrives(watcher, moved, 2)
    assert (await ids(watcher, 2)).index(moved) == 1


async def test_the_menu_moves_a_card_without_dragging(open_window: Any) -> None:
    page = await open_window(BRUNA, "/board")
    await ready(page)
    moved = (await ids(page, 2))[0]
    await card(page, moved).focus()
    await page.keyboard.press("m")
    await page.get_by_role("menuitemradio", name="Contato").click()
    await arrives(page, moved, 1)
    await expect(card(page, moved)).to_be_focused()


async def test_a_finger_carries_a_card_to_the_next_column_of_a_phone(open_window: Any) -> None:
    phone = await open_window(BRUNA, "/board", width=390, height=844, touch=True)
    watcher = await open_window(RAFAEL, "/board")
    await ready(phone)
    await ready(watcher)
    moved = (await ids(phone, 0))[0]
    session = await phone.context.new_cdp_session(phone)

    async def touch(kind: str, *point: float) -> None:
        points = [{"x": point[0], "y": point[1]}] if point else []
        await session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = await middle(card(phone, moved))
    await touch("touchStart", x, y)
    await expect(phone.locator(".cd.carried")).to_be_visible()
    for step in range(12):
        await touch("touchMove", x + (388 - x) * (step + 1) / 12, y + step)
    over = phone.locator(".bd > section").nth(1)
    await expect(over).to_have_class(re.compile("over"))
    await touch("touchEnd")
    await expect(phone.locator(".bd-toast")).to_be_visible()
    await watcher.wait_for_function(
        """id => [...document.querySelectorAll(".bd > section")]
            .findIndex(column => column.querySelector(`[data-card="${id}"]`)) > 0""",
        arg=moved,
    )
    assert await stage_of(phone, moved) == await stage_of(watcher, moved)


async def test_quick_add_refuses_a_wrong_value_and_keeps_the_text(open_window: Any) -> None:
    page, watcher = await open_window(BRUNA, "/board"), await open_window(RAFAEL, "/board")
    await ready(page)
    await ready(watcher)
    column = page.locator(".bd > section").first
    await column.locator("header button").click()
    await page.keyboard.type("Floricultura Jasmim")
    await page.keyboard.press("Tab")
    await page.keyboard.type("-10")
    await page.keyboard.press("Enter")
    await expect(column.get_by_role("alert")).to_contain_text("negativo")
    field = column.locator(".qa-i").nth(1)
    assert await column.locator(".qa-i").first.input_value() == "Floricultura Jasmim"
    await field.fill("1.250")
    await field.press("Enter")
    await expect(column.locator("[data-card]").first).to_contain_text("Floricultura Jasmim")
    await expect(column.locator("[data-card]").first).to_contain_text("R$ 1.250")
    await expect(watcher.locator(".bd > section").first).to_contain_text("Floricultura Jasmim")


async def test_the_drawer_changes_a_deal_for_everybody(open_window: Any) -> None:
    page, watcher = await open_window(BRUNA, "/board"), await open_window(RAFAEL, "/board")
    await ready(page)
    await ready(watcher)
    chosen = (await ids(page, 3))[0]
    await card(page, chosen).click()
    drawer = page.get_by_role("dialog")
    title = drawer.get_by_label("Negócio", exact=True)
    await title.fill("Projeto <b>renomeado</b>")
    await title.press("Tab")
    await expect(card(watcher, chosen)).to_contain_text("Projeto <b>renomeado</b>")
    await drawer.get_by_role("button", name="Ganhamos").click()
    await arrives(watcher, chosen, 4)
    await expect(card(watcher, chosen)).to_contain_text("Ganho em")


async def test_search_narrows_the_board_and_says_when_nothing_is_left(open_window: Any) -> None:
    page = await open_window(BRUNA, "/board")
    await ready(page)
    await page.get_by_role("searchbox").fill("zzzz nada assim")
    await expect(page.locator(".bd-empty")).to_contain_text("Nenhum negócio com esses filtros")
    await page.get_by_role("button", name="Limpar").click()
    await ready(page)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("dark", [False, True])
async def test_nothing_sticks_out_of_the_screen(open_window: Any, width: int, dark: bool) -> None:
    page = await open_window(BRUNA, "/board", width=width, dark=dark)
    await ready(page)
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
