"""The board's handlers without a browser: what a tab is sent when it, or somebody else, changes something."""

from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from crm_app.core.database import unit_of_work
from crm_app.core.ids import new_id
from crm_app.domains.contacts import service as contacts
from crm_app.domains.pipeline import service
from crm_app.domains.pipeline.schemas import PipelineView
from crm_app.pages.board.deal_state import DealState
from crm_app.pages.board.new_deal_state import NewDealState
from crm_app.pages.board.ring import LONGEST, MOST_CARDS, trimmed
from crm_app.pages.board.state import MINE, BoardState
from tests.pages.conftest import OpenTab, Tab
from tests.pipeline.conftest import count_rows, move, new_contact, new_deal, new_funnel


@pytest_asyncio.fixture
async def funnel(actor: Any) -> PipelineView:
    """A funnel of six stages."""
    return await new_funnel(actor)


@pytest.fixture
def stages(funnel: PipelineView) -> list[UUID]:
    """The ids of its stages."""
    return [stage.id for stage in funnel.stages]


def vars_of(tab: Tab) -> dict[str, Any]:
    return tab.state(BoardState)


def last_patch(tab: Tab) -> dict[str, Any]:
    return vars_of(tab)["patches"][-1]


def column(tab: Tab, stage_id: UUID) -> dict[str, Any]:
    return next(stage for stage in vars_of(tab)["snapshot"]["stages"] if stage["id"] == str(stage_id))


async def opened(open_tab: OpenTab, actor: Any) -> Tab:
    tab = await open_tab(actor, "/board")
    return await tab.send(BoardState.load)


async def drag(tab: Tab, deal: Any, stage_id: Any, version: Any = None, **place: Any) -> dict[str, Any]:
    await tab.send(
        BoardState.move_card,
        deal_id=str(deal.id),
        stage_id=str(stage_id),
        before=place.get("before"),
        after=place.get("after"),
        version=deal.version if version is None else version,
    )
    return last_patch(tab)


async def test_loading_sends_columns_people_and_funnels(open_tab: OpenTab, actor: Any, stages: list[UUID]) -> None:
    deal = await new_deal(actor, stages[0], value_cents=1000)
    tab = await opened(open_tab, actor)
    first = column(tab, stages[0])
    assert (first["count"], first["amount_cents"], [card["id"] for card in first["cards"]]) == (
        1,
        1000,
        [str(deal.id)],
    )
    assert [person["id"] for person in vars_of(tab)["people"]] == [str(actor.user_id)]
    assert len(vars_of(tab)["pipelines"]) == 1
    assert vars_of(tab)["patches"] == []


async def test_an_organization_without_a_funnel_sees_an_empty_page(open_tab: OpenTab, actor: Any) -> None:
    tab = await opened(open_tab, actor)
    assert vars_of(tab)["snapshot"]["stages"] == []
    assert vars_of(tab)["pipeline_id"] == ""
    assert tab.toasts() == []


async def test_a_move_is_confirmed_to_its_own_tab_once(open_tab: OpenTab, actor: Any, stages: list[UUID]) -> None:
    deal = await new_deal(actor, stages[0], value_cents=500)
    tab = await opened(open_tab, actor)
    patch = await drag(tab, deal, stages[1])
    assert (patch["kind"], patch["mine"]) == ("card", True)
    assert (patch["card"]["stage_id"], patch["card"]["version"]) == (str(stages[1]), 2)
    assert patch["totals"][str(stages[0])] == {"count": 0, "amount_cents": 0}
    assert patch["totals"][str(stages[1])] == {"count": 1, "amount_cents": 500}
    assert len(vars_of(tab)["patches"]) == 1


async def test_colleagues_see_the_move_and_who_made_it(
    open_tab: OpenTab, actor: Any, make_actor: Any, other_tenant: Any, stages: list[UUID]
) -> None:
    deal = await new_deal(actor, stages[0])
    mover, watcher = await opened(open_tab, actor), await opened(open_tab, await make_actor())
    outside = await opened(open_tab, other_tenant.owner)
    await drag(mover, deal, stages[2])
    await watcher.settle()
    patch = last_patch(watcher)
    assert (patch["card"]["stage_id"], patch["actor"]) == (str(stages[2]), str(actor.user_id))
    assert "mine" not in patch
    assert vars_of(outside)["patches"] == []


