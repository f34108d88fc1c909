"""Facts reach the tabs that look, and only those."""

from typing import Any

from crm_app.core import hub
from crm_app.core.database import unit_of_work
from crm_app.domains.accounts import service
from crm_app.pages.live import bridge
from tests.pages.conftest import OpenTab
from tests.pages.sample import Sample


async def tell(actor: Any, name: str = "sample.changed", **ids: Any) -> None:
    """Put a fact on the hub."""
    await hub.publish({"name": name, "organization_id": str(actor.organization_id), **ids})


async def test_a_fact_reaches_the_tabs_of_its_organization_that_look(
    open_tab: OpenTab, actor: Any, make_actor: Any, other_tenant: Any
) -> None:
    looks, idle = await open_tab(actor), await open_tab(await make_actor())
    outside = await open_tab(other_tenant.owner)
    await looks.send(Sample.look)
    await outside.send(Sample.look)
    await tell(actor, thing_id="7")
    await looks.settle()
    assert [item["thing"] for item in looks.state(Sample)["heard"]] == ["7"]
    assert idle.state(Sample)["heard"] == []
    assert outside.state(Sample)["heard"] == []


async def test_a_watch_can_be_about_one_thing(open_tab: OpenTab, actor: Any) -> None:
    tab = await open_tab(actor)
    await tab.send(Sample.look, name="sample.changed", thing="7")
    await tell(actor, thing_id="8")
    await tell(actor, "sample.other", thing_id="7")
    await tell(actor, thing_id="7")
    await tab.settle()
    assert [item["thing"] for item in tab.state(Sample)["heard"]] == ["7"]


async def test_a_burst_costs_few_deltas_and_loses_nothing(open_tab: OpenTab, actor: Any) -> None:
    tab = await open_tab(actor)
    await tab.send(Sample.look)
    before = len(tab.deltas)
    for number in range(30):
        await tell(actor, thing_id=str(number))
    await tab.settle()
    assert {item["thing"] for item in tab.state(Sample)["heard"]} == {str(number) for number in range(30)}
    assert len(tab.deltas) - before < 10


async def test_a_screen_that_fails_harms_no_other(open_tab: OpenTab, actor: Any) -> None:
    one, two = await open_tab(actor), await open_tab(actor)
    await one.send(Sample.look, name="sample.changed", thing="bad")
    await two.send(Sample.look)
    await tell(actor, thing_id="bad", bad=True)
    await tell(actor, thing_id="good")
    await two.settle()
    assert [item["thing"] for item in two.state(Sample)["heard"]] == ["good"]


async def test_navigation_disconnection_and_log_out_end_a_watch(open_tab: OpenTab, actor: Any) -> None:
    organization = str(actor.organization_id)
    tab = await open_tab(actor)
    await tab.send(Sample.look)
    assert len(bridge.tabs_of(organization)) == 1
    await tab.disconnect()
    assert Sample not in {state for other in bridge.tabs_of(organization) for state in other.watches}
    tab = await open_tab(actor)
    await tab.send(Sample.look)
    async with unit_of_work(actor) as session:
        await service.sign_out_everywhere(session, actor)
    await tab.settle()
    await tell(actor, thing_id="late")
    await tab.settle()
    assert tab.state(Sample)["heard"] == []
