"""From a commit to other people's browsers: 100 open tabs in 10 organizations on one server.

A tab here is a socket of its own that speaks Reflex's protocol and loads the real page, so the server does all
of its work. Times run from the moment at which the use case stamps its row, just before the commit, to the
moment at which a colleague's tab has received the change. The yardstick is a bare server that inserts a row
through psycopg and broadcasts it over plain websockets to as many clients.
"""

import asyncio
import hashlib
import hmac
import json
import socket
import tempfile
import time
import uuid
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import psycopg
import socketio
from sqlalchemy import select

from bench.harness import Report, Row, Sample, resident_megabytes, summarize
from bench.live_yardstick import broadcasting_server
from crm_app.config import use_settings
from crm_app.core.database import close_database, open_database, system_unit_of_work, unit_of_work
from crm_app.core.postgres import start_embedded
from crm_app.core.queue import close_queue, open_queue
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.models import Role
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.channels import service as channels
from crm_app.domains.inbox.models import Conversation, Message
from crm_app.domains.pipeline import service as pipeline
from crm_app.domains.pipeline.models import Deal
from tests.browser.server import Server, running_server

ORGANIZATIONS = 10
TABS_OF_EACH = 10
ROUNDS = 30
PASSWORD = "bancada-de-medidas"
HYDRATE = "reflex___state____state.hydrate_and_load"
PAUSE = 0.05
PATIENCE = 20.0


@dataclass(slots=True)
class House:
    """One organization of the bench, its customer and its tabs."""

    actor: Actor
    email: str
    hook: str
    secret: str
    phone: str
    conversation_id: UUID | None = None
    deal_id: UUID | None = None
    cookie: str = ""
    inbox_tabs: list["Tab"] = field(default_factory=list)
    board_tabs: list["Tab"] = field(default_factory=list)


class Tab:
    """A browser tab reduced to its socket: loads a page and notes when something that it awaits arrives."""

    def __init__(self, server: Server, cookie: str, path: str, **parameters: str) -> None:
        self._server = server
        self._headers = {"Cookie": cookie, "Origin": server.address}
        self._router = {"pathname": path, "asPath": path, "query": parameters}
        self._socket = socketio.AsyncClient(reconnection=False)
        self._awaited: dict[str, asyncio.Future[float]] = {}
        self._socket.on("event", self._receive, namespace="/_event")

    async def open(self) -> None:
        """Connect and load the page, as a browser does."""
        boot = {"name": HYDRATE, "payload": {}, "router_data": self._router}
        await self._socket.connect(
            f"{self._server.address}?token={uuid.uuid4()}",
            headers=self._headers,
            auth={"event": boot},
            namespaces=["/_event"],
            socketio_path="/_event",
            transports=["websocket"],
        )

    def expect(self, needle: str) -> "asyncio.Future[float]":
        """Return a future of the moment (Unix time) at which a text arrives."""
        return self._awaited.setdefault(needle, asyncio.get_running_loop().create_future())

    async def _receive(self, update: Any) -> None:
        now = time.time()
        text = json.dumps(update, ensure_ascii=False)
        for needle in [one for one in self._awaited if one in text]:
            arrived = self._awaited.pop(needle)
            if not arrived.done():
                arrived.set_result(now)

    async def close(self) -> None:
        """Close the socket."""
        await self._socket.disconnect()


