"""One person in two organizations, and people whose place changes, with tabs open all the while."""

from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.domains.accounts import organizations
from crm_app.domains.accounts.members import service as members
from crm_app.domains.accounts.models import Membership, Role
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.accounts.service import resolve_session
from crm_app.pages.session.organizations import Organizations
from crm_app.pages.session.state import Session
from tests.conftest import MakeActor, Tenant
from tests.pages.conftest import OpenTab, Tab, session_token_for
from tests.pages.sample import Sample


@pytest_asyncio.fixture
async def cookie(tenant: Tenant, other_tenant: Tenant) -> str:
    """The session of somebody who owns one organization and sells in the other one."""
    async with unit_of_work(other_tenant.owner) as session:
        assert tenant.owner.user_id
        session.add(
            Membership(organization_id=other_tenant.organization.id, user_id=tenant.owner.user_id, role=Role.SALES)
        )
    return f"prumo_session={await session_token_for(tenant.owner)}"


async def at_work(open_tab: OpenTab, cookie: str) -> Tab:
    """Open a tab with something of the organization in it."""
    tab = await open_tab(None, "/contacts", cookie=cookie)
    await tab.send(Sample.somebody)
    assert tab.state(Sample)["secret_of_user"] == "only mine"
    return tab


async def test_every_tab_of_the_session_follows_at_once(
    open_tab: OpenTab, cookie: str, tenant: Tenant, other_tenant: Tenant
) -> None:
    first, second = await at_work(open_tab, cookie), await at_work(open_tab, cookie)
    elsewhere = await at_work(open_tab, f"prumo_session={await session_token_for(tenant.owner)}")
    await first.send(Organizations.look, wish=True)
    assert [one["name"] for one in first.state(Organizations)["choices"]] == [
        tenant.organization.name,
        other_tenant.organization.name,
    ]
    await first.send(Organizations.enter, organization_id=str(other_tenant.organization.id))
    for tab in (first, second):
        await tab.settle()
        assert tab.state(Sample)["secret_of_user"] == ""
        assert tab.state(Session)["organization_name"] == ""
        assert tab.state(Session)["leave_to"] == "/"
    await elsewhere.settle()
    assert elsewhere.state(Sample)["secret_of_user"] == "only mine"
    again = await open_tab(None, "/contacts", cookie=cookie, token=second.token)
    shown = again.state(Session)
    assert (shown["organization_name"], shown["role"]) == (other_tenant.organization.name, "sales")
    assert shown["leave_to"] == ""
    await again.send(Sample.managers)
    assert again.state(Sample)["calls"] == []


async def test_an_event_that_was_meant_for_the_other_organization_does_nothing(
    open_tab: OpenTab, cookie: str, other_tenant: Tenant
) -> None:
    """A tab that the bridge does not know, say of a screen without a frame, is caught by the guard."""
    tab = await open_tab(None, "/login", cookie=cookie)
    await tab.send(Sample.somebody)
    async with system_unit_of_work() as session:
        actor = (await resolve_session(session, cookie.partition("=")[2])).actor
    async with system_unit_of_work() as session:
        await organizations.switch_organization(session, actor, organization_id=other_tenant.organization.id)
    await tab.send(Sample.somebody)
    assert tab.state(Sample)["calls"] == []
    assert tab.state(Sample)["secret_of_user"] == ""
    assert tab.state(Session)["leave_to"] == "/"


@pytest.mark.parametrize("wrong", ["", "x", None, 7, "00000000-0000-7000-8000-000000000000"])
async def test_strange_organizations_are_not_entered(open_tab: OpenTab, cookie: str, wrong: Any) -> None:
    tab = await at_work(open_tab, cookie)
    await tab.send(Organizations.enter, organization_id=wrong)
    assert tab.toasts() == ["errors.not_found"]
    assert tab.state(Sample)["secret_of_user"] == "only mine"


async def test_a_stranger_does_not_enter(open_tab: OpenTab, tenant: Tenant, other_tenant: Tenant) -> None:
    tab = await at_work(open_tab, f"prumo_session={await session_token_for(tenant.owner)}")
    await tab.send(Organizations.enter, organization_id=str(other_tenant.organization.id))
    assert tab.toasts() == ["errors.not_found"]
    assert tab.state(Session)["organization_name"] == tenant.organization.name


async def change(tenant: Tenant, user_id: UUID | None, use_case: Any, **more: Any) -> None:
    """Change somebody's place as the owner."""
    async with unit_of_work(tenant.owner) as session:
        await use_case(session, tenant.owner, user_id=user_id, **more)


async def test_a_lower_role_takes_hold_in_open_tabs_at_once(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    admin = await make_actor(Role.ADMIN)
    tab = await open_tab(admin, "/contacts")
    await tab.send(Sample.managers)
    assert tab.state(Sample)["calls"] == ["managers"]
    await change(tenant, admin.user_id, members.change_role, role="viewer")
    await tab.settle()
    assert tab.state(Session)["leave_to"] == "."
    assert tab.state(Sample)["calls"] == []
    await tab.send(Sample.managers)
    assert tab.state(Sample)["calls"] == []
    again = await open_tab(None, "/contacts", cookie=tab.cookie, token=tab.token)
    assert again.state(Session)["permissions"] == sorted(permissions_of("viewer"))


@pytest.mark.parametrize(
    ("use_case", "more"), [(members.deactivate_member, {}), (members.remove_member, {"to_user_id": None})]
)
async def test_who_has_no_place_is_out_at_once(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor, use_case: Any, more: dict[str, Any]
) -> None:
    seller = await make_actor()
    tab = await open_tab(seller, "/contacts")
    await tab.send(Sample.somebody)
    await change(tenant, seller.user_id, use_case, **more)
    await tab.settle()
    assert tab.state(Session)["leave_to"] == "/login"
    assert tab.state(Sample)["secret_of_user"] == ""
    await tab.send(Sample.somebody)
    assert tab.state(Sample)["calls"] == []
