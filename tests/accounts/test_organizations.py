"""One person, several organizations: a session changes the one for which it acts."""

from uuid import uuid4

import pytest
from sqlalchemy import select, update

from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.errors import NotFound, Unauthenticated
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import organizations, service
from crm_app.domains.accounts.models import AuditEntry, Membership, Role
from crm_app.domains.accounts.schemas import SignedIn
from tests.api.clients import begin_session
from tests.conftest import Tenant


async def at_home_in_both(tenant: Tenant, other: Tenant) -> None:
    """Make the owner of one organization a seller in the other one."""
    async with unit_of_work(other.owner) as session:
        assert tenant.owner.user_id
        session.add(
            Membership(organization_id=other.organization.id, user_id=tenant.owner.user_id, role=Role.SALES)
        )


async def who_is(token: str) -> SignedIn:
    """Return who is behind a session token."""
    async with system_unit_of_work() as session:
        return await service.resolve_session(session, token)


async def switch(actor: Actor, tenant: Tenant) -> None:
    """Make the actor's session act for this organization."""
    async with system_unit_of_work() as session:
        await organizations.switch_organization(session, actor, organization_id=tenant.organization.id)


async def test_a_session_moves_to_another_organization_and_back(tenant: Tenant, other_tenant: Tenant) -> None:
    await at_home_in_both(tenant, other_tenant)
    token = await begin_session(tenant.owner)
    actor = (await who_is(token)).actor
    async with system_unit_of_work() as session:
        choices = await organizations.list_own_organizations(session, actor)
    assert [(one.id, one.role, one.is_current) for one in choices] == [
        (tenant.organization.id, "owner", True),
        (other_tenant.organization.id, "sales", False),
    ]
    await switch(actor, other_tenant)
    moved = (await who_is(token)).actor
    assert (moved.organization_id, moved.role) == (other_tenant.organization.id, "sales")
    assert not moved.can("members.manage")
    async with unit_of_work(other_tenant.owner) as session:
        assert "session.enter" in set(await session.scalars(select(AuditEntry.action)))
    await switch(moved, tenant)
    assert (await who_is(token)).actor.can("members.manage")


async def test_only_this_session_moves(tenant: Tenant, other_tenant: Tenant) -> None:
    await at_home_in_both(tenant, other_tenant)
    token, second = await begin_session(tenant.owner), await begin_session(tenant.owner)
    await switch((await who_is(token)).actor, other_tenant)
    assert (await who_is(second)).organization.id == tenant.organization.id


async def test_where_one_does_not_belong_there_is_nothing(tenant: Tenant, other_tenant: Tenant) -> None:
    actor = (await who_is(await begin_session(tenant.owner))).actor
    with pytest.raises(NotFound):
        await switch(actor, other_tenant)
    await at_home_in_both(tenant, other_tenant)
    async with unit_of_work(other_tenant.owner) as session:
        await session.execute(
            update(Membership).where(Membership.user_id == tenant.owner.user_id).values(is_active=False)
        )
    with pytest.raises(NotFound):
        await switch(actor, other_tenant)


async def test_a_session_that_is_over_does_not_move(tenant: Tenant, other_tenant: Tenant) -> None:
    await at_home_in_both(tenant, other_tenant)
    token = await begin_session(tenant.owner)
    actor = (await who_is(token)).actor
    async with unit_of_work(actor) as session:
        await service.sign_out(session, actor)
    with pytest.raises(Unauthenticated):
        await switch(actor, other_tenant)
    stranger = Actor(actor.organization_id, actor.user_id, actor.role, actor.permissions, uuid4())
    with pytest.raises(Unauthenticated):
        await switch(stranger, other_tenant)
