"""Ties the browser tabs of this process to the hub for as long as the app runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import reflex as rx

from crm_app.pages.live import bridge
from crm_app.pages.presence import presence
from crm_app.pages.session.known import known_sessions


@asynccontextmanager
async def follow_hub(app: rx.App) -> AsyncIterator[None]:
    """Listen to the hub: forget revoked sessions, carry facts to tabs. The hub must be open."""
    endings = [known_sessions.start(), presence.start(), bridge.start(app)]
    try:
        yield
    finally:
        for end in endings:
            end()
        await bridge.stop()
        await presence.stop()
        known_sessions.clear()


def connect_tabs(app: rx.App) -> None:
    """Tie the tabs of `app` to the hub while it serves, and forget a tab when its socket closes.

    Register it after what opens the hub: Reflex runs its lifespan tasks in their order.
    """

    @asynccontextmanager
    async def tabs_follow_hub() -> AsyncIterator[None]:
        async with follow_hub(app):
            yield

    app.register_lifespan_task(tabs_follow_hub)
    namespace = app.event_namespace
    if namespace is None:
        return
    forget_socket = namespace.on_disconnect
    departures: set[asyncio.Task[None]] = set()

    def on_disconnect(sid: str, *reason: Any) -> Any:  # noqa: ARG001 - python-socketio adds why
        token = namespace.sid_to_token.get(sid)
        # A tab that has already come back over another socket keeps what it watches.
        if token is not None and namespace.token_to_sid.get(token) == sid:
            bridge.leave(token)
            departures.add(task := asyncio.create_task(presence.depart(token), name=f"presence|{token}"))
            task.add_done_callback(departures.discard)
        return forget_socket(sid)

    namespace.on_disconnect = on_disconnect