async def run() -> Report:
    """Measure messages and stage moves, then the memory of the web process."""
    report = Report(f"Live: {ORGANIZATIONS * TABS_OF_EACH} tabs in {ORGANIZATIONS} organizations")
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="prumo-bench-"))
        server = stack.enter_context(running_server(Path(folder) / "data", PRUMO_DEMO="0"))
        use_settings(data_dir=server.data_dir)  # the same key seals the channels' secrets
        cluster = stack.enter_context(start_embedded(server.data_dir))
        open_database(cluster.app_url)
        await open_queue(cluster.app_url)
        client = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        houses = [await _found(server, client, number) for number in range(ORGANIZATIONS)]
        await _open_tabs(server, houses)
        messages = await _measure_messages(server, client, houses)
        moves = await _measure_moves(server, client, houses)
        memory = resident_megabytes(server.process.pid)
        yardstick = await _measure_yardstick(cluster.url)
        await _close_tabs(houses)
        await close_queue()
        await close_database()
    bare = "bare insert + websocket broadcast"
    report.rows += [
        Row("message: commit to a colleague's tab", messages, yardstick, bare, goal="150 / p95 300"),
        Row("stage move: commit to a colleague's tab", moves, yardstick, bare, goal="150 / p95 300"),
        Row("memory of server, worker and scheduler", value=f"{memory:.0f} MB", goal="< 400 MB"),
    ]
    return report


async def _found(server: Server, client: aiohttp.ClientSession, number: int) -> House:
    email = f"dono{number}@bancada.example"
    async with system_unit_of_work() as session:
        made = await accounts.create_organization(
            session, name=f"Bancada {number}", owner_email=email, password=PASSWORD
        )
    actor = Actor(made.id, made.owner_id, Role.OWNER, permissions_of(Role.OWNER))
    async with unit_of_work(actor) as session:
        config = {"base_url": "http://127.0.0.1:9", "api_key": "x", "session": f"s{number}"}
        channel = await channels.create_channel(session, actor, provider="waha", name="Bancada", config=config)
        await pipeline.create_default_pipeline(session, actor, language="pt-BR")
    house = House(actor, email, channel.webhook_path, channel.secret, f"5541988{number:06d}")
    house.cookie = await _sign_in(server, client, email)
    await _write(server, client, house, "primeira mensagem")
    await _find_ids(house)
    return house


async def _sign_in(server: Server, client: aiohttp.ClientSession, email: str) -> str:
    body = {"email": email, "password": PASSWORD}
    headers = {"Origin": server.address}
    async with client.post(f"{server.address}/api/auth/login", json=body, headers=headers) as answer:
        answer.raise_for_status()
        return f"prumo_session={answer.cookies['prumo_session'].value}"


async def _write(server: Server, client: aiohttp.ClientSession, house: House, text: str) -> None:
    """Let the customer write `text`, as WAHA would report it."""
    message_id = f"false_{house.phone}@c.us_{uuid.uuid4().hex}"
    payload = {
        "id": message_id,
        "timestamp": int(time.time()),
        "from": f"{house.phone}@c.us",
        "fromMe": False,
        "body": text,
        "hasMedia": False,
        "_data": {"notifyName": "Cliente da bancada"},
    }
    event = {"id": f"evt_{uuid.uuid4().hex}", "event": "message", "session": "s", "payload": payload}
    raw = json.dumps(event).encode()
    signature = hmac.new(house.secret.encode(), raw, hashlib.sha512).hexdigest()
    headers = {
        "X-Webhook-Hmac": signature,
        "X-Webhook-Hmac-Algorithm": "sha512",
        "Content-Type": "application/json",
    }
    async with client.post(f"{server.address}{house.hook}", data=raw, headers=headers) as answer:
        answer.raise_for_status()


async def _find_ids(house: House) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        async with unit_of_work(house.actor) as session:
            house.conversation_id = await session.scalar(select(Conversation.id))
            house.deal_id = await session.scalar(select(Deal.id))
        if house.conversation_id and house.deal_id:
            return
        await asyncio.sleep(PAUSE)
    raise RuntimeError("the first message did not become a conversation and a deal")


async def _open_tabs(server: Server, houses: list[House]) -> None:
    """Open all tabs; each has loaded when it shows the conversation's first message, or the deal's card."""
    loaded = []
    for house in houses:
        conversation = str(house.conversation_id)
        for number in range(TABS_OF_EACH):
            if number % 2 == 0:
                tab = Tab(server, house.cookie, f"/inbox/{conversation}", conversation=conversation)
                house.inbox_tabs.append(tab)
                loaded.append(tab.expect(f'"open_id_rx_state_": "{conversation}"'))
            else:
                tab = Tab(server, house.cookie, "/board")
                house.board_tabs.append(tab)
                loaded.append(tab.expect(str(house.deal_id)))
            await tab.open()
    await asyncio.wait_for(asyncio.gather(*loaded), PATIENCE)


