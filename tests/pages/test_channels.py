"""The numbers' screen without a browser: what a tab is sent when numbers are made, paired, renamed, or fail."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from crm_app.config import forget_settings, use_settings
from crm_app.core.database import unit_of_work
from crm_app.core.http import close_shared_clients
from crm_app.domains.channels import credentials, event_log, intake, service
from crm_app.domains.channels.doors import doors
from crm_app.domains.channels.models import Channel
from crm_app.domains.channels.providers.base import InboundRequest
from crm_app.pages.channels import connect_state
from crm_app.pages.channels.configure_state import ConfigureState
from crm_app.pages.channels.connect_state import ConnectState
from crm_app.pages.channels.failures_state import FailuresState
from crm_app.pages.channels.state import ChannelsState
from tests.channels.test_intake import waha_call
from tests.conftest import Tenant
from tests.fakes.waha import QR, FakeWaha
from tests.pages.conftest import OpenTab, Tab

ROUTE = "/settings/channels"


@pytest.fixture(autouse=True)
def _short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connect_state, "LOOK_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(connect_state, "LOOK_AT_MOST", 1)


@pytest_asyncio.fixture
async def waha() -> AsyncIterator[FakeWaha]:
    """A WAHA server on this machine that the operator has opened."""
    doors.clear()
    async with FakeWaha() as server:
        use_settings(private_hosts=(server.base_url.removeprefix("http://"),))
        yield server
        await close_shared_clients()
    forget_settings()
    assert server.violations == []


async def opened(open_tab: OpenTab, actor: Any) -> Tab:
    tab = await open_tab(actor, ROUTE)
    await tab.send(ChannelsState.load)
    return await tab.send(FailuresState.load)


async def simulated(tenant: Tenant, name: str = "Treino") -> Any:
    async with unit_of_work(tenant.owner) as session:
        return await service.create_channel(session, tenant.owner, provider="simulator", name=name, config={})


def form(waha: FakeWaha, **more: str) -> dict[str, str]:
    return {"name": "Comercial 02", "base_url": waha.base_url, "api_key": waha.api_key, "session": "s1"} | more


async def test_an_empty_list_and_a_simulated_number(open_tab: OpenTab, tenant: Tenant) -> None:
    tab = await opened(open_tab, tenant.owner)
    assert tab.state(ChannelsState)["rows"] == []
    assert not tab.state(ChannelsState)["loading"]
    await tab.send(ConnectState.begin)
    await tab.send(ConnectState.choose, provider="simulator")
    await tab.send(ConnectState.create, form={"name": "Treino"})
    await tab.settle()
    (row,) = tab.state(ChannelsState)["rows"]
    assert (row["name"], row["status"], row["provider_title"]) == ("Treino", "connected", "Simulador")
    assert row["webhook"].endswith(f"/hooks/simulator/{row['id']}")
    assert tab.state(ChannelsState)["totals"]["on_air"] == 1


async def test_wrong_fields_turn_red(open_tab: OpenTab, tenant: Tenant, waha: FakeWaha) -> None:
    tab = await opened(open_tab, tenant.owner)
    await tab.send(ConnectState.begin)
    await tab.send(ConnectState.create, form=form(waha, base_url="ftp://x", session="a b"))
    errors = tab.state(ConnectState)["errors"]
    assert {name for name, key in errors.items() if key} == {"base_url", "session"}
    await tab.send(ConnectState.create, form=form(waha, name=" "))
    assert tab.state(ConnectState)["errors"]["name"] == "channels.form.wrong.name"
    assert tab.state(ChannelsState)["rows"] == []


async def test_pairing_live_from_form_to_connected(
    open_tab: OpenTab,
    tenant: Tenant,
    waha: FakeWaha,
    eventually: Callable[..., Awaitable[Any]],
    run_jobs: Callable[[], Awaitable[None]],
) -> None:
    tab = await opened(open_tab, tenant.owner)
    await tab.send(ConnectState.begin)
    await tab.send(ConnectState.create, form=form(waha))

    async def shows_qr() -> bool:
        return tab.state(ConnectState).get("qr") == f"data:image/png;base64,{QR}"

    await eventually(shows_qr)
    assert tab.state(ConnectState)["status"] == "waiting_qr"
    channel_id = tab.state(ConnectState)["channel_id"]
    await tab.send(ConnectState.ask_code, form={"phone": "(41) 99999-0142"})

    async def has_code() -> bool:
        return "".join(tab.state(ConnectState).get("code", [])) == "K7QM-4T2X"

    await eventually(has_code)
    waha.sessions["s1"].status, waha.sessions["s1"].me = "WORKING", {"id": waha.me, "pushName": "Agência"}
    url, body, headers = waha.webhook_call("session.status", {"name": "s1", "status": "WORKING"}, "s1")
    assert url.endswith(f"/hooks/waha/{channel_id}")
    lower = {name.lower(): value for name, value in headers.items()}
    await intake.receive("waha", UUID(channel_id), InboundRequest(body, lower))
    await run_jobs()
    await tab.settle()

    async def connected() -> bool:
        return tab.state(ConnectState)["status"] == "connected"

    await eventually(connected)
    assert tab.state(ConnectState)["own_address"] == "+5541999990142"
    (row,) = tab.state(ChannelsState)["rows"]
    assert (row["status"], row["address"]) == ("connected", "+5541999990142")
    secrets = str(tab.vars) + str(tab.deltas)
    assert waha.api_key not in secrets.replace(str(form(waha)), "")
    await tab.send(ConnectState.close, wish=False)


async def test_a_server_that_is_away_is_told(
    open_tab: OpenTab, tenant: Tenant, eventually: Callable[..., Awaitable[Any]]
) -> None:
    tab = await opened(open_tab, tenant.owner)
    await tab.send(ConnectState.begin)
    await tab.send(ConnectState.create, form={"name": "A", "base_url": "http://127.0.0.1:9", "session": "s"})

    async def problem() -> bool:
        return tab.state(ConnectState).get("problem") == "errors.channels.forbidden_address"

    await eventually(problem)
    await tab.send(ConnectState.close, wish=False)
    await tab.settle()
    (row,) = tab.state(ChannelsState)["rows"]
    assert (row["status"], row["detail_key"]) == ("failed", "errors.channels.forbidden_address")


async def test_rename_secret_archive(open_tab: OpenTab, tenant: Tenant) -> None:
    made = await simulated(tenant)
    tab, other = await opened(open_tab, tenant.owner), await opened(open_tab, tenant.owner)
    await tab.send(ChannelsState.ask, what="rename", channel_id=str(made.id))
    await tab.send(ChannelsState.rename, form={"name": "   "})
    assert tab.state(ChannelsState)["name_error"] == "errors.channels.bad_name"
    await tab.send(ChannelsState.rename, form={"name": "Vendas <b>"})
    await other.settle()
    assert other.state(ChannelsState)["rows"][0]["name"] == "Vendas <b>"
    await tab.send(ChannelsState.ask, what="secret", channel_id=str(made.id))
    await tab.send(ChannelsState.rotate)
    shown = tab.state(ChannelsState)["secret"]
    assert len(shown) > 40
    assert shown not in str(other.vars)
    await tab.send(ChannelsState.close, wish=False)
    assert tab.state(ChannelsState)["secret"] == ""
    await tab.send(ChannelsState.ask, what="archive", channel_id=str(made.id))
    await tab.send(ChannelsState.archive)
    await asyncio.gather(tab.settle(), other.settle())
    assert tab.state(ChannelsState)["rows"] == other.state(ChannelsState)["rows"] == []


async def waha_number(tenant: Tenant, waha: FakeWaha) -> str:
    async with unit_of_work(tenant.owner) as session:
        made = await service.create_channel(
            session, tenant.owner, provider="waha", name="Comercial",
            config={"base_url": waha.base_url, "api_key": waha.api_key, "session": "s1"},
        )  # fmt: skip
    return str(made.id)


async def key_of(tenant: Tenant, channel_id: str) -> tuple[str, str]:
    """Return the address and the key that a number's line to its vendor uses."""
    async with unit_of_work(tenant.owner) as session:
        channel = await session.get_one(Channel, (tenant.owner.organization_id, UUID(channel_id)))
        return channel.config["base_url"], (await credentials.read(session, channel))["api_key"]


