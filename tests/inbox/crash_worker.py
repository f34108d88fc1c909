"""A job worker in a process of its own that kills itself at a named point: `crash_worker URL FOLDER POINT`."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import crm_app.domains.models  # noqa: F401
from crm_app.core import hub
from crm_app.core.database import open_database
from crm_app.core.queue import open_queue
from crm_app.domains.channels import event_log, registry
from crm_app.domains.inbox.services import delivery, inbound, media
from jobs.worker import work
from tests.inbox.tin import TIN, TinNetwork, use_network


def dying(module: Any, name: str, *, first: bool) -> None:
    """Let the process die before or after this function runs, in the middle of whatever calls it."""
    original: Callable[..., Awaitable[Any]] = getattr(module, name)

    async def replaced(*arguments: Any, **options: Any) -> Any:
        if not first:
            await original(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(module, name, replaced)


POINTS: dict[str, tuple[Any, str, bool]] = {
    "event before it is applied": (inbound, "_apply_all", True),
    "event applied but not committed": (event_log, "mark_processed", False),
    "event committed but the job not finished": (inbound, "_process", False),
    "message marked as sending": (delivery, "_hand_over", True),
    "receipt written but not committed": (delivery, "mark_accepted", False),
    "receipt committed but the job not finished": (delivery, "store_receipt", False),
    "file in the storage but not in the database": (media, "_keep", True),
}
INSIDE_THE_VENDOR = ("before_accept", "after_accept")


async def main(url: str, folder: Path, point: str) -> None:
    """Work until nothing is left, or until the point is reached."""
    network = TinNetwork(folder, crash=point if point in INSIDE_THE_VENDOR else "")
    network.files = {"f-1": (folder / "f-1").read_bytes()}
    use_network(network)
    registry.PROVIDERS = MappingProxyType({**registry.PROVIDERS, "tin": TIN})
    if point in POINTS:
        module, name, first = POINTS[point]
        dying(module, name, first=first)
    open_database(url)
    await open_queue(url)
    await hub.open_hub()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await work(concurrency=2, until_empty=point != "any")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
