"""Take the pictures of docs/screenshots: every screen at 1440 and 390 px, light and dark, of the demo.

Run with `make screenshots`, or name the screens to take.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from crm_app.demo.platform import EMAIL as OPERATOR
from tests.browser.conftest import CHROMIUM_FLAGS, chromium_path, sign_in
from tests.browser.server import Server, running_server

TARGET = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
SCREENS = {
    "login": "/login",
    "inbox": "/inbox",
    "conversation": "/inbox",
    "board": "/board",
    "contacts": "/contacts",
    "contact": "/contacts",
    "dashboard": "/dashboard",
    "channels": "/settings/channels",
    "simulator": "/simulator",
    "members": "/settings/members",
    "roles": "/settings/roles",
    "teams": "/settings/teams",
    "audit": "/settings/audit",
    "outbox": "/settings/outbox",
    "sso-settings": "/settings/sso",
    "profile": "/settings/profile",
    "signup": "/signup",
    "sso": "/sso",
    "modules": "/settings/modules",
    "platform": "/platform",
    "platform-plans": "/platform/plans",
    "platform-health": "/platform/health",
}
BEFORE_SIGNING_IN = {"login", "signup", "sso"}
SIZES = {"1440": (1440, 900), "390": (390, 844)}
OWNER = "marina@horizonte.demo"
QUIET_MILLISECONDS = 1500


def visitor(screen: str) -> str | None:
    """Return the e-mail of whoever opens a screen; None for what is seen before signing in."""
    if screen in BEFORE_SIGNING_IN:
        return None
    return OPERATOR if screen.startswith("platform") else OWNER


@asynccontextmanager
async def signed_in(
    browser: Browser, server: Server, size: tuple[int, int], *, dark: bool, email: str | None
) -> AsyncIterator[Page]:
    """Open a window, signed in as `email` unless that is None; ends the script if its console shows an error."""
    context = await browser.new_context(
        base_url=server.address,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        has_touch=size[0] < 640,
        locale="pt-BR",
        timezone_id="America/Sao_Paulo",
    )
    if email is not None:
        await sign_in(context, server, email)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    await context.close()
    if complaints:
        raise SystemExit(f"{page.url} at {size[0]} px complains: {complaints}")


async def take(page: Page, screen: str, path: Path) -> None:
    """Open one screen, wait until it has come to rest, and keep its picture."""
    await page.goto(SCREENS[screen])
    await page.wait_for_load_state("networkidle")
    await page.wait_for_timeout(QUIET_MILLISECONDS)
    if screen == "conversation":
        await page.locator("#conversations a").nth(1).click()
        await page.wait_for_timeout(QUIET_MILLISECONDS)
    if screen == "contact":
        await page.locator("main a[href^='/contacts/']:visible").first.click()
        await page.wait_for_timeout(QUIET_MILLISECONDS)
    await page.screenshot(path=path)


async def take_all(server: Server, screens: list[str]) -> None:
    """Take every picture, one after the other."""
    TARGET.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        for screen in screens:
            for name, size in SIZES.items():
                for dark in (False, True):
                    async with signed_in(browser, server, size, dark=dark, email=visitor(screen)) as page:
                        theme = "dark" if dark else "light"
                        await take(page, screen, TARGET / f"{screen}-{name}-{theme}.png")
        await browser.close()


def main() -> None:
    """Run the demo in a folder of its own and take the pictures named, or all."""
    with (
        tempfile.TemporaryDirectory(prefix="prumo-pictures-") as folder,
        running_server(Path(folder) / "data") as server,
    ):
        asyncio.run(take_all(server, sys.argv[1:] or list(SCREENS)))


main()
