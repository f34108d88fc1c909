"""From opening the board's address to its first card in Chromium, with nothing cached and with the cache warm.

Chromium runs on the same machine as the server. The yardstick is a bare page of the same server, which holds a
single line and no script: what a window costs before anything of ours is in it.
"""

import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, async_playwright

from bench.harness import Report, Row, Sample, summarize
from tests.browser.conftest import CHROMIUM_FLAGS, chromium_path, sign_in
from tests.browser.server import Server, running_server

VISITOR = "marina@horizonte.demo"
ROUNDS = 9
BARE = "/healthz"


async def run() -> Report:
    """Measure against a server with the demonstration's data."""
    report = Report("First card of the board in Chromium")
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="prumo-bench-"))
        server = stack.enter_context(running_server(Path(folder) / "data"))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        await _visits(browser, server, "/board", "[data-card]", 1, cold=True)  # fills the server's caches
        cold = await _visits(browser, server, "/board", "[data-card]", ROUNDS, cold=True)
        warm = await _visits(browser, server, "/board", "[data-card]", ROUNDS, cold=False)
        bare = await _visits(browser, server, BARE, "body", ROUNDS, cold=True)
        await browser.close()
    report.rows += [
        Row("first card, cold cache", cold, bare, "a bare page", goal="800 ms"),
        Row("first card, warm cache", warm, bare, "a bare page", goal="400 ms"),
    ]
    return report


async def _visits(browser: Browser, server: Server, path: str, shown: str, times: int, *, cold: bool) -> Sample:
    """Open `path` so many times and wait for `shown`; a window with nothing cached each time when `cold`."""
    durations = []
    context = await _window(browser, server)
    if not cold:
        await _visit(context, path, shown)
    begun = time.perf_counter()
    for _ in range(times):
        if cold:
            await context.close()
            context = await _window(browser, server)
        durations.append(await _visit(context, path, shown))
    await context.close()
    return summarize(durations, time.perf_counter() - begun)


async def _window(browser: Browser, server: Server) -> BrowserContext:
    context = await browser.new_context(base_url=server.address, locale="pt-BR")
    await sign_in(context, server, VISITOR)
    return context


async def _visit(context: BrowserContext, path: str, shown: str) -> float:
    """Return the seconds from the call for the page until `shown` is on it, by the page's own clock."""
    page = await context.new_page()
    await page.goto(path, wait_until="commit")
    milliseconds = await page.evaluate(
        """wanted => new Promise(done => {
            const look = () => document.querySelector(wanted)
                ? requestAnimationFrame(() => done(performance.now())) : requestAnimationFrame(look);
            look();
        })""",
        shown,
    )
    await page.close()
    return float(milliseconds) / 1000