async def test_a_number_gets_another_name_and_keeps_its_key(
    open_tab: OpenTab, tenant: Tenant, waha: FakeWaha
) -> None:
    channel_id = await waha_number(tenant, waha)
    tab = await opened(open_tab, tenant.owner)
    await tab.send(ConfigureState.begin, channel_id=channel_id)
    shown = tab.state(ConfigureState)
    assert (shown["shown"], shown["base_url"], shown["has_key"]) == (True, waha.base_url, True)
    form = {"name": "Vendas", "base_url": f"{waha.base_url}/", "api_key": ""}
    await tab.send(ConfigureState.save, form=form)
    assert (shown["shown"], tab.state(ConnectState)["shown"]) == (False, False)
    assert tab.state(ChannelsState)["rows"][0]["name"] == "Vendas"
    assert await key_of(tenant, channel_id) == (waha.base_url, waha.api_key)
    assert waha.api_key not in str(tab.vars) + str(tab.deltas)


async def test_a_new_key_goes_in_never_comes_out_and_connects_again(
    open_tab: OpenTab, tenant: Tenant, waha: FakeWaha
) -> None:
    channel_id = await waha_number(tenant, waha)
    tab = await opened(open_tab, tenant.owner)
    await tab.send(ConfigureState.begin, channel_id=channel_id)
    form = {"name": "Comercial", "base_url": waha.base_url, "api_key": "another-key-of-waha"}
    await tab.send(ConfigureState.save, form=form)
    assert await key_of(tenant, channel_id) == (waha.base_url, "another-key-of-waha")
    assert (tab.state(ConnectState)["shown"], tab.state(ConnectState)["step"]) == (True, "pair")
    assert "another-key-of-waha" not in str(tab.vars) + str(tab.deltas)
    await tab.send(ConnectState.close, wish=False)


