"""The screens of roles and teams without a browser; and what a seller's open screens make of a change."""

from typing import Any

import pytest

from crm_app.core.database import unit_of_work
from crm_app.domains.pipeline import service as pipeline
from crm_app.domains.pipeline.schemas import DealCreate, DealUpdate, PipelineCreate
from crm_app.pages.board.deal_state import DealState
from crm_app.pages.board.state import BoardState
from crm_app.pages.roles.state import RolesState
from crm_app.pages.roles.why_state import WhyState
from crm_app.pages.session.toasts import Toasts
from crm_app.pages.teams.state import TeamsState
from tests.conftest import MakeActor, Tenant
from tests.pages.conftest import OpenTab, Tab

ROLES, TEAMS = "/settings/roles", "/settings/teams"


async def opened(open_tab: OpenTab, actor: Any, route: str, state: Any) -> Tab:
    """Open a screen."""
    tab = await open_tab(actor, route)
    return await tab.send(state.load)


def role_of(tab: Tab, key: str) -> dict[str, Any]:
    """Return a role as the tab shows it."""
    return next(row for row in tab.state(RolesState)["rows"] if row["key"] == key)


async def test_a_draft_is_looked_at_before_it_is_saved(open_tab: OpenTab, tenant: Tenant) -> None:
    tab = await opened(open_tab, tenant.owner, ROLES, RolesState)
    assert tab.state(RolesState)["chosen"] == "sales"
    await tab.send(RolesState.narrow, reach="own")
    await tab.send(RolesState.switch, permission="deals.pickup", wish=False)
    await tab.send(RolesState.ask, what="review")
    shown = {one["permission"]: (one["before"], one["after"]) for one in tab.state(RolesState)["changes"]}
    assert shown["deals.read"] == ("all", "own")
    assert shown["deals.pickup"] == ("all", "none")
    assert role_of(tab, "sales")["matrix"]["deals.read"] == "all", "nothing is saved yet"
    await tab.send(RolesState.save)
    assert role_of(tab, "sales")["matrix"]["deals.read"] == "own"
    assert tab.state(RolesState)["changes"] == []
    await tab.send(RolesState.back_to_standard)
    await tab.send(RolesState.discard)
    assert tab.state(RolesState)["changes"] == []


async def test_what_makes_no_sense_stays_in_the_dialog(open_tab: OpenTab, tenant: Tenant) -> None:
    tab = await opened(open_tab, tenant.owner, ROLES, RolesState)
    await tab.send(RolesState.change, permission="deals.read", reach="own")
    await tab.send(RolesState.ask, what="review")
    await tab.send(RolesState.save)
    assert tab.state(RolesState)["problem"] == "errors.roles.too_far"
    assert tab.state(RolesState)["asking"] == "review"


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        (RolesState.change, {"permission": "deals.read", "reach": "own"}),
        (RolesState.switch, {"permission": "roles.manage", "wish": False}),
        (RolesState.narrow, {"reach": "own"}),
        (RolesState.back_to_standard, {}),
    ],
)
async def test_the_owner_cannot_even_be_drafted(
    open_tab: OpenTab, tenant: Tenant, event: Any, payload: dict[str, Any]
) -> None:
    tab = await opened(open_tab, tenant.owner, ROLES, RolesState)
    await tab.send(RolesState.choose, key="owner")
    await tab.send(event, **payload)
    assert tab.state(RolesState)["changes"] == []


