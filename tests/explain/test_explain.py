"""What is told of a record agrees with what the lists show."""

import dataclasses
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.errors import Forbidden, NotFound
from crm_app.core.sight import Reach
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.roles import access
from crm_app.domains.contacts import service as contacts
from crm_app.domains.contacts.models import Contact
from crm_app.domains.explain import service
from crm_app.domains.explain.schemas import RecordKind
from crm_app.domains.inbox import service as inbox
from crm_app.domains.inbox.models import Conversation
from crm_app.domains.pipeline import service as pipeline
from crm_app.domains.pipeline.models import Deal
from tests.attacks.world import World
from tests.reach.conftest import ana, bruno, house, reaching

__all__ = ["ana", "bruno", "house"]

READ = {
    RecordKind.DEAL: (pipeline.get_deal, "deal_id"),
    RecordKind.CONVERSATION: (inbox.get_conversation, "conversation_id"),
    RecordKind.CONTACT: (contacts.get_contact, "contact_id"),
}


async def sees(session: AsyncSession, who: Actor, kind: RecordKind, record_id: UUID) -> bool:
    use_case, name = READ[kind]
    try:
        await use_case(session, who, **{name: record_id})  # type: ignore[operator]
    except (NotFound, Forbidden):
        return False
    return True


def as_member(monkeypatch: pytest.MonkeyPatch, who: Actor) -> None:
    async def actor_of(*_: Any) -> Actor:
        return who

    monkeypatch.setattr(access, "actor_of", actor_of)


@pytest.mark.parametrize("owned", ["nobody", "self", "colleague"])
@pytest.mark.parametrize("pickup", [True, False])
@pytest.mark.parametrize("led", [True, False])
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("reach", list(Reach))
async def test_the_answer_is_what_the_repositories_do(
    reach: Reach,
    together: bool,
    led: bool,
    pickup: bool,
    owned: str,
    session: AsyncSession,
    ana: World,
    bruno: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner, seller = ana.tenant.owner, bruno.tenant.owner
    who = reaching(seller, reach, *([owner] if together else []), pickup=pickup)
    who = dataclasses.replace(who, led=frozenset({owner.user_id} if led and owner.user_id else set()))
    as_member(monkeypatch, who)
    admin = dataclasses.replace(owner, permissions=owner.permissions | {"roles.manage"})
    await set_organization(session, owner)
    holder = {"nobody": None, "self": seller.user_id, "colleague": owner.user_id}[owned]
    for table, column in ((Contact, "owner_id"), (Deal, "owner_id"), (Conversation, "assignee_id")):
        row = ana.ids[table.__tablename__]
        await session.execute(update(table).where(col(table.id) == row).values({column: holder}))
    for kind in RecordKind:
        told = await service.explain_access(
            session, admin, user_id=seller.user_id, kind=kind, record_id=ana.ids[kind.value]
        )
        assert told.visible is await sees(session, who, kind, ana.ids[kind.value]), (kind, told)
        assert told.rules


async def set_organization(session: AsyncSession, actor: Actor) -> None:
    from crm_app.core.database import set_tenant

    await set_tenant(session, actor.organization_id, actor.user_id)


async def test_whoever_does_not_manage_roles_asks_in_vain(session: AsyncSession, ana: World) -> None:
    with pytest.raises(Forbidden):
        await service.explain_access(
            session, ana.tenant.owner, user_id=ana.user_id, kind=RecordKind.DEAL, record_id=ana.ids["deal"]
        )


async def test_a_contact_that_is_nobodys_is_picked_up(
    session: AsyncSession, ana: World, bruno: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_organization(session, ana.tenant.owner)
    lonely = Contact(organization_id=ana.tenant.organization.id, name="Sozinha", tags=[])
    session.add(lonely)
    await session.flush()
    admin = dataclasses.replace(ana.tenant.owner, permissions=ana.tenant.owner.permissions | {"roles.manage"})
    for pickup in (True, False):
        who = reaching(bruno.tenant.owner, Reach.OWN, pickup=pickup)
        as_member(monkeypatch, who)
        told = await service.explain_access(
            session, admin, user_id=bruno.user_id, kind=RecordKind.CONTACT, record_id=lonely.id
        )
        assert told.visible is pickup
        assert told.visible is await sees(session, who, RecordKind.CONTACT, lonely.id)
    await session.execute(delete(Contact).where(col(Contact.id) == lonely.id))
