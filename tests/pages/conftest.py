"""A browser tab without a browser: it connects, sends events and receives what Reflex would send to a real one."""

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from reflex_base.utils import format as reflex_format

from crm_app.core import hub
from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.models import UserSession
from crm_app.domains.accounts.rules import hash_token, new_token
from crm_app.pages.guard import HYDRATE
from crm_app.pages.live import bridge

_sockets = itertools.count(1)
MARK = "_rx_state_"
ON_LOAD = "reflex___state____state.reflex___state____on_load_internal_state.on_load_internal"


async def session_token_for(actor: Actor) -> str:
    """Begin a session for `actor` and return its token, as the cookie would carry it."""
    token = new_token()
    assert actor.user_id is not None
    async with system_unit_of_work() as session:
        session.add(
            UserSession(
                token_hash=hash_token(token),
                user_id=actor.user_id,
                organization_id=actor.organization_id,
                expires_at=utc_now() + timedelta(days=1),
            )
        )
    return token


class Tab:
    """One browser tab: keeps the vars that it was sent, and the events meant for the browser itself."""

    def __init__(self, app: Any, path: str, cookie: str, token: str | None = None) -> None:
        self._app = app
        self.path = path
        self.cookie = cookie
        self.token = token or str(uuid.uuid4())
        self.sid = f"sid-{next(_sockets)}"
        self.vars: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.deltas: list[dict[str, Any]] = []

    async def connect(self, *, boot: bool = True) -> "Tab":
        """Open the socket as a page load does: the first event hydrates and runs the page's `on_load`.

        Without `boot`, as only an attacker would: nothing is sent yet.
        """
        headers = [(b"cookie", self.cookie.encode())] if self.cookie else []
        environ = {
            "QUERY_STRING": f"token={self.token}",
            "asgi.scope": {"headers": headers, "client": ("203.0.113.7", 4711)},
        }
        first = {"name": HYDRATE, "payload": {}, "router_data": self._router_data()}
        with self._app.set_contexts():
            await self._app.event_namespace.on_connect(self.sid, environ, {"event": first} if boot else None)
        return await self.settle()

    async def disconnect(self) -> None:
        """Close the socket."""
        with self._app.set_contexts():
            task = self._app.event_namespace.on_disconnect(self.sid)
            if task is not None:
                await task

    async def go(self, path: str) -> "Tab":
        """Navigate to another page of the app."""
        self.path = path
        return await self.send_raw(
            "reflex___state____state.reflex___state____on_load_internal_state.on_load_internal"
        )

    async def send(self, handler: Any, **payload: Any) -> "Tab":
        """Send an event as a control of the page would: `tab.send(BoardState.move, deal_id=…)`."""
        return await self.send_raw(reflex_format.format_event_handler(handler), payload)

    async def send_raw(self, name: str, payload: dict[str, Any] | None = None, **fields: Any) -> "Tab":
        """Send an event by any name and with any payload, as an attacker could."""
        event = {"name": name, "payload": payload or {}, "router_data": self._router_data(), **fields}
        with self._app.set_contexts():
            await self._app.event_namespace.on_event(self.sid, json.loads(json.dumps(event)))
        return await self.settle()

    def _router_data(self) -> dict[str, Any]:
        return {"pathname": self.path, "asPath": self.path, "query": {}}

    async def settle(self, within: float = 30.0) -> "Tab":
        """Wait until every event of this tab, and every fact on the hub, has been dealt with."""
        deadline = time.monotonic() + within
        while True:
            await hub.drain()
            processor = self._app.event_processor
            busy = any(self.token in task.get_name() for task in processor._tasks.values())
            queued = bool(processor._token_queues.get(self.token)) or not processor._queue.empty()
            if not busy and not queued and not bridge._tasks:
                return self
            assert time.monotonic() < deadline, "the tab did not settle"
            await asyncio.sleep(0.002)

    def state(self, state: type) -> dict[str, Any]:
        """Return the vars of a state as this tab has received them."""
        return self.vars.get(state.get_full_name(), {})

    def redirects(self) -> list[str]:
        """Return where the server has sent this tab."""
        return [event["payload"]["path"] for event in self.events if event["name"] == "_redirect"]

    def toasts(self) -> list[str]:
        """Return the catalogue keys of the messages that this tab shows."""
        from crm_app.pages.session.toasts import Toasts

        return [item["key"] for item in self.state(Toasts).get("items", [])]

    def receive(self, update: dict[str, Any]) -> None:
        """Apply what came over the socket."""
        delta = update.get("delta") or {}
        if delta:
            self.deltas.append(delta)
        for name, values in delta.items():
            plain = {key.removesuffix(MARK): value for key, value in values.items()}
            self.vars.setdefault(name, {}).update(plain)
        self.events.extend(update.get("events") or [])


OpenTab = Callable[..., Awaitable[Tab]]


@pytest_asyncio.fixture
async def open_tab(reflex_app: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OpenTab]:
    """Return a function that opens a tab: `await open_tab(actor, "/inbox")`, or with `actor=None` signed out."""
    tabs: dict[str, Tab] = {}

    async def emit(event: str, data: Any = None, to: str | None = None, **_: Any) -> None:
        if event == "event" and to in tabs:
            tabs[to].receive(json.loads(reflex_format.json_dumps(data)))
        elif event == "new_token" and to in tabs:
            tabs[to].token = data

    monkeypatch.setattr(reflex_app.event_namespace, "emit", emit)

    async def open_one(
        actor: Actor | None,
        path: str = "/",
        *,
        cookie: str | None = None,
        token: str | None = None,
        boot: bool = True,
    ) -> Tab:
        if cookie is None:
            cookie = f"prumo_session={await session_token_for(actor)}" if actor else ""
        tab = Tab(reflex_app, path, cookie, token)
        tabs[tab.sid] = tab
        return await tab.connect(boot=boot)

    yield open_one
    for tab in tabs.values():
        await tab.disconnect()
