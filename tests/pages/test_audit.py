"""The audit trail's screen without a browser: filters, pages, the drawer, and who may not."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from crm_app.core.database import unit_of_work
from crm_app.core.ids import new_id
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.models import Role
from crm_app.pages.audit.state import AuditState
from crm_app.pages.session.state import Session
from tests.conftest import MakeActor, Tenant
from tests.pages.conftest import OpenTab, Tab

ROUTE = "/settings/audit"


async def opened(open_tab: OpenTab, actor: Any) -> Tab:
    """Open the screen."""
    tab = await open_tab(actor, ROUTE)
    return await tab.send(AuditState.load)


async def write(actor: Actor, action: str = "deal.moved", kind: str = "deal", **values: Any) -> None:
    """Append an entry."""
    async with unit_of_work(actor) as session:
        await service.audit(session, actor, action, kind, values.pop("thing", None) or new_id(), **values)


async def test_an_empty_trail_says_so(open_tab: OpenTab, tenant: Tenant) -> None:
    tab = await opened(open_tab, tenant.owner)
    shown = tab.state(AuditState)
    assert (shown["rows"], shown["loading"], shown["failed"], shown["filtered"]) == ([], False, False, False)


async def test_entries_are_sentences_about_things(
    open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor
) -> None:
    seller = await make_actor()
    await write(tenant.owner, before={"title": "Site novo", "stage": "Novo"}, after={"title": "Site novo"})
    await write(tenant.owner, "member.role", "user", thing=seller.user_id, before={"role": "sales"})
    await write(tenant.owner, "strange.act", "thing", on_behalf_of=seller.user_id)
    rows = (await opened(open_tab, tenant.owner)).state(AuditState)["rows"]
    assert [row["key"] for row in rows] == [
        "audit.action.other", "audit.action.member_role", "audit.action.deal_moved",
    ]  # fmt: skip
    assert [row["thing"] for row in rows][1:] == ["Sales de Teste", "“Site novo”"]
    assert rows[0]["thing"].startswith("#")
    assert [row["behalf"] for row in rows] == ["Sales de Teste", "", ""]
    assert {row["who"] for row in rows} == {"Owner de Teste"}


async def test_the_drawer_shows_what_changed(open_tab: OpenTab, tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    before = {"value_cents": 100, "owner_id": None, "rank": "a", "stage_id": "1", "stage": "Novo", "same": 1}
    after = {
        "value_cents": 250, "owner_id": str(seller.user_id), "rank": "b", "stage_id": "2", "stage": "Ganho",
        "same": 1, "archived": True, "closed": "2026-01-05T12:00:00+00:00", "tags": ["a", "b"], "deep": {"a": 1},
    }  # fmt: skip
    await write(tenant.owner, before=before, after=after)
    tab = await opened(open_tab, tenant.owner)
    (row,) = tab.state(AuditState)["rows"]
    await tab.send(AuditState.open_entry, entry_id=row["id"])
    shown = {one["field"]: (one["before"], one["after"]) for one in tab.state(AuditState)["changes"]}
    assert {name: (left["kind"], right["kind"]) for name, (left, right) in shown.items()} == {
        "value_cents": ("money", "money"),
        "owner_id": ("none", "text"),
        "stage": ("text", "text"),
        "archived": ("none", "yes"),
        "closed": ("none", "moment"),
        "tags": ("none", "text"),
        "deep": ("none", "text"),
    }
    assert shown["owner_id"][1]["text"] == "Sales de Teste"
    assert shown["tags"][1]["text"] == "a, b"
    assert tab.state(AuditState)["opened"]["sequence"] == 1
    await tab.send(AuditState.close, wish=False)
    assert tab.state(AuditState)["showing"] is False
    await tab.send(AuditState.open_entry, entry_id="nonsense")
    assert tab.state(AuditState)["showing"] is False


async def test_filters_narrow_and_go_along_with_the_export(open_tab: OpenTab, tenant: Tenant) -> None:
    thing = new_id()
    await write(tenant.owner, thing=thing)
    await write(tenant.owner, "contact.create", "contact")
    tab = await opened(open_tab, tenant.owner)
    shown = tab.state(AuditState)
    assert [one["id"] for one in shown["actions"]] == ["contact.create", "deal.moved"]
    assert [one["id"] for one in shown["kinds"]] == ["contact", "deal"]
    assert [one["id"] for one in shown["people"]] == [str(tenant.owner.user_id)]
    for name, value in (
        ("action", "deal.moved"),
        ("kind", "deal"),
        ("query", str(thing)),
        ("person", str(tenant.owner.user_id)),
    ):
        await tab.send(AuditState.narrow, name=name, value=value)
        assert [row["action"] for row in tab.state(AuditState)["rows"]] == ["deal.moved"]
    asked = parse_qs(urlsplit(tab.state(AuditState)["export_url"]).query)
    assert asked == {
        "action": ["deal.moved"],
        "entity_type": ["deal"],
        "q": [str(thing)],
        "user_id": [str(tenant.owner.user_id)],
    }
    await tab.send(AuditState.clear)
    assert len(tab.state(AuditState)["rows"]) == 2
    assert "?" not in tab.state(AuditState)["export_url"]


async def test_days_are_those_of_the_organization(open_tab: OpenTab, tenant: Tenant) -> None:
    await write(tenant.owner)
    tab = await opened(open_tab, tenant.owner)
    await tab.send(AuditState.narrow, name="since", value="2026-03-01")
    await tab.send(AuditState.narrow, name="until", value="2026-03-01")
    asked = parse_qs(urlsplit(tab.state(AuditState)["export_url"]).query)
    assert asked == {"since": ["2026-03-01T00:00:00-03:00"], "until": ["2026-03-02T00:00:00-03:00"]}
    for wrong in ("2026-13-01", "x", "9999-12-31"):
        await tab.send(AuditState.narrow, name="until", value=wrong)
        assert tab.state(AuditState)["problem"], wrong


async def test_a_search_that_is_no_id_says_what_is_wanted(open_tab: OpenTab, tenant: Tenant) -> None:
    await write(tenant.owner)
    tab = await opened(open_tab, tenant.owner)
    await tab.send(AuditState.narrow, name="query", value="maria")
    shown = tab.state(AuditState)
    assert (shown["problem"], shown["rows"]) == ("errors.audit.search", [])
    await tab.send(AuditState.narrow, name="query", value="")
    assert len(tab.state(AuditState)["rows"]) == 1
    await tab.send(AuditState.narrow, name="_cursor", value="x")
    assert len(tab.state(AuditState)["rows"]) == 1


async def test_pages_are_appended(open_tab: OpenTab, tenant: Tenant) -> None:
    async with unit_of_work(tenant.owner) as session:
        for _ in range(60):
            await service.audit(session, tenant.owner, "deal.moved", "deal", new_id())
    tab = await opened(open_tab, tenant.owner)
    assert (len(tab.state(AuditState)["rows"]), tab.state(AuditState)["has_more"]) == (50, True)
    await tab.send(AuditState.load_more)
    rows = tab.state(AuditState)["rows"]
    assert (len({row["id"] for row in rows}), tab.state(AuditState)["has_more"]) == (60, False)


async def test_others_and_lower_roles_see_nothing(
    open_tab: OpenTab, tenant: Tenant, other_tenant: Tenant, make_actor: MakeActor
) -> None:
    await write(tenant.owner)
    assert (await opened(open_tab, other_tenant.owner)).state(AuditState)["rows"] == []
    seller = await open_tab(await make_actor(Role.SALES), ROUTE)
    await seller.send(Session.enter, permission="audit.read")
    await seller.send(AuditState.load)
    assert seller.state(AuditState)["rows"] == []
    assert seller.state(Session)["denied"] is True
