"""The screens of contacts without a browser: what they show, what they say, how two people meet in one contact."""

from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from crm_app.core.database import unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.contacts import service
from crm_app.domains.contacts.schemas import ContactCreate, ContactDetail, ContactUpdate
from crm_app.pages.contacts import views
from crm_app.pages.contacts.detail_state import ContactState
from crm_app.pages.contacts.list_state import ContactsState
from tests.conftest import MakeActor, Tenant
from tests.pages.conftest import OpenTab, Tab


async def add(actor: Actor, name: str, **fields: Any) -> ContactDetail:
    async with unit_of_work(actor) as session:
        return await service.create_contact(session, actor, data=ContactCreate(name=name, **fields))


async def change(actor: Actor, contact: ContactDetail, **fields: Any) -> ContactDetail:
    async with unit_of_work(actor) as session:
        data = ContactUpdate(version=contact.version, **fields)
        return await service.update_contact(session, actor, contact_id=contact.id, data=data)


def names(tab: Tab) -> list[str]:
    return [row["name"] for row in tab.state(ContactsState)["rows"]]


@pytest_asyncio.fixture
async def helena(actor: Actor) -> ContactDetail:
    """A contact of the test's organization."""
    return await add(actor, "Helena Prates", company="Clínica Bem Viver", phone="41 99999-0107")


async def test_the_list_searches_orders_and_narrows(
    open_tab: OpenTab, actor: Actor, helena: ContactDetail
) -> None:
    await add(actor, "André Lima", owner_id=actor.user_id)
    tab = await open_tab(actor, "/contacts")
    assert names(tab) == ["André Lima", "Helena Prates"]
    assert tab.state(ContactsState)["counts"] == {"all": 2, "mine": 1, "archived": 0}
    await tab.send(ContactsState.search, text="clinica")
    assert names(tab) == ["Helena Prates"]
    assert tab.state(ContactsState)["found"] == 1
    await tab.send(ContactsState.search, text="x\x00" * 500)
    assert names(tab) == []
    await tab.send(ContactsState.search, text="")
    await tab.send(ContactsState.choose_order, order="name")
    assert names(tab) == ["André Lima", "Helena Prates"]
    await tab.send(ContactsState.choose_box, box="mine")
    assert names(tab) == ["André Lima"]
    for hostile in ({"box": "everything"}, {"box": 7}):
        await tab.send(ContactsState.choose_box, **hostile)
    assert len(names(tab)) == 2


async def test_a_long_list_comes_in_windows(open_tab: OpenTab, actor: Actor) -> None:
    for number in range(55):
        await add(actor, f"Pessoa {number:02d}")
    tab = await open_tab(actor, "/contacts")
    assert (len(names(tab)), tab.state(ContactsState)["has_more"]) == (50, True)
    await tab.send(ContactsState.load_more)
    assert (len(set(names(tab))), tab.state(ContactsState)["has_more"]) == (55, False)
    await tab.send(ContactsState.load_more)
    assert len(names(tab)) == 55


async def test_others_changes_appear_by_themselves(
    open_tab: OpenTab, actor: Actor, helena: ContactDetail, make_actor: MakeActor
) -> None:
    colleague = await make_actor("sales")
    tab = await open_tab(actor, "/contacts")
    zoe = await add(colleague, "Zoé Alves")
    await tab.settle()
    assert names(tab) == ["Zoé Alves", "Helena Prates"]
    assert tab.state(ContactsState)["counts"]["all"] == 2
    async with unit_of_work(colleague) as session:
        await service.record_activity(session, colleague, contact_id=helena.id, kind="conversation.started")
    await tab.settle()
    assert names(tab) == ["Helena Prates", "Zoé Alves"]
    async with unit_of_work(colleague) as session:
        await service.archive_contact(session, colleague, contact_id=zoe.id)
    await tab.settle()
    assert names(tab) == ["Helena Prates"]


