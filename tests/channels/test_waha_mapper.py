"""WAHA's payloads, engine by engine, as channel events. Shapes follow the vendor's published samples."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm_app.domains.channels.models import ChannelStatus, IgnoredReason
from crm_app.domains.channels.providers.base import InboundRequest
from crm_app.domains.channels.providers.waha.addresses import full_id, message_key, normal_chat, parse_message_id
from crm_app.domains.channels.providers.waha.webhook import WahaReader, signature
from crm_app.domains.channels.schemas import (
    Choice,
    ContentKind,
    DeliveryStatus,
    EchoMessage,
    Edited,
    InboundMessage,
    MediaKind,
    Reaction,
    Revoked,
    SessionStatus,
    Typing,
    Unknown,
)

NOW = datetime(2026, 7, 17, 12, 0, tzinfo=UTC)
CHAT = "5511900000001@c.us"
RAW = "3EB0AAAAAAAAAAAAAAAA01"


def read(event: str, payload: dict[str, Any], **envelope: Any) -> Any:
    body = json.dumps({"id": "evt_1", "event": event, "session": "t1", "payload": payload, **envelope}).encode()
    (mapped,) = WahaReader().parse(body, NOW)
    return mapped


def message(**more: Any) -> Any:
    base = {"id": f"false_{CHAT}_{RAW}", "timestamp": 1752750000, "from": CHAT, "fromMe": False, "body": "oi"}
    return read("message", base | more)


def test_the_published_signature_vector() -> None:
    body = (
        b'{"event":"message","session":"acme","engine":"NOWEB","payload":{"id":"false_5511900000001@c.us_3EB0AA"}}'
    )
    expected = (
        "5d7c578f9df1aefc8d78bb63fb9ad9b15ac9b0b0981fa5730cf8b67f62abd119"
        "80ee0601410ae6c19338a2560b86aeec4977f482ccdb7d204f74da84a22b0290"
    )
    assert signature(body, "waha-hmac-01") == expected
    for given in (expected, expected.upper()):
        assert WahaReader().verify(InboundRequest(body, {"x-webhook-hmac": given}), "waha-hmac-01")
    other = {"x-webhook-hmac": expected, "x-webhook-hmac-algorithm": "md5"}
    assert not WahaReader().verify(InboundRequest(body, other), "waha-hmac-01")


def test_text() -> None:
    event = message(_data={"notifyName": "Ana  Paula"})
    assert isinstance(event, InboundMessage)
    assert event.provider_message_id == RAW
    assert event.chat.chat_id == CHAT
    assert event.sender.name == "Ana Paula"
    assert event.occurred_at == datetime.fromtimestamp(1752750000, UTC)
    assert event.content.kind is ContentKind.TEXT


@pytest.mark.parametrize(
    ("mime", "more", "kind"),
    [
        ("image/jpeg", {}, MediaKind.IMAGE),
        ("image/webp", {}, MediaKind.STICKER),
        ("audio/ogg; codecs=opus", {}, MediaKind.VOICE),
        ("audio/mp4", {"_data": {"message": {"audioMessage": {"ptt": True}}}}, MediaKind.VOICE),
        ("audio/mpeg", {}, MediaKind.AUDIO),
        ("video/mp4", {}, MediaKind.VIDEO),
        ("application/pdf", {}, MediaKind.DOCUMENT),
        (None, {}, MediaKind.DOCUMENT),
    ],
)
def test_files(mime: str | None, more: dict[str, Any], kind: MediaKind) -> None:
    media = {"url": "http://localhost:3000/api/files/t1/x", "mimetype": mime, "filename": "nota.pdf"}
    event = message(hasMedia=True, media=media, body="legenda", **more)
    assert (event.content.media.kind, event.content.text) == (kind, "legenda")
    assert event.content.media.available


@pytest.mark.parametrize("media", [None, {}, {"url": None}, {"url": "http://x/y", "error": "expired"}])
def test_a_file_that_cannot_be_had(media: Any) -> None:
    event = message(hasMedia=True, media=media)
    assert event.content.kind is ContentKind.MEDIA
    assert not event.content.media.available


def test_location() -> None:
    place = message(
        body="", location={"latitude": "-23.5", "longitude": "-46.6", "name": "Loja", "address": "Av X"}
    )
    assert (place.content.location.latitude, place.content.location.name) == (-23.5, "Loja")
    for wrong in ({"latitude": "norte", "longitude": "1"}, {"latitude": 91, "longitude": 0}, {"latitude": "nan"}):
        assert message(body="", location=wrong).content.kind is ContentKind.UNSUPPORTED


def test_contact_cards() -> None:
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Bia Lima\nitem1.TEL;waid=5511900000002:+55 11 90000-0002\nEND:VCARD"
    (shared,) = message(vCards=[card, "rubbish", None]).content.contacts
    assert (shared.name, shared.phones) == ("Bia Lima", ("+55 11 90000-0002",))


def test_a_picked_button() -> None:
    assert message(body="Sim", _data={"selectedButtonId": "yes"}).content.choice == Choice(
        title="Sim", payload="yes"
    )


def test_a_quote() -> None:
    assert message(replyTo={"id": "3EB0ZZ", "body": "Confirma?"}).reply_to == f"{CHAT}_3EB0ZZ"
    assert message(replyTo={"id": "3EB0" + "Z" * 18}).reply_to == "3EB0" + "Z" * 18


def test_groups_name_the_author() -> None:
    event = message(
        id="false_1203@g.us_3EB0AAAAAAAAAAAAAAAA07_5511900000001@c.us",
        **{"from": "1203@g.us", "participant": CHAT},
    )
    assert (event.chat.chat_id, event.chat.is_group) == ("1203@g.us", True)
    assert event.provider_message_id == "3EB0AAAAAAAAAAAAAAAA07"
    assert [one.value for one in event.sender.identities] == ["+5511900000001"]


@pytest.mark.parametrize(
    "data",
    [
        {"key": {"remoteJidAlt": "5511900000001@s.whatsapp.net"}},
        {"key": {"senderPn": "5511900000001@s.whatsapp.net"}},
        {"Info": {"SenderAlt": "5511900000001:12@s.whatsapp.net"}},
    ],
)
def test_hidden_ids_with_the_phone_beside_them(data: dict[str, Any]) -> None:
    event = message(id=f"false_77001@lid_{RAW}", **{"from": "77001@lid"}, _data=data)
    assert event.chat.chat_id == "77001@lid"
    assert [one.value for one in event.sender.identities] == ["+5511900000001", "77001"]


@pytest.mark.parametrize("chat", ["status@broadcast", "123@newsletter", "123@broadcast"])
def test_stories_and_channels_are_of_no_interest(chat: str) -> None:
    event = message(id=f"false_{chat}_{RAW}", **{"from": chat})
    assert isinstance(event, Unknown)
    assert event.ignored is IgnoredReason.BROADCAST


@pytest.mark.parametrize(("source", "origin"), [("app", "phone"), ("api", "api"), (None, "phone")])
def test_echoes(source: str | None, origin: str) -> None:
    payload = {"id": f"true_{CHAT}_{RAW}", "from": "551140@c.us", "to": CHAT, "fromMe": True, "body": "oi"}
    event = read("message.any", payload | {"source": source})
    assert isinstance(event, EchoMessage)
    assert (event.origin, event.chat.chat_id) == (origin, CHAT)
    assert [one.value for one in event.recipient.identities] == ["+5511900000001"]


@pytest.mark.parametrize(
    ("ack", "state"), [(1, "sent"), (2, "delivered"), (3, "read"), (4, "played"), (-1, "failed")]
)
def test_acks(ack: int, state: str) -> None:
    event = read("message.ack", {"id": f"true_{CHAT}_{RAW}", "from": CHAT, "fromMe": True, "ack": ack})
    assert isinstance(event, DeliveryStatus)
    assert (event.state, event.provider_message_id) == (state, RAW)
    assert (event.error_key is not None) is (state == "failed")


@pytest.mark.parametrize(("ack", "ignored"), [(0, True), (9, False), ("3", False), (True, False), (None, False)])
def test_odd_acks(ack: Any, ignored: bool) -> None:
    event = read("message.ack", {"id": f"true_{CHAT}_{RAW}", "fromMe": True, "ack": ack})
    assert isinstance(event, Unknown)
    assert (event.ignored is IgnoredReason.NOT_NEEDED) is ignored


def test_an_ack_finds_its_message_under_phone_and_hidden_id_alike() -> None:
    keys = {
        read("message.ack", {"id": f"true_{chat}_{RAW}", "fromMe": True, "ack": 3}).provider_message_id
        for chat in (CHAT, "77001@lid", "5511900000001@s.whatsapp.net")
    }
    assert keys == {RAW}


def test_reactions() -> None:
    payload = {"id": f"false_{CHAT}_3EB0AA08", "from": CHAT, "participant": CHAT, "timestamp": 1752750000.5}
    given = read("message.reaction", payload | {"reaction": {"text": "👍", "messageId": f"true_{CHAT}_{RAW}"}})
    assert isinstance(given, Reaction)
    assert (given.emoji, given.provider_message_id) == ("👍", RAW)
    taken = read("message.reaction", payload | {"reaction": {"text": "", "messageId": f"true_{CHAT}_{RAW}"}})
    assert taken.emoji is None


def test_edits_and_revocations_name_the_original() -> None:
    edit = {"id": f"false_{CHAT}_3EB0AB", "from": CHAT, "editedMessageId": RAW, "body": "oi!"}
    edited = read("message.edited", edit)
    assert isinstance(edited, Edited)
    assert (edited.provider_message_id, edited.text, edited.chat.chat_id) == (RAW, "oi!", CHAT)  # type: ignore[union-attr]
    gone = read(
        "message.revoked", {"revokedMessageId": RAW, "after": {"id": f"false_{CHAT}_3EB0AC"}, "before": None}
    )
    assert isinstance(gone, Revoked)
    assert gone.provider_message_id == RAW
    short = read("message.revoked", {"revokedMessageId": "AA01", "after": {"id": f"false_{CHAT}_3EB0AC"}})
    assert short.provider_message_id == message(id=f"false_{CHAT}_AA01").provider_message_id


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("STARTING", ChannelStatus.CONNECTING),
        ("SCAN_QR_CODE", ChannelStatus.WAITING_QR),
        ("WORKING", ChannelStatus.CONNECTED),
        ("FAILED", ChannelStatus.FAILED),
        ("STOPPED", ChannelStatus.DISCONNECTED),
    ],
)
def test_session(status: str, state: ChannelStatus) -> None:
    me = {"id": "551140000000@c.us", "pushName": "Loja"}
    event = read("session.status", {"name": "t1", "status": status}, me=me, timestamp=1752750000000)
    assert isinstance(event, SessionStatus)
    assert event.state is state
    assert (event.own_address == "+551140000000") is (state is ChannelStatus.CONNECTED)


def test_typing() -> None:
    presences = [{"participant": CHAT, "lastKnownPresence": "recording"}]
    event = read("presence.update", {"id": CHAT, "presences": presences})
    assert isinstance(event, Typing)
    assert (event.active, event.recording) == (True, True)


@pytest.mark.parametrize(
    "kind", ["group.v2.join", "call.received", "label.upsert", "message.waiting", "poll.vote"]
)
def test_of_no_interest(kind: str) -> None:
    assert read(kind, {"id": "x"}).ignored is IgnoredReason.NOT_NEEDED


@pytest.mark.parametrize(
    "kind", ["message.reaction", "message.edited", "message.revoked", "message", "message.ack"]
)
def test_without_what_they_need_they_are_shown(kind: str) -> None:
    event = read(kind, {"from": CHAT})
    assert isinstance(event, Unknown)
    assert event.ignored is None


@pytest.mark.parametrize("wrong", [None, "gestern", -5, 1e30, 10_000_000_000, True, "nan"])
def test_wrong_clocks_fall_back_to_the_arrival(wrong: Any) -> None:
    assert message(timestamp=wrong).occurred_at == NOW
    assert message(timestamp="1752750000").occurred_at < NOW - timedelta(days=1)


def test_ids_in_every_shape() -> None:
    assert parse_message_id({"_serialized": f"true_{CHAT}_{RAW}"}) == parse_message_id(f"true_{CHAT}_{RAW}")
    keyed = parse_message_id({"id": RAW, "remoteJid": "5511900000001@s.whatsapp.net", "fromMe": True})
    assert keyed == parse_message_id(f"true_{CHAT}_{RAW}")
    assert normal_chat("5511900000001:33@s.whatsapp.net") == CHAT
    for raw in (RAW, "AA01"):
        key = message_key(raw, CHAT)
        assert full_id(key, CHAT, True) == f"true_{CHAT}_{raw}"
    assert message_key("AA01", CHAT) != message_key("AA01", "5511900000002@c.us")
