"""The embedded PostgreSQL: a private cluster in the data folder, started by whoever needs it first.

Several processes may use one cluster (`prumo run` beside `prumo worker`): each holds a shared lock while it
does, and the last one to leave stops the server. A process killed with SIGKILL loses its lock with its life,
so a server left behind is found running and taken over by the next start.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

from crm_app.config import data_folder
from crm_app.core.operator_errors import OperatorError
from crm_app.core.postgres_programs import SYSTEM_FOLDER, Programs, find_programs
from crm_app.core.postgres_server import (
    ADMIN_ROLE,
    make_cluster,
    postmaster,
    socket_folder,
    start_server,
    stop_server,
)

DATABASE = "prumo"
OWNER_ROLE = "prumo"
APP_ROLE = "prumo_app"

_THROWAWAY_PREFIX = "prumo-pg-"


@dataclass
class EmbeddedPostgres:
    """A running cluster. `url` owns the tables, `app_url` serves requests, `admin_url` is the superuser."""

    url: str
    app_url: str
    admin_url: str
    home: Path
    _programs: Programs
    _in_use: IO[str]
    _throwaway: bool = False
    _stopped: bool = field(default=False, init=False)

    def is_running(self) -> bool:
        """Tell whether the server's main process lives."""
        return postmaster(self.home / "data") is not None

    def ensure_running(self) -> bool:
        """Start the server again when it has died; return whether that was needed."""
        with _locked(self.home / "start.lock"):
            if self._stopped or self.is_running():
                return False
            start_server(self._programs, self.home, throwaway=self._throwaway)
            return True

    def stop(self) -> None:
        """Leave the cluster; its last user stops the server. May be called twice."""
        if self._stopped:
            return
        self._stopped = True
        with _locked(self.home / "start.lock"):
            if _try_lock(self._in_use):
                stop_server(self._programs, self.home, quick=self._throwaway)
            self._in_use.close()
        if self._throwaway:
            shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self) -> "EmbeddedPostgres":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_embedded(data_dir: Path) -> EmbeddedPostgres:
    """Start the cluster of `data_dir`, or join it when it runs; make it on first use.

    Raises `OperatorError` when it cannot be started, saying what to do.
    """
    programs = find_programs()
    return _join(programs, _home(data_dir, programs), throwaway=False)


def start_throwaway() -> EmbeddedPostgres:
    """Start an empty cluster of its own in a temporary folder, fast and not durable; `stop()` removes it."""
    programs = find_programs()
    base = _temporary_base(programs)
    _sweep_abandoned(programs, base)
    home = Path(tempfile.mkdtemp(prefix=_THROWAWAY_PREFIX, dir=base))
    home.chmod(0o711)
    return _join(programs, home, throwaway=True)


def embedded_location(data_dir: Path) -> Path:
    """Return the folder that holds, or would hold, the cluster of `data_dir`."""
    pointer = data_dir / "postgres" / "LOCATION"
    return Path(pointer.read_text().strip()) if pointer.exists() else data_dir / "postgres"


def _join(programs: Programs, home: Path, *, throwaway: bool) -> EmbeddedPostgres:
    with _locked(home / "start.lock"):
        in_use = (home / "in-use.lock").open("a")
        fcntl.flock(in_use, fcntl.LOCK_SH)
        try:
            passwords = _passwords(home)
            if not (home / "data").exists():
                make_cluster(programs, home, passwords[ADMIN_ROLE], throwaway=throwaway)
            if postmaster(home / "data") is None:
                start_server(programs, home, throwaway=throwaway)
            folder = socket_folder(programs, home)
            _make_roles(_url(ADMIN_ROLE, passwords, folder, "postgres"), passwords)
        except BaseException:
            in_use.close()
            raise
    return EmbeddedPostgres(
        url=_url(OWNER_ROLE, passwords, folder),
        app_url=_url(APP_ROLE, passwords, folder),
        admin_url=_url(ADMIN_ROLE, passwords, folder),
        home=home,
        _programs=programs,
        _in_use=in_use,
        _throwaway=throwaway,
    )


def _home(data_dir: Path, programs: Programs) -> Path:
    """Return the cluster's folder: in the data folder, or the system's when the service user is shut out."""
    home = embedded_location(data_dir)
    if not home.exists():
        data_folder(data_dir)
        home.mkdir(mode=0o711, parents=True, exist_ok=True)
    if programs.user.can_pass(home):
        return home
    if (home / "data").exists():
        raise OperatorError(
            f"The user {programs.user.uid}, who runs the database, cannot enter {home} any more.",
            f"Allow passing through its parent folders (chmod o+x), or run Prumo as the owner of {home}.",
        )
    elsewhere = SYSTEM_FOLDER / f"data-{secrets.token_hex(4)}"
    elsewhere.mkdir(mode=0o711, parents=True)
    (home / "LOCATION").write_text(f"{elsewhere}\n")
    return elsewhere


def _temporary_base(programs: Programs) -> Path:
    for base in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108 - own 0711 folder below
        if base.is_dir() and programs.user.can_pass(base):
            return base
    raise OperatorError("No temporary folder is open to the database's user.", "Allow passing through /tmp.")


def _sweep_abandoned(programs: Programs, base: Path) -> None:
    """Stop and remove throwaway clusters whose users are all dead (a test run killed with SIGKILL)."""
    for home in base.glob(f"{_THROWAWAY_PREFIX}*"):
        with contextlib.suppress(OSError):
            if home.stat().st_uid != os.geteuid() or time.time() - home.stat().st_mtime < 60:
                continue  # another user's, or one that is just being made
            with (home / "in-use.lock").open("a") as in_use:
                if _try_lock(in_use):
                    stop_server(programs, home, quick=True)
                    shutil.rmtree(home, ignore_errors=True)


def _passwords(home: Path) -> dict[str, str]:
    """Return the password of each role, made once and kept where only we can read it."""
    path = home / "passwords.json"
    if not path.exists():
        draft = home / "passwords.draft"
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({role: secrets.token_urlsafe(24) for role in (ADMIN_ROLE, OWNER_ROLE, APP_ROLE)}, file)
        draft.rename(path)
    loaded: dict[str, str] = json.loads(path.read_text())
    return loaded


def _make_roles(admin_url: str, passwords: dict[str, str]) -> None:
    """Make the roles, the database and the vector extension, each unless it is there."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for role, rights in ((OWNER_ROLE, "CREATEDB CREATEROLE"), (APP_ROLE, "NOCREATEDB NOCREATEROLE")):
            verb = "ALTER" if role in known else "CREATE"
            statement = sql.SQL(f"{verb} ROLE {{}} LOGIN NOSUPERUSER NOBYPASSRLS {rights} PASSWORD {{}}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(passwords[role])))
        connection.execute(f"GRANT {APP_ROLE} TO {OWNER_ROLE} WITH ADMIN OPTION")
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            _make_extensions(admin_url, "template1")
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}")
            connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
            connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP_ROLE}")


def _make_extensions(admin_url: str, database: str) -> None:
    with psycopg.connect(admin_url, dbname=database, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")


def _url(role: str, passwords: dict[str, str], folder: Path, database: str = DATABASE) -> str:
    return f"postgresql://{role}:{passwords[role]}@/{database}?host={quote(str(folder), safe='')}"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
