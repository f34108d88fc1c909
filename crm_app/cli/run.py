"""`prumo run`: everything in one supervised process; `prumo dev` the same with hot reload."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated

import typer

from crm_app.cli import frontend
from crm_app.cli.output import say
from crm_app.cli.process_group import ProcessGroup
from crm_app.cli.standing import require_answer
from crm_app.cli.supervisor import Child, Supervisor
from crm_app.config import Settings, child_environment, get_settings
from crm_app.core.logging import configure_logging
from crm_app.core.operator_errors import OperatorError
from crm_app.core.postgres import EmbeddedPostgres, start_embedded

_UP_SECONDS = 120.0
_DATABASE_WATCH_SECONDS = 2.0


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(run)
    app.command()(dev)
    app.command()(build)


def run(
    rebuild: Annotated[bool, typer.Option(help="Build the front end even when nothing changed.")] = False,
) -> None:
    """Start everything: database, migrations, demo data once, web, job worker and scheduler. Ctrl-C stops it."""
    settings = get_settings()
    configure_logging(settings.log_format, settings.log_level)
    require_free_port(settings)
    frontend.build(force=rebuild)
    with _database(settings) as cluster:
        logins = _prepare()
        supervisor = Supervisor(_children(settings), watch=_Watch(cluster))
        supervisor.run(lambda: _announce(settings, supervisor, logins))
    say("Prumo has stopped.")


def dev() -> None:
    """Start everything with hot reload: a change in the code rebuilds and restarts. Ctrl-C stops it."""
    settings = get_settings()
    configure_logging(settings.log_format, settings.log_level)
    require_free_port(settings)
    with _database(settings) as cluster:
        _prepare()
        addresses = {"DATABASE_URL": cluster.url, "DATABASE_APP_URL": cluster.app_url} if cluster else {}
        command = [sys.executable, "-m", "reflex", "run", "--env", "preview", "--backend-host", settings.host]
        environment = frontend.building_environment() | addresses | {"PRUMO_ENVIRONMENT": "development"}
        code = ProcessGroup(command, cwd=frontend.ROOT, env=environment).run()
    say("Prumo has stopped.")
    if code:
        raise typer.Exit(code)


def build(force: Annotated[bool, typer.Option(help="Also when nothing changed.")] = False) -> None:
    """Build the front end, unless it is built."""
    if not frontend.build(force=force):
        say("The front end is up to date.")


def require_free_port(settings: Settings) -> None:
    """Raise `OperatorError` when another program listens on our port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise OperatorError(
                f"Port {settings.port} on {settings.host} cannot be used: {error.strerror}.",
                f"Is Prumo running already? Stop what uses it, or take another: PORT={settings.port + 1} make run",
            ) from error


def _database(settings: Settings) -> AbstractContextManager[EmbeddedPostgres | None]:
    outside = settings.database_url or settings.database_app_url
    if outside is not None:
        require_answer(outside)
        return nullcontext(None)
    say("Starting the database …")
    return start_embedded(settings.data_dir)


def _prepare() -> list[dict[str, str]]:
    """Migrate and seed in a process of their own, so that the supervisor stays small; return the demo's logins."""
    command = [sys.executable, "-m", "crm_app.cli", "prepare"]
    ended = subprocess.run(command, env=child_environment(), check=False, stdout=subprocess.PIPE)  # noqa: S603
    if ended.returncode != 0:
        raise OperatorError(
            "The database could not be brought to this version; the reason stands above.",
            "Run 'prumo doctor' to see what is missing.",
        )
    logins: list[dict[str, str]] = json.loads(ended.stdout)["logins"]
    return logins


def _children(settings: Settings) -> list[Child]:
    if settings.redis_url is None:
        return [Child("web", ["serve", "--roles", ",".join(settings.roles)])]
    children = {
        "web": Child("web", ["serve", "--roles", "web"]),
        "worker": Child("worker", ["worker"]),
        "scheduler": Child("scheduler", ["scheduler"]),
    }
    return [children[role] for role in settings.roles]


class _Watch:
    """Looks after the embedded database every now and then."""

    def __init__(self, cluster: EmbeddedPostgres | None) -> None:
        self._cluster = cluster
        self._next = 0.0

    def __call__(self) -> None:
        if self._cluster is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _DATABASE_WATCH_SECONDS
        if self._cluster.ensure_running():
            say("The database had died and was started again.")


def _announce(settings: Settings, supervisor: Supervisor, logins: list[dict[str, str]]) -> None:
    """Wait until the page answers, then say where it is and who can sign in."""
    if "web" not in settings.roles or not _wait_until_up(settings, supervisor):
        return
    say(f"\nPrumo is up: {settings.address}\n")
    if logins:
        width = max(len(login["email"]) for login in logins)
        say(f"Sign in with the password {logins[0]['password']} as")
        for login in logins:
            say(f"  {login['email']:<{width}}  {login['name']}, {login['role']}")
        say()
    say(f"Data: {settings.data_dir} · stop with Ctrl-C\n")


def _wait_until_up(settings: Settings, supervisor: Supervisor) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - compared only
    deadline = time.monotonic() + _UP_SECONDS
    while time.monotonic() < deadline and not supervisor.stopping:
        if any(child.died() for child in supervisor.children):
            return False
        try:
            with urllib.request.urlopen(f"http://{host}:{settings.port}/readyz", timeout=2):
                return True
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 503:
                return True  # it serves; what it lacks is in /readyz
        except OSError:
            pass
        time.sleep(0.1)
    return False
