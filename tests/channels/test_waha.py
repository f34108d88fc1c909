"""Our side of WAHA's HTTP interface, against a server that checks every call against WAHA's own description."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from crm_app.core.database import unit_of_work
from crm_app.domains.channels import service
from crm_app.domains.channels.models import ChannelStatus
from crm_app.domains.channels.providers.base import ActionRequired, ConnectionPorts, Rejected, RetryLater
from crm_app.domains.channels.providers.waha.config import WahaConfig
from crm_app.domains.channels.providers.waha.provider import WahaConnection, derived_id
from crm_app.domains.channels.providers.waha.webhook import WahaReader
from crm_app.domains.channels.schemas import (
    IdentityKind,
    MediaDescriptor,
    MediaKind,
    OutboundMedia,
    OutboundMessage,
    QuotedMessage,
)
from tests.channels.conftest import MakeChannel
from tests.conftest import Tenant
from tests.fakes.openapi import load_spec, specs_dir
from tests.fakes.waha import QR, SPEC_NAME, FakeWaha, Session

CHAT = "5541999990101@c.us"


def test_the_vendors_description_is_at_hand() -> None:
    if load_spec(SPEC_NAME) is None:
        pytest.skip(f"{specs_dir()} is not on this machine: calls are not checked against WAHA's description")


def connect(waha: FakeWaha, **config: Any) -> WahaConnection:
    client = waha.client()
    ports = ConnectionPorts(
        organization_id=uuid4(),
        channel_id=UUID(int=7),
        webhook_url="https://prumo.test/hooks/waha/7",
        webhook_secret="hook-secret",
        http=lambda: client,
    )
    return WahaConnection(
        WahaConfig(**{"base_url": waha.base_url, "api_key": waha.api_key, "session": "default", **config}), ports
    )


def working(waha: FakeWaha) -> WahaConnection:
    waha.sessions["default"] = Session("default", {}, "WORKING", {"id": waha.me, "pushName": "Agência"})
    return connect(waha)


def outbound(**more: Any) -> OutboundMessage:
    return OutboundMessage(**{"idempotency_key": uuid4(), "chat_id": CHAT, "text": "Bom dia", **more})


def media(kind: MediaKind, mime: str) -> OutboundMedia:
    return OutboundMedia(kind=kind, mime_type=mime, filename="arquivo", data=b"\x00\x01")


async def test_pairing_from_nothing_to_working(waha: FakeWaha) -> None:
    line = connect(waha)
    assert (await line.pairing()).state is ChannelStatus.DISCONNECTED
    first = await line.start_pairing()
    assert first.state is ChannelStatus.WAITING_QR
    assert first.qr_png == f"data:image/png;base64,{QR}"
    config = waha.sessions["default"].config
    assert config["webhooks"][0]["hmac"] == {"key": "hook-secret"}
    assert config["webhooks"][0]["url"] == "https://prumo.test/hooks/waha/7"
    assert "message.any" in config["webhooks"][0]["events"]
    assert await line.request_pairing_code("+55 41 99999-0142") == "K7QM-4T2X"
    waha.sessions["default"].status, waha.sessions["default"].me = (
        "WORKING",
        {"id": waha.me, "pushName": "Agência"},
    )
    done = await line.start_pairing()
    assert (done.state, done.own_address, done.qr_png) == (ChannelStatus.CONNECTED, "+5541999990142", None)
    await line.logout()
    assert (await line.pairing()).state is ChannelStatus.DISCONNECTED


async def test_a_session_of_somebody_else_gets_our_webhook(waha: FakeWaha) -> None:
    waha.sessions["default"] = Session("default", {"webhooks": [{"url": "https://old.example", "events": []}]})
    await connect(waha).start_pairing()
    assert waha.sessions["default"].config["webhooks"][0]["url"] == "https://prumo.test/hooks/waha/7"


async def test_a_failed_session_is_started_again(waha: FakeWaha) -> None:
    line = connect(waha)
    await line.start_pairing()
    waha.sessions["default"].status = "FAILED"
    assert (await line.start_pairing()).state is ChannelStatus.WAITING_QR


@pytest.mark.parametrize("shape", ["plain", "serialized", "key"])
async def test_text_goes_out_under_our_own_id(waha: FakeWaha, shape: str) -> None:
    line, message = working(waha), outbound()
    waha.id_shape = shape
    receipt = await line.send(message)
    assert receipt.provider_message_id == derived_id(message)
    ((verb, body),) = waha.sent
    assert (verb, body["text"], body["chatId"], body["session"]) == ("sendText", "Bom dia", CHAT, "default")


@pytest.mark.parametrize(
    ("kind", "mime", "verb"),
    [
        (MediaKind.IMAGE, "image/jpeg", "sendImage"),
        (MediaKind.VIDEO, "video/mp4", "sendVideo"),
        (MediaKind.VOICE, "audio/ogg; codecs=opus", "sendVoice"),
        (MediaKind.VOICE, "audio/webm", "sendVoice"),
        (MediaKind.AUDIO, "audio/mpeg", "sendFile"),
        (MediaKind.DOCUMENT, "application/pdf", "sendFile"),
    ],
)
async def test_files(waha: FakeWaha, kind: MediaKind, mime: str, verb: str) -> None:
    await working(waha).send(outbound(media=media(kind, mime), text="" if kind is MediaKind.VOICE else "legenda"))
    ((used, body),) = waha.sent
    assert (used, body["file"]["mimetype"], body["file"]["data"]) == (verb, mime, "AAE=")
    assert body.get("convert", True) is (
        mime not in {"audio/ogg; codecs=opus", "video/mp4"} or verb == "sendImage"
    )


async def test_a_quote_is_told_by_its_full_id(waha: FakeWaha) -> None:
    await working(waha).send(outbound(quoted=QuotedMessage(provider_message_id="3EB0" + "A" * 18, from_me=False)))
    assert waha.sent[0][1]["reply_to"] == f"false_{CHAT}_3EB0{'A' * 18}"


async def test_whatsapp_decides_about_the_ninth_digit(waha: FakeWaha) -> None:
    line = working(waha)
    waha.known_numbers["5541999990101"] = "554199990101@c.us"
    receipt = await line.send(outbound(chat_id="+5541999990101"))
    assert receipt.chat_id == waha.sent[0][1]["chatId"] == "554199990101@c.us"
    with pytest.raises(Rejected) as caught:
        await line.send(outbound(chat_id="+5511900000009"))
    assert caught.value.key == "errors.channels.not_on_whatsapp"


@pytest.mark.parametrize("ignores", [False, True])
@pytest.mark.parametrize("with_file", [False, True])
async def test_a_broken_answer_is_never_a_second_message(waha: FakeWaha, ignores: bool, with_file: bool) -> None:
    line = working(waha)
    waha.ignores_given_ids = ignores
    file = media(MediaKind.IMAGE, "image/png") if with_file else None
    message = outbound(media=file, first_attempt_at=datetime.now(UTC))
    waha.swallow_answers = 1
    with pytest.raises(RetryLater) as caught:
        await line.send(message)
    assert caught.value.maybe_accepted
    found = await line.find_sent(message)
    assert found is not None
    assert waha.chats[CHAT][0]["id"].endswith(found.provider_message_id)
    assert len(waha.sent) == 1


async def test_what_never_arrived_is_not_found(waha: FakeWaha) -> None:
    line = working(waha)
    other = outbound(first_attempt_at=datetime.now(UTC))
    receipt = await line.send(other)
    twin = outbound(first_attempt_at=datetime.now(UTC), known_message_ids=frozenset({receipt.provider_message_id}))
    assert await line.find_sent(twin) is None
    late = outbound(text="Bom dia", first_attempt_at=datetime.now(UTC) + timedelta(minutes=10))
    assert await line.find_sent(late) is None


@pytest.mark.parametrize(
    ("status", "body", "error", "key"),
    [
        (401, {}, ActionRequired, "errors.channels.credentials_refused"),
        (404, {}, ActionRequired, "errors.channels.session_missing"),
        (422, {"status": "STARTING"}, RetryLater, "errors.channels.session_starting"),
        (422, {"status": "SCAN_QR_CODE"}, ActionRequired, "errors.channels.session_not_ready"),
        (400, {"message": "bad chat"}, Rejected, "errors.channels.rejected"),
        (429, {}, RetryLater, "errors.channels.retry_later"),
        (500, {}, RetryLater, "errors.channels.vendor_failed"),
        (502, {}, RetryLater, "errors.channels.vendor_failed"),
    ],
)
async def test_failures_in_the_words_of_the_protocol(
    waha: FakeWaha, status: int, body: dict[str, Any], error: type[Exception], key: str
) -> None:
    line = working(waha)
    waha.fail_next(status, body, {"retry-after": "7"})
    with pytest.raises(error) as caught:
        await line.send(outbound())
    assert caught.value.key == key  # type: ignore[attr-defined]
    if isinstance(caught.value, RetryLater):
        assert caught.value.maybe_accepted is (status >= 500)
        assert (caught.value.after == timedelta(seconds=7)) is (status == 429)


async def test_a_server_that_is_away_took_nothing(waha: FakeWaha) -> None:
    line = connect(waha, base_url="http://127.0.0.1:9")
    with pytest.raises(ActionRequired) as forbidden:
        await line.send(outbound())
    assert forbidden.value.key == "errors.channels.forbidden_address"
    nobody = FakeWaha(base_url="http://127.0.0.1:9")
    waha.clients.append(nobody.client())
    ports = replace(line._ports, http=lambda: waha.clients[-1])
    away = WahaConnection(WahaConfig(base_url=nobody.base_url), ports)
    with pytest.raises(RetryLater) as caught:
        await away.send(outbound())
    assert not caught.value.maybe_accepted


@pytest.mark.parametrize(
    "message",
    [
        outbound(text=""),
        outbound(text="  \n"),
        outbound(text="x" * 70_000),
    ],
    ids=["empty", "blank", "endless"],
)
async def test_what_can_never_be_sent(waha: FakeWaha, message: OutboundMessage) -> None:
    with pytest.raises(Rejected):
        await working(waha).send(message)
    assert waha.sent == []


async def test_files_are_fetched_from_our_server_with_our_key(waha: FakeWaha) -> None:
    line = working(waha)
    waha.files["foto.jpeg"] = (b"\xff\xd8", "image/jpeg")
    there = MediaDescriptor(
        kind=MediaKind.IMAGE, reference="http://localhost:3000/api/files/default/foto.jpeg", mime_type="image/jpeg"
    )
    assert (await line.fetch_media(there)).data == b"\xff\xd8"
    for gone in (
        there.model_copy(update={"reference": "http://localhost:3000/api/files/default/none"}),
        there.model_copy(update={"available": False}),
        there.model_copy(update={"reference": "file:///etc/passwd"}),
    ):
        with pytest.raises(Rejected):
            await line.fetch_media(gone)


async def test_a_link_to_the_inside_is_not_followed(waha: FakeWaha) -> None:
    line = working(waha)
    inside = MediaDescriptor(kind=MediaKind.IMAGE, reference="http://169.254.169.254/latest/meta-data/")
    with pytest.raises(ActionRequired) as caught:
        await line.fetch_media(inside)
    assert caught.value.key == "errors.channels.forbidden_address"


async def test_the_phone_behind_a_hidden_id(waha: FakeWaha) -> None:
    line = working(waha)
    waha.lids["77001@lid"] = "5541999990101@c.us"
    payload = b'{"id":"false_77001@lid_3EB0AAAAAAAAAAAAAAAAAA","from":"77001@lid","body":"oi"}'
    body = b'{"event":"message","payload":%s}' % payload
    (event,) = await line.complete(WahaReader().parse(body, datetime.now(UTC)))
    assert [(one.kind, one.value) for one in event.sender.identities] == [  # type: ignore[union-attr]
        (IdentityKind.PHONE, "+5541999990101"),
        (IdentityKind.WHATSAPP_LID, "77001"),
    ]
    waha.fail_next(500)
    (event,) = await line.complete(WahaReader().parse(body, datetime.now(UTC)))
    assert [one.kind for one in event.sender.identities] == [IdentityKind.WHATSAPP_LID]  # type: ignore[union-attr]


async def test_read_and_typing(waha: FakeWaha) -> None:
    line = working(waha)
    await line.mark_read(CHAT, ["3EB0" + "B" * 18])
    await line.show_typing(CHAT, True)
    await line.show_typing(CHAT, False)
    assert [path for _, path, _ in waha.calls] == ["/api/sendSeen", "/api/startTyping", "/api/stopTyping"]
    assert waha.calls[0][2]["messageIds"] == [f"false_{CHAT}_3EB0{'B' * 18}"]


async def test_the_operators_command_opens_a_server_on_this_machine(
    waha: FakeWaha, tenant: Tenant, make_channel: MakeChannel
) -> None:
    config = {"base_url": waha.base_url, "api_key": waha.api_key, "session": "default"}
    waha.sessions["default"] = Session("default", {}, "WORKING")
    for trusted in (True, False):
        channel = await make_channel("waha", config, trusted=trusted)
        async with unit_of_work(tenant.owner) as session:
            line = (await service.open_provider(session, tenant.owner, channel_id=channel.id)).connection
        if trusted:
            assert (await line.send(outbound())).chat_id == CHAT
            continue
        with pytest.raises(ActionRequired) as caught:
            await line.send(outbound())
        assert caught.value.key == "errors.channels.forbidden_address"


async def test_credentials_are_sealed_and_never_told(tenant: Tenant, make_channel: MakeChannel) -> None:
    channel = await make_channel("waha")
    async with unit_of_work(tenant.owner) as session:
        (view,) = await service.list_channels(session, tenant.owner)
        for table in ("channel", "channel_credential", "audit_entry"):
            rows = (await session.execute(text(f"SELECT t::text FROM {table} t"))).scalars().all()
            assert rows
            assert not [one for one in rows if channel.secret in one or "must-not-leak" in one]
    assert "must-not-leak" not in view.model_dump_json()
    assert channel.secret not in view.model_dump_json()
