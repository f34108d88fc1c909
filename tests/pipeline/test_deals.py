"""Creating and editing deals, and the deal that a customer's first message opens."""

import asyncio

import pytest
from pydantic import ValidationError

from crm_app.core.database import unit_of_work
from crm_app.core.errors import Invalid, NotFound
from crm_app.core.ids import new_id
from crm_app.domains.pipeline import service
from crm_app.domains.pipeline.errors import StaleDeal
from crm_app.domains.pipeline.rules import MAX_VALUE_CENTS
from crm_app.domains.pipeline.schemas import DealCreate, DealMove, DealUpdate
from tests.pipeline.conftest import count_rows, new_contact, new_deal, new_funnel, titles


async def update(actor, deal, **fields):
    async with unit_of_work(actor) as session:
        change = DealUpdate(version=fields.pop("version", deal.version), **fields)
        return await service.update_deal(session, actor, deal_id=deal.id, update=change)


async def test_a_deal_without_a_stage_goes_to_the_top_of_the_first(actor, stages):
    await new_deal(actor, stages[0], "Antigo")
    async with unit_of_work(actor) as session:
        deal = await service.create_deal(session, actor, deal=DealCreate(title="  Novo  ", value_cents=5))
    assert (deal.stage_id, deal.title, deal.version) == (stages[0], "Novo", 1)
    assert await titles(actor, stages[0]) == ["Novo", "Antigo"]
    assert await count_rows(actor, "stage_history", deal_id=deal.id) == 1


async def test_a_deal_with_a_contact_enters_the_contacts_timeline(actor, stages):
    contact_id = await new_contact(actor)
    deal = await new_deal(actor, stages[0], contact_id=contact_id, tags=["Tráfego"])
    assert (deal.contact_name, deal.tags) == ("Helena Souza", ["Tráfego"])
    assert await count_rows(actor, "activity", contact_id=contact_id, kind="deal.created") == 1


@pytest.mark.parametrize("reference", ["contact_id", "owner_id", "stage_id", "pipeline_id"])
async def test_references_outside_the_organization_do_not_exist(actor, other_tenant, stages, reference):
    stranger = other_tenant.owner
    theirs = await new_funnel(stranger)
    foreign = {
        "contact_id": await new_contact(stranger),
        "owner_id": stranger.user_id,
        "stage_id": theirs.stages[0].id,
        "pipeline_id": theirs.id,
    }
    for bad in (foreign[reference], new_id()):
        with pytest.raises(NotFound):
            async with unit_of_work(actor) as session:
                await service.create_deal(session, actor, deal=DealCreate(title="X", **{reference: bad}))


async def test_reading_a_deal_of_another_organization(actor, other_tenant, stages):
    deal = await new_deal(actor, stages[0])
    stranger = other_tenant.owner
    async with unit_of_work(stranger) as session:
        with pytest.raises(NotFound):
            await service.get_deal(session, stranger, deal_id=deal.id)
        assert await service.list_steps(session, stranger, deal_id=deal.id) == []
    with pytest.raises(NotFound):
        await update(stranger, deal, title="Roubado")


async def test_only_what_was_given_is_written(actor, stages):
    deal = await new_deal(actor, stages[0], value_cents=100, tags=["Site"])
    changed = await update(actor, deal, title="Outro título", value_cents=200)
    assert (changed.title, changed.value_cents, changed.tags, changed.version) == (
        "Outro título",
        200,
        ["Site"],
        2,
    )
    same = await update(actor, changed, title="Outro título")
    assert same.version == 2


async def test_two_tabs_editing_one_deal(actor, stages):
    deal = await new_deal(actor, stages[0])
    await update(actor, deal, title="Da primeira aba")
    with pytest.raises(StaleDeal) as refused:
        await update(actor, deal, title="Da segunda aba")
    assert refused.value.data["current"]["title"] == "Da primeira aba"


