"""The frame's states: presence, notices, preferences, the first screen."""

from typing import Any

import pytest

from crm_app.core import hub
from crm_app.core.database import system_unit_of_work
from crm_app.domains.accounts import repository as accounts
from crm_app.pages.presence import FORGET_SECONDS, Person, Presence, presence
from crm_app.pages.session.notices import Notices
from crm_app.pages.session.state import Session
from crm_app.pages.session.toasts import MOST_AT_ONCE, Toasts
from crm_app.pages.start.page import Start
from tests.pages.conftest import OpenTab


async def tell(actor: Any, name: str, **ids: Any) -> None:
    """Put a fact on the hub."""
    await hub.publish({"name": name, "organization_id": str(actor.organization_id), **ids})


async def test_colleagues_see_each_other_come_and_go(open_tab: OpenTab, actor: Any, make_actor: Any) -> None:
    mine = await open_tab(actor)
    await mine.send(Notices.begin)
    assert mine.state(Notices)["online"] == []
    theirs = await open_tab(await make_actor("sales"))
    await theirs.send(Notices.begin)
    await mine.settle()
    assert [who["name"] for who in mine.state(Notices)["online"]] == ["Sales de Teste"]
    await theirs.disconnect()
    await mine.settle()
    assert mine.state(Notices)["online"] == []


async def test_another_organization_is_not_seen(open_tab: OpenTab, actor: Any, other_tenant: Any) -> None:
    mine, outside = await open_tab(actor), await open_tab(other_tenant.owner)
    await mine.send(Notices.begin)
    await outside.send(Notices.begin)
    await mine.settle()
    assert mine.state(Notices)["online"] == []


async def test_presence_of_another_process_fades_when_it_falls_silent() -> None:
    now = [0.0]
    here = Presence(clock=lambda: now[0])
    fact = {"name": "presence.beat", "organization_id": "o", "process": "another", "tab": "t", "user_id": "u"}
    await here.hear({**fact, "user_name": "Ana", "place": "conversation:1"})
    assert here.at("o", "conversation:1") == [Person("u", "Ana", "conversation:1", 0.0)]
    now[0] = FORGET_SECONDS + 1
    assert here.online("o") == []


async def test_one_person_in_two_tabs_counts_once(open_tab: OpenTab, actor: Any) -> None:
    for _ in range(2):
        tab = await open_tab(actor)
        await tab.send(Notices.begin)
    assert len(presence.online(str(actor.organization_id))) == 1


async def test_a_number_that_goes_down_is_noticed(open_tab: OpenTab, actor: Any) -> None:
    tab = await open_tab(actor)
    await tab.send(Notices.begin)
    await tell(actor, "channel.status", channel_id="1", channel_name="Comercial 02", status="disconnected")
    await tell(actor, "channel.status", channel_id="1", channel_name="Comercial 02", status="connected")
    await tab.settle()
    notices = tab.state(Notices)
    assert [(item["kind"], item["data"]) for item in notices["items"]] == [("channel", {"name": "Comercial 02"})]
    assert notices["unseen"] == 1
    await tab.send(Notices.see, wish=True)
    assert tab.state(Notices)["unseen"] == 0
    await tab.send(Notices.clear)
    assert tab.state(Notices)["items"] == []


async def test_a_message_of_an_unknown_conversation_breaks_nothing(open_tab: OpenTab, actor: Any) -> None:
    tab = await open_tab(actor)
    await tab.send(Notices.begin)
    unknown = "00000000-0000-7000-8000-000000000000"
    await tell(actor, "message.received", conversation_id=unknown, assignee_id=None)
    await tell(actor, "message.received", conversation_id="not-an-id", assignee_id=None)
    await tab.settle()
    await tell(actor, "channel.status", channel_id="1", channel_name="C", status="disconnected")
    await tab.settle()
    assert tab.state(Notices)["items"][0]["kind"] == "channel"


async def test_language_and_theme_are_kept_with_the_person(open_tab: OpenTab, actor: Any) -> None:
    tab = await open_tab(actor)
    await tab.send(Session.keep_language, code="en")
    await tab.send(Session.keep_theme, mode="dark")
    await tab.send(Session.keep_theme, mode="<script>")
    assert tab.toasts() == ["errors.invalid"]
    async with system_unit_of_work() as session:
        user = await accounts.find_user(session, actor.user_id)
    assert user is not None
    assert (user.locale, user.theme) == ("en", "dark")


@pytest.mark.parametrize(
    ("role", "route"), [("owner", "/first-steps"), ("manager", "/inbox"), ("viewer", "/inbox")]
)
async def test_the_start_leads_to_the_first_screen(
    open_tab: OpenTab, make_actor: Any, role: str, route: str
) -> None:
    tab = await open_tab(await make_actor(role))
    await tab.send(Start.go_on)
    assert tab.redirects()[-1] == route


async def test_a_page_without_session_leads_to_the_login_and_back(open_tab: OpenTab) -> None:
    tab = await open_tab(None, "/board")
    assert tab.redirects() == ["/login?next=/board"]


async def test_messages_are_few_and_can_be_dismissed(open_tab: OpenTab, actor: Any) -> None:
    tab = await open_tab(actor)
    for number in range(5):
        await tab.send(Toasts.show, key=f"k{number}", data={}, tone="info", undo_name="", undo_payload={})
    assert tab.toasts() == ["k2", "k3", "k4"]
    assert len(tab.state(Toasts)["items"]) == MOST_AT_ONCE
    await tab.send(Toasts.dismiss, toast_id=tab.state(Toasts)["items"][0]["id"])
    assert tab.toasts() == ["k3", "k4"]


async def test_hostile_arguments_of_a_message_are_harmless(open_tab: OpenTab, actor: Any) -> None:
    tab = await open_tab(actor)
    await tab.send(
        Toasts.show, key="x" * 5000, data="no object", tone="<b>", undo_name="nothing.here", undo_payload={}
    )
    (toast,) = tab.state(Toasts)["items"]
    assert len(toast["key"]) <= 120
    assert (toast["data"], toast["tone"]) == ({}, "info")
    await tab.send(Toasts.undo, toast_id=toast["id"])
    assert tab.state(Toasts)["items"] == []


async def test_an_undo_cannot_smuggle_a_browser_event(open_tab: OpenTab, actor: Any) -> None:
    tab = await open_tab(actor)
    script = {"javascript_code": "alert(1)"}
    await tab.send(Toasts.show, key="k", data={}, tone="info", undo_name="_call_script", undo_payload=script)
    await tab.send(Toasts.undo, toast_id=tab.state(Toasts)["items"][0]["id"])
    assert "_call_script" not in [event["name"] for event in tab.events]
