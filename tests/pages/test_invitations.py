"""Inviting on the members' screen: what became of each address, the rows that wait, and who may not."""

from collections.abc import Iterator
from typing import Any

import pytest

from crm_app.config import forget_settings, use_settings
from crm_app.core.database import unit_of_work
from crm_app.domains.accounts.invitations import service as invitations
from crm_app.domains.accounts.models import Role
from crm_app.pages.members.invite_state import InviteState
from crm_app.pages.members.state import MembersState
from tests.accounts.test_invitations import accept_new, address, invited, link_in_mail
from tests.conftest import MakeActor, Tenant
from tests.pages.conftest import OpenTab, Tab

ROUTE = "/settings/members"


@pytest.fixture(autouse=True)
def _mail_is_kept() -> Iterator[None]:
    use_settings(demo=True, smtp_url=None)
    yield
    forget_settings()


async def opened(open_tab: OpenTab, actor: Any) -> Tab:
    """Open the screen."""
    tab = await open_tab(actor, ROUTE)
    await tab.send(MembersState.load)
    return await tab.send(InviteState.load)


async def test_inviting_shows_what_became_of_each_and_the_rows_that_wait(
    open_tab: OpenTab, tenant: Tenant
) -> None:
    tab, other = await opened(open_tab, tenant.owner), await opened(open_tab, tenant.owner)
    one = address()
    await tab.send(
        InviteState.send, form={"emails": f"{one}\n{tenant.owner_email}, x", "role": "sales", "days": "3"}
    )
    shown = {item["email"]: item["outcome"] for item in tab.state(InviteState)["outcomes"]}
    assert shown == {one: "invited", tenant.owner_email: "member", "x": "bad"}
    await other.settle()
    assert [row["email"] for row in other.state(InviteState)["pending"]] == [one]
    await accept_new(await link_in_mail(tenant, one))
    await other.settle()
    assert other.state(InviteState)["pending"] == []
    assert one in {row["email"] for row in other.state(MembersState)["rows"]}


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({}, "members.invite.nobody"),
        ({"emails": " ,; \n"}, "members.invite.nobody"),
        ({"emails": "a@exemplo.com.br", "role": "emperor"}, "errors.not_found"),
        ({"emails": "a@exemplo.com.br", "role": "owner"}, "errors.members.ownership_needs_consent"),
        ({"emails": "a@exemplo.com.br", "role": "sales", "days": "x"}, "errors.invalid"),
        ({"emails": "a@exemplo.com.br", "role": "sales", "days": "99"}, "errors.invalid"),
        ({"emails": "a@exemplo.com.br", "role": "sales", "team": "x"}, "errors.invalid"),
        ({"emails": "a@exemplo.com.br", "role": "sales", "team": 7}, "errors.invalid"),
        ({"emails": " ".join(f"p{n}@x.com" for n in range(51)), "role": "sales"}, "errors.invitations.too_many"),
        (None, "members.invite.nobody"),
    ],
)
async def test_what_cannot_be_is_said_in_place(open_tab: OpenTab, tenant: Tenant, form: Any, problem: str) -> None:
    tab = await opened(open_tab, tenant.owner)
    await tab.send(InviteState.send, form=form)
    assert tab.state(InviteState)["problem"] == problem
    assert tab.state(InviteState)["pending"] == []


async def test_again_by_hand_and_taken_back(open_tab: OpenTab, tenant: Tenant) -> None:
    one = address()
    invitation_id = str(await invited(tenant, one))
    tab = await opened(open_tab, tenant.owner)
    await tab.send(InviteState.resend, invitation_id=invitation_id)
    await tab.send(InviteState.copy, invitation_id=invitation_id)
    assert tab.toasts() == ["members.invite.resent", "members.invite.copied"]
    assert "/invite#" in str(tab.events)
    assert "/invite#" not in str(tab.vars), "a link is seen once and kept nowhere"
    await tab.send(InviteState.revoke, invitation_id=invitation_id)
    await tab.settle()
    assert tab.state(InviteState)["pending"] == []


async def test_without_mail_the_row_says_to_copy_the_link(open_tab: OpenTab, tenant: Tenant) -> None:
    use_settings(demo=False, smtp_url=None)
    tab = await opened(open_tab, tenant.owner)
    await tab.send(InviteState.send, form={"emails": address(), "role": "sales"})
    assert [item["outcome"] for item in tab.state(InviteState)["outcomes"]] == ["unsent"]


@pytest.mark.parametrize("wrong", ["", "x", None, 5, "00000000-0000-7000-8000-000000000000"])
async def test_strange_ids_reach_nothing(open_tab: OpenTab, tenant: Tenant, wrong: Any) -> None:
    tab = await opened(open_tab, tenant.owner)
    for handler in (InviteState.resend, InviteState.copy, InviteState.revoke):
        await tab.send(handler, invitation_id=wrong)
    assert set(tab.toasts()) == {"errors.not_found"}


async def test_invitations_of_others_are_out_of_reach(
    open_tab: OpenTab, tenant: Tenant, other_tenant: Tenant
) -> None:
    one = address()
    invitation_id = str(await invited(tenant, one))
    tab = await opened(open_tab, other_tenant.owner)
    assert tab.state(InviteState)["pending"] == []
    for handler in (InviteState.resend, InviteState.copy, InviteState.revoke):
        await tab.send(handler, invitation_id=invitation_id)
    assert set(tab.toasts()) == {"errors.not_found"}
    async with unit_of_work(tenant.owner) as session:
        assert len(await invitations.list_invitations(session, tenant.owner)) == 1


async def test_sellers_invite_nobody(open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor) -> None:
    tab = await opened(open_tab, await make_actor(Role.SALES))
    await tab.send(InviteState.send, form={"emails": address(), "role": "viewer"})
    async with unit_of_work(tenant.owner) as session:
        assert await invitations.list_invitations(session, tenant.owner) == []
