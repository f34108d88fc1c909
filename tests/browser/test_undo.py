"""Taking a text back in Chromium, on a server that holds texts back as an operator's does."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.server import Server, running_server
from tests.browser.test_inbox import (
    BRUNA,
    CAMILA,
    MARINA,
    PHOTO,
    bubble,
    composer,
    new_customer,
    open_row,
    say,
    write,
)

HOLD_SECONDS = 10
LEFT_ALONE = 30_000
"""Milliseconds within which a text that nobody takes back has left, hold included."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this file's own: the others' does not hold anything back."""
    held = {"PRUMO_UNDO_SEND_SECONDS": str(HOLD_SECONDS)}
    with running_server(tmp_path_factory.mktemp("undo") / "data", **held) as running:
        yield running


async def test_a_text_taken_back_returns_to_the_composer_and_never_leaves(open_window: Any) -> None:
    phone = await open_window(MARINA, "/simulator")
    await new_customer(phone, "Desfazer Teste", "+55 41 98888-1010")
    await say(phone, "Quanto custa?")
    page, colleague = await open_window(BRUNA, "/inbox"), await open_window(CAMILA, "/inbox")
    for one in (page, colleague):
        await open_row(one, "Desfazer Teste")
    await write(page, "Custa 900 raeis")
    for one in (page, colleague):
        await expect(one.locator("[data-message]", has_text="raeis")).to_be_visible()
    await bubble(page, "raeis").get_by_role("button", name="Desfazer").click()
    await expect(composer(page)).to_have_value("Custa 900 raeis")
    for one in (page, colleague):
        await expect(bubble(one, "raeis")).to_have_count(0)

    await write(page, "Custa 900 reais")
    undo = bubble(page, "reais").get_by_role("button", name="Desfazer")
    await expect(undo).to_be_visible()
    # Messages leave in order: with the second one on the phone, the first one would be there, too.
    await expect(phone.locator(".ph-b", has_text="Custa 900 reais")).to_be_visible(timeout=LEFT_ALONE)
    await expect(phone.locator(".ph-b", has_text="raeis")).to_have_count(0)
    await expect(undo).to_have_count(0)


async def test_files_are_not_held_back(open_window: Any) -> None:
    phone = await open_window(MARINA, "/simulator")
    await new_customer(phone, "Desfazer Arquivo", "+55 41 98888-1011")
    await say(phone, "Manda a foto?")
    page = await open_window(BRUNA, "/inbox")
    await open_row(page, "Desfazer Arquivo")
    await page.get_by_test_id("composer-file").set_input_files(PHOTO)
    await expect(page.locator(".fchip")).to_contain_text("KB")
    await write(page, "Segue a foto")
    await expect(bubble(page, "Segue a foto").get_by_role("img", name="Lida")).to_be_visible()
    await expect(bubble(page, "Segue a foto").get_by_role("button", name="Desfazer")).to_have_count(0)