async def test_another_organizations_contacts_never_appear(
    open_tab: OpenTab, actor: Actor, helena: ContactDetail, other_tenant: Tenant
) -> None:
    tab = await open_tab(other_tenant.owner, "/contacts")
    assert names(tab) == []
    await add(actor, "Zoé Alves")
    await tab.settle()
    assert names(tab) == []
    page = await open_tab(other_tenant.owner, f"/contacts/{helena.id}")
    assert page.state(ContactState)["missing"] is True
    assert "Helena" not in str(page.deltas)


async def test_adding_keeps_what_was_typed_until_it_is_right(
    open_tab: OpenTab, actor: Actor, helena: ContactDetail
) -> None:
    tab = await open_tab(actor, "/contacts")
    await tab.send(ContactsState.show_form, wish=True)
    for form, errors in [
        ({"name": " "}, {"name": "errors.fields.required"}),
        ({"name": "x", "phone": "12"}, {"phone": "errors.contacts.phone"}),
        ({"name": "x", "email": "x@"}, {"email": "errors.contacts.email"}),
        ({"name": "x", "phone": "4199990107"}, {"phone": "errors.contacts.taken"}),
    ]:
        await tab.send(ContactsState.create, form=form)
        assert tab.state(ContactsState)["errors"] == errors
        assert tab.state(ContactsState)["adding"] is True
    assert tab.state(ContactsState)["taken_by"] == str(helena.id)
    await tab.send(ContactsState.create, form={"name": "Nova Pessoa", "phone": "41 98888-0101", "source": "Feira"})
    assert tab.state(ContactsState)["adding"] is False
    assert tab.redirects()[-1].startswith("/contacts/")
    assert tab.toasts() == ["contacts.created"]


async def test_one_contact_with_its_story(open_tab: OpenTab, actor: Actor, helena: ContactDetail) -> None:
    tab = await open_tab(actor, f"/contacts/{helena.id}")
    shown = tab.state(ContactState)
    assert (shown["contact"]["name"], shown["contact"]["on_whatsapp"]) == ("Helena Prates", True)
    assert [(line["key"], bool(line["day"])) for line in shown["lines"]] == [
        ("contacts.timeline.by.contact.created", True)
    ]
    await tab.send(ContactState.add_note, form={"text": "Prefere à tarde"})
    shown = tab.state(ContactState)
    assert [(line["text"], bool(line["day"])) for line in shown["lines"]] == [
        ("Prefere à tarde", True),
        ("", False),
    ]
    await tab.send(ContactState.add_note, form={"text": " "})
    assert tab.state(ContactState)["note_error"] == "errors.fields.required"
    await tab.send(ContactState.choose_group, group="deal")
    assert tab.state(ContactState)["lines"] == []
    await tab.send(ContactState.choose_group, group="note")
    assert len(tab.state(ContactState)["lines"]) == 1


@pytest.mark.parametrize("address", ["01890a5d-ac96-774b-bcce-b302099a8057", "nothing", "..", "%00"])
async def test_an_address_without_a_contact(open_tab: OpenTab, actor: Actor, address: str) -> None:
    tab = await open_tab(actor, f"/contacts/{address}")
    assert tab.state(ContactState)["missing"] is True


async def test_saving_when_somebody_else_was_first(
    open_tab: OpenTab, actor: Actor, helena: ContactDetail, make_actor: MakeActor
) -> None:
    colleague = await make_actor("sales")
    tab = await open_tab(actor, f"/contacts/{helena.id}")
    await tab.send(ContactState.edit, wish=True)
    form = {"name": "Helena Prates", "company": "Minha versão", "phone": "(41) 99999-0107", "tags": "a, b"}
    await change(colleague, helena, company="Versão da colega")
    await tab.settle()
    assert tab.state(ContactState)["changed_by_other"] is True
    await tab.send(ContactState.save, form=form)
    conflict = {one["field"]: one["theirs"] for one in tab.state(ContactState)["conflict"]}
    assert conflict["contacts.field.company"] == "Versão da colega"
    assert tab.state(ContactState)["editing"] is True
    await tab.send(ContactState.save, form=form)
    shown = tab.state(ContactState)
    assert (shown["editing"], shown["contact"]["company"], shown["contact"]["tags"]) == (
        False,
        "Minha versão",
        ["a", "b"],
    )