async def test_an_outdated_move_comes_back_with_the_reason_and_the_truth(
    open_tab: OpenTab, actor: Any, stages: list[UUID]
) -> None:
    deal = await new_deal(actor, stages[0])
    tab = await opened(open_tab, actor)
    await move(actor, deal, stages[3])
    await tab.settle()
    patch = await drag(tab, deal, stages[1])
    assert (patch["kind"], patch["message"]) == ("refused", "errors.pipeline.stale")
    assert (patch["card"]["stage_id"], patch["card"]["version"]) == (str(stages[3]), 2)


@pytest.mark.parametrize("version", [0, -1, "x", None, 10**12, {"a": 1}])
async def test_a_forged_version_is_refused(
    open_tab: OpenTab, actor: Any, stages: list[UUID], version: Any
) -> None:
    deal = await new_deal(actor, stages[0])
    tab = await opened(open_tab, actor)
    patch = await drag(tab, deal, stages[1], version={} if version is None else version)
    assert (patch["kind"], patch["message"]) == ("refused", "errors.invalid")
    assert await count_rows(actor, "stage_history", deal_id=deal.id) == 1


async def test_deals_and_stages_of_others_do_not_exist(
    open_tab: OpenTab, actor: Any, other_tenant: Any, stages: list[UUID]
) -> None:
    deal = await new_deal(actor, stages[0])
    theirs = await new_funnel(other_tenant.owner)
    tab, outside = await opened(open_tab, actor), await opened(open_tab, other_tenant.owner)
    assert (await drag(tab, deal, theirs.stages[0].id))["message"] == "errors.not_found"
    assert (await drag(outside, deal, theirs.stages[1].id))["message"] == "errors.not_found"
    await outside.send(DealState.open_deal, deal_id=str(deal.id))
    assert outside.toasts() == ["errors.not_found"]
    assert not outside.state(DealState)["shown"]


async def test_viewers_may_look_but_not_move(
    open_tab: OpenTab, actor: Any, make_actor: Any, stages: list[UUID]
) -> None:
    deal = await new_deal(actor, stages[0])
    tab = await opened(open_tab, await make_actor("viewer"))
    assert column(tab, stages[0])["count"] == 1
    await tab.send(
        BoardState.move_card, deal_id=str(deal.id), stage_id=str(stages[1]), before=None, after=None, version=1
    )
    assert vars_of(tab)["patches"] == []
    assert await count_rows(actor, "stage_history", deal_id=deal.id) == 1


async def test_quick_add_answers_with_the_card_or_with_what_is_wrong(
    open_tab: OpenTab, actor: Any, stages: list[UUID]
) -> None:
    tab = await opened(open_tab, actor)
    typed = {"stage_id": str(stages[0]), "token": "t1"}
    await tab.send(BoardState.quick_add, title="Padaria", value="R$ 1.500,00", **typed)
    patch = last_patch(tab)
    assert (patch["token"], patch["card"]["title"], patch["card"]["value_cents"]) == ("t1", "Padaria", 150_000)
    assert patch["card"]["owner_id"] == str(actor.user_id)
    for value, key in (("-5", "value_negative"), ("muito", "value_not_a_number"), ("9" * 30, "value_too_large")):
        await tab.send(BoardState.quick_add, title="Padaria", value=value, **typed)
        assert last_patch(tab)["message"] == f"errors.pipeline.{key}"
        assert last_patch(tab)["token"] == "t1"
    await tab.send(BoardState.quick_add, title="  ", value="", **typed)
    assert last_patch(tab)["message"] == "errors.invalid"
    assert await count_rows(actor, "deal") == 1


async def test_the_next_cards_come_as_a_patch(open_tab: OpenTab, actor: Any, stages: list[UUID]) -> None:
    for number in range(25):
        await new_deal(actor, stages[0], f"N{number}")
    tab = await opened(open_tab, actor)
    shown = column(tab, stages[0])
    assert (len(shown["cards"]), shown["has_more"]) == (20, True)
    last = shown["cards"][-1]
    await tab.send(BoardState.load_more, stage_id=str(stages[0]), cursor=f"{last['rank']}:{last['id']}")
    patch = last_patch(tab)
    assert ([card["title"] for card in patch["cards"]], patch["has_more"]) == (
        ["N4", "N3", "N2", "N1", "N0"],
        False,
    )
    await tab.send(BoardState.load_more, stage_id=str(stages[0]), cursor="nonsense")
    assert tab.toasts() == ["errors.invalid"]


