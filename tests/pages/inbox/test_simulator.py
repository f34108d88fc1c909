"""The demo phone without a browser: playing the customer, switches, scripts, and the docked panel."""

from typing import Any

import pytest

from crm_app.domains.accounts.models import Role
from crm_app.domains.inbox import service as inbox
from crm_app.pages.simulator.samples import SAMPLES
from crm_app.pages.simulator.state import SimulatorState
from tests.pages.conftest import OpenTab, Tab
from tests.pages.inbox.desk import NELSON, Desk


def phone(tab: Tab) -> dict[str, Any]:
    return tab.state(SimulatorState)


def said(tab: Tab) -> list[str]:
    return [bubble["text"] for bubble in phone(tab)["bubbles"]]


async def holding(open_tab: OpenTab, desk: Desk) -> Tab:
    tab = await open_tab(desk.owner, "/simulator")
    return await tab.send(SimulatorState.add_phone, form={"number": NELSON[0], "name": NELSON[1]})


async def test_without_a_simulated_number_there_is_nothing_to_hold(open_tab: OpenTab, tenant: Any) -> None:
    tab = await open_tab(tenant.owner, "/simulator")
    assert phone(tab)["channel_id"] == ""
    assert phone(tab)["loading"] is False
    assert tab.toasts() == []


async def test_a_customer_writes_and_becomes_a_conversation(open_tab: OpenTab, desk: Desk) -> None:
    tab = await holding(open_tab, desk)
    await tab.send(SimulatorState.say, form={"text": "Vocês fazem site?"})
    await desk.run_jobs()
    (row,) = (await desk.call(inbox.list_conversations)).items
    assert (row.contact_name, row.last_message_preview) == (NELSON[1], "Vocês fazem site?")
    assert said(tab) == ["Vocês fazem site?"]
    assert phone(tab)["bubbles"][0]["state"] == "sent"


async def test_the_answer_arrives_live_and_reading_turns_the_ticks(open_tab: OpenTab, desk: Desk) -> None:
    tab = await holding(open_tab, desk)
    row = await desk.hears("Oi")
    await desk.call(inbox.mark_read, conversation_id=row.id)
    await desk.says(row.id, "Olá, Nelson")
    await desk.run_jobs()
    await tab.settle()
    assert said(tab) == ["Oi", "Olá, Nelson"]
    assert [bubble["mine"] for bubble in phone(tab)["bubbles"]] == [True, False]
    assert phone(tab)["bubbles"][0]["state"] == "read"


async def test_switches_hold_ticks_back(open_tab: OpenTab, desk: Desk) -> None:
    tab = await holding(open_tab, desk)
    row = await desk.hears("Oi")
    await tab.send(SimulatorState.switch_signal, away=True)
    assert phone(tab)["phone"]["reachable"] is False
    message = await desk.says(row.id, "Está aí?")

    async def status() -> str:
        await desk.run_jobs()
        found: str = (await desk.call(inbox.get_message, message_id=message.id)).status
        return found

    assert await status() == "sent"
    await tab.send(SimulatorState.switch_reading, unread=True)
    await tab.send(SimulatorState.switch_signal, away=False)
    assert await status() == "delivered"
    await tab.send(SimulatorState.switch_reading, unread=False)
    assert await status() == "read"


async def test_a_scripted_customer_writes_and_answers(open_tab: OpenTab, desk: Desk) -> None:
    tab = await open_tab(desk.owner, "/simulator")
    script = phone(tab)["scripts"][0]
    await tab.send(SimulatorState.start_script, key=script["key"])
    await desk.run_jobs()
    await tab.settle()
    opening = said(tab)
    assert opening
    (row,) = (await desk.call(inbox.list_conversations)).items
    await desk.says(row.id, "Claro, custa R$ 2.000")
    await desk.run_jobs()
    await tab.settle()
    assert len(said(tab)) > len(opening) + 1
    await tab.send(SimulatorState.stop_script)
    assert phone(tab)["phone"]["script"] == ""


@pytest.mark.parametrize("name", SAMPLES)
async def test_ready_files_reach_the_inbox(open_tab: OpenTab, desk: Desk, name: str) -> None:
    tab = await holding(open_tab, desk)
    await tab.send(SimulatorState.send_sample, name=name)
    await desk.run_jobs()
    (row,) = (await desk.call(inbox.list_conversations)).items
    (message,) = (await desk.call(inbox.get_thread, conversation_id=row.id)).items
    (attachment,) = message.attachments
    assert attachment.url
    assert attachment.kind == {"photo": "image", "voice": "audio", "document": "document"}[name]
    assert phone(tab)["bubbles"][0]["file_url"].startswith("/api/simulator/files/")


async def test_a_wrong_number_turns_the_field_red(open_tab: OpenTab, desk: Desk) -> None:
    tab = await open_tab(desk.owner, "/simulator")
    await tab.send(SimulatorState.show_form, wish=True)
    await tab.send(SimulatorState.add_phone, form={"number": "12", "name": "x"})
    assert phone(tab)["number_error"].startswith("errors.")
    assert phone(tab)["adding"] is True


async def test_hostile_arguments_harm_nothing(open_tab: OpenTab, desk: Desk) -> None:
    tab = await holding(open_tab, desk)
    for value in (None, "", "x", 7, "00000000-0000-0000-0000-000000000000"):
        await tab.send(SimulatorState.choose, phone_id=value)
        await tab.send(SimulatorState.send_sample, name=value)
        await tab.send(SimulatorState.start_script, key=value)
    await tab.send(SimulatorState.say, form={"text": " \x00 "})
    assert "errors.unexpected" not in tab.toasts()
    assert said(tab) == []


async def test_who_only_reads_cannot_play(open_tab: OpenTab, desk: Desk, make_actor: Any) -> None:
    await desk.hears("Oi")
    tab = await open_tab(await make_actor(Role.VIEWER), "/simulator")
    assert said(tab) == ["Oi"]
    await tab.send(SimulatorState.say, form={"text": "intruso"})
    assert said(tab) == ["Oi"]
    assert tab.toasts() == ["errors.forbidden"]


async def test_another_organization_has_no_such_phone(open_tab: OpenTab, desk: Desk, other_tenant: Any) -> None:
    phone_id = await desk.phone()
    tab = await open_tab(other_tenant.owner, "/simulator")
    await tab.send(SimulatorState.choose, phone_id=str(phone_id))
    assert phone(tab)["phone"]["id"] == ""


async def test_the_docked_phone_follows_to_the_next_page(open_tab: OpenTab, desk: Desk) -> None:
    await desk.hears("Oi")
    tab = await open_tab(desk.owner, "/inbox")
    await tab.send(SimulatorState.dock, wish=True)
    assert said(tab) == ["Oi"]
    await tab.go("/board")
    await desk.hears("Ainda aqui?")
    await tab.settle()
    assert said(tab) == ["Oi", "Ainda aqui?"]
