"""The board as the service reads it: first pages, totals, filters, paging."""

import pytest

from crm_app.core.database import unit_of_work
from crm_app.core.errors import Forbidden, NotFound
from crm_app.core.tenancy import Actor
from crm_app.domains.pipeline import service
from crm_app.domains.pipeline.schemas import BoardFilter, PipelineCreate
from tests.pipeline.conftest import move, new_contact, new_deal, new_funnel


async def board_of(actor, **options):
    async with unit_of_work(actor) as session:
        return await service.get_board(session, actor, **options)


async def test_a_new_funnel_has_six_empty_columns(actor, funnel):
    board = await board_of(actor)
    assert board.pipeline_id == funnel.id
    assert [column.kind for column in board.columns] == ["open"] * 4 + ["won", "lost"]
    assert all(column.count == 0 and column.cards == [] and not column.has_more for column in board.columns)


async def test_without_a_funnel_there_is_no_board(actor):
    with pytest.raises(NotFound):
        await board_of(actor)


async def test_columns_carry_totals_forecast_and_a_first_page(actor, stages):
    for number in range(5):
        await new_deal(actor, stages[2], f"Proposta {number}", value_cents=100_00 * (number + 1))
    board = await board_of(actor, size=2)
    column = board.columns[2]
    assert (column.count, column.amount_cents, column.weighted_cents) == (5, 1500_00, 750_00)
    assert [card.title for card in column.cards] == ["Proposta 4", "Proposta 3"]
    assert column.has_more
    assert not board.columns[1].has_more


async def test_the_next_cards_follow_without_gap_or_double(actor, stages):
    for number in range(7):
        await new_deal(actor, stages[0], f"Lead {number}")
    seen = [*(await board_of(actor, size=3)).columns[0].cards]
    while True:
        async with unit_of_work(actor) as session:
            page = await service.load_column(
                session, actor, stage_id=stages[0], after=(seen[-1].rank, seen[-1].id), size=3
            )
        seen += page.cards
        if not page.has_more:
            break
    assert [card.title for card in seen] == [f"Lead {number}" for number in range(6, -1, -1)]


async def test_filters_narrow_cards_and_totals(actor, make_actor, stages):
    seller = await make_actor("sales")
    helena = await new_contact(actor, "Helena Souza")
    await new_deal(actor, stages[0], "Clínica Bem Viver", owner_id=seller.user_id, value_cents=500)
    await new_deal(actor, stages[0], "Ótica Miragem", contact_id=helena, value_cents=700)
    await new_deal(actor, stages[0], "100% Açaí", value_cents=900)

    async def found(**wanted):
        column = (await board_of(actor, wanted=BoardFilter(**wanted))).columns[0]
        assert column.count == len(column.cards)
        return [card.title for card in column.cards]

    assert await found(owner_id=seller.user_id) == ["Clínica Bem Viver"]
    assert await found(search="CLINICA") == ["Clínica Bem Viver"]
    assert await found(search="otica") == ["Ótica Miragem"]
    assert await found(search="helena") == ["Ótica Miragem"]
    assert await found(search="100%") == ["100% Açaí"]
    assert await found(search="%") == ["100% Açaí"]
    assert await found(search="_") == []
    assert await found(search="' OR 1=1 --") == []


async def test_archived_deals_are_neither_shown_nor_counted(actor, stages):
    deal = await new_deal(actor, stages[0])
    async with unit_of_work(actor) as session:
        archived = await service.archive_deal(session, actor, deal_id=deal.id, version=deal.version)
    assert (await board_of(actor)).columns[0].count == 0
    async with unit_of_work(actor) as session:
        await service.restore_deal(session, actor, deal_id=deal.id, version=archived.version)
    assert [card.id for card in (await board_of(actor)).columns[0].cards] == [deal.id]


async def test_changes_tell_what_a_live_board_needs(actor, stages):
    deal = await new_deal(actor, stages[0], value_cents=1000)
    moved = await move(actor, deal, stages[1])
    async with unit_of_work(actor) as session:
        cards, totals = await service.load_changes(session, actor, deal_ids=[deal.id], stage_ids=stages[:2])
    assert [(card.id, card.stage_id, card.version) for card in cards] == [(deal.id, stages[1], moved.version)]
    assert {total.stage_id: (total.count, total.amount_cents) for total in totals} == {
        stages[0]: (0, 0),
        stages[1]: (1, 1000),
    }
    async with unit_of_work(actor) as session:
        hidden, _ = await service.load_changes(
            session, actor, deal_ids=[deal.id], stage_ids=[], wanted=BoardFilter(search="outra coisa")
        )
    assert hidden == []


async def test_the_first_funnel_is_the_default_one(actor, funnel):
    second = await new_funnel(actor, "Pós-venda")
    async with unit_of_work(actor) as session:
        listed = await service.list_pipelines(session, actor)
    assert [(p.id, p.is_default) for p in listed] == [(funnel.id, True), (second.id, False)]
    assert (await board_of(actor)).pipeline_id == funnel.id
    assert (await board_of(actor, pipeline_id=second.id)).pipeline_name == "Pós-venda"


async def test_reading_and_writing_need_their_permissions(actor, make_actor, stages):
    deal = await new_deal(actor, stages[0])
    viewer = await make_actor("viewer")
    assert (await board_of(viewer)).columns[0].count == 1
    with pytest.raises(Forbidden):
        await move(viewer, deal, stages[1])
    with pytest.raises(Forbidden):
        await new_deal(viewer, stages[0])
    nobody = Actor(actor.organization_id, actor.user_id, "none", frozenset())
    with pytest.raises(Forbidden):
        await board_of(nobody)
    seller = await make_actor("sales")
    async with unit_of_work(seller) as session:
        with pytest.raises(Forbidden):
            await service.create_pipeline(session, seller, pipeline=PipelineCreate(name="Outro"))
