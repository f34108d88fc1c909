"""Take the pictures of docs/screenshots: every screen at 1440 and 390 px, light and dark, of the demo.

Run with `make screenshots`, or name the screens to take: `python -m scripts.screenshots inbox board`.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

from scripts.screenshots.people import Cookies, People
from scripts.screenshots.screens import SCREENS, open_screen
from tests.browser.conftest import CHROMIUM_FLAGS, PATIENCE, chromium_path
from tests.browser.server import Server, running_server

TARGET = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
SIZES = {"1440": (1440, 900), "390": (390, 844)}


@asynccontextmanager
async def window(
    browser: Browser, server: Server, size: tuple[int, int], *, dark: bool, cookies: Cookies
) -> AsyncIterator[Page]:
    """Open a window of whoever has the cookies; ends the script if its console shows an error."""
    context = await browser.new_context(
        base_url=server.address,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        has_touch=size[0] < 640,
        locale="pt-BR",
        timezone_id="America/Sao_Paulo",
    )
    await context.add_cookies(cookies)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    address = page.url
    await context.close()
    if complaints:
        raise SystemExit(f"{address} at {size[0]} px complains: {complaints}")


async def take_all(server: Server, names: list[str]) -> None:
    """Take every picture, one after the other."""
    TARGET.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        known = People(browser, server)
        for name in names:
            screen = SCREENS[name]
            for width, size in SIZES.items():
                for dark in (False, True):
                    cookies = await known.cookies(screen.who)
                    async with window(browser, server, size, dark=dark, cookies=cookies) as page:
                        await open_screen(page, screen, known)
                        theme = "dark" if dark else "light"
                        await page.screenshot(path=TARGET / f"{name}-{width}-{theme}.png")
        await browser.close()


def main() -> None:
    """Run the demo in a folder of its own and take the pictures named, or all."""
    with (
        tempfile.TemporaryDirectory(prefix="prumo-pictures-") as folder,
        running_server(Path(folder) / "data", PRUMO_SUPPORT_EMAIL="ajuda@prumo.com.br") as server,
    ):
        asyncio.run(take_all(server, sys.argv[1:] or list(SCREENS)))


main()
