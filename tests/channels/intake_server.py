"""The webhook endpoint as a process of its own, for tests that kill it (`-m tests.channels.intake_server`)."""

import asyncio
import sys

import uvicorn
from fastapi import FastAPI

from crm_app.api.hooks.receive import router
from crm_app.core import hub
from crm_app.core.database import open_database
from crm_app.core.queue import open_queue


async def serve(url: str, port: int) -> None:
    """Answer webhooks until killed."""
    open_database(url)
    await open_queue(url)
    await hub.open_hub()
    app = FastAPI()
    app.include_router(router)
    await uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", access_log=False)).serve()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