async def test_a_key_does_not_follow_to_another_server(open_tab: OpenTab, tenant: Tenant, waha: FakeWaha) -> None:
    channel_id = await waha_number(tenant, waha)
    tab = await opened(open_tab, tenant.owner)
    await tab.send(ConfigureState.begin, channel_id=channel_id)
    elsewhere = {"name": "Comercial", "base_url": "https://thief.example", "api_key": ""}
    await tab.send(ConfigureState.save, form=elsewhere)
    assert tab.state(ConfigureState)["errors"]["api_key"] == "errors.channels.key_again"
    assert await key_of(tenant, channel_id) == (waha.base_url, waha.api_key)
    for wrong in ("ftp://x", "https://user:password@x", "javascript:alert(1)"):
        await tab.send(ConfigureState.save, form=elsewhere | {"base_url": wrong})
        assert tab.state(ConfigureState)["errors"]["base_url"] == "channels.form.wrong.base_url"
    await tab.send(ConfigureState.save, form=elsewhere | {"name": " "})
    assert tab.state(ConfigureState)["errors"]["name"] == "channels.form.wrong.name"
    await tab.send(ConfigureState.save, form=elsewhere | {"api_key": "its-own-key"})
    assert await key_of(tenant, channel_id) == ("https://thief.example", "its-own-key")
    await tab.send(ConnectState.close, wish=False)


async def test_only_managers_of_channels_configure_their_own(
    open_tab: OpenTab,
    tenant: Tenant,
    other_tenant: Tenant,
    waha: FakeWaha,
    make_actor: Callable[..., Awaitable[Any]],
) -> None:
    channel_id = await waha_number(tenant, waha)
    seller = await opened(open_tab, await make_actor("sales"))
    await seller.send(ConfigureState.begin, channel_id=channel_id)
    assert seller.toasts() == ["errors.forbidden"]
    stranger = await opened(open_tab, other_tenant.owner)
    await stranger.send(ConfigureState.begin, channel_id=channel_id)
    assert stranger.toasts() == ["errors.not_found"]
    assert waha.base_url not in str(seller.vars) + str(stranger.vars)


@pytest.mark.parametrize("wrong", ["", "not-an-id", "' OR 1=1", None, 5])
async def test_strange_ids_reach_nothing(open_tab: OpenTab, tenant: Tenant, wrong: Any) -> None:
    tab = await opened(open_tab, tenant.owner)
    await tab.send(ConnectState.again, channel_id=wrong)
    await tab.send(FailuresState.replay_event, event_id=wrong)
    await tab.send(FailuresState.replay_message, message_id=wrong)
    assert set(tab.toasts()) == {"errors.not_found"}