async def test_a_filter_decides_what_is_sent_and_what_changes(
    open_tab: OpenTab, actor: Any, make_actor: Any, stages: list[UUID]
) -> None:
    seller = await make_actor()
    deal = await new_deal(actor, stages[0], "Ótica", owner_id=seller.user_id)
    await new_deal(actor, stages[0], "Padaria")
    tab = await opened(open_tab, actor)
    await tab.send(BoardState.choose_owner, owner=str(seller.user_id))
    assert column(tab, stages[0])["count"] == 1
    async with unit_of_work(actor) as session:
        await service.update_deal(
            session,
            actor,
            deal_id=deal.id,
            update=service.DealUpdate(version=1, owner_id=actor.user_id),
        )
    await tab.settle()
    assert (last_patch(tab)["kind"], last_patch(tab)["id"]) == ("gone", str(deal.id))
    await tab.send(BoardState.choose_owner, owner=MINE)
    assert column(tab, stages[0])["count"] == 1
    await tab.send(BoardState.look_for, words="padaria\x00")
    assert column(tab, stages[0])["count"] == 0
    await tab.send(BoardState.clear_filters)
    assert column(tab, stages[0])["count"] == 2
    await tab.send(BoardState.choose_owner, owner="nobody")
    assert "errors.invalid" in tab.toasts()


async def test_the_drawer_shows_and_saves_a_deal(open_tab: OpenTab, actor: Any, stages: list[UUID]) -> None:
    contact_id = await new_contact(actor)
    deal = await new_deal(actor, stages[0], contact_id=contact_id)
    tab = await opened(open_tab, actor)
    await tab.send(DealState.open_deal, deal_id=str(deal.id))
    assert tab.state(DealState)["deal"]["contact_name"] == "Helena Souza"
    await tab.send(DealState.save_title, title="Outro nome")
    await tab.send(DealState.save_value, written="R$ 2.000,00")
    await tab.send(DealState.save_day, day="2030-01-31")
    await tab.send(DealState.choose_owner, user_id=str(actor.user_id))
    await tab.send(DealState.choose_stage, stage_id=str(stages[1]))
    shown = tab.state(DealState)["deal"]
    assert (shown["title"], shown["value_cents"], shown["expected_close_on"]) == (
        "Outro nome",
        200_000,
        "2030-01-31",
    )
    assert (shown["owner_id"], shown["stage_id"], shown["version"]) == (str(actor.user_id), str(stages[1]), 6)
    assert [step["to_stage_name"] for step in tab.state(DealState)["steps"]] == ["Contact", "Lead"]
    assert last_patch(tab)["card"]["title"] == "Outro nome"


async def test_the_drawer_says_which_field_is_wrong(open_tab: OpenTab, actor: Any, stages: list[UUID]) -> None:
    deal = await new_deal(actor, stages[0])
    tab = await opened(open_tab, actor)
    await tab.send(DealState.open_deal, deal_id=str(deal.id))
    await tab.send(DealState.save_title, title="x" * 100_000)
    await tab.send(DealState.save_value, written="-1")
    await tab.send(DealState.save_day, day="2026-02-30")
    shown = tab.state(DealState)
    assert shown["title_error"] == "board.deal.title_invalid"
    assert shown["value_error"] == "errors.pipeline.value_negative"
    assert shown["day_error"] == "board.deal.day_invalid"
    assert shown["deal"]["version"] == 1


async def test_two_tabs_editing_one_deal(open_tab: OpenTab, actor: Any, stages: list[UUID]) -> None:
    deal = await new_deal(actor, stages[0])
    one, two = await opened(open_tab, actor), await opened(open_tab, actor)
    for tab in (one, two):
        await tab.send(DealState.open_deal, deal_id=str(deal.id))
    await one.send(DealState.save_title, title="Da primeira aba")
    await two.settle()
    assert two.state(DealState)["deal"]["title"] == "Da primeira aba"
    await two.send(DealState.save_title, title="Da segunda aba")
    await one.settle()
    assert one.state(DealState)["deal"]["title"] == "Da segunda aba"


