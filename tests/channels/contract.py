"""How the contract suite talks to each provider. A new provider adds one `Vendor` to `VENDORS` and is then held to
everything in `test_contract.py`; a provider without one makes the suite fail.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from crm_app.core.database import unit_of_work
from crm_app.core.http import close_shared_clients
from crm_app.domains.channels import service
from crm_app.domains.channels.providers.base import Connection, InboundRequest
from crm_app.domains.channels.providers.simulator.wire import (
    Envelope,
    WireEvent,
    WireMessage,
    WireStatus,
    signed,
)
from crm_app.domains.channels.providers.waha.webhook import signature
from crm_app.domains.channels.schemas import DeliveryState
from tests.conftest import Tenant
from tests.fakes.waha import FakeWaha, Session

NOW = datetime(2026, 7, 17, 12, 0, tzinfo=UTC)
PHONE = "+5541999990101"
DIGITS = PHONE.removeprefix("+")


@dataclass(frozen=True)
class Playground:
    """A running vendor with one channel of ours on it."""

    channel_id: UUID
    connection: Connection
    count_sent: Callable[[], Awaitable[int]]
    chat_id: str


@dataclass(frozen=True)
class Vendor:
    """One provider's answers to the suite's questions."""

    key: str
    sign: Callable[[bytes, str], InboundRequest]
    message: Callable[[int, str], bytes]  # the nth message with these words
    status: Callable[[str, str], bytes]  # a tick: message id at the vendor, state
    open: Callable[[Tenant], AbstractAsyncContextManager[Playground]]


def _waha_sign(body: bytes, secret: str) -> InboundRequest:
    return InboundRequest(body, {"x-webhook-hmac": signature(body, secret), "x-webhook-hmac-algorithm": "sha512"})


def _waha(number: int, event: str, payload: dict[str, Any]) -> bytes:
    return json.dumps({"id": f"evt_{number}", "event": event, "session": "default", "payload": payload}).encode()


def _waha_message(number: int, words: str) -> bytes:
    chat = f"{DIGITS}@c.us"
    payload = {"id": f"false_{chat}_3EB0{number:018X}", "timestamp": 1752753600, "from": chat, "body": words}
    return _waha(number, "message", payload)


def _waha_status(message_id: str, state: str) -> bytes:
    ack = {"sent": 1, "delivered": 2, "read": 3, "failed": -1}[state]
    return _waha(1, "message.ack", {"id": f"true_{DIGITS}@c.us_{message_id}", "fromMe": True, "ack": ack})


@asynccontextmanager
async def _waha_open(tenant: Tenant) -> AsyncIterator[Playground]:
    async with FakeWaha() as server:
        server.sessions["default"] = Session("default", {}, "WORKING", {"id": server.me, "pushName": "A"})
        config = {"base_url": server.base_url, "api_key": server.api_key, "session": "default"}

        async def count() -> int:
            return len(server.sent)

        yield await _playground(tenant, "waha", config, count, f"{DIGITS}@c.us")
        await close_shared_clients()
        assert server.violations == []


def _simulated(number: int, event: WireEvent) -> bytes:
    return signed(Envelope(id=f"evt_{number}", at=NOW, event=event), "x").body


@asynccontextmanager
async def _simulator_open(tenant: Tenant) -> AsyncIterator[Playground]:
    from crm_app.domains.channels.simulator import service as simulator

    async def count() -> int:
        async with unit_of_work(tenant.owner) as session:
            phones = await simulator.list_phones(session, tenant.owner, channel_id=opened.channel_id)
            threads = [
                await simulator.list_phone_messages(session, tenant.owner, phone_id=phone.id) for phone in phones
            ]
        return sum(len(thread) for thread in threads)

    opened = await _playground(tenant, "simulator", {}, count, PHONE)
    yield opened


async def _playground(
    tenant: Tenant, provider: str, config: dict[str, Any], count: Callable[[], Awaitable[int]], chat: str
) -> Playground:
    async with unit_of_work(tenant.owner) as session:
        made = await service.create_channel(
            session, tenant.owner, provider=provider, name=provider, config=config, trusted=True
        )
        line = await service.open_provider(session, tenant.owner, channel_id=made.id)
    return Playground(made.id, line.connection, count, chat)


VENDORS = (
    Vendor("waha", _waha_sign, _waha_message, _waha_status, _waha_open),
    Vendor(
        "simulator",
        lambda body, secret: InboundRequest(
            body, {"x-simulator-signature": signed_header(body, secret)}
        ),
        lambda number, words: _simulated(number, WireMessage(message_id=f"M{number}", number=PHONE, text=words)),
        lambda message_id, state: _simulated(
            1, WireStatus(message_id=message_id, number=PHONE, state=DeliveryState(state))
        ),
        _simulator_open,
    ),
)  # fmt: skip


def signed_header(body: bytes, secret: str) -> str:
    """Return the simulator's signature of a body."""
    from crm_app.domains.channels.providers.simulator import wire

    return wire.signature(body, secret)
