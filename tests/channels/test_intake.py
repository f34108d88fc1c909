"""A vendor's call is durable with its job, once, or refused; and neighbours never fail with a poisoned one."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.queue import queue
from crm_app.domains.channels import credentials, event_log, intake, service
from crm_app.domains.channels import doors as doors_module
from crm_app.domains.channels.doors import doors
from crm_app.domains.channels.intake import BadSignature, Receipt, UnknownChannel
from crm_app.domains.channels.models import ChannelStatus, IgnoredReason, InboundStatus
from crm_app.domains.channels.providers.base import InboundRequest
from crm_app.domains.channels.providers.waha.webhook import signature
from crm_app.domains.channels.schemas import SessionStatus
from crm_app.domains.channels.views import ChannelCreated
from tests.channels.conftest import MakeChannel
from tests.conftest import Tenant


def waha_call(secret: str, body: bytes) -> InboundRequest:
    return InboundRequest(body, {"x-webhook-hmac": signature(body, secret), "content-type": "application/json"})


def message_body(number: int, chat: str = "5511900000001@c.us", **more: Any) -> bytes:
    payload = {
        "id": f"false_{chat}_3EB0{number:018X}",
        "from": chat,
        "timestamp": 1760000001,
        "body": "oi",
        **more,
    }
    return json.dumps(
        {"id": f"evt_{number}", "event": "message", "session": "default", "payload": payload}
    ).encode()


async def _stored(tenant: Tenant, channel_id: UUID) -> list[Any]:
    async with unit_of_work(tenant.owner) as session:
        rows = await session.execute(
            text("SELECT * FROM inbound_event WHERE channel_id = :channel ORDER BY id"), {"channel": channel_id}
        )
        return list(rows.mappings())


async def _jobs(event_id: UUID) -> list[Any]:
    jobs = await queue.job_manager.list_jobs_async(task=intake.PROCESS_JOB)
    return [one for one in jobs if one.task_kwargs["event_id"] == str(event_id)]


async def test_a_call_is_stored_byte_for_byte_with_one_job(tenant: Tenant, make_channel: MakeChannel) -> None:
    channel = await make_channel("waha")
    body = message_body(1, body="olá \\u0000 \\ud83d\\ude00")
    assert await intake.receive("waha", channel.id, waha_call(channel.secret, body)) is Receipt.STORED
    (row,) = await _stored(tenant, channel.id)
    assert bytes(row["body"]) == body
    assert row["kind"] == "message"
    assert row["headers"] == {"content-type": "application/json"}
    (job,) = await _jobs(row["id"])
    assert job.lock == f"channel:{channel.id}:5511900000001@c.us"
    assert job.task_kwargs["organization_id"] == str(tenant.organization.id)


async def test_the_same_event_again_makes_no_second_job(tenant: Tenant, make_channel: MakeChannel) -> None:
    channel = await make_channel("waha")
    call = waha_call(channel.secret, message_body(1))
    answers = [await intake.receive("waha", channel.id, call) for _ in range(3)]
    together = await asyncio.gather(*(intake.receive("waha", channel.id, call) for _ in range(20)))
    assert answers == [Receipt.STORED, Receipt.DUPLICATE, Receipt.DUPLICATE]
    assert set(together) == {Receipt.DUPLICATE}
    (row,) = await _stored(tenant, channel.id)
    assert len(await _jobs(row["id"])) == 1


async def test_message_and_message_any_are_one_event(tenant: Tenant, make_channel: MakeChannel) -> None:
    channel = await make_channel("waha")
    body = message_body(1)
    twin = body.replace(b'"message"', b'"message.any"').replace(b"evt_1", b"evt_2")
    assert await intake.receive("waha", channel.id, waha_call(channel.secret, body)) is Receipt.STORED
    assert await intake.receive("waha", channel.id, waha_call(channel.secret, twin)) is Receipt.DUPLICATE


async def test_many_at_once_are_all_there_once(
    tenant: Tenant, other_tenant: Tenant, make_channel: MakeChannel
) -> None:
    mine = await make_channel("waha")
    async with unit_of_work(other_tenant.owner) as session:
        theirs = await service.create_channel(
            session, other_tenant.owner, provider="waha", name="x", config={"base_url": "https://waha.example"}
        )
    calls = [
        intake.receive("waha", channel.id, waha_call(channel.secret, message_body(number)))
        for number in range(150)
        for channel in (mine, theirs)
        for _ in range(2)
    ]
    answers = await asyncio.gather(*calls)
    assert answers.count(Receipt.STORED) == 300
    assert answers.count(Receipt.DUPLICATE) == 300
    assert len(await _stored(tenant, mine.id)) == 150
    assert len(await _stored(other_tenant, theirs.id)) == 150
    assert await _stored(tenant, theirs.id) == []


async def test_a_poisoned_event_fails_alone(
    tenant: Tenant, make_channel: MakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = await make_channel("waha")
    plain = intake.raw_event

    def poison(*arguments: Any) -> Any:
        event = plain(*arguments)
        if b"POISON" in event.body:
            object.__setattr__(event, "kind", "k" * 61)
        return event

    monkeypatch.setattr(intake, "raw_event", poison)
    bodies = [message_body(number) for number in range(5)] + [message_body(9, body="POISON")]
    answers = await asyncio.gather(
        *(intake.receive("waha", channel.id, waha_call(channel.secret, body)) for body in bodies),
        return_exceptions=True,
    )
    assert [one for one in answers[:5] if one is not Receipt.STORED] == []
    assert isinstance(answers[5], intake.Unavailable)
    assert len(await _stored(tenant, channel.id)) == 5


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-webhook-hmac": ""},
        {"x-webhook-hmac": "0" * 128},
        {"x-webhook-hmac": "é" * 10},
        {"x-webhook-hmac": signature(message_body(1), "another secret")},
    ],
)
async def test_a_wrong_signature_stores_nothing(
    tenant: Tenant, make_channel: MakeChannel, headers: dict[str, str]
) -> None:
    channel = await make_channel("waha")
    with pytest.raises(BadSignature):
        await intake.receive("waha", channel.id, InboundRequest(message_body(1), headers))
    assert await _stored(tenant, channel.id) == []


async def test_a_changed_body_is_refused(make_channel: MakeChannel) -> None:
    channel = await make_channel("waha")
    call = waha_call(channel.secret, message_body(1))
    with pytest.raises(BadSignature):
        await intake.receive("waha", channel.id, InboundRequest(call.body + b" ", call.headers))


async def test_unknown_addresses(tenant: Tenant, make_channel: MakeChannel) -> None:
    channel = await make_channel("waha")
    call = waha_call(channel.secret, message_body(1))
    for provider, channel_id in [("waha", uuid4()), ("simulator", channel.id), ("nobody", channel.id)]:
        with pytest.raises(UnknownChannel):
            await intake.receive(provider, channel_id, call)
    async with unit_of_work(tenant.owner) as session:
        await service.archive_channel(session, tenant.owner, channel_id=channel.id)
    doors.clear()
    with pytest.raises(UnknownChannel):
        await intake.receive("waha", channel.id, call)


async def test_rotation_takes_the_new_secret_at_once_and_the_old_one_for_an_hour(
    tenant: Tenant, make_channel: MakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = await make_channel("waha")
    await intake.receive("waha", channel.id, waha_call(channel.secret, message_body(1)))
    known = doors._known.copy()
    async with unit_of_work(tenant.owner) as session:
        fresh = await service.rotate_secret(session, tenant.owner, channel_id=channel.id)
    doors._known.update(known)  # another process, which has not heard of it
    monkeypatch.setattr(intake, "_TRUST_AFTER", 0.0)
    assert await intake.receive("waha", channel.id, waha_call(fresh.secret, message_body(2))) is Receipt.STORED
    assert await intake.receive("waha", channel.id, waha_call(channel.secret, message_body(3))) is Receipt.STORED
    monkeypatch.setattr(credentials, "utc_now", lambda: utc_now() + timedelta(hours=2))
    doors.clear()
    with pytest.raises(BadSignature):
        await intake.receive("waha", channel.id, waha_call(channel.secret, message_body(4)))


POISONED = [
    b"",
    b"{",
    b"[]",
    b'"text"',
    b"null",
    b"\x00\xff\xfe",
    b"[" * 100_000,
    b'{"event": 5, "payload": []}',
    b'{"event": "message", "payload": {}}',
    b'{"event": "message", "payload": {"id": "\\u0000", "from": "\\u0000@c.us"}}',
    b'{"event": "' + b"k" * 500 + b'", "payload": {}}',
    b'{"event": "message", "payload": {"id": "' + b"i" * 5000 + b'"}}',
    b'{"event": "message", "payload": {"id": "\\ud800"}}',
    b'{"event": "not.known", "payload": {"id": "1"}}',
]


@pytest.mark.parametrize("body", POISONED, ids=[str(number) for number in range(len(POISONED))])
async def test_poisoned_bodies_are_kept_shown_and_replayable(
    tenant: Tenant, make_channel: MakeChannel, body: bytes
) -> None:
    channel: ChannelCreated = await make_channel("waha")
    call = waha_call(channel.secret, body)
    assert await intake.receive("waha", channel.id, call) is Receipt.STORED
    assert await intake.receive("waha", channel.id, call) is Receipt.DUPLICATE
    (row,) = await _stored(tenant, channel.id)
    assert bytes(row["body"]) == body
    async with unit_of_work(tenant.owner) as session:
        loaded = await event_log.load_inbound_event(session, tenant.owner, event_id=row["id"])
        assert [event.type for event in loaded.events] == ["unknown"]
        await event_log.mark_failed(session, tenant.owner, event_id=row["id"], error="não \x00 entendi")
    async with unit_of_work(tenant.owner) as session:
        page = await event_log.list_inbound_events(session, tenant.owner)
        assert [(one.id, one.error, one.status) for one in page.items] == [
            (row["id"], "não  entendi", InboundStatus.FAILED)
        ]
        await event_log.replay_inbound_event(session, tenant.owner, event_id=row["id"])
    assert len(await _jobs(row["id"])) == 2


async def test_a_door_shows_only_the_channel_that_is_asked_for(make_channel: MakeChannel) -> None:
    await make_channel("waha")
    async with system_unit_of_work() as session:
        seen = await session.execute(text("SELECT count(*) FROM channel"))
        assert seen.scalar_one() == 0
    assert await doors_module._read(uuid4()) is None


async def test_old_events_that_are_dealt_with_are_forgotten(tenant: Tenant, make_channel: MakeChannel) -> None:
    channel = await make_channel("waha")
    for number in range(4):
        await intake.receive("waha", channel.id, waha_call(channel.secret, message_body(number)))
    done, ignored, failed, _ = await _stored(tenant, channel.id)
    async with unit_of_work(tenant.owner) as session:
        await event_log.mark_processed(session, tenant.owner, event_id=done["id"])
        await event_log.mark_processed(session, tenant.owner, event_id=ignored["id"], ignored=IgnoredReason.GROUP)
        await event_log.mark_failed(session, tenant.owner, event_id=failed["id"], error="?")
        assert await event_log.forget_old_events(session, tenant.owner) == 0
        await session.execute(text("UPDATE inbound_event SET created_at = created_at - interval '31 days'"))
        assert await event_log.forget_old_events(session, tenant.owner) == 2


def _session_body(number: int) -> bytes:
    payload = {"status": "STARTING", "name": "default"}
    return json.dumps(
        {"id": f"evt_{number}", "event": "session.status", "session": "default", "payload": payload}
    ).encode()


@pytest.mark.parametrize(
    ("body", "ignored", "status"),
    [
        (message_body(1), None, ChannelStatus.CONNECTED),
        (message_body(1, chat="12036304@g.us"), IgnoredReason.GROUP, ChannelStatus.CREATED),
        (_session_body(1), None, ChannelStatus.CREATED),
        (b"[1, 2]", None, ChannelStatus.CREATED),
    ],
    ids=["message", "ignored", "only about the session", "not understood"],
)
async def test_the_first_message_shows_that_a_channel_is_connected(
    tenant: Tenant, make_channel: MakeChannel, body: bytes, ignored: Any, status: ChannelStatus
) -> None:
    channel = await make_channel("waha")
    await intake.receive("waha", channel.id, waha_call(channel.secret, body))
    (row,) = await _stored(tenant, channel.id)
    async with unit_of_work(tenant.owner) as session:
        await event_log.mark_processed(session, tenant.owner, event_id=row["id"], ignored=ignored)
    async with unit_of_work(tenant.owner) as session:
        view = await service.access_channel(session, tenant.owner, channel_id=channel.id)
    assert view.status == status


async def test_traffic_does_not_bring_back_a_channel_that_went_down(
    tenant: Tenant, make_channel: MakeChannel
) -> None:
    channel = await make_channel("waha")
    await intake.receive("waha", channel.id, waha_call(channel.secret, message_body(1)))
    (row,) = await _stored(tenant, channel.id)
    down = SessionStatus(state=ChannelStatus.DISCONNECTED, occurred_at=utc_now())
    async with unit_of_work(tenant.owner) as session:
        await service.note_status(session, tenant.owner, channel_id=channel.id, status=down)
        await event_log.mark_processed(session, tenant.owner, event_id=row["id"])
    async with unit_of_work(tenant.owner) as session:
        view = await service.access_channel(session, tenant.owner, channel_id=channel.id)
    assert view.status == ChannelStatus.DISCONNECTED
