"""The life of one process: opens what it stands on, then plays the roles that the settings give it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from crm_app.config import Role, Settings, get_settings
from crm_app.core import hub
from crm_app.core.database import close_database, open_database
from crm_app.core.http import close_shared_clients
from crm_app.core.logging import configure_logging
from crm_app.core.operator_errors import OperatorError
from crm_app.core.queue import close_queue, open_queue
from crm_app.core.reporting import start_reporting
from crm_app.domains.channels.doors import watch_changes
from jobs.scheduler import scheduling
from jobs.worker import working

log = structlog.get_logger(__name__)


def serving_url(settings: Settings) -> str:
    """Return the address of the database that requests and jobs use. Raises `OperatorError` when none is set."""
    url = settings.database_app_url or settings.database_url
    if url is None:
        raise OperatorError(
            "This process was started without a database.",
            "Start it with 'prumo run', or set DATABASE_URL.",
        )
    return url


@asynccontextmanager
async def foundations(settings: Settings) -> AsyncIterator[None]:
    """Open database, queue and live hub for the time of the block."""
    url = serving_url(settings)
    open_database(url, pool_size=settings.database_pool_size)
    try:
        await open_queue(url)
        await hub.open_hub(settings.redis_url)
        watch_changes()
        yield
    finally:
        await close_shared_clients()
        await hub.close_hub()
        await close_queue()
        await close_database()


@asynccontextmanager
async def process(roles: tuple[Role, ...] | None = None) -> AsyncIterator[None]:
    """Run this process's worker and scheduler around the block (the web server, or a wait for a signal)."""
    settings = get_settings()
    played = settings.roles if roles is None else roles
    configure_logging(settings.log_format, settings.log_level)  # a forked or spawned server process has none yet
    start_reporting(settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(foundations(settings))
        if "worker" in played:
            await stack.enter_async_context(working(concurrency=settings.worker_concurrency))
        if "scheduler" in played:
            await stack.enter_async_context(scheduling(settings.database_url or serving_url(settings)))
        log.info("process is up", roles=list(played), redis=settings.redis_url is not None)
        yield
    log.info("process is down", roles=list(played))


@asynccontextmanager
async def web_process() -> AsyncIterator[None]:
    """The lifespan of the web app: what `process` opens, with the roles of the settings."""
    async with process():
        yield