async def _close_tabs(houses: list[House]) -> None:
    for house in houses:
        for tab in (*house.inbox_tabs, *house.board_tabs):
            await tab.close()


async def _measure_messages(server: Server, client: aiohttp.ClientSession, houses: list[House]) -> Sample:
    durations: list[float] = []
    begun = time.perf_counter()
    for number in range(ROUNDS):
        house = houses[number % len(houses)]
        text = f"bancada-{uuid.uuid4().hex}"
        arrivals = [tab.expect(text) for tab in house.inbox_tabs]
        await _write(server, client, house, text)
        moments = await asyncio.wait_for(asyncio.gather(*arrivals), PATIENCE)
        async with unit_of_work(house.actor) as session:
            stamped = await session.scalar(select(Message.created_at).where(Message.body == text))
        assert stamped is not None
        durations += [moment - stamped.timestamp() for moment in moments]
        await asyncio.sleep(PAUSE)
    return summarize(durations, time.perf_counter() - begun)


async def _measure_moves(server: Server, client: aiohttp.ClientSession, houses: list[House]) -> Sample:
    durations: list[float] = []
    begun = time.perf_counter()
    for number in range(ROUNDS):
        house = houses[number % len(houses)]
        stage_id, version = await _next_stage(house)
        arrivals = [tab.expect(f'"{stage_id}"') for tab in house.board_tabs]
        url = f"{server.address}/api/v1/deals/{house.deal_id}/move"
        headers = {"Cookie": house.cookie, "Origin": server.address}
        body = {"stage_id": str(stage_id), "version": version}
        async with client.post(url, json=body, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
        moments = await asyncio.wait_for(asyncio.gather(*arrivals), PATIENCE)
        async with unit_of_work(house.actor) as session:
            stamped = await session.scalar(select(Deal.updated_at).where(Deal.id == house.deal_id))
        assert stamped is not None
        durations += [moment - stamped.timestamp() for moment in moments]
        await asyncio.sleep(PAUSE)
    return summarize(durations, time.perf_counter() - begun)


async def _next_stage(house: House) -> tuple[UUID, int]:
    async with unit_of_work(house.actor) as session:
        deal = (await session.scalars(select(Deal).where(Deal.id == house.deal_id))).one()
        (default, *_) = await pipeline.list_pipelines(session, house.actor)
    stages = [stage for stage in default.stages if stage.kind == "open" and stage.id != deal.stage_id]
    return stages[deal.version % len(stages)].id, deal.version


async def _measure_yardstick(url: str) -> Sample:
    durations: list[float] = []
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bench_said (id bigserial PRIMARY KEY, body text)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    unlimited = aiohttp.TCPConnector(limit=0)  # each listener holds a connection
    async with broadcasting_server(url, port), aiohttp.ClientSession(connector=unlimited) as client:
        sockets = [await client.ws_connect(f"ws://127.0.0.1:{port}/") for _ in range(ORGANIZATIONS * TABS_OF_EACH)]
        for one in sockets:
            await one.receive()
        begun = time.perf_counter()
        for _ in range(ROUNDS):
            async with client.post(f"http://127.0.0.1:{port}/say", data=uuid.uuid4().hex) as answer:
                answer.raise_for_status()
            for one in sockets[: TABS_OF_EACH // 2]:
                committed = float(json.loads((await one.receive()).data)["committed"])
                durations.append(time.time() - committed)
            for one in sockets[TABS_OF_EACH // 2 :]:
                await one.receive()
        elapsed = time.perf_counter() - begun
        for one in sockets:
            await one.close()
    return summarize(durations, elapsed)