async def test_a_role_is_copied_named_given_and_deleted(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    seller = await make_actor()
    tab = await opened(open_tab, tenant.owner, ROLES, RolesState)
    await tab.send(RolesState.ask, what="clone")
    await tab.send(RolesState.clone, form={"name": "Plantão"})
    key = tab.state(RolesState)["chosen"]
    assert role_of(tab, key)["name"] == "Plantão"
    await tab.send(RolesState.clone, form={"name": "plantão"})
    assert tab.state(RolesState)["problem"] == "errors.roles.name_taken"
    await tab.send(RolesState.rename, form={"name": " "})
    assert tab.state(RolesState)["problem"] == "roles.name_wrong"
    await tab.send(RolesState.rename, form={"name": "Fim de semana"})
    await tab.send(RolesState.give, user_id=str(seller.user_id))
    assert (role_of(tab, key)["name"], role_of(tab, key)["members"]) == ("Fim de semana", 1)
    await tab.send(RolesState.delete)
    assert tab.state(RolesState)["problem"] == "errors.roles.in_use"
    await tab.send(RolesState.choose_target, key="sales")
    await tab.send(RolesState.delete)
    assert key not in {row["key"] for row in tab.state(RolesState)["rows"]}
    assert role_of(tab, "sales")["members"] == 1


async def test_teams_are_made_filled_led_and_removed(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    seller = await make_actor()
    tab = await opened(open_tab, tenant.owner, TEAMS, TeamsState)
    await tab.send(TeamsState.ask, what="create", team_id="")
    await tab.send(TeamsState.submit, form={"name": "Norte"})
    (team,) = tab.state(TeamsState)["rows"]
    place = {"team_id": team["id"], "user_id": str(seller.user_id)}
    await tab.send(TeamsState.put, **place)
    await tab.send(TeamsState.lead, **place, wish=True)
    (member,) = tab.state(TeamsState)["rows"][0]["members"]
    assert (member["id"], member["leads"]) == (str(seller.user_id), True)
    await tab.send(TeamsState.take_out, **place)
    assert tab.state(TeamsState)["rows"][0]["members"] == []
    assert tab.state(Toasts)["items"][-1]["key"] == "teams.taken_out"
    await tab.send(TeamsState.ask, what="delete", team_id=team["id"])
    await tab.send(TeamsState.delete)
    assert tab.state(TeamsState)["rows"] == []


async def test_a_seller_gets_none_of_it(open_tab: OpenTab, make_actor: MakeActor) -> None:
    tab = await open_tab(await make_actor(), ROLES)
    for event in (RolesState.load, TeamsState.load, WhyState.load):
        await tab.send(event)
    assert not tab.state(RolesState).get("rows")
    assert not tab.state(TeamsState).get("rows")


async def a_deal(tenant: Tenant, owner: Any) -> Any:
    """Give somebody a deal."""
    async with unit_of_work(tenant.owner) as session:
        if not await pipeline.list_pipelines(session, tenant.owner):
            await pipeline.create_pipeline(session, tenant.owner, pipeline=PipelineCreate(name="Vendas"))
        wanted = DealCreate(title="Site novo", owner_id=owner.user_id)
        return await pipeline.create_deal(session, tenant.owner, deal=wanted)


async def narrow_sellers(open_tab: OpenTab, tenant: Tenant) -> Tab:
    """Let sellers see only what is their own."""
    tab = await opened(open_tab, tenant.owner, ROLES, RolesState)
    await tab.send(RolesState.narrow, reach="own")
    return await tab.send(RolesState.save)


async def test_a_fact_out_of_reach_reaches_no_board(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    ana, bruno = await make_actor(), await make_actor()
    deal = await a_deal(tenant, ana)
    await narrow_sellers(open_tab, tenant)
    hers, his = await open_tab(ana, "/board"), await open_tab(bruno, "/board")
    for tab in (hers, his):
        await tab.send(BoardState.load)
    assert str(deal.id) in repr(hers.vars)
    assert str(deal.id) not in repr(his.vars)
    async with unit_of_work(tenant.owner) as session:
        update = DealUpdate(version=deal.version, title="Segredo da Ana")
        changed = await pipeline.update_deal(session, tenant.owner, deal_id=deal.id, update=update)
    await hers.settle()
    await his.settle()
    assert "Segredo da Ana" in repr(hers.vars)
    assert str(deal.id) not in repr(his.vars)
    async with unit_of_work(tenant.owner) as session:
        update = DealUpdate(version=changed.version, owner_id=bruno.user_id)
        await pipeline.update_deal(session, tenant.owner, deal_id=deal.id, update=update)
    await hers.settle()
    await his.settle()
    assert hers.state(BoardState)["patches"][-1]["kind"] == "gone"
    assert his.state(BoardState)["patches"][-1]["card"]["title"] == "Segredo da Ana"


async def test_an_open_drawer_closes_when_its_deal_is_handed_over(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    ana, bruno = await make_actor(), await make_actor()
    deal = await a_deal(tenant, ana)
    await narrow_sellers(open_tab, tenant)
    tab = await open_tab(ana, "/board")
    await tab.send(BoardState.load)
    await tab.send(DealState.open_deal, deal_id=str(deal.id))
    assert tab.state(DealState)["shown"]
    async with unit_of_work(tenant.owner) as session:
        update = DealUpdate(version=deal.version, owner_id=bruno.user_id)
        await pipeline.update_deal(session, tenant.owner, deal_id=deal.id, update=update)
    await tab.settle()
    assert (tab.state(DealState)["shown"], tab.state(DealState)["deal"]) == (False, {})


async def test_why_somebody_does_not_see_a_deal(open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor) -> None:
    ana, bruno = await make_actor(), await make_actor()
    deal = await a_deal(tenant, ana)
    tab = await narrow_sellers(open_tab, tenant)
    await tab.send(WhyState.load)
    form = {"member": str(bruno.user_id), "address": f"https://crm.exemplo/board?deal={deal.id}"}
    await tab.send(WhyState.ask, form=form)
    assert tab.state(WhyState)["answer"]["visible"] is False
    assert [rule["key"] for rule in tab.state(WhyState)["rules"]] == ["not_own"]
    await tab.send(WhyState.ask, form={**form, "member": str(ana.user_id)})
    assert tab.state(WhyState)["answer"]["visible"] is True
    for wrong in ({**form, "address": "/settings"}, {**form, "member": "x"}):
        await tab.send(WhyState.ask, form=wrong)
        assert tab.state(WhyState)["problem"]
