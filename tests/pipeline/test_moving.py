"""Moving cards: places, versions, two people at once, won and lost."""

import asyncio

import pytest

from crm_app.core import hub
from crm_app.core.database import unit_of_work
from crm_app.core.errors import Conflict, NotFound
from crm_app.domains.pipeline import rules, service
from crm_app.domains.pipeline.errors import StaleDeal
from tests.pipeline.conftest import count_rows, move, new_deal, new_funnel, titles


async def column_of(actor, stage, names):
    """Fill a column so that it reads `names` from top to bottom."""
    return {name: await new_deal(actor, stage, name) for name in reversed(names)}


async def test_a_card_lands_between_the_cards_named(actor, stages):
    deals = await column_of(actor, stages[0], ["A", "B", "C"])
    other = await new_deal(actor, stages[1], "X")
    await move(actor, other, stages[0], before=deals["A"].id, after=deals["B"].id)
    assert await titles(actor, stages[0]) == ["A", "X", "B", "C"]
    assert await titles(actor, stages[1]) == []


@pytest.mark.parametrize(
    ("card", "before", "after", "result"),
    [
        ("A", "C", None, ["B", "C", "A"]),
        ("C", None, "A", ["C", "A", "B"]),
        ("C", None, None, ["C", "A", "B"]),
        ("A", "B", "C", ["B", "A", "C"]),
        ("B", "A", "C", ["A", "B", "C"]),
        ("B", "B", None, ["B", "A", "C"]),
    ],
)
async def test_places_inside_a_column(actor, stages, card, before, after, result):
    deals = await column_of(actor, stages[0], ["A", "B", "C"])
    place = {"before": before and deals[before].id, "after": after and deals[after].id}
    moved = await move(actor, deals[card], stages[0], **place)
    assert await titles(actor, stages[0]) == result
    assert moved.version == 2
    assert await count_rows(actor, "stage_history", deal_id=deals[card].id) == 1


async def test_a_neighbour_that_has_left_is_passed_over(actor, stages):
    deals = await column_of(actor, stages[0], ["A", "B", "C"])
    mover = await new_deal(actor, stages[1], "X")
    await move(actor, deals["A"], stages[2])
    await move(actor, mover, stages[0], before=deals["A"].id, after=deals["B"].id)
    assert await titles(actor, stages[0]) == ["X", "B", "C"]


async def test_the_second_of_two_edits_is_told_how_the_deal_stands(actor, stages):
    deal = await new_deal(actor, stages[0])
    first = await move(actor, deal, stages[1])
    with pytest.raises(StaleDeal) as refused:
        await move(actor, deal, stages[2])
    assert refused.value.data["current"]["stage_id"] == str(stages[1])
    assert refused.value.data["current"]["version"] == first.version
    assert refused.value.status == 409


async def test_of_people_moving_at_once_exactly_one_wins(actor, make_actor, stages):
    people = [actor, *[await make_actor() for _ in range(4)]]
    deal = await new_deal(actor, stages[0])
    results = await asyncio.gather(
        *(move(person, deal, stages[1 + n % 3]) for n, person in enumerate(people)), return_exceptions=True
    )
    won = [result for result in results if not isinstance(result, BaseException)]
    assert len(won) == 1
    assert all(isinstance(result, StaleDeal) for result in results if result is not won[0])
    assert await count_rows(actor, "stage_history", deal_id=deal.id) == 2


async def test_cards_dropped_into_the_same_gap_at_once_can_still_be_parted(actor, stages):
    deals = await column_of(actor, stages[0], ["A", "B"])
    movers = [await new_deal(actor, stages[1], f"X{n}") for n in range(4)]
    gap = {"before": deals["A"].id, "after": deals["B"].id}
    moved = await asyncio.gather(*(move(actor, deal, stages[0], **gap) for deal in movers))
    names = await titles(actor, stages[0])
    assert names[0] == "A"
    assert names[-1] == "B"
    assert sorted(names[1:-1]) == ["X0", "X1", "X2", "X3"]
    last = next(deal for deal in moved if deal.title == names[-2])
    await move(actor, last, stages[0], before=deals["A"].id)
    assert (await titles(actor, stages[0]))[-1] == "B"


async def test_a_column_whose_ranks_grew_long_gets_fresh_ones(actor, stages, monkeypatch):
    monkeypatch.setattr(rules, "LONGEST_RANK", 2)
    deals = await column_of(actor, stages[0], ["A", "B", "C", "D"])
    order = ["A", "B", "C", "D"]
    for _ in range(6):
        deals[order[-1]] = await move(actor, deals[order[-1]], stages[0], before=deals[order[0]].id)
        order = [order[0], order[-1], *order[1:-1]]
        assert await titles(actor, stages[0]) == order
    async with unit_of_work(actor) as session:
        board = await service.get_board(session, actor)
    assert all(len(card.rank) <= 3 for card in board.columns[0].cards)