async def test_archiving_offers_the_way_back(open_tab: OpenTab, actor: Actor, helena: ContactDetail) -> None:
    from crm_app.pages.session.toasts import Toasts

    tab = await open_tab(actor, f"/contacts/{helena.id}")
    await tab.send(ContactState.archive)
    assert tab.state(ContactState)["contact"]["archived"] is True
    (toast,) = tab.state(Toasts)["items"]
    await tab.send(Toasts.undo, toast_id=toast["id"])
    assert tab.state(ContactState)["contact"]["archived"] is False


async def test_a_viewer_changes_nothing(
    open_tab: OpenTab, actor: Actor, helena: ContactDetail, make_actor: MakeActor
) -> None:
    tab = await open_tab(await make_actor("viewer"), f"/contacts/{helena.id}")
    assert tab.state(ContactState)["contact"]["name"] == "Helena Prates"
    await tab.send(ContactState.save, form={"name": "Outra"})
    await tab.send(ContactState.archive)
    await tab.send(ContactState.add_note, form={"text": "x"})
    async with unit_of_work(actor) as session:
        kept = await service.get_contact(session, actor, contact_id=helena.id)
    assert (kept.name, kept.archived_at, kept.version) == ("Helena Prates", None, 1)


@pytest.mark.parametrize("form", [None, [], "x", {"name": {"$ne": 1}}, {"tags": ["x"] * 100}, {"owner_id": "x"}])
async def test_forms_that_no_browser_sends(
    open_tab: OpenTab, actor: Actor, helena: ContactDetail, form: Any
) -> None:
    tab = await open_tab(actor, f"/contacts/{helena.id}")
    await tab.send(ContactState.edit, wish=True)
    await tab.send(ContactState.save, form=form)
    await tab.send(ContactState.add_note, form=form)
    listed = await open_tab(actor, "/contacts")
    await listed.send(ContactsState.create, form=form)
    assert "errors.unexpected" not in [*tab.toasts(), *listed.toasts()]
    async with unit_of_work(actor) as session:
        kept = await service.get_contact(session, actor, contact_id=helena.id)
    assert kept.name == "Helena Prates"


ROWS = [{"id": str(UUID(int=n)), "name": name, "last_activity_at": f"2025-01-0{5 - n}T00:00:00+00:00"}
        for n, name in enumerate(["Ana", "Bia", "Éder", "Fábio"])]  # fmt: skip


@pytest.mark.parametrize(
    ("order", "row", "whole", "expected"),
    [
        ("name", {"id": "x", "name": "Élcio"}, False, ["Ana", "Bia", "Éder", "Élcio", "Fábio"]),
        ("name", {"id": "x", "name": "Zoé"}, False, ["Ana", "Bia", "Éder", "Fábio"]),
        ("name", {"id": "x", "name": "Zoé"}, True, ["Ana", "Bia", "Éder", "Fábio", "Zoé"]),
        ("name", {"id": ROWS[0]["id"], "name": "Clara"}, False, ["Bia", "Clara", "Éder", "Fábio"]),
        ("activity", {"id": "x", "name": "Zoé"}, False, ["Zoé", "Ana", "Bia", "Éder", "Fábio"]),
    ],
)
def test_a_row_finds_its_place(order: str, row: dict[str, str], whole: bool, expected: list[str]) -> None:
    placed = views.place_row(ROWS, {"last_activity_at": "2026-01-01T00:00:00+00:00", **row}, order, whole=whole)
    assert [one["name"] for one in placed] == expected
