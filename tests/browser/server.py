"""Prumo as an operator starts it, in a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.core.redis_server import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 480.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running Prumo."""

    address: str
    data_dir: Path
    process: "subprocess.Popen[bytes]"
    log: Path


@contextlib.contextmanager
def running_server(data_dir: Path, **environment: str) -> Iterator[Server]:
    """Run `prumo run` on a free port with its data in `data_dir`, and stop it like Ctrl-C does."""
    port = free_port()
    variables = {
        **os.environ,
        "PORT": str(port),
        "PRUMO_DATA_DIR": str(data_dir),
        "PRUMO_LOG_FORMAT": "json",
        "PRUMO_UNDO_SEND_SECONDS": "0",  # nobody here changes their mind
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
