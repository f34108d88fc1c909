"""The inbox's list without a browser: what tabs are sent as customers write and colleagues act."""

from typing import Any

import pytest

from crm_app.domains.accounts.models import Role
from crm_app.domains.inbox import service as inbox
from crm_app.pages.inbox import state_list
from crm_app.pages.inbox.state_list import InboxState
from tests.pages.conftest import OpenTab, Tab
from tests.pages.inbox.desk import Desk


def names(tab: Tab) -> list[str]:
    shown = tab.state(InboxState)
    return [row["name"] for row in (*shown["rows"], *shown["more_rows"])]


async def open_all(open_tab: OpenTab, actor: Any) -> Tab:
    tab = await open_tab(actor, "/inbox")
    return await tab.send(InboxState.choose_box, box="all")


async def test_a_first_message_appears_for_two_people_at_once(
    open_tab: OpenTab, desk: Desk, make_actor: Any
) -> None:
    mine = await open_all(open_tab, desk.owner)
    theirs = await open_all(open_tab, await make_actor(Role.SALES))
    await desk.hears("Vocês fazem site?")
    for tab in (await mine.settle(), await theirs.settle()):
        (row,) = tab.state(InboxState)["rows"]
        assert (row["name"], row["preview"], row["unread"]) == ("Nelson Yamada", "Vocês fazem site?", 1)
        assert row["waiting_since"]
        assert tab.state(InboxState)["counts"] == {"all": 1, "mine": 0, "queue": 1}


async def test_the_latest_stands_first_and_a_fact_sends_only_the_head(open_tab: OpenTab, desk: Desk) -> None:
    await desk.hears("um", number="+5541990000001", name="Ana")
    await desk.hears("dois", number="+5541990000002", name="Bia")
    tab = await open_all(open_tab, desk.owner)
    assert names(tab) == ["Bia", "Ana"]
    tab.deltas.clear()
    await desk.hears("três", number="+5541990000001", name="Ana")
    await tab.settle()
    assert names(tab) == ["Ana", "Bia"]
    sent = {key for delta in tab.deltas for key in delta.get(InboxState.get_full_name(), {})}
    assert not any(key.startswith(("more_rows", "members", "counts")) for key in sent)


async def test_boxes_hold_what_their_names_say(open_tab: OpenTab, desk: Desk, make_actor: Any) -> None:
    seller = await make_actor(Role.SALES)
    row = await desk.hears("Oi")
    tab = await open_tab(seller, "/inbox")
    assert names(tab) == []
    await tab.send(InboxState.choose_box, box="queue")
    assert names(tab) == ["Nelson Yamada"]
    await desk.call(inbox.assign_conversation, conversation_id=row.id, user_id=seller.user_id)
    await tab.settle()
    assert names(tab) == []
    assert tab.state(InboxState)["counts"] == {"all": 1, "mine": 1, "queue": 0}
    await tab.send(InboxState.choose_box, box="mine")
    assert names(tab) == ["Nelson Yamada"]


async def test_an_unknown_box_changes_nothing(open_tab: OpenTab, desk: Desk) -> None:
    tab = await open_tab(desk.owner, "/inbox")
    for hostile in ("theirs", "", None, 7, {"a": 1}):
        await tab.send(InboxState.choose_box, box=hostile)
    assert tab.state(InboxState)["box"] == "mine"
    assert tab.toasts() == []


async def test_resolved_conversations_leave_the_open_ones(open_tab: OpenTab, desk: Desk) -> None:
    row = await desk.hears("Oi")
    tab = await open_all(open_tab, desk.owner)
    await desk.call(inbox.resolve_conversation, conversation_id=row.id)
    await tab.settle()
    assert names(tab) == []
    await tab.send(InboxState.toggle_resolved)
    assert names(tab) == ["Nelson Yamada"]
    await desk.hears("Ainda estou aqui")
    await tab.settle()
    assert names(tab) == []


async def test_who_filters_by_unread_keeps_what_was_just_read(open_tab: OpenTab, desk: Desk) -> None:
    row = await desk.hears("Oi")
    tab = await open_all(open_tab, desk.owner)
    await tab.send(InboxState.toggle_unread)
    assert names(tab) == ["Nelson Yamada"]
    await desk.call(inbox.mark_read, conversation_id=row.id)
    await tab.settle()
    assert names(tab) == ["Nelson Yamada"]
    await tab.send(InboxState.toggle_unread)
    await tab.send(InboxState.toggle_unread)
    assert names(tab) == []


async def test_searching_finds_people_and_words(open_tab: OpenTab, desk: Desk) -> None:
    await desk.hears("Preciso de um orçamento", number="+5541990000001", name="Ana Prado")
    await desk.hears("Bom dia", number="+5541990000002", name="Bia Lopes")
    tab = await open_all(open_tab, desk.owner)
    await tab.send(InboxState.find, text="bia")
    assert names(tab) == ["Bia Lopes"]
    await tab.send(InboxState.find, text="orcamento")
    assert [hit["name"] for hit in tab.state(InboxState)["hits"]] == ["Ana Prado"]
    await tab.send(InboxState.find, text="\x00" * 400)
    assert names(tab) == ["Bia Lopes", "Ana Prado"]
    assert tab.state(InboxState)["hits"] == []


async def test_a_new_message_does_not_disturb_a_search(open_tab: OpenTab, desk: Desk) -> None:
    await desk.hears("Oi", number="+5541990000001", name="Ana")
    tab = await open_all(open_tab, desk.owner)
    await tab.send(InboxState.find, text="ana")
    await desk.hears("Olá", number="+5541990000002", name="Bia")
    await desk.hears("de novo", number="+5541990000001", name="Ana")
    await tab.settle()
    (row,) = tab.state(InboxState)["rows"]
    assert (row["name"], row["unread"]) == ("Ana", 2)


async def test_the_list_is_loaded_in_windows(
    open_tab: OpenTab, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_list, "WINDOW", 2)
    for index in range(5):
        await desk.hears("Oi", number=f"+554199000000{index}", name=f"Pessoa {index}")
    tab = await open_all(open_tab, desk.owner)
    assert names(tab) == ["Pessoa 4", "Pessoa 3"]
    await tab.send(InboxState.load_more)
    await tab.send(InboxState.load_more)
    assert names(tab) == [f"Pessoa {index}" for index in (4, 3, 2, 1, 0)]
    assert tab.state(InboxState)["has_more"] is False
    await desk.hears("subi", number="+5541990000000", name="Pessoa 0")
    await tab.settle()
    assert names(tab) == [f"Pessoa {index}" for index in (0, 4, 3, 2, 1)]


async def test_another_organization_sees_and_hears_nothing(
    open_tab: OpenTab, desk: Desk, other_tenant: Any
) -> None:
    tab = await open_all(open_tab, other_tenant.owner)
    tab.deltas.clear()
    await desk.hears("Segredo")
    await tab.settle()
    assert names(tab) == []
    assert tab.deltas == []
