"""One PostgreSQL server process: make its data folder, start it, find it, stop it."""

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

from crm_app.core.operator_errors import OperatorError
from crm_app.core.postgres_programs import MAJOR, Programs, private_to

ADMIN_ROLE = "postgres"

SOCKET_PATH_LIMIT = 107
"""Bytes that Linux allows in the path of a Unix socket."""

_SOCKET_NAME = ".s.PGSQL.5432"
_INITDB_OPTIONS = [
    f"--username={ADMIN_ROLE}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--text-search-config=portuguese",
    "--no-instructions",
]
_WAIT_SECONDS = 60
_LOG_BYTES = 20 * 1024 * 1024
_LEAST_FREE_BYTES = 200 * 1024 * 1024


def socket_folder(programs: Programs, home: Path) -> Path:
    """Return the private folder of the socket; a short one in /tmp when the path would grow too long."""
    folder = home / "run"
    if len(os.fsencode(folder / _SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
        return private_to(programs.user, folder)
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return private_to(programs.user, Path("/tmp") / f"prumo-{digest}")  # noqa: S108 - 0700, owner checked


def make_cluster(programs: Programs, home: Path, password: str, *, throwaway: bool) -> None:
    """Run initdb in a draft folder, so that one that was interrupted never looks finished."""
    _require_space(home)
    draft = home / "data.draft"
    shutil.rmtree(draft, ignore_errors=True)
    private_to(programs.user, draft)
    key = home / "initial-password"
    key.unlink(missing_ok=True)
    descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(password)
    programs.user.own(key)
    options = [*_INITDB_OPTIONS, "--no-sync"] if throwaway else _INITDB_OPTIONS
    try:
        made = programs.run("initdb", "--pgdata", draft, "--pwfile", key, *options)
    finally:
        key.unlink()
    if made.returncode != 0:
        raise _failure("PostgreSQL could not make its data folder", made.stdout, home)
    with (draft / "postgresql.conf").open("a") as conf:
        conf.write("\ninclude = 'prumo.conf'\n")
    draft.rename(home / "data")


def start_server(programs: Programs, home: Path, *, throwaway: bool) -> None:
    """Start the server of `home`, wait until it takes connections; raise `OperatorError` when it does not."""
    data = home / "data"
    private_to(programs.user, data)
    _require_same_version(data)
    _require_space(home)
    sockets = socket_folder(programs, home)
    # nobody lives behind these (see `postmaster`); orphaned children are found by their shared memory
    (data / "postmaster.pid").unlink(missing_ok=True)
    (sockets / f"{_SOCKET_NAME}.lock").unlink(missing_ok=True)
    settings = _server_settings(sockets, throwaway=throwaway)
    (data / "prumo.conf").write_text(settings)
    programs.user.own(data / "prumo.conf")
    log = private_to(programs.user, home / "run") / "postgres.log"
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.old"))
    for _ in range(10):
        output = _start_once(programs, data, log)
        if output is None:
            return
        if "shared memory block" not in output:
            break
        time.sleep(0.3)  # children of a postmaster that was killed hold its memory for a moment longer
    raise _failure("PostgreSQL did not start", output or "", home)


def stop_server(programs: Programs, home: Path, *, quick: bool) -> None:
    """Stop the server of `home` if it runs; `quick` does not wait for a checkpoint (throwaway data)."""
    data = home / "data"
    if postmaster(data) is not None:
        mode = "immediate" if quick else "fast"
        programs.run("pg_ctl", "stop", "-D", data, "-m", mode, "-w", "-t", str(_WAIT_SECONDS), "-s")
    short = socket_folder(programs, home)
    if short.parent != home:
        shutil.rmtree(short, ignore_errors=True)


def postmaster(data: Path) -> int | None:
    """Return the process id of the server of `data`; None when the lock file is missing or stale."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    if not Path("/proc/self/cmdline").exists():
        return pid if _answers_signals(pid) else None
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return None
    return pid if os.fsencode(data) in command.split(b"\0") else None


def _answers_signals(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _start_once(programs: Programs, data: Path, log: Path) -> str | None:
    """Try to start once; return None on success, else the end of the server's log."""
    try:
        started = programs.run("pg_ctl", "start", "-D", data, "-l", log, "-w", "-t", str(_WAIT_SECONDS), "-s")
    except subprocess.TimeoutExpired:
        return f"It did not answer within {_WAIT_SECONDS} s.\n{_tail(log)}"
    return None if started.returncode == 0 else _tail(log) or started.stdout


def _server_settings(sockets: Path, *, throwaway: bool) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1024 * 1024)
    settings = {
        "listen_addresses": "''",
        "unix_socket_directories": _quoted(str(sockets)),
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "max_connections": 200,
        "shared_buffers": f"{min(512, max(64, memory // 8))}MB",
        "effective_cache_size": f"{max(128, memory // 2)}MB",
        "work_mem": "8MB",
        "maintenance_work_mem": "128MB",
        "random_page_cost": 1.1,
        "jit": "off",
        "wal_compression": "on",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_line_prefix": "'%m [%p] %q%u@%d '",
        "log_min_duration_statement": 1000,
        "idle_in_transaction_session_timeout": "'5min'",
    }
    if throwaway:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings |= {"wal_level": "minimal", "max_wal_senders": 0}
    return "# written at every start; put your own settings into postgresql.conf, after the include\n" + "".join(
        f"{name} = {value}\n" for name, value in settings.items()
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _require_same_version(data: Path) -> None:
    found = (data / "PG_VERSION").read_text().strip()
    if found != MAJOR:
        raise OperatorError(
            f"The data in {data} were written by PostgreSQL {found}; this version of Prumo brings {MAJOR}.",
            "Dump them with the Prumo version that wrote them and restore here: docs/operator/backup.md.",
        )


def _require_space(home: Path) -> None:
    free = shutil.disk_usage(home).free
    if free < _LEAST_FREE_BYTES:
        raise OperatorError(
            f"Only {free // 1024**2} MB are free on the disk of {home}; the database needs at least 200 MB.",
            "Free some space, or move the data with PRUMO_DATA_DIR to another disk.",
        )


def _failure(problem: str, output: str, home: Path) -> OperatorError:
    if "No space left on device" in output:
        return OperatorError(f"{problem}: the disk of {home} is full.", "Free some space and start again.")
    return OperatorError(f"{problem}:\n{output.strip()}", f"The whole log is in {home / 'run' / 'postgres.log'}.")


def _tail(log: Path) -> str:
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-12:])
