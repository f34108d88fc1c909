"""The audit trail over the API: pages, filters, the table for a spreadsheet, and who may not."""

import csv
import io
from typing import Any

import httpx
import pytest

from crm_app.core.database import unit_of_work
from crm_app.core.ids import new_id
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.models import Role
from crm_app.domains.accounts.trail.table import harmless
from tests.api.clients import ClientFor
from tests.conftest import MakeActor, Tenant

AUDIT = "/api/v1/audit"
EXPORT = f"{AUDIT}/export.csv"


async def write(actor: Actor, count: int = 1, **values: Any) -> None:
    """Append entries."""
    async with unit_of_work(actor) as session:
        for _ in range(count):
            await service.audit(session, actor, values.get("action", "deal.moved"), values.get("kind", "deal"),
                                values.get("thing") or new_id(), before=values.get("before"),
                                after=values.get("after"), on_behalf_of=values.get("behalf"))  # fmt: skip


async def listed(client: httpx.AsyncClient, **wanted: Any) -> list[dict[str, Any]]:
    """Return the first page."""
    response = await client.get(AUDIT, params=wanted)
    assert response.status_code == 200, response.text
    return list(response.json()["items"])


async def test_pages_follow_one_another_newest_first(client: httpx.AsyncClient, actor: Actor) -> None:
    await write(actor, 7)
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = (await client.get(AUDIT, params={"limit": 3, **({"cursor": cursor} if cursor else {})})).json()
        seen += [entry["sequence"] for entry in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJhIiwiYiJd", "WyIyMDI2LTAxLTAxIiwgIngiXQ", "WzEsMl0"])
async def test_a_bad_cursor_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    assert (await client.get(AUDIT, params={"cursor": cursor})).status_code == 422


async def test_every_filter_narrows(client: httpx.AsyncClient, actor: Actor, make_actor: MakeActor) -> None:
    other, thing = await make_actor(Role.SALES), new_id()
    await write(actor, thing=thing, behalf=other.user_id, after={"title": "Site"})
    await write(other, action="contact.create", kind="contact")
    (entry,) = await listed(client, action="deal.moved")
    assert (entry["user_id"], entry["on_behalf_of"]) == (str(actor.user_id), str(other.user_id))
    assert (entry["user_name"], entry["on_behalf_name"]) == ("Owner de Teste", "Sales de Teste")
    assert (entry["after"], len(entry["hash"])) == ({"title": "Site"}, 64)
    for wanted in (
        {"user_id": str(actor.user_id)},
        {"entity_type": "deal"},
        {"q": str(thing)},
        {"q": str(thing).upper()},
        {"q": str(thing)[:30]},
        {"q": entry["id"]},
        {"action": "deal.moved", "entity_type": "deal", "user_id": str(actor.user_id), "q": str(thing)},
    ):
        assert [one["id"] for one in await listed(client, **wanted)] == [entry["id"]], wanted
    at = entry["created_at"]
    assert at in {one["created_at"] for one in await listed(client, since=at)}
    assert at not in {one["created_at"] for one in await listed(client, until=at)}
    assert await listed(client, until="2020-01-01T00:00:00Z") == []
    assert await listed(client, user_id=str(new_id())) == []
    for text in ("zzzz", "abc", "%", "' OR 1=1"):
        assert (await client.get(AUDIT, params={"q": text})).status_code == 422
    for no_moment in ("2026-01-01T00:00:00", "1767225600", "2.5e-120", "nan"):
        answer = await client.get(AUDIT, params={"since": no_moment})
        assert answer.status_code == 422, no_moment


async def test_only_who_may_read_it_does(
    client_for: ClientFor, make_actor: MakeActor, stranger: httpx.AsyncClient, actor: Actor
) -> None:
    await write(actor)
    for role, status in ((Role.MANAGER, 200), (Role.SALES, 403), (Role.VIEWER, 403)):
        client = await client_for(await make_actor(role))
        for address in (AUDIT, EXPORT):
            assert (await client.get(address)).status_code == status
    for address in (AUDIT, EXPORT):
        assert (await stranger.get(address)).status_code == 401


async def test_others_entries_are_invisible(client: httpx.AsyncClient, actor: Actor, other_tenant: Tenant) -> None:
    thing = new_id()
    await write(other_tenant.owner, thing=thing, after={"name": "Segredo"})
    assert await listed(client) == []
    assert await listed(client, q=str(thing)) == []
    assert await listed(client, user_id=str(other_tenant.owner.user_id)) == []
    assert "Segredo" not in (await client.get(EXPORT)).text


async def exported(client: httpx.AsyncClient, separator: str = ";", **wanted: Any) -> list[list[str]]:
    """Return the cells of the table."""
    response = await client.get(EXPORT, params=wanted)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in response.headers["content-disposition"]
    assert response.content.startswith(b"\xef\xbb\xbf")
    text = response.content.decode("utf-8-sig")
    assert text.endswith("\r\n")
    return list(csv.reader(io.StringIO(text), delimiter=separator))


async def test_the_table_holds_all_that_the_filters_show(client: httpx.AsyncClient, actor: Actor) -> None:
    await write(actor, 450)
    await write(actor, action="contact.create", kind="contact", after={"name": 'Ação; "é"\nsim'})
    rows = await exported(client, action="deal.moved")
    assert (rows[0][0], rows[0][1], len(rows)) == ("Número", "Quando", 451)
    assert [row[0] for row in rows[1:]] == [str(n) for n in range(450, 0, -1)]
    (_, row) = await exported(client, action="contact.create")
    assert '"Ação; \\"é\\"\\nsim"' in row[8]


async def test_taking_the_trail_along_is_written_down(client: httpx.AsyncClient, actor: Actor) -> None:
    await exported(client, action="deal.moved")
    (entry,) = await listed(client, action="audit.export")
    assert (entry["user_id"], entry["after"]) == (str(actor.user_id), {"action": "deal.moved"})
    assert (await client.get(EXPORT, params={"q": "zzzz"})).status_code == 422
    assert len(await listed(client, action="audit.export")) == 1


async def test_english_separates_by_commas(client: httpx.AsyncClient, actor: Actor) -> None:
    async with unit_of_work(actor) as session:
        await service.change_preferences(session, actor, locale="en")
    rows = await exported(client, ",")
    assert rows[0][:2] == ["Number", "When"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", " =", "\n+"])
async def test_no_cell_is_a_formula(start: str, client: httpx.AsyncClient, actor: Actor) -> None:
    assert harmless(f"{start}cmd|' /C calc'!A0").startswith("'")
    async with unit_of_work(actor) as session:
        await service.audit(session, actor, f"{start}a.b", "=HYPERLINK(1)")
    (_, *rows) = await exported(client)
    assert not [
        cell for row in rows for cell in row if cell.lstrip(" \n").startswith(("=", "+", "-", "@", "\t", "\r"))
    ]


def test_a_plain_cell_stays_as_it_is() -> None:
    assert [harmless(cell) for cell in ("", "a=b", "{}", "12")] == ["", "a=b", "{}", "12"]
