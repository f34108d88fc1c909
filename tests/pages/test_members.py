"""The members' screen without a browser: roles, pauses, hand-overs, ownership, and who may not."""

from typing import Any

import pytest

from crm_app.core.database import unit_of_work
from crm_app.domains.accounts.members import service as members
from crm_app.domains.accounts.models import Role
from crm_app.domains.contacts import service as contacts
from crm_app.domains.contacts.schemas import ContactCreate
from crm_app.pages.members.ownership_state import OwnershipState
from crm_app.pages.members.state import NOBODY, MembersState
from crm_app.pages.session.notices import Notices
from crm_app.pages.session.state import Session
from crm_app.pages.session.toasts import Toasts
from crm_app.pages.start.page import Start
from tests.conftest import MakeActor, Tenant
from tests.pages.conftest import OpenTab, Tab

ROUTE = "/settings/members"


async def opened(open_tab: OpenTab, actor: Any) -> Tab:
    """Open the screen."""
    tab = await open_tab(actor, ROUTE)
    return await tab.send(MembersState.load)


def row_of(tab: Tab, actor: Any) -> dict[str, Any]:
    """Return the row of somebody as the tab shows it."""
    return next(row for row in tab.state(MembersState)["rows"] if row["id"] == str(actor.user_id))


async def owned_by(tenant: Tenant, actor: Any) -> Any:
    """Give somebody a contact."""
    async with unit_of_work(tenant.owner) as session:
        return await contacts.create_contact(
            session, tenant.owner, data=ContactCreate(name="Padaria", owner_id=actor.user_id)
        )


