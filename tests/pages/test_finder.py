"""The palette's answers without a browser, and the forms that it opens."""

from crm_app.core.database import unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.contacts import service
from crm_app.domains.contacts.schemas import ContactCreate
from crm_app.pages.board.new_deal_state import NewDealState
from crm_app.pages.contacts.list_state import ContactsState
from crm_app.pages.session.finder import Finder
from tests.conftest import MakeActor
from tests.pages.conftest import OpenTab


async def test_an_answer_tells_to_which_question_it_belongs(open_tab: OpenTab, actor: Actor) -> None:
    async with unit_of_work(actor) as session:
        await service.create_contact(session, actor, data=ContactCreate(name="Helena Prates"))
    tab = await open_tab(actor, "/contacts")
    await tab.send(Finder.look, query="helena")
    found = tab.state(Finder)["found"]
    assert found["asked"] == "helena"
    assert [one["name"] for one in found["contacts"]] == ["Helena Prates"]
    await tab.send(Finder.look, query="ninguém")
    assert tab.state(Finder)["found"] == {
        "asked": "ninguém",
        "number": 2,
        "contacts": [],
        "deals": [],
        "conversations": [],
        "messages": [],
    }


async def test_what_nobody_can_search_for_finds_nothing(open_tab: OpenTab, actor: Actor) -> None:
    tab = await open_tab(actor, "/contacts")
    for query in ("a\x00b", "\ud800", "x" * 5_000, ["a"], {"a": 1}, None, 5):
        await tab.send(Finder.look, query=query)
        found = tab.state(Finder)["found"]
        assert (found["contacts"], found["deals"]) == ([], [])
    assert tab.toasts() == []


async def test_a_form_opens_with_what_was_typed_and_closes_without(open_tab: OpenTab, actor: Actor) -> None:
    tab = await open_tab(actor, "/contacts")
    await tab.send(ContactsState.begin, name="Nina\x00 Prado")
    assert (tab.state(ContactsState)["adding"], tab.state(ContactsState)["new_name"]) == (True, "Nina Prado")
    await tab.send(ContactsState.show_form, wish=False)
    assert (tab.state(ContactsState)["adding"], tab.state(ContactsState)["new_name"]) == (False, "")
    await tab.send(NewDealState.begin, title="Site novo")
    assert (tab.state(NewDealState)["shown"], tab.state(NewDealState)["title"]) == (True, "Site novo")
    await tab.send(NewDealState.show, wish=True)
    assert tab.state(NewDealState)["title"] == ""


async def test_who_may_only_read_opens_no_form(open_tab: OpenTab, make_actor: MakeActor) -> None:
    tab = await open_tab(await make_actor("viewer"), "/contacts")
    await tab.send(ContactsState.begin, name="Nina")
    await tab.send(NewDealState.begin, title="Site")
    assert not tab.state(ContactsState)["adding"]
    assert not tab.state(NewDealState).get("shown")


async def test_a_command_leads_to_the_form_that_makes_it(open_tab: OpenTab, actor: Actor) -> None:
    tab = await open_tab(actor, "/inbox")
    await tab.send(Finder.make, act="deal", text="Site novo")
    assert tab.redirects() == ["/board"]
    assert (tab.state(NewDealState)["shown"], tab.state(NewDealState)["title"]) == (True, "Site novo")
    await tab.send(Finder.make, act="nothing", text="")
    assert tab.redirects() == ["/board"]
    assert tab.toasts() == ["errors.not_found"]


async def test_a_command_gives_nobody_a_form_that_they_may_not_use(
    open_tab: OpenTab, make_actor: MakeActor
) -> None:
    tab = await open_tab(await make_actor("viewer"), "/inbox")
    await tab.send(Finder.make, act="deal", text="Site novo")
    assert not tab.state(NewDealState).get("shown")
