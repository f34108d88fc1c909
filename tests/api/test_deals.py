"""Funnels, boards and deals over HTTP."""

from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from tests.pipeline.conftest import new_deal, new_funnel


@pytest_asyncio.fixture
async def stages(actor: Any) -> list[UUID]:
    """The ids of the stages of a funnel, first to last."""
    return [stage.id for stage in (await new_funnel(actor)).stages]


async def test_a_deal_from_birth_to_archive(client: Any, stages: list[UUID]) -> None:
    made = await client.post("/api/v1/deals", json={"title": "Padaria", "value_cents": 150_000})
    assert made.status_code == 201
    deal = made.json()
    assert (deal["stage_id"], deal["version"]) == (str(stages[0]), 1)
    place = {"stage_id": str(stages[1]), "version": 1}
    moved = (await client.post(f"/api/v1/deals/{deal['id']}/move", json=place)).json()
    assert (moved["stage_id"], moved["version"]) == (str(stages[1]), 2)
    changed = await client.patch(f"/api/v1/deals/{deal['id']}", json={"version": 2, "value_cents": 200_000})
    assert changed.json()["value_cents"] == 200_000
    won = await client.post(f"/api/v1/deals/{deal['id']}/win", json={"version": 3})
    assert won.json()["stage_kind"] == "won"
    lost = await client.post(f"/api/v1/deals/{deal['id']}/lose", json={"version": 4, "reason": "Preço"})
    assert lost.json()["lost_reason"] == "Preço"
    gone = await client.post(f"/api/v1/deals/{deal['id']}/archive", json={"version": 5})
    assert gone.json()["archived_at"]
    assert (await client.get("/api/v1/deals")).json()["items"] == []
    back = await client.post(f"/api/v1/deals/{deal['id']}/restore", json={"version": 6})
    assert back.json()["archived_at"] is None
    steps = (await client.get(f"/api/v1/deals/{deal['id']}/history")).json()
    assert [step["to_stage_id"] for step in steps] == [str(stages[n]) for n in (5, 4, 1, 0)]


async def test_the_board_and_its_columns(client: Any, actor: Any, stages: list[UUID]) -> None:
    for number in range(3):
        await new_deal(actor, stages[0], f"N{number}", value_cents=100)
    board = (await client.get("/api/v1/board", params={"size": 2})).json()
    first = board["columns"][0]
    assert (first["count"], first["amount_cents"], first["has_more"]) == (3, 300, True)
    last = first["cards"][-1]
    page = await client.get(
        f"/api/v1/board/columns/{stages[0]}", params={"rank": last["rank"], "deal_id": last["id"]}
    )
    assert [card["title"] for card in page.json()["cards"]] == ["N0"]
    found = (await client.get("/api/v1/board", params={"q": "n1"})).json()
    assert found["columns"][0]["count"] == 1
    assert len((await client.get("/api/v1/pipelines")).json()[0]["stages"]) == 6


async def test_an_outdated_move_is_a_conflict_that_tells_the_present_version(
    client: Any, actor: Any, stages: list[UUID]
) -> None:
    deal = await new_deal(actor, stages[0])
    place = {"stage_id": str(stages[1]), "version": 1}
    assert (await client.post(f"/api/v1/deals/{deal.id}/move", json=place)).status_code == 200
    refused = await client.post(f"/api/v1/deals/{deal.id}/move", json=place)
    assert refused.status_code == 409
    problem = refused.json()
    assert (problem["code"], problem["version"]) == ("stale_deal", 2)
    assert problem["stage_id"] == str(stages[1])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/deals/{deal}", None),
        ("PATCH", "/api/v1/deals/{deal}", {"version": 1, "title": "x"}),
        ("POST", "/api/v1/deals/{deal}/move", {"version": 1, "stage_id": "{stage}"}),
        ("POST", "/api/v1/deals/{deal}/win", {"version": 1}),
        ("POST", "/api/v1/deals/{deal}/lose", {"version": 1}),
        ("POST", "/api/v1/deals/{deal}/archive", {"version": 1}),
        ("POST", "/api/v1/deals/{deal}/restore", {"version": 1}),
        ("GET", "/api/v1/deals/{deal}/history", None),
        ("GET", "/api/v1/board?pipeline_id={pipeline}", None),
        ("GET", "/api/v1/board/columns/{stage}?rank=a0&deal_id={deal}", None),
        ("POST", "/api/v1/deals", {"title": "x", "stage_id": "{stage}"}),
        ("POST", "/api/v1/deals", {"title": "x", "pipeline_id": "{pipeline}"}),
    ],
)
async def test_another_organization_finds_nothing(
    client_for: Any, actor: Any, other_tenant: Any, method: str, path: str, body: Any
) -> None:
    funnel = await new_funnel(actor)
    deal = await new_deal(actor, funnel.stages[0].id)
    await new_funnel(other_tenant.owner)
    ids = {"deal": deal.id, "stage": funnel.stages[0].id, "pipeline": funnel.id}
    filled = {name: str(value).format(**ids) for name, value in body.items()} if body else None
    foreign = await client_for(other_tenant.owner)
    answer = await foreign.request(method, path.format(**ids), json=filled)
    assert answer.status_code == 404, answer.text
    assert (await (await client_for(actor)).get(f"/api/v1/deals/{deal.id}")).json()["version"] == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("value_cents", -1),
        ("value_cents", "muito"),
        ("title", ""),
        ("title", "a\x00b"),
        ("expected_close_on", "2026-02-30"),
    ],
)
async def test_what_is_wrong_is_told_by_field(client: Any, stages: list[UUID], field: str, value: Any) -> None:
    refused = await client.post("/api/v1/deals", json={"title": "ok", field: value})
    assert refused.status_code == 422
    assert [entry["field"] for entry in refused.json()["fields"]] == [field]


async def test_strangers_and_viewers(stranger: Any, client_for: Any, make_actor: Any, stages: list[UUID]) -> None:
    assert (await stranger.get("/api/v1/board")).status_code == 401
    viewer = await client_for(await make_actor("viewer"))
    assert (await viewer.get("/api/v1/board")).status_code == 200
    assert (await viewer.post("/api/v1/deals", json={"title": "x"})).status_code == 403


@pytest.mark.parametrize("rank", ["", "a b", "\x00", "é", "a" * 501])
async def test_a_forged_position_is_refused(client: Any, actor: Any, stages: list[UUID], rank: str) -> None:
    deal = await new_deal(actor, stages[0])
    answer = await client.get(f"/api/v1/board/columns/{stages[0]}", params={"rank": rank, "deal_id": str(deal.id)})
    assert answer.status_code == 422
