"""The open conversation without a browser: reading, sending, ticks, notes, and who else is there."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from crm_app.config import forget_settings, use_settings
from crm_app.domains.accounts.models import Role
from crm_app.domains.channels.simulator import service as simulator
from crm_app.domains.inbox import service as inbox
from crm_app.pages.inbox import state_thread
from crm_app.pages.inbox.state_contact import ContactState
from crm_app.pages.inbox.state_thread import ThreadState
from tests.pages.conftest import OpenTab, Tab
from tests.pages.inbox.desk import Desk
from tests.pipeline.conftest import new_funnel

HOSTILE = (None, "", "x", 7, {"a": 1}, "00000000-0000-0000-0000-000000000000", str(uuid4()))


def thread(tab: Tab) -> dict[str, Any]:
    return tab.state(ThreadState)


def said(tab: Tab) -> list[str]:
    return [row["body"] for row in (*thread(tab)["older"], *thread(tab)["messages"])]


def draft(row: Any, text: str, **more: Any) -> dict[str, Any]:
    return {"key": uuid4().hex, "conversation": str(row.id), "text": text, **more}


async def test_opening_shows_messages_head_and_contact(open_tab: OpenTab, desk: Desk) -> None:
    row = await desk.hears("Vocês fazem site?")
    tab = await open_tab(desk.owner, f"/inbox/{row.id}")
    assert said(tab) == ["Vocês fazem site?"]
    assert thread(tab)["messages"][0]["new_day"] is True
    assert thread(tab)["head"]["channel"] == "Comercial 01"
    assert thread(tab)["head"]["can_send"] is True
    assert tab.state(ContactState)["contact"]["name"] == "Nelson Yamada"


@pytest.mark.parametrize("address", ["nonsense", "00000000-0000-0000-0000-000000000000"])
async def test_an_address_without_conversation_says_so(open_tab: OpenTab, desk: Desk, address: str) -> None:
    tab = await open_tab(desk.owner, f"/inbox/{address}")
    assert thread(tab)["missing"] is True
    assert thread(tab)["open_id"] == ""


async def test_another_organizations_conversation_is_not_there(
    open_tab: OpenTab, desk: Desk, other_tenant: Any
) -> None:
    row = await desk.hears("Segredo")
    tab = await open_tab(other_tenant.owner, "/inbox")
    await tab.send(ThreadState.open, conversation_id=str(row.id))
    assert thread(tab)["missing"] is True
    await tab.send(ThreadState.deliver, draft=draft(row, "intruso"))
    assert [one["error"] for one in thread(tab)["refused"]] == ["errors.not_found"]


async def test_sending_confirms_the_key_and_shows_the_bubble_to_colleagues(
    open_tab: OpenTab, desk: Desk, make_actor: Any
) -> None:
    row = await desk.hears("Oi")
    mine = await open_tab(desk.owner, f"/inbox/{row.id}")
    theirs = await open_tab(await make_actor(Role.SALES), f"/inbox/{row.id}")
    sent = draft(row, "Olá, Nelson")
    await mine.send(ThreadState.deliver, draft=sent)
    await theirs.settle()
    assert thread(mine)["confirmed"] == [sent["key"]]
    assert thread(mine)["messages"][-1]["client_key"] == sent["key"]
    assert said(mine) == said(theirs) == ["Oi", "Olá, Nelson"]
    assert thread(theirs)["messages"][-1]["client_key"] == ""


async def test_the_same_key_is_one_message(open_tab: OpenTab, desk: Desk) -> None:
    row = await desk.hears("Oi")
    tab = await open_tab(desk.owner, f"/inbox/{row.id}")
    sent = draft(row, "Só uma vez")
    await tab.send(ThreadState.deliver, draft=sent)
    await tab.send(ThreadState.deliver, draft=sent)
    assert said(tab) == ["Oi", "Só uma vez"]


async def test_a_message_is_taken_back_into_the_composer(open_tab: OpenTab, desk: Desk) -> None:
    row = await desk.hears("Oi")
    tab = await open_tab(desk.owner, f"/inbox/{row.id}")
    await tab.send(ThreadState.deliver, draft=draft(row, "Olá, Nélson"))
    written = thread(tab)["messages"][-1]
    assert written["sends_at"] > written["at"]
    await desk.run_jobs()
    assert thread(tab)["messages"][-1]["status"] == "pending"
    await tab.send(ThreadState.undo, message_id=written["id"])
    assert said(tab) == ["Oi"]
    assert thread(tab)["given_back"] == {
        "id": written["id"],
        "conversation": str(row.id),
        "text": "Olá, Nélson",
    }
    await tab.send(ThreadState.open, conversation_id=str(row.id))
    assert thread(tab)["given_back"]["id"] == ""


@pytest.fixture
def at_once() -> Iterator[None]:
    """Let messages leave without waiting for second thoughts."""
    use_settings(undo_send_seconds=0)
    yield
    forget_settings()


@pytest.mark.usefixtures("at_once")
async def test_ticks_go_from_clock_to_blue(open_tab: OpenTab, desk: Desk) -> None:
    row = await desk.hears("Oi")
    phone = await desk.phone()
    await desk.call(simulator.switch_phone, phone_id=phone, reads=False)
    tab = await open_tab(desk.owner, f"/inbox/{row.id}")
    await tab.send(ThreadState.deliver, draft=draft(row, "Olá"))
    assert thread(tab)["messages"][-1]["status"] == "pending"
    await desk.run_jobs()
    await tab.settle()
    assert thread(tab)["messages"][-1]["status"] == "delivered"
    await desk.call(simulator.switch_phone, phone_id=phone, reads=True)
    await desk.run_jobs()
    await tab.settle()
    assert thread(tab)["messages"][-1]["status"] == "read"


async def test_a_note_stays_inside(open_tab: OpenTab, desk: Desk) -> None:
    row = await desk.hears("Oi")
    tab = await open_tab(desk.owner, f"/inbox/{row.id}")
    await tab.send(ThreadState.deliver, draft=draft(row, "@Marina dá para liberar 8%?", note=True))
    await desk.run_jobs()
    assert thread(tab)["messages"][-1]["direction"] == "note"
    phone = await desk.call(simulator.list_phone_messages, phone_id=await desk.phone())
    assert [one.body for one in phone] == ["Oi"]


@pytest.mark.parametrize(
    "wrong",
    [{}, {"key": "short"}, {"conversation": "x"}, {"text": "y" * 100_001}, {"attachments": ["a"] * 11}],
)
async def test_a_draft_that_cannot_be_is_refused(open_tab: OpenTab, desk: Desk, wrong: dict[str, Any]) -> None:
    row = await desk.hears("Oi")
    tab = await open_tab(desk.owner, f"/inbox/{row.id}")
    given = {**draft(row, "texto"), **wrong} if wrong else {}
    await tab.send(ThreadState.deliver, draft=given)
    assert [one["error"] for one in thread(tab)["refused"]] == ["errors.invalid"]
    assert said(tab) == ["Oi"]


async def test_hostile_arguments_harm_nothing(open_tab: OpenTab, desk: Desk) -> None:
    row = await desk.hears("Oi")
    tab = await open_tab(desk.owner, f"/inbox/{row.id}")
    for value in HOSTILE:
        for handler in (ThreadState.tell_typing, ThreadState.mark_seen, ThreadState.resolve, ThreadState.reopen):
            await tab.send(handler, conversation_id=value)
        for handler in (ThreadState.retry, ThreadState.undo, ThreadState.unfold):
            await tab.send(handler, message_id=value)
        await tab.send(ThreadState.fetch_file, attachment_id=value)
        await tab.send(ThreadState.assign, conversation_id=str(row.id), user_id=value or "x")
        await tab.send(ThreadState.deliver, draft=value)
    assert "errors.unexpected" not in tab.toasts()
    assert said(tab) == ["Oi"]


async def test_who_only_reads_cannot_send(open_tab: OpenTab, desk: Desk, make_actor: Any) -> None:
    row = await desk.hears("Oi")
    tab = await open_tab(await make_actor(Role.VIEWER), f"/inbox/{row.id}")
    assert said(tab) == ["Oi"]
    await tab.send(ThreadState.deliver, draft=draft(row, "não posso"))
    assert said(tab) == ["Oi"]
    assert tab.toasts() == ["errors.forbidden"]


async def test_a_long_text_is_folded_until_somebody_asks(open_tab: OpenTab, desk: Desk) -> None:
    row = await desk.hears("palavra " * 2000)
    tab = await open_tab(desk.owner, f"/inbox/{row.id}")
    (message,) = thread(tab)["messages"]
    assert message["folded"] is True
    await tab.send(ThreadState.unfold, message_id=message["id"])
    (message,) = thread(tab)["messages"]
    assert (message["folded"], len(message["body"].strip())) == (False, 15_999)


async def test_older_messages_come_in_windows_and_go_again(
    open_tab: OpenTab, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_thread, "WINDOW", 3)
    monkeypatch.setattr(state_thread, "MOST_LIVE", 4)
    for index in range(8):
        row = await desk.hears(str(index))
    tab = await open_tab(desk.owner, f"/inbox/{row.id}")
    assert said(tab) == ["5", "6", "7"]
    await tab.send(ThreadState.load_older)
    assert said(tab) == ["2", "3", "4", "5", "6", "7"]
    await tab.send(ThreadState.load_older)
    assert said(tab) == [str(index) for index in range(8)]
    assert thread(tab)["has_older"] is False
    assert [row["new_day"] for row in thread(tab)["older"]] == [True, False, False, False, False]
    await tab.send(ThreadState.forget_older)
    assert said(tab) == ["5", "6", "7"]
    assert thread(tab)["has_older"] is True


async def test_the_live_part_stays_short(open_tab: OpenTab, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_thread, "MOST_LIVE", 2)
    row = await desk.hears("0")
    tab = await open_tab(desk.owner, f"/inbox/{row.id}")
    for index in range(1, 5):
        await desk.hears(str(index))
    await tab.settle()
    assert said(tab) == ["0", "1", "2", "3", "4"]
    assert len(thread(tab)["messages"]) == 2


async def test_reading_clears_the_count_and_unread_brings_it_back(open_tab: OpenTab, desk: Desk) -> None:
    row = await desk.hears("Oi")
    tab = await open_tab(desk.owner, f"/inbox/{row.id}")
    assert thread(tab)["head"]["unread"] == 1
    await tab.send(ThreadState.mark_seen, conversation_id=str(row.id))
    assert thread(tab)["head"]["unread"] == 0
    await tab.send(ThreadState.mark_unread)
    assert thread(tab)["open_id"] == ""
    assert tab.redirects()[-1] == "/inbox"
    again = await desk.call(inbox.get_conversation, conversation_id=row.id)
    assert again.unread_count > 0


async def test_assigning_and_resolving_can_be_undone(open_tab: OpenTab, desk: Desk, make_actor: Any) -> None:
    from crm_app.pages.session.toasts import Toasts

    seller = await make_actor(Role.SALES)
    row = await desk.hears("Oi")
    tab = await open_tab(desk.owner, f"/inbox/{row.id}")
    await tab.send(ThreadState.assign, conversation_id=str(row.id), user_id=str(seller.user_id))
    assert thread(tab)["head"]["assignee_id"] == str(seller.user_id)
    await tab.send(Toasts.undo, toast_id=tab.state(Toasts)["items"][-1]["id"])
    assert thread(tab)["head"]["assignee_id"] == ""
    await tab.send(ThreadState.resolve, conversation_id=str(row.id))
    assert thread(tab)["head"]["status"] == "resolved"
    await tab.send(Toasts.undo, toast_id=tab.state(Toasts)["items"][-1]["id"])
    assert thread(tab)["head"]["status"] == "open"


async def test_one_sees_a_colleague_and_the_customer_typing(
    open_tab: OpenTab, desk: Desk, make_actor: Any
) -> None:
    row = await desk.hears("Oi")
    mine = await open_tab(desk.owner, f"/inbox/{row.id}")
    theirs = await open_tab(await make_actor(Role.SALES), f"/inbox/{row.id}")
    await theirs.send(ThreadState.tell_typing, conversation_id=str(row.id))
    await mine.settle()
    assert thread(mine)["colleague_typing"]
    assert not thread(theirs).get("colleague_typing")
    await desk.call(simulator.customer_types, phone_id=await desk.phone(), active=True)
    await desk.run_jobs()
    await mine.settle()
    assert thread(mine)["customer_typing"]
    await desk.hears("pronto")
    await mine.settle()
    assert thread(mine)["customer_typing"] == ""
    assert said(mine) == ["Oi", "pronto"]


async def test_a_deal_is_moved_from_the_side_and_colleagues_see_it(
    open_tab: OpenTab, desk: Desk, make_actor: Any
) -> None:
    funnel = await new_funnel(desk.owner)
    row = await desk.hears("Oi")
    mine = await open_tab(desk.owner, f"/inbox/{row.id}")
    theirs = await open_tab(await make_actor(Role.SALES), f"/inbox/{row.id}")
    (deal,) = mine.state(ContactState)["deals"]
    assert deal["stage_id"] == str(funnel.stages[0].id)
    second = str(funnel.stages[1].id)
    await mine.send(ContactState.move_deal, deal_id=deal["id"], stage_id=second, version=deal["version"])
    await theirs.settle()
    for tab in (mine, theirs):
        (shown,) = tab.state(ContactState)["deals"]
        assert (shown["stage_id"], shown["place"]) == (second, 2)


async def test_coming_back_after_a_loss_reads_what_was_missed(open_tab: OpenTab, desk: Desk) -> None:
    from crm_app.pages.live import bridge

    row = await desk.hears("Oi")
    tab = await open_tab(desk.owner, f"/inbox/{row.id}")
    bridge.leave(tab.token)
    await desk.hears("perdida")
    await tab.settle()
    assert said(tab) == ["Oi"]
    await tab.send(ThreadState.catch_up)
    assert said(tab) == ["Oi", "perdida"]
