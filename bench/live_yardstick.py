"""The least that a live server can do: insert a row with psycopg, then tell every websocket."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import uvicorn
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from psycopg_pool import AsyncConnectionPool

START_SECONDS = 20.0


def build(url: str) -> FastAPI:
    """Return the server: `POST /say` inserts its body and sends it to every websocket at `/`."""
    sockets: set[WebSocket] = set()
    pool = AsyncConnectionPool(url, min_size=2, max_size=4, open=False)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with pool:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.websocket("/")
    async def listen(websocket: WebSocket) -> None:
        await websocket.accept()
        sockets.add(websocket)
        await websocket.send_text("listening")
        with suppress(WebSocketDisconnect):
            await websocket.receive_text()
        sockets.discard(websocket)

    @app.post("/say")
    async def say(request: Request) -> None:
        body = (await request.body()).decode()
        async with pool.connection() as connection:
            await connection.execute("INSERT INTO bench_said (body) VALUES (%s)", (body,))
        text = json.dumps({"body": body, "committed": time.time()})
        await asyncio.gather(*(one.send_text(text) for one in sockets))

    return app


@asynccontextmanager
async def broadcasting_server(url: str, port: int) -> AsyncIterator[None]:
    """Run the server in a process of its own."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.live_yardstick", url, str(port))
    try:
        deadline = time.monotonic() + START_SECONDS
        async with aiohttp.ClientSession() as client:
            while time.monotonic() < deadline:
                with suppress(aiohttp.ClientError):
                    async with client.get(f"http://127.0.0.1:{port}/docs"):
                        break
                await asyncio.sleep(0.05)
        yield
    finally:
        process.kill()
        await process.wait()


if __name__ == "__main__":
    uvicorn.run(build(sys.argv[1]), port=int(sys.argv[2]), log_level="warning")
