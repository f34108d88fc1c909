"""The whole product, running: one server with demo data, and Chromium windows in front of it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from tests.core.redis_server import free_port

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 240.0
PATIENCE = 15_000
"""How long, in milliseconds, a browser waits for something to appear before the test fails."""

# Shared runners open WebSockets and aborted fetches at navigation; the browser reports those as errors.
HARMLESS = ("net::ERR_ABORTED", "WebSocket is closed before the connection")


@dataclass(frozen=True, slots=True)
class Server:
    """A running Prumo."""

    address: str
    data_dir: Path
    process: "subprocess.Popen[bytes]"
    log: Path


Open = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep every browser test in one process, so that one server and one browser serve them all."""
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@contextlib.contextmanager
def running_server(data_dir: Path, **environment: str) -> Iterator[Server]:
    """Run `prumo run` on a free port with its data in `data_dir`, and stop it like Ctrl-C does."""
    port = free_port()
    variables = {
        **os.environ,
        "PORT": str(port),
        "PRUMO_DATA_DIR": str(data_dir),
        "PRUMO_LOG_FORMAT": "json",
        **environment,
    }
    for name in ("DATABASE_URL", "REDIS_URL"):
        if name not in environment:
            variables.pop(name, None)
    log = data_dir.parent / f"{data_dir.name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "crm_app.cli", "run"], cwd=ROOT, env=variables, stdout=out, stderr=out
        )
        try:
            server = Server(f"http://localhost:{port}", data_dir, process, log)
            _wait_until_ready(server)
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{server.address}/readyz", timeout=5):
            return
        time.sleep(0.2)
    raise AssertionError(f"the server did not come up:\n{server.log.read_text(errors='replace')[-4000:]}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with demo data for all browser tests."""
    with running_server(tmp_path_factory.mktemp("browser") / "data") as running:
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

    Fails the test at its end when a page's console showed an error.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(known in message.text for known in HARMLESS):
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
    ) -> Page:
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
            answer = await context.request.post(
                "/api/auth/login",
                data={"email": email, "password": demo_password(email)},
                headers={"Origin": server.address},
            )
            assert answer.ok, await answer.text()
        page = await context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(path)
        return page

    yield open_one
    for context in contexts:
        await context.close()
    assert complaints == []


def demo_password(email: str) -> str:
    """Return the password of a demo login."""
    from crm_app.demo import DEMO_LOGINS

    return next(login.password for login in DEMO_LOGINS if login.email == email)