async def test_failed_events_are_shown_and_replayed(
    open_tab: OpenTab, tenant: Tenant, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    async with unit_of_work(tenant.owner) as session:
        made = await service.create_channel(
            session, tenant.owner, provider="waha", name="Comercial", config={"base_url": "https://waha.example"}
        )
    tab = await opened(open_tab, tenant.owner)
    await intake.receive("waha", made.id, waha_call(made.secret, b'{"event": "brand.new", "payload": {"a": 1}}'))
    await run_jobs()
    await tab.settle()
    (failed,) = tab.state(FailuresState)["events"]
    assert (failed["kind"], failed["channel_name"], failed["status"]) == ("brand.new", "Comercial", "failed")
    await tab.send(FailuresState.open_event, event_id=failed["id"])
    assert tab.state(FailuresState)["opened"]["preview"].startswith('{"event": "brand.new"')
    await tab.send(FailuresState.replay_event, event_id=failed["id"])
    assert tab.state(FailuresState)["events"] == []
    await run_jobs()
    await tab.settle()
    assert len(tab.state(FailuresState)["events"]) == 1
    async with unit_of_work(tenant.owner) as session:
        loaded = await event_log.load_inbound_event(session, tenant.owner, event_id=UUID(failed["id"]))
    assert loaded.attempts >= 2


def group_message(number: int) -> bytes:
    payload = {"id": f"false_12036304@g.us_3EB0{number}", "from": "12036304@g.us", "fromMe": False, "body": "Oi",
               "participant": "5541999990101@c.us", "timestamp": 1752750000 + number}  # fmt: skip
    envelope = {"id": f"evt_{number}", "event": "message", "session": "default", "payload": payload}
    return json.dumps(envelope).encode()


async def test_messages_of_groups_are_shown_as_left_out(
    open_tab: OpenTab, tenant: Tenant, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    async with unit_of_work(tenant.owner) as session:
        made = await service.create_channel(
            session, tenant.owner, provider="waha", name="Comercial", config={"base_url": "https://waha.example"}
        )
    tab = await opened(open_tab, tenant.owner)
    await intake.receive("waha", made.id, waha_call(made.secret, group_message(1)))
    await run_jobs()
    await tab.settle()
    shown = tab.state(FailuresState)
    assert shown["events"] == []
    (left_out,) = shown["ignored"]
    assert (left_out["reason"], left_out["channel_name"], left_out["status"]) == ("group", "Comercial", "ignored")
    await tab.send(FailuresState.choose_events, which="ignored")
    assert shown["shown_events"] == "ignored"
    await tab.send(FailuresState.open_event, event_id=left_out["id"])
    assert "12036304@g.us" in shown["opened"]["preview"]
    await tab.send(FailuresState.replay_event, event_id=left_out["id"])
    assert shown["ignored"] == []
    await run_jobs()
    await tab.settle()
    assert [one["reason"] for one in shown["ignored"]] == ["group"]
    await tab.send(FailuresState.choose_events, which="everything' OR 1=1")
    assert shown["shown_events"] == "failed"


async def test_sellers_look_and_do_not_touch(
    open_tab: OpenTab, tenant: Tenant, make_actor: Callable[..., Awaitable[Any]]
) -> None:
    made = await simulated(tenant)
    tab = await opened(open_tab, await make_actor("sales"))
    assert len(tab.state(ChannelsState)["rows"]) == 1
    await tab.send(ConnectState.begin)
    await tab.send(ChannelsState.ask, what="archive", channel_id=str(made.id))
    await tab.send(ChannelsState.archive)
    assert tab.toasts() == ["errors.forbidden"] * 3
    async with unit_of_work(tenant.owner) as session:
        assert len(await service.list_channels(session, tenant.owner)) == 1


async def test_another_organization_is_out_of_reach(
    open_tab: OpenTab, tenant: Tenant, other_tenant: Tenant
) -> None:
    made = await simulated(tenant)
    tab = await opened(open_tab, other_tenant.owner)
    assert tab.state(ChannelsState)["rows"] == []
    await tab.send(ConnectState.again, channel_id=str(made.id))
    assert tab.toasts() == ["errors.not_found"]