async def test_closing_and_archiving_can_be_undone(open_tab: OpenTab, actor: Any, stages: list[UUID]) -> None:
    deal = await new_deal(actor, stages[1])
    tab = await opened(open_tab, actor)
    await tab.send(DealState.open_deal, deal_id=str(deal.id))
    await tab.send(DealState.win)
    assert tab.state(DealState)["deal"]["stage_kind"] == "won"
    await tab.send(DealState.put_back, deal_id=str(deal.id), stage_id=str(stages[1]), version=2)
    assert tab.state(DealState)["deal"]["stage_kind"] == "open"
    await tab.send(DealState.lose, form={"reason": "Preço"})
    assert tab.state(DealState)["deal"]["lost_reason"] == "Preço"
    await tab.send(DealState.archive)
    assert (last_patch(tab)["kind"], tab.state(DealState)["shown"]) == ("gone", False)
    await tab.send(DealState.restore, deal_id=str(deal.id), version=5)
    assert last_patch(tab)["card"]["id"] == str(deal.id)


async def test_a_new_deal_with_a_contact(open_tab: OpenTab, actor: Any, stages: list[UUID]) -> None:
    contact_id = await new_contact(actor)
    tab = await opened(open_tab, actor)
    await tab.send(NewDealState.show, wish=True)
    await tab.send(NewDealState.choose_contact, contact_id=str(contact_id), name="Helena Souza")
    await tab.send(NewDealState.create, form={"title": "", "value": "x", "expected_close_on": "2026-13-01"})
    shown = tab.state(NewDealState)
    assert shown["title_error"]
    assert shown["value_error"]
    assert shown["day_error"]
    await tab.send(NewDealState.create, form={"title": "Site novo", "value": "4.000", "stage_id": str(stages[2])})
    assert not tab.state(NewDealState)["shown"]
    assert (last_patch(tab)["card"]["title"], last_patch(tab)["card"]["contact_name"]) == (
        "Site novo",
        "Helena Souza",
    )


async def test_ids_that_are_none_are_refused_kindly(open_tab: OpenTab, actor: Any, stages: list[UUID]) -> None:
    tab = await opened(open_tab, actor)
    await tab.send(DealState.open_deal, deal_id="'; DROP TABLE deal; --")
    await tab.send(DealState.open_deal, deal_id=str(new_id()))
    assert tab.toasts() == ["errors.invalid", "errors.not_found"]


def test_the_ring_keeps_the_newest_and_little() -> None:
    small = [{"n": n, "kind": "card"} for n in range(40)]
    assert [patch["n"] for patch in trimmed(small)] == list(range(40 - LONGEST, 40))
    large = [{"n": n, "kind": "more", "cards": [{}] * 25} for n in range(6)]
    kept = trimmed(large)
    assert kept[-1]["n"] == 5
    assert sum(len(patch["cards"]) for patch in kept) <= MOST_CARDS
    assert len(trimmed([{"n": 1, "kind": "more", "cards": [{}] * 100}])) == 1


async def test_colleagues_who_look_at_the_same_funnel_are_shown(
    open_tab: OpenTab, actor: Any, make_actor: Any, funnel: PipelineView
) -> None:
    other = await make_actor()
    one, two = await opened(open_tab, actor), await opened(open_tab, other)
    await one.settle()
    assert [who["id"] for who in vars_of(one)["viewers"]] == [str(other.user_id)]
    assert [who["id"] for who in vars_of(two)["viewers"]] == [str(actor.user_id)]
    await two.disconnect()
    await one.settle()
    assert vars_of(one)["viewers"] == []


async def test_a_contacts_activity_shows_on_their_cards(open_tab: OpenTab, actor: Any, stages: list[UUID]) -> None:
    contact_id = await new_contact(actor)
    await new_deal(actor, stages[0], contact_id=contact_id)
    tab = await opened(open_tab, actor)
    async with unit_of_work(actor) as session:
        await contacts.record_activity(
            session, actor, contact_id=contact_id, kind="note.added", data={"text": "Oi"}
        )
    await tab.settle()
    patch = last_patch(tab)
    assert (patch["kind"], patch["id"]) == ("contact", str(contact_id))
    assert patch["fields"]["contact_name"] == "Helena Souza"
