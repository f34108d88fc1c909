"""What every provider must do, run against all of them. See `contract.py` for how a new one joins."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_app.domains.channels.models import ChannelStatus
from crm_app.domains.channels.providers.base import InboundRequest, ProviderSpec, Rejected, Unreadable
from crm_app.domains.channels.registry import PROVIDERS
from crm_app.domains.channels.schemas import (
    ChannelEvent,
    DeliveryStatus,
    InboundMessage,
    MediaDescriptor,
    MediaKind,
    OutboundMedia,
    OutboundMessage,
    Unknown,
)
from crm_app.domains.contacts.models import IdentityKind as ContactIdentityKind
from tests.channels.contract import NOW, PHONE, VENDORS, Playground, Vendor
from tests.conftest import Tenant

SECRET = "a webhook secret"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def spec(vendor: Vendor) -> ProviderSpec:
    return PROVIDERS[vendor.key]


def parsed(vendor: Vendor, body: bytes) -> list[ChannelEvent]:
    try:
        return list(spec(vendor).reader.parse(body, NOW))
    except Unreadable:
        return [Unknown(kind="unreadable", reason="")]


def outbound(play: Playground, **more: Any) -> OutboundMessage:
    return OutboundMessage(**{"idempotency_key": uuid4(), "chat_id": play.chat_id, "text": "Bom dia", **more})


@pytest.fixture(params=VENDORS, ids=lambda one: one.key)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    """Each provider in turn."""
    found: Vendor = request.param
    return found


def test_every_registered_provider_is_held_to_the_contract() -> None:
    assert {one.key for one in VENDORS} == set(PROVIDERS)


def test_keys_and_words(vendor: Vendor) -> None:
    assert spec(vendor).key == vendor.key
    assert len(vendor.key) <= 30
    assert spec(vendor).title


def test_a_right_signature_is_accepted_and_any_other_refused(vendor: Vendor) -> None:
    reader, body = spec(vendor).reader, vendor.message(1, "oi")
    call = vendor.sign(body, SECRET)
    assert reader.verify(call, SECRET)
    assert not reader.verify(call, SECRET + "x")
    assert not reader.verify(call, "")
    assert not reader.verify(InboundRequest(body + b" ", call.headers), SECRET)
    assert not reader.verify(InboundRequest(body, {}), SECRET)
    for name, value in call.headers.items():
        for changed in ("", "é", value[:-1], value + "0", value[::-1]):
            broken = InboundRequest(body, {**call.headers, name: changed})
            assert not reader.verify(broken, SECRET) or changed == ""


def test_one_event_has_one_name_and_another_has_another(vendor: Vendor) -> None:
    reader = spec(vendor).reader

    def name(body: bytes) -> str:
        return reader.identify(InboundRequest(body, {})).event_id

    assert name(vendor.message(1, "oi")) == name(vendor.message(1, "oi"))
    assert name(vendor.message(1, "oi")) != name(vendor.message(2, "oi"))


def test_events_of_one_conversation_share_a_lock(vendor: Vendor) -> None:
    identities = [
        spec(vendor).reader.identify(InboundRequest(body, {}))
        for body in (vendor.message(1, "a"), vendor.message(2, "b"), vendor.status("3EB0" + "A" * 18, "read"))
    ]
    assert len({one.lock_key for one in identities}) == 1
    assert identities[0].lock_key


@pytest.mark.parametrize("words", ["oi", "Ação 😀 ‏עברית", "<script>alert(1)</script>", "x" * 100_000, "a\x00b"])
def test_words_come_through(vendor: Vendor, words: str) -> None:
    (event,) = parsed(vendor, vendor.message(1, words))
    assert isinstance(event, InboundMessage)
    assert event.content.text == words.replace("\x00", "")
    assert event.occurred_at.tzinfo is not None
    assert [one.value for one in event.sender.identities] == [PHONE]
    assert {one.kind.value for one in event.sender.identities} <= {kind.value for kind in ContactIdentityKind}


@pytest.mark.parametrize("state", ["sent", "delivered", "read", "failed"])
def test_ticks(vendor: Vendor, state: str) -> None:
    (event,) = parsed(vendor, vendor.status("3EB0" + "A" * 18, state))
    assert isinstance(event, DeliveryStatus)
    assert (event.state, event.provider_message_id) == (state, "3EB0" + "A" * 18)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_nothing_breaks_a_reader(vendor: Vendor, body: bytes) -> None:
    identity = spec(vendor).reader.identify(InboundRequest(body, {}))
    assert identity.event_id
    assert parsed(vendor, body) is not None
    assert not spec(vendor).reader.verify(InboundRequest(body, {}), SECRET)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_known_event_with_odd_members_is_still_read(vendor: Vendor, data: st.DataObject) -> None:
    """Replace one member anywhere in a real event by anything."""
    whole = json.loads(
        data.draw(st.sampled_from([vendor.message(1, "oi"), vendor.status("3EB0" + "A" * 18, "read")]))
    )
    place = whole
    while True:
        name = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[name], dict) or data.draw(st.booleans()):
            break
        place = place[name]
    place[name] = data.draw(JSON)
    body = json.dumps(whole).encode()
    spec(vendor).reader.identify(InboundRequest(body, {}))
    for event in parsed(vendor, body):
        assert "\x00" not in event.model_dump_json().replace("\\u0000", "\x00")


async def test_sending_once_and_finding_again(vendor: Vendor, tenant: Tenant) -> None:
    async with vendor.open(tenant) as play:
        message = outbound(play, first_attempt_at=datetime.now(UTC))
        if spec(vendor).capabilities.finds_sent:
            assert await play.connection.find_sent(message) is None
        receipt = await play.connection.send(message)
        assert receipt.provider_message_id
        assert receipt.chat_id == play.chat_id
        if spec(vendor).capabilities.finds_sent:
            found = await play.connection.find_sent(message)
            assert found is not None
            assert found.provider_message_id == receipt.provider_message_id
        assert await play.count_sent() == 1


async def test_two_messages_with_the_same_words_are_two(vendor: Vendor, tenant: Tenant) -> None:
    async with vendor.open(tenant) as play:
        first, second = outbound(play), outbound(play)
        receipts = [await play.connection.send(one) for one in (first, second)]
        assert len({one.provider_message_id for one in receipts}) == 2
        assert await play.count_sent() == 2


async def test_every_kind_of_file_that_it_claims(vendor: Vendor, tenant: Tenant) -> None:
    mimes = {
        MediaKind.IMAGE: "image/png", MediaKind.AUDIO: "audio/mpeg", MediaKind.VOICE: "audio/ogg; codecs=opus",
        MediaKind.VIDEO: "video/mp4", MediaKind.DOCUMENT: "application/pdf", MediaKind.STICKER: "image/webp",
    }  # fmt: skip
    async with vendor.open(tenant) as play:
        for kind in sorted(spec(vendor).capabilities.media):
            media = OutboundMedia(kind=kind, mime_type=mimes[kind], filename="arquivo", data=b"\x01\x02")
            assert (await play.connection.send(outbound(play, media=media))).provider_message_id
        assert await play.count_sent() == len(spec(vendor).capabilities.media)


async def test_what_is_too_much_is_rejected_before_it_leaves(vendor: Vendor, tenant: Tenant) -> None:
    limits = spec(vendor).capabilities
    too_large = OutboundMedia(
        kind=MediaKind.DOCUMENT, mime_type="application/pdf", filename="a", data=bytes(limits.max_media_bytes + 1)
    )
    async with vendor.open(tenant) as play:
        for wrong in ({"text": "x" * (limits.max_text + 1)}, {"text": ""}, {"media": too_large}):
            with pytest.raises(Rejected) as caught:
                await play.connection.send(outbound(play, **wrong))
            assert caught.value.key.startswith("errors.channels.")
        assert await play.count_sent() == 0


async def test_a_file_that_is_gone_is_rejected(vendor: Vendor, tenant: Tenant) -> None:
    async with vendor.open(tenant) as play:
        for reference in ("", "nonsense", str(uuid4()), "http://localhost:3000/api/files/default/none"):
            with pytest.raises(Rejected):
                await play.connection.fetch_media(MediaDescriptor(kind=MediaKind.IMAGE, reference=reference))


async def test_connection_is_told(vendor: Vendor, tenant: Tenant) -> None:
    async with vendor.open(tenant) as play:
        assert (await play.connection.start_pairing()).state is ChannelStatus.CONNECTED
        assert (await play.connection.pairing()).state is ChannelStatus.CONNECTED
        await play.connection.mark_read(play.chat_id, ["M1"])
        await play.connection.show_typing(play.chat_id, True)
        assert list(await play.connection.complete([])) == []
        await play.connection.logout()
        await play.connection.logout()