async def test_winning_losing_and_reopening_keep_the_dates_true(actor, stages):
    deal = await new_deal(actor, stages[0], value_cents=1000)
    async with unit_of_work(actor) as session:
        won = await service.win_deal(session, actor, deal_id=deal.id, version=deal.version)
    assert (won.stage_id, won.stage_kind) == (stages[4], "won")
    assert won.closed_at is not None
    async with unit_of_work(actor) as session:
        lost = await service.lose_deal(session, actor, deal_id=deal.id, version=won.version, reason="Preço")
    assert (lost.stage_id, lost.lost_reason) == (stages[5], "Preço")
    again = await move(actor, lost, stages[1])
    assert again.closed_at is None
    assert again.lost_reason == ""
    async with unit_of_work(actor) as session:
        steps = await service.list_steps(session, actor, deal_id=deal.id)
    assert [step.to_stage_id for step in steps] == [stages[1], stages[5], stages[4], stages[0]]
    assert steps[-1].from_stage_id is None
    assert {step.user_id for step in steps} == {actor.user_id}


async def test_reordering_does_not_restart_the_clock_of_the_stage(actor, stages):
    deals = await column_of(actor, stages[0], ["A", "B"])
    moved = await move(actor, deals["B"], stages[0], after=deals["A"].id)
    assert moved.entered_stage_at == deals["B"].entered_stage_at
    elsewhere = await move(actor, moved, stages[1])
    assert elsewhere.entered_stage_at > moved.entered_stage_at


async def test_what_a_move_returns_is_what_is_read_afterwards(actor, stages):
    elsewhere = (await new_funnel(actor, "Pós-venda")).stages
    deal = await new_deal(actor, stages[0], value_cents=1000)
    for stage_id in (stages[1], elsewhere[0].id, elsewhere[4].id):
        deal = await move(actor, deal, stage_id)
        async with unit_of_work(actor) as session:
            assert await service.get_deal(session, actor, deal_id=deal.id) == deal
    assert deal.pipeline_name == "Pós-venda"


async def test_an_archived_deal_does_not_move(actor, stages):
    deal = await new_deal(actor, stages[0])
    async with unit_of_work(actor) as session:
        archived = await service.archive_deal(session, actor, deal_id=deal.id, version=deal.version)
    with pytest.raises(Conflict) as refused:
        await move(actor, archived, stages[1])
    assert refused.value.key == "errors.pipeline.archived"


async def test_other_organizations_cannot_be_reached(actor, other_tenant, stages):
    from tests.pipeline.conftest import new_funnel

    deal = await new_deal(actor, stages[0])
    stranger = other_tenant.owner
    theirs = await new_funnel(stranger)
    with pytest.raises(NotFound):
        await move(stranger, deal, theirs.stages[0].id)
    with pytest.raises(NotFound):
        await move(actor, deal, theirs.stages[0].id)
    their_deal = await new_deal(stranger, theirs.stages[0].id, "Deles")
    await move(actor, deal, stages[1], before=their_deal.id)
    assert await titles(actor, stages[1]) == [deal.title]
    assert await titles(stranger, theirs.stages[0].id) == ["Deles"]


async def test_a_move_leaves_its_trace_and_tells_the_world(actor, stages):
    heard: list[dict] = []

    async def listen(payload):
        if payload["organization_id"] == str(actor.organization_id):
            heard.append(payload)

    deal = await new_deal(actor, stages[0])
    await hub.drain()
    stop = hub.listen(listen)
    try:
        moved = await move(actor, deal, stages[1])
        await hub.drain()
    finally:
        stop()
    fact = heard[0]
    assert fact["name"] == "deal.moved"
    assert (fact["stage_id"], fact["from_stage_id"]) == (str(stages[1]), str(stages[0]))
    assert (fact["version"], fact["actor_id"]) == (moved.version, str(actor.user_id))
    assert "title" not in fact
    assert await count_rows(actor, "audit_entry", entity_id=deal.id, action="deal.moved") == 1


async def test_a_refused_move_leaves_nothing(actor, stages):
    deal = await new_deal(actor, stages[0])
    await move(actor, deal, stages[1])
    before = await count_rows(actor, "audit_entry")
    with pytest.raises(StaleDeal):
        await move(actor, deal, stages[2])
    assert await count_rows(actor, "audit_entry") == before
