"""A simulated number with customers who write, for the tests of the inbox and of the demo phone."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from crm_app.core.database import unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.channels import service as channels
from crm_app.domains.channels.simulator import service as simulator
from crm_app.domains.inbox import service as inbox
from crm_app.domains.inbox.schemas import ConversationRow, MessageView
from tests.conftest import Tenant

NELSON = ("+5541992220202", "Nelson Yamada")


@dataclass
class Desk:
    """One simulated channel of one organization."""

    tenant: Tenant
    channel_id: UUID
    run_jobs: Callable[[], Awaitable[None]]

    @property
    def owner(self) -> Actor:
        return self.tenant.owner

    async def call(
        self, use_case: Callable[..., Awaitable[Any]], *, actor: Actor | None = None, **given: Any
    ) -> Any:
        """Run a use case in a transaction of its own, as the owner unless told otherwise."""
        who = actor or self.owner
        async with unit_of_work(who) as session:
            return await use_case(session, who, **given)

    async def phone(self, number: str = NELSON[0], name: str = NELSON[1]) -> UUID:
        """Return the phone of a customer."""
        view = await self.call(simulator.open_phone, channel_id=self.channel_id, number=number, name=name)
        return view.id

    async def hears(self, text: str = "Oi", *, number: str = NELSON[0], name: str = NELSON[1]) -> ConversationRow:
        """Let a customer write, and return the conversation that it made or continued."""
        phone_id = await self.phone(number, name)
        await self.call(simulator.customer_sends, phone_id=phone_id, text=text)
        await self.run_jobs()
        rows = await self.call(inbox.list_conversations, limit=100)
        return next(row for row in rows.items if row.contact_phone == number)

    async def says(self, conversation_id: UUID, text: str, *, actor: Actor | None = None) -> MessageView:
        """Answer a customer; the job stays in the queue."""
        return await self.call(
            inbox.send_message,
            actor=actor,
            conversation_id=conversation_id,
            body=text,
            idempotency_key=uuid4().hex,
        )


async def open_desk(tenant: Tenant, run_jobs: Callable[[], Awaitable[None]]) -> Desk:
    """Give an organization a simulated number."""
    async with unit_of_work(tenant.owner) as session:
        made = await channels.create_channel(
            session, tenant.owner, provider="simulator", name="Comercial 01", config={}
        )
    return Desk(tenant, made.id, run_jobs)
