"""A Redis of the test's own, when the machine has one."""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry


def free_port() -> int:
    """Return a TCP port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis_server(port: int | None = None) -> Iterator[str]:
    """Run redis-server without persistence; gives its address. Skips the test where none is installed."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    port = port or free_port()
    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            folder,
        ]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen([program, *arguments], stdout=log, stderr=log)
            try:
                retry = Retry(ConstantBackoff(0.02), 250)
                with redis.Redis(port=port, retry=retry, retry_on_error=[redis.ConnectionError]) as client:
                    client.ping()
                yield f"redis://127.0.0.1:{port}/0"
            finally:
                process.terminate()
                process.wait(10)
