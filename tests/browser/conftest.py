"""The whole product, running: one server with demo data, and Chromium windows in front of it."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from tests.browser.server import Server, running_server

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 15_000
"""How long, in milliseconds, a browser waits for something to appear before the test fails."""

expect.set_options(timeout=PATIENCE)

# Shared runners open WebSockets and aborted fetches at navigation; the browser reports those as errors.
HARMLESS = ("net::ERR_ABORTED", "WebSocket is closed before the connection")


Open = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every browser test, so that `-m "not browser"` leaves them out."""
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with demo data for all browser tests that this process runs."""
    with running_server(tmp_path_factory.mktemp("browser") / "data", PRUMO_PRIVATE_HOSTS="127.0.0.1") as running:
        yield running


def chromium_path() -> str:
    """Return Debian's Chromium. Skips where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("Chromium is not installed")
    return found


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests; each test opens windows of its own."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        yield launched
        await launched.close()


@pytest_asyncio.fixture
async def open_window(server: Server, browser: Browser) -> AsyncIterator[Open]:
    """Return a function that opens a window signed in as a demo person, at a path.

    Windows of one person share a session, since signing in is throttled; `fresh_session` begins another one.

    Fails the test at its end when a page's console showed an error, but for what it is `expecting`.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    expected: list[str] = list(HARMLESS)

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(known in message.text for known in expected):
            complaints.append(f"{message.location.get('url', '')}: {message.text}")

    async def open_one(
        email: str | None = None,
        path: str = "/",
        *,
        width: int = 1440,
        height: int = 900,
        dark: bool = False,
        touch: bool = False,
        locale: str = "pt-BR",
        fresh_session: bool = False,
        expecting: tuple[str, ...] = (),
    ) -> Page:
        expected.extend(expecting)
        context = await browser.new_context(
            base_url=server.address,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            locale=locale,
            timezone_id="America/Sao_Paulo",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        if email is not None:
            await sign_in(context, server, email, fresh=fresh_session)
        page = await context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(path)
        await is_alive(page)
        return page

    yield open_one
    for context in contexts:
        # A window that is under way may never say that it is closed; the browser's own end takes it along.
        with suppress(TimeoutError):
            await asyncio.wait_for(context.close(), PATIENCE / 1000)
    assert complaints == []


_sessions: dict[tuple[str, str], list[Any]] = {}


async def sign_in(context: BrowserContext, server: Server, email: str, *, fresh: bool = False) -> None:
    """Give a window the person's session of this server, which is begun when there is none that holds."""
    key = (server.address, email)
    if not fresh and key in _sessions:
        await context.add_cookies(_sessions[key])
        if (await context.request.get("/api/v1/me")).ok:
            return
    answer = await context.request.post(
        "/api/auth/login",
        data={"email": email, "password": demo_password(email)},
        headers={"Origin": server.address},
    )
    assert answer.ok, await answer.text()
    if not fresh:
        _sessions[key] = [*await context.cookies()]


async def is_alive(page: Page) -> None:
    """Wait until the page reacts: it was built before, and is drawn before its scripts have run."""
    await page.wait_for_selector("html.alive", state="attached")


async def is_in(page: Page, path: str = "/") -> None:
    """Wait until somebody signed in stands on a screen and the page is at rest: nothing leads it elsewhere now."""
    await expect(page).to_have_url(re.compile(rf"^[^?]*{path}"))
    await is_alive(page)
    await page.wait_for_selector(".app a.ni", state="attached")


async def lose_session(page: Page) -> None:
    """Let a window forget who is signed in.

    The page goes first: without its cookie it would go to the login page by itself, against the test's own step.
    """
    await is_in(page)
    await page.goto("about:blank")
    await page.context.clear_cookies(name="prumo_session")


def demo_password(email: str) -> str:
    """Return the password of a demo login; all have the same one."""
    from crm_app.demo.seed import PASSWORD

    assert email.endswith(".demo")
    return PASSWORD
