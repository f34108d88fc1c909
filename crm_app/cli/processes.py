"""Commands that are one process each: the web server, the job worker, the scheduler."""

import asyncio
import os
import shutil
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from crm_app.cli.frontend import serving_environment
from crm_app.cli.output import AsJson, show
from crm_app.cli.standing import database
from crm_app.config import Role, Settings, private_folder, set_environment, use_settings

Supervised = Annotated[bool, typer.Option("--supervised", hidden=True)]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(serve)
    app.command()(worker)
    app.command()(scheduler)


def serve(
    roles: Annotated[str, typer.Option(help="What this process does: web, worker, scheduler.")] = "",
    supervised: Supervised = False,
) -> None:
    """Serve the built front end, the API and the websocket on one port (part of 'prumo run')."""
    _end_with_parent(supervised)
    with database() as settings:
        if roles:
            settings = use_settings(roles=roles)
        _serve(settings)


def _serve(settings: Settings) -> None:
    if settings.web_workers > 1:
        set_environment({"PROMETHEUS_MULTIPROC_DIR": str(_fresh_folder(settings.data_dir / "metrics"))})
    import uvicorn

    # further web processes are spawned: they know only the environment
    set_environment(serving_environment() | _addresses(settings) | {"PRUMO_ROLES": ",".join(settings.roles)})
    uvicorn.run(
        "crm_app.crm_app:app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.web_workers if settings.web_workers > 1 else None,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=5,
        backlog=4096,
        ws_max_size=8 * 1024 * 1024,
    )


def _fresh_folder(path: Path) -> Path:
    """Return an empty folder: numbers of the processes before are no longer ours."""
    shutil.rmtree(path, ignore_errors=True)
    return private_folder(path)


def _addresses(settings: Settings) -> dict[str, str]:
    known = {"DATABASE_URL": settings.database_url, "DATABASE_APP_URL": settings.database_app_url}
    return {name: url for name, url in known.items() if url is not None}


def worker(
    concurrency: Annotated[int, typer.Option(help="Jobs at the same time; 0 takes the setting.", min=0)] = 0,
    until_empty: Annotated[bool, typer.Option(help="Leave when no job is due.")] = False,
    supervised: Supervised = False,
) -> None:
    """Take jobs from the queue until interrupted. Start as many of these as there is work for."""
    _end_with_parent(supervised)
    with database() as settings:
        if concurrency:
            settings = use_settings(worker_concurrency=concurrency)
        if until_empty:
            asyncio.run(_work_until_empty(settings))
        else:
            asyncio.run(_play(("worker",)))


def scheduler(
    show_ticks: Annotated[bool, typer.Option("--list", help="Only list what is scheduled.")] = False,
    as_json: AsJson = False,
    supervised: Supervised = False,
) -> None:
    """Enqueue what is due, when it is due. Of several schedulers one leads and the others stand by."""
    if show_ticks:
        from jobs import load_jobs
        from jobs.ticks import ticks

        load_jobs()
        show({tick.job: str(tick.trigger) for tick in ticks()}, as_json=as_json)
        return
    _end_with_parent(supervised)
    with database():
        asyncio.run(_play(("scheduler",)))


async def _work_until_empty(settings: Settings) -> None:
    from jobs.process import foundations
    from jobs.worker import work

    async with foundations(settings):
        await work(concurrency=settings.worker_concurrency, until_empty=True)


async def _play(roles: tuple[Role, ...]) -> None:
    """Play `roles` until SIGINT or SIGTERM; jobs that are running are finished first."""
    from jobs.process import process

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with process(roles):
        await stop.wait()


def _end_with_parent(supervised: bool) -> None:
    """Stop this process when the supervisor is gone, even by SIGKILL: its end of our standard input closes."""
    if not supervised:
        return

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True, name="parent-watch").start()
