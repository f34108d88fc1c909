"""A channel at the tin vendor, and short ways to let things happen on it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from crm_app.config import forget_settings
from crm_app.core.database import unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.permissions import system_actor
from crm_app.domains.channels import intake, registry
from crm_app.domains.channels import service as channels
from crm_app.domains.channels.doors import doors
from crm_app.domains.channels.providers.base import InboundRequest
from crm_app.domains.inbox import service
from crm_app.domains.inbox.schemas import ConversationRow, MessageView
from tests.conftest import Tenant
from tests.inbox.tin import TIN, TinNetwork, use_network

CUSTOMER = "+5541999990101"
START = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PRUMO_STORAGE_URL", (tmp_path / "media").as_uri())
    monkeypatch.setenv("PRUMO_SECRET_KEY", "a-key-of-the-tests-long-enough-to-be-one")
    forget_settings()
    yield
    forget_settings()


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TinNetwork]:
    """The tin vendor of this test."""
    made = TinNetwork(tmp_path)
    use_network(made)
    monkeypatch.setattr(registry, "PROVIDERS", MappingProxyType({**registry.PROVIDERS, "tin": TIN}))
    doors.clear()
    yield made
    use_network(None)


@dataclass
class Desk:
    """One channel of one organization, with whoever works there."""

    tenant: Tenant
    channel_id: UUID
    network: TinNetwork
    run_jobs: Callable[[], Awaitable[None]]

    @property
    def actor(self) -> Actor:
        return self.tenant.owner

    @property
    def system(self) -> Actor:
        return system_actor(self.tenant.organization.id)

    async def post(self, *events: dict[str, Any], chat: str = CUSTOMER, event_id: str | None = None) -> Any:
        """Let the vendor call our webhook with these events."""
        headers = {"x-chat": chat, "x-event-id": event_id or uuid4().hex}
        body = json.dumps(list(events)).encode()
        return await intake.receive("tin", self.channel_id, InboundRequest(body, headers))

    async def hear(self, *events: dict[str, Any], **options: Any) -> None:
        """Let the vendor call, and do what the call asks for."""
        await self.post(*events, **options)
        await self.run_jobs()

    async def leave_now(self) -> None:
        """Let what is held back leave as if its moment had come."""
        await self.sql("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' RETURNING id")
        await self.run_jobs()

    async def call(self, use_case: Callable[..., Awaitable[Any]], **arguments: Any) -> Any:
        """Run a use case as the owner, in a transaction of its own."""
        async with unit_of_work(self.actor) as session:
            return await use_case(session, self.actor, **arguments)

    async def rows(self) -> tuple[ConversationRow, ...]:
        return (await self.call(service.list_conversations)).items

    async def only(self) -> ConversationRow:
        (row,) = await self.rows()
        return row

    async def thread(self) -> tuple[MessageView, ...]:
        return (await self.call(service.get_thread, conversation_id=(await self.only()).id)).items

    async def send(self, body: str, **options: Any) -> MessageView:
        """Write to the only customer; the job stays in the queue."""
        key = options.pop("idempotency_key", uuid4().hex)
        conversation_id = (await self.only()).id
        return await self.call(
            service.send_message, conversation_id=conversation_id, body=body, idempotency_key=key, **options
        )

    async def sql(self, statement: str, **parameters: Any) -> list[Any]:
        async with unit_of_work(self.actor) as session:
            return list(await session.execute(text(statement), parameters))


@pytest_asyncio.fixture
async def desk(tenant: Tenant, network: TinNetwork, run_jobs: Any) -> AsyncIterator[Desk]:
    """A channel at the tin vendor in this test's organization."""
    async with unit_of_work(tenant.owner) as session:
        await session.execute(text("DELETE FROM procrastinate_jobs WHERE status = 'todo'"))
        made = await channels.create_channel(session, tenant.owner, provider="tin", name="Comercial", config={})
    yield Desk(tenant, made.id, network, run_jobs)


def inbound(words: str = "Oi", *, message_id: str | None = None, at: int = 0, **more: Any) -> dict[str, Any]:
    """A customer's message, `at` seconds after the start."""
    return {
        "type": "message",
        "provider_message_id": message_id or f"in-{uuid4().hex}",
        "chat": {"chat_id": CUSTOMER},
        "sender": {"identities": [{"kind": "phone", "value": CUSTOMER}], "name": "Helena Prates"},
        "occurred_at": moment(at),
        "content": {"kind": "text", "text": words},
    } | more


def echo(words: str, *, message_id: str, at: int = 0, **more: Any) -> dict[str, Any]:
    """A message that left from our own number."""
    return {
        "type": "echo",
        "provider_message_id": message_id,
        "chat": {"chat_id": CUSTOMER},
        "recipient": {"identities": [{"kind": "phone", "value": CUSTOMER}]},
        "occurred_at": moment(at),
        "content": {"kind": "text", "text": words},
    } | more


def status(state: str, *, message_id: str | None, at: int = 0, **more: Any) -> dict[str, Any]:
    """A tick."""
    return {
        "type": "status",
        "state": state,
        "provider_message_id": message_id,
        "occurred_at": moment(at),
    } | more


def moment(seconds: int) -> str:
    """A time of the test's day."""
    return (START + timedelta(seconds=seconds)).isoformat()