@pytest.mark.parametrize("field", ["title", "value_cents", "lost_reason", "tags"])
async def test_some_fields_cannot_be_emptied(actor, stages, field):
    deal = await new_deal(actor, stages[0])
    with pytest.raises(Invalid) as refused:
        await update(actor, deal, **{field: None})
    assert refused.value.data["field"] == field


@pytest.mark.parametrize(
    "fields",
    [
        {"title": ""},
        {"title": "   "},
        {"title": "a" * 201},
        {"title": "a" * 100_000},
        {"title": "nul\x00byte"},
        {"title": "ok", "value_cents": -1},
        {"title": "ok", "value_cents": MAX_VALUE_CENTS + 1},
        {"title": "ok", "value_cents": "muito"},
        {"title": "ok", "value_cents": float("inf")},
        {"title": "ok", "expected_close_on": "2026-02-30"},
        {"title": "ok", "expected_close_on": "9999-12-31"},
        {"title": "ok", "contact_id": "x"},
        {"title": "ok", "tags": ["a" * 41]},
        {"title": "ok", "unknown": 1},
    ],
)
def test_bad_input_is_refused_before_the_database(fields):
    with pytest.raises(ValidationError):
        DealCreate(**fields)


@pytest.mark.parametrize("version", [0, -1, 2**31, "x", None])
def test_a_version_is_a_small_positive_number(version):
    with pytest.raises(ValidationError):
        DealMove(stage_id=new_id(), version=version)


@pytest.mark.parametrize(
    "title", ["<script>alert(1)</script>", "عميل جديد", "🦷 Odonto 🇧🇷", "'; DROP TABLE deal; --"]
)
async def test_any_honest_text_is_kept_as_it_is(actor, stages, title):
    deal = await new_deal(actor, stages[0], title)
    assert deal.title == title
    assert await titles(actor, stages[0]) == [title]


async def ensure(actor, contact_id, name="Helena Souza"):
    async with unit_of_work(actor) as session:
        return await service.ensure_deal_for_contact(session, actor, contact_id=contact_id, contact_name=name)


async def test_a_new_customer_gets_one_deal_however_many_messages_arrive_at_once(actor, stages):
    contact_id = await new_contact(actor)
    found = await asyncio.gather(*(ensure(actor, contact_id) for _ in range(6)))
    assert len(set(found)) == 1
    assert await count_rows(actor, "deal", contact_id=contact_id) == 1
    assert await titles(actor, stages[0]) == ["Helena Souza"]


async def test_a_customer_whose_deal_is_closed_gets_a_new_one(actor, stages):
    contact_id = await new_contact(actor)
    first = await ensure(actor, contact_id)
    async with unit_of_work(actor) as session:
        await service.win_deal(session, actor, deal_id=first, version=1)
    second = await ensure(actor, contact_id)
    assert second != first
    async with unit_of_work(actor) as session:
        deals = await service.list_deals_of_contact(session, actor, contact_id=contact_id)
    assert [deal.id for deal in deals] == [second, first]


async def test_without_a_funnel_no_deal_is_opened(actor):
    assert await ensure(actor, await new_contact(actor)) is None


async def test_a_contact_of_another_organization_gets_no_deal(actor, other_tenant, stages):
    foreign = await new_contact(other_tenant.owner)
    with pytest.raises(NotFound):
        await ensure(actor, foreign)


async def test_the_list_pages_from_the_latest(actor, stages):
    for number in range(5):
        await new_deal(actor, stages[number % 2], f"N{number}")
    seen, cursor = [], None
    while True:
        async with unit_of_work(actor) as session:
            page = await service.list_deals(session, actor, cursor=cursor, size=2)
        seen += [deal.title for deal in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["N4", "N3", "N2", "N1", "N0"]


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "WzEsMl0", "WyJhIiwiYiJd", "é" * 9])
async def test_a_forged_cursor_is_refused(actor, stages, cursor):
    async with unit_of_work(actor) as session:
        with pytest.raises(Invalid):
            await service.list_deals(session, actor, cursor=cursor)
