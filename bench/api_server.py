"""The HTTP side of the product alone, in a process of its own: `python -m bench.api_server DATABASE_URL PORT`.

Benches start it with `serving_api` and talk to it over sockets, as a client elsewhere would.
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

LARGEST_HEAD = 65_536
UNTHROTTLED = "1000000/minute"
"""A bench's one session calls as often as it can."""


def main(url: str, port: int) -> None:
    """Serve until terminated, with the same server and the same middleware as the product."""
    import uvicorn
    from starlette.types import ASGIApp

    import crm_app.domains.models  # noqa: F401
    from crm_app.api.app import build_api
    from crm_app.api.observe import Observed
    from crm_app.core import hub
    from crm_app.core.database import close_database, open_database
    from crm_app.core.logging import configure_logging

    configure_logging()
    api = build_api()

    @contextlib.asynccontextmanager
    async def life(_: Any) -> AsyncIterator[None]:
        open_database(url)
        await hub.open_hub()
        yield
        await hub.close_hub()
        await close_database()

    api.router.lifespan_context = life
    app: ASGIApp = Observed(api)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=600,
    )


@contextlib.contextmanager
def serving_api(url: str) -> Iterator[int]:
    """Run the server for a database and yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.api_server", url, str(port)],
        env={**os.environ, "PRUMO_API_RATE": UNTHROTTLED},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        server.terminate()
        server.wait(15)


class Client:
    """One keep-alive connection that speaks just enough HTTP to cost next to nothing."""

    def __init__(self, port: int, cookie: str) -> None:
        self._port = port
        self._head = f"Host: localhost\r\nCookie: {cookie}\r\nContent-Type: application/json\r\n"
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self, within: float = 60) -> "Client":
        """Open the connection, waiting for a server that is still starting."""
        async with asyncio.timeout(within):
            while True:
                try:
                    opened = await asyncio.open_connection("127.0.0.1", self._port, limit=LARGEST_HEAD)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    self._reader, self._writer = opened
                    return self

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request and return the JSON of a 2xx answer. Raises `RuntimeError` for any other."""
        assert self._reader
        assert self._writer
        content = json.dumps(body).encode() if body is not None else b""
        line = f"{method} {path} HTTP/1.1\r\n{self._head}Content-Length: {len(content)}\r\n\r\n"
        self._writer.write(line.encode() + content)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        answer = await self._reader.readexactly(length)
        status = int(head.split(" ", 2)[1])
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path}: {status} {answer[:300]!r}")
        return answer

    def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