async def test_the_list_shows_who_is_here_and_who_one_is(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    seller = await make_actor()
    await open_tab(seller, "/contacts")
    tab = await opened(open_tab, tenant.owner)
    own, other = row_of(tab, tenant.owner), row_of(tab, seller)
    assert (own["own"], own["touchable"], other["own"], other["touchable"]) == (True, False, False, True)
    assert other["last_seen"]
    assert not tab.state(MembersState)["loading"]


async def test_roles_change_live_and_can_be_undone(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    seller = await make_actor()
    tab, other = await opened(open_tab, tenant.owner), await opened(open_tab, tenant.owner)
    await tab.send(MembersState.change_role, user_id=str(seller.user_id), role="manager")
    await other.settle()
    assert row_of(other, seller)["role"] == "manager"
    (toast,) = tab.state(Toasts)["items"]
    await tab.send(Toasts.undo, toast_id=toast["id"])
    await other.settle()
    assert row_of(other, seller)["role"] == "sales"


async def test_deactivating_and_back(open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    tab = await opened(open_tab, tenant.owner)
    await tab.send(MembersState.deactivate, user_id=str(seller.user_id))
    await tab.settle()
    assert row_of(tab, seller)["active"] is False
    (toast,) = tab.state(Toasts)["items"]
    await tab.send(Toasts.undo, toast_id=toast["id"])
    await tab.settle()
    assert row_of(tab, seller)["active"] is True


async def test_removing_counts_first_then_moves_all_and_undoes(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    seller, colleague = await make_actor(), await make_actor()
    contact = await owned_by(tenant, seller)
    tab = await opened(open_tab, tenant.owner)
    await tab.send(MembersState.ask, what="remove", user_id=str(seller.user_id))
    shown = tab.state(MembersState)
    assert shown["holdings"] == [{"kind": "contacts", "count": 1}]
    assert {one["id"] for one in shown["receivers"]} == {str(tenant.owner.user_id), str(colleague.user_id)}
    await tab.send(MembersState.give)
    assert tab.state(MembersState)["problem"] == "members.give.choose"
    await tab.send(MembersState.choose_receiver, user_id=str(colleague.user_id))
    await tab.send(MembersState.give)
    await tab.settle()
    assert tab.state(MembersState)["asking"] == ""
    assert str(seller.user_id) not in {row["id"] for row in tab.state(MembersState)["rows"]}
    async with unit_of_work(tenant.owner) as session:
        moved = await contacts.get_contact(session, tenant.owner, contact_id=contact.id)
    assert moved.owner_id == colleague.user_id
    (toast,) = tab.state(Toasts)["items"]
    await tab.send(Toasts.undo, toast_id=toast["id"])
    await tab.settle()
    assert row_of(tab, seller)["active"] is True
    async with unit_of_work(tenant.owner) as session:
        back = await contacts.get_contact(session, tenant.owner, contact_id=contact.id)
    assert back.owner_id == seller.user_id


async def test_handing_over_to_nobody(open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    contact = await owned_by(tenant, seller)
    tab = await opened(open_tab, tenant.owner)
    await tab.send(MembersState.ask, what="hand_over", user_id=str(seller.user_id))
    await tab.send(MembersState.choose_receiver, user_id=NOBODY)
    await tab.send(MembersState.give)
    async with unit_of_work(tenant.owner) as session:
        assert (await contacts.get_contact(session, tenant.owner, contact_id=contact.id)).owner_id is None
    assert row_of(tab, seller)["active"] is True


async def test_the_last_owner_is_told_why_not(open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor) -> None:
    tab = await opened(open_tab, await make_actor(Role.ADMIN))
    owner_id = str(tenant.owner.user_id)
    await tab.send(MembersState.change_role, user_id=owner_id, role="viewer")
    await tab.send(MembersState.deactivate, user_id=owner_id)
    await tab.send(MembersState.ask, what="remove", user_id=owner_id)
    await tab.send(MembersState.give)
    assert tab.toasts() == ["errors.members.last_owner"] * 2
    assert tab.state(MembersState)["problem"] == "errors.members.last_owner"


async def test_ownership_is_offered_noticed_and_accepted(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    heir = await make_actor()
    tab, theirs = await opened(open_tab, tenant.owner), await open_tab(heir, "/contacts")
    await tab.send(MembersState.ask, what="offer", user_id=str(heir.user_id))
    await tab.send(MembersState.offer_ownership, form={})
    assert tab.state(MembersState)["offer"]["receiver"]
    await theirs.settle()
    assert [item["href"] for item in theirs.state(Notices)["items"]] == ["/ownership"]
    answer = await open_tab(heir, "/ownership")
    assert answer.state(OwnershipState)["offer_id"]
    await answer.send(OwnershipState.accept)
    await tab.settle()
    assert tab.state(Session)["leave_to"] == "."
    async with unit_of_work(tenant.owner) as session:
        people = await members.list_people(session, tenant.owner)
    assert {one.user_id: one.role for one in people} == {heir.user_id: "owner", tenant.owner.user_id: "admin"}


async def test_an_offer_can_be_withdrawn_or_declined(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    heir = await make_actor()
    tab, answer = await opened(open_tab, tenant.owner), await open_tab(heir, "/ownership")
    for closing in (MembersState.withdraw, None):
        await tab.send(MembersState.ask, what="offer", user_id=str(heir.user_id))
        await tab.send(MembersState.offer_ownership, form={"share": "on"})
        await answer.settle()
        assert answer.state(OwnershipState)["step_down"] is False
        assert answer.state(OwnershipState)["offer_id"]
        if closing is not None:
            await tab.send(closing)
        else:
            await answer.send(OwnershipState.decline)
        await answer.settle()
        await tab.settle()
        assert answer.state(OwnershipState)["offer_id"] == ""
        assert tab.state(MembersState)["offer"] == {}
    bystander = await open_tab(await make_actor(), "/ownership")
    await bystander.send(OwnershipState.accept)
    assert bystander.toasts() == ["errors.not_found"]


@pytest.mark.parametrize("wrong", ["", "not-an-id", None, 5, "00000000-0000-7000-8000-000000000000"])
async def test_strange_ids_reach_nothing(open_tab: OpenTab, tenant: Tenant, wrong: Any) -> None:
    tab = await opened(open_tab, tenant.owner)
    await tab.send(MembersState.change_role, user_id=wrong, role="viewer")
    await tab.send(MembersState.ask, what="remove", user_id=wrong)
    await tab.send(MembersState.undo, hand_over_id=wrong)
    assert set(tab.toasts()) == {"errors.not_found"}
    await tab.send(MembersState.ask, what="everything", user_id=str(tenant.owner.user_id))
    assert tab.state(MembersState)["asking"] == ""


@pytest.mark.parametrize("role", [Role.SALES, Role.MANAGER])
async def test_who_does_not_manage_members_sees_and_does_nothing(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor, role: Role
) -> None:
    colleague = await make_actor()
    tab = await opened(open_tab, await make_actor(role))
    assert tab.state(Session)["denied"] is True
    assert tab.state(MembersState).get("rows", []) == []
    await tab.send(MembersState.deactivate, user_id=str(colleague.user_id))
    await tab.send(MembersState.undo, hand_over_id="x")
    async with unit_of_work(tenant.owner) as session:
        assert all(one.is_active for one in await members.list_people(session, tenant.owner))


async def test_another_organization_is_out_of_reach(
    open_tab: OpenTab, tenant: Tenant, other_tenant: Tenant
) -> None:
    tab = await opened(open_tab, other_tenant.owner)
    await tab.send(MembersState.deactivate, user_id=str(tenant.owner.user_id))
    await tab.send(MembersState.ask, what="remove", user_id=str(tenant.owner.user_id))
    assert tab.toasts() == ["errors.not_found"] * 2


async def test_settings_lead_to_the_first_screen_in_reach(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    owner, seller = await open_tab(tenant.owner, "/settings"), await open_tab(await make_actor(), "/settings")
    for tab in (owner, seller):
        await tab.send(Start.open_settings)
    assert owner.redirects()[-1] == ROUTE
    assert seller.redirects()[-1] == "/settings/channels"
