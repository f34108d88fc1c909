"""One search through everything: contacts, deals, conversations and messages, each within the searcher's reach."""

import dataclasses

import pytest

from crm_app.core.database import unit_of_work
from crm_app.core.tenancy import Actor, Reach
from crm_app.domains.pipeline import service as pipeline
from crm_app.domains.pipeline.schemas import DealCreate
from crm_app.domains.search import service
from crm_app.domains.search.schemas import Found
from tests.api.clients import ClientFor, api_app, client_for
from tests.conftest import MakeActor, Tenant
from tests.inbox.conftest import Desk, inbound
from tests.pipeline.conftest import new_funnel

__all__ = ["api_app", "client_for"]


async def find(actor: Actor, query: str, limit: int = 5) -> Found:
    async with unit_of_work(actor) as session:
        return await service.search_everything(session, actor, query=query, limit=limit)


def told(found: Found) -> tuple[list[str], list[str], list[str], list[str]]:
    return (
        [one.name for one in found.contacts],
        [one.title for one in found.deals],
        [one.contact_name for one in found.conversations],
        [one.excerpt for one in found.messages],
    )


async def fill(desk: Desk) -> None:
    """Have Helena write about São João, and a deal without a contact speak of it too."""
    await new_funnel(desk.actor)
    await desk.hear(inbound("E a campanha de São João?"))
    async with unit_of_work(desk.actor) as session:
        await pipeline.create_deal(session, desk.actor, deal=DealCreate(title="Quermesse de São João"))


async def test_each_kind_is_found_by_its_own_words(desk: Desk) -> None:
    await fill(desk)
    spoken = "E a campanha de São João?"
    assert told(await find(desk.actor, "sao joao")) == ([], ["Quermesse de São João"], [], [spoken])
    names, titles, talks, said = told(await find(desk.actor, "helena"))
    assert (names, talks, said) == (["Helena Prates"], ["Helena Prates"], [])
    assert len(titles) == 1, "her own deal, which her first message opened"


@pytest.mark.parametrize("query", ["", "   ", "%", "_", "\\", "'", "& | !", "\u202e", "a" * 100, "🎪"])
async def test_odd_words_find_nothing_and_break_nothing(desk: Desk, query: str) -> None:
    await fill(desk)
    assert told(await find(desk.actor, query)) == ([], [], [], [])


async def test_never_more_of_a_kind_than_asked_for(desk: Desk) -> None:
    await new_funnel(desk.actor)
    for number in range(3):
        async with unit_of_work(desk.actor) as session:
            await pipeline.create_deal(session, desk.actor, deal=DealCreate(title=f"Site {number}"))
    assert [one.title for one in (await find(desk.actor, "site", limit=2)).deals] == ["Site 2", "Site 1"]
    assert len((await find(desk.actor, "site", limit=10_000)).deals) == 3


async def test_what_somebody_may_not_read_is_left_out(desk: Desk) -> None:
    await fill(desk)
    for permission, place in (("contacts.read", 0), ("deals.read", 1), ("conversations.read", 3)):
        narrow = dataclasses.replace(desk.actor, permissions=desk.actor.permissions - {permission})
        query = "helena" if place == 0 else "são joão"
        assert told(await find(desk.actor, query))[place]
        assert told(await find(narrow, query))[place] == []


async def test_reach_and_organization_hold(desk: Desk, make_actor: MakeActor, other_tenant: Tenant) -> None:
    await fill(desk)
    seller = await make_actor("sales")
    kinds = ("contacts.read", "deals.read", "conversations.read")
    taken = {"contacts.pickup", "deals.pickup", "conversations.pickup"}
    narrow = dataclasses.replace(
        seller, permissions=seller.permissions - taken, narrowed=dict.fromkeys(kinds, Reach.OWN)
    )
    for actor in (narrow, other_tenant.owner):
        for query in ("helena", "são joão"):
            assert told(await find(actor, query)) == ([], [], [], [])


async def test_the_api_searches_too(desk: Desk, client_for: ClientFor) -> None:
    await fill(desk)
    client = await client_for(desk.actor)
    answer = (await client.get("/api/v1/search", params={"q": "quermesse", "limit": 1})).json()
    assert [deal["title"] for deal in answer["deals"]] == ["Quermesse de São João"]
    listed = (await client.get("/api/v1/deals", params={"q": "quermesse"})).json()["items"]
    assert listed == answer["deals"]
    assert (await client.get("/api/v1/search", params={"q": "a\x00b"})).status_code == 422
    assert (await client.get("/api/v1/search", params={"limit": 21})).status_code == 422
