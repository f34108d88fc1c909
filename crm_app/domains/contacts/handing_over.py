"""Contacts change hands when their owner leaves."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.events import announce
from crm_app.core.owned_rows import OwnedRows
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.members.holdings import MOST_TOLD, Holding, register_holding
from crm_app.domains.contacts.events import ContactUpdated

OWNED = OwnedRows("contact", "owner_id")


async def _give(
    session: AsyncSession, actor: Actor, giver: UUID | None, receiver: UUID | None, only: Sequence[UUID] | None
) -> list[UUID]:
    rows = await OWNED.give(session, actor.organization_id, giver=giver, receiver=receiver, only=only)
    for row in rows[:MOST_TOLD]:
        fact = ContactUpdated(organization_id=actor.organization_id, contact_id=row["id"], version=row["version"])
        announce(session, fact)
    return [row["id"] for row in rows]


register_holding(Holding("contacts", "contact.owner_id", OWNED.count, _give))
