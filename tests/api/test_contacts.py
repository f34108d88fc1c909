"""The contacts of the API: what goes in and what comes out."""

import httpx
import pytest

from crm_app.core.ids import new_id
from tests.api.clients import ClientFor
from tests.conftest import MakeActor, Tenant


async def create(client: httpx.AsyncClient, **fields: object) -> dict[str, object]:
    response = await client.post("/api/v1/contacts", json={"name": "Helena Prates", **fields})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def test_a_contact_through_its_life(client: httpx.AsyncClient) -> None:
    contact = await create(client, phone="(41) 99999-0107", tags=["Saúde"])
    address = f"/api/v1/contacts/{contact['id']}"
    assert contact["phone"] == "+5541999990107"
    changed = await client.patch(address, json={"version": 1, "company": "Clínica Bem Viver"})
    assert changed.json()["version"] == 2
    assert (await client.get(address)).json() == changed.json()
    timeline = (await client.get(f"{address}/timeline")).json()
    assert [line["kind"] for line in timeline["items"]] == ["contact.created"]
    assert (await client.post(f"{address}/archive")).json()["archived_at"]
    assert (await client.get("/api/v1/contacts")).json() == {"items": [], "next_cursor": None}
    assert (await client.post(f"{address}/restore")).json()["archived_at"] is None


async def test_lists_are_read_page_by_page(client: httpx.AsyncClient) -> None:
    for number in range(7):
        await create(client, name=f"Pessoa {number}")
    names: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        query = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/api/v1/contacts", params=query)).json()
        names += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert names == [f"Pessoa {number}" for number in range(7)]
    assert cursor is None
    found = (await client.get("/api/v1/contacts", params={"q": "pessoa 4"})).json()["items"]
    assert [item["name"] for item in found] == ["Pessoa 4"]


async def test_a_version_that_is_not_the_last_is_a_conflict(client: httpx.AsyncClient) -> None:
    contact = await create(client)
    address = f"/api/v1/contacts/{contact['id']}"
    await client.patch(address, json={"version": 1, "company": "A"})
    response = await client.patch(address, json={"version": 1, "company": "B"})
    problem = response.json()
    assert (response.status_code, problem["code"], problem["version"]) == (409, "conflict", 2)


async def test_a_taken_phone_names_the_field_and_the_contact(client: httpx.AsyncClient) -> None:
    first = await create(client, phone="41 99999-0107")
    response = await client.post("/api/v1/contacts", json={"name": "Outra", "phone": "+554199990107"})
    problem = response.json()
    assert (response.status_code, problem["contact_id"]) == (409, first["id"])
    assert [field["field"] for field in problem["fields"]] == ["phone"]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "name", "required"),
        ({"name": ""}, "name", "required"),
        ({"name": "x" * 100_000}, "name", "too_long"),
        ({"name": "a\x00b"}, "name", "characters"),
        ({"name": 7}, "name", "string"),
        ({"name": "x", "phone": "12"}, "phone", "phone"),
        ({"name": "x", "email": "x"}, "email", "email"),
        ({"name": "x", "owner_id": "y"}, "owner_id", "uuid"),
        ({"name": "x", "tags": "y"}, "tags", "list"),
        ({"name": "x", "tags": ["y"] * 21}, "tags", "too_many"),
        ({"name": "x", "organization_id": str(new_id())}, "organization_id", "unknown"),
        ([], "", "invalid"),
    ],
)
async def test_bad_fields_are_named(client: httpx.AsyncClient, body: object, field: str, code: str) -> None:
    response = await client.post("/api/v1/contacts", json=body)
    assert response.status_code == 422
    assert (response.json()["fields"][0]["field"], response.json()["fields"][0]["code"]) == (field, code)


@pytest.mark.parametrize("version", [0, -1, 2**31, 10**30, "x", None, 1.5])
async def test_versions_out_of_range_are_refused(client: httpx.AsyncClient, version: object) -> None:
    contact = await create(client)
    response = await client.patch(f"/api/v1/contacts/{contact['id']}", json={"version": version, "name": "x"})
    assert response.status_code == 422


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "order=size", "cursor=%00", "q=%00", "q=" + "x" * 201, "owner_id=1"],
)
async def test_bad_queries_are_refused(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"/api/v1/contacts?{query}")
    assert response.status_code == 422, response.text


async def test_the_roles_hold(client_for: ClientFor, make_actor: MakeActor, client: httpx.AsyncClient) -> None:
    contact = await create(client)
    viewer = await client_for(await make_actor("viewer"))
    assert (await viewer.get(f"/api/v1/contacts/{contact['id']}")).status_code == 200
    assert (await viewer.post("/api/v1/contacts", json={"name": "x"})).status_code == 403
    assert (await viewer.post(f"/api/v1/contacts/{contact['id']}/archive")).status_code == 403


async def test_another_organization_finds_nothing(
    client: httpx.AsyncClient, client_for: ClientFor, other_tenant: Tenant
) -> None:
    contact = await create(client)
    other = await client_for(other_tenant.owner)
    assert (await other.get(f"/api/v1/contacts/{contact['id']}")).status_code == 404
    assert (await other.get("/api/v1/contacts")).json()["items"] == []
