"""The simulated network behaves like a vendor: signed calls, ticks, once only, switches, people by script."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from crm_app.core.database import unit_of_work
from crm_app.core.errors import Invalid, NotFound
from crm_app.domains.channels import event_log
from crm_app.domains.channels import service as channels
from crm_app.domains.channels.providers.base import Connection
from crm_app.domains.channels.schemas import (
    DeliveryStatus,
    InboundMessage,
    MediaKind,
    OutboundMedia,
    OutboundMessage,
    Typing,
)
from crm_app.domains.channels.simulator import service
from crm_app.domains.channels.simulator.scripts import SCRIPTS
from crm_app.domains.channels.simulator.views import PhoneFile, PhoneView
from tests.channels.conftest import MakeChannel
from tests.conftest import Tenant

NUMBER = "+5541999990101"


async def events_of(tenant: Tenant, channel_id: UUID) -> list[Any]:
    async with unit_of_work(tenant.owner) as session:
        ids = await session.scalars(
            text("SELECT id FROM inbound_event WHERE channel_id = :channel ORDER BY id"), {"channel": channel_id}
        )
        loaded = [await event_log.load_inbound_event(session, tenant.owner, event_id=one) for one in ids]
    return [event for one in loaded for event in one.events]


async def open_line(tenant: Tenant, channel_id: UUID) -> Connection:
    async with unit_of_work(tenant.owner) as session:
        return (await channels.open_provider(session, tenant.owner, channel_id=channel_id)).connection


async def open_phone(tenant: Tenant, channel_id: UUID) -> PhoneView:
    async with unit_of_work(tenant.owner) as session:
        return await service.open_phone(
            session, tenant.owner, channel_id=channel_id, number="(41) 99999-0101".replace("(", "+55("), name="Ana"
        )


def outbound(**more: Any) -> OutboundMessage:
    return OutboundMessage(**{"idempotency_key": uuid4(), "chat_id": NUMBER, "text": "Bom dia", **more})


async def test_what_the_customer_writes_arrives_as_a_signed_call(
    tenant: Tenant, make_channel: MakeChannel
) -> None:
    channel = await make_channel()
    phone = await open_phone(tenant, channel.id)
    voice = PhoneFile(
        kind=MediaKind.VOICE, mime_type="audio/webm", file_name="voz.webm", data=b"opus", duration_ms=4200
    )
    async with unit_of_work(tenant.owner) as session:
        await service.customer_types(session, tenant.owner, phone_id=phone.id, active=True)
        await service.customer_sends(session, tenant.owner, phone_id=phone.id, text="Oi 😊")
        await service.customer_sends(session, tenant.owner, phone_id=phone.id, file=voice)
    typing, first, second = await events_of(tenant, channel.id)
    assert isinstance(typing, Typing)
    assert typing.active
    assert isinstance(first, InboundMessage)
    assert (first.content.text, first.sender.name, first.chat.chat_id) == ("Oi 😊", "Ana", NUMBER)
    assert second.content.media.kind is MediaKind.VOICE
    assert second.content.media.duration_seconds == 4.2
    fetched = await (await open_line(tenant, channel.id)).fetch_media(second.content.media)
    assert (fetched.data, fetched.mime_type) == (b"opus", "audio/webm")


async def test_a_send_is_taken_once_however_often_it_is_tried(tenant: Tenant, make_channel: MakeChannel) -> None:
    channel = await make_channel()
    line, message = await open_line(tenant, channel.id), outbound()
    assert await line.find_sent(message) is None
    receipts = [await line.send(message) for _ in range(3)]
    assert receipts[0] == receipts[1] == receipts[2] == await line.find_sent(message)
    async with unit_of_work(tenant.owner) as session:
        (phone,) = await service.list_phones(session, tenant.owner, channel_id=channel.id)
        (bubble,) = await service.list_phone_messages(session, tenant.owner, phone_id=phone.id)
    assert (bubble.body, bubble.state, phone.unread) == ("Bom dia", "delivered", 1)


async def test_ticks_move_to_read_by_themselves(
    tenant: Tenant, make_channel: MakeChannel, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    channel = await make_channel()
    message = outbound()
    receipt = await (await open_line(tenant, channel.id)).send(message)
    await run_jobs()
    ticks = [event for event in await events_of(tenant, channel.id) if isinstance(event, DeliveryStatus)]
    assert [tick.state for tick in ticks] == ["delivered", "read"]
    assert {tick.provider_message_id for tick in ticks} == {receipt.provider_message_id}
    assert {tick.client_reference for tick in ticks} == {str(message.idempotency_key)}


async def test_switches(
    tenant: Tenant, make_channel: MakeChannel, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    channel = await make_channel()
    phone = await open_phone(tenant, channel.id)
    line = await open_line(tenant, channel.id)

    async def states() -> list[str]:
        await run_jobs()
        return [one.state for one in await events_of(tenant, channel.id) if isinstance(one, DeliveryStatus)]

    async def switch(**switches: bool) -> None:
        async with unit_of_work(tenant.owner) as session:
            await service.switch_phone(session, tenant.owner, phone_id=phone.id, **switches)

    await switch(reads=False, reachable=False)
    await line.send(outbound())
    assert await states() == []
    await switch(reachable=True)
    assert await states() == ["delivered"]
    await switch(reads=True)
    assert await states() == ["delivered", "read"]


async def test_the_business_reads_and_the_phone_shows_it(tenant: Tenant, make_channel: MakeChannel) -> None:
    channel = await make_channel()
    phone = await open_phone(tenant, channel.id)
    async with unit_of_work(tenant.owner) as session:
        await service.customer_sends(session, tenant.owner, phone_id=phone.id, text="Oi")
    (event,) = await events_of(tenant, channel.id)
    line = await open_line(tenant, channel.id)
    await line.mark_read(NUMBER, [event.provider_message_id])
    await line.show_typing(NUMBER, True)
    async with unit_of_work(tenant.owner) as session:
        (bubble,) = await service.list_phone_messages(session, tenant.owner, phone_id=phone.id)
    assert bubble.state == "read"


async def test_files_reach_the_phone(tenant: Tenant, make_channel: MakeChannel) -> None:
    channel = await make_channel()
    media = OutboundMedia(kind=MediaKind.DOCUMENT, mime_type="application/pdf", filename="p.pdf", data=b"%PDF")
    await (await open_line(tenant, channel.id)).send(outbound(media=media, text="Proposta"))
    async with unit_of_work(tenant.owner) as session:
        (phone,) = await service.list_phones(session, tenant.owner, channel_id=channel.id)
        (bubble,) = await service.list_phone_messages(session, tenant.owner, phone_id=phone.id)
        stored = await service.read_phone_file(session, tenant.owner, message_id=bubble.id)
    assert (bubble.kind, bubble.body, stored.data) == ("document", "Proposta", b"%PDF")


@pytest.mark.parametrize("words", ["", "   ", "\x00", "x" * 70_000])
async def test_bad_texts(tenant: Tenant, make_channel: MakeChannel, words: str) -> None:
    channel = await make_channel()
    phone = await open_phone(tenant, channel.id)
    with pytest.raises(Invalid):
        async with unit_of_work(tenant.owner) as session:
            await service.customer_sends(session, tenant.owner, phone_id=phone.id, text=words)


async def test_another_organization_sees_no_phone(
    tenant: Tenant, other_tenant: Tenant, make_channel: MakeChannel
) -> None:
    channel = await make_channel()
    phone = await open_phone(tenant, channel.id)
    stranger = other_tenant.owner
    attempts: list[Callable[[Any], Awaitable[Any]]] = [
        lambda session: service.list_phones(session, stranger, channel_id=channel.id),
        lambda session: service.list_phone_messages(session, stranger, phone_id=phone.id),
        lambda session: service.customer_sends(session, stranger, phone_id=phone.id, text="oi"),
        lambda session: service.switch_phone(session, stranger, phone_id=phone.id, reads=False),
        lambda session: service.start_script(session, stranger, channel_id=channel.id, script="clinic"),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            async with unit_of_work(stranger) as session:
                await attempt(session)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.key)
async def test_scripted_customers_open_and_answer(
    tenant: Tenant, make_channel: MakeChannel, run_jobs: Callable[[], Awaitable[None]], script: Any
) -> None:
    channel = await make_channel()
    async with unit_of_work(tenant.owner) as session:
        phone = await service.start_script(session, tenant.owner, channel_id=channel.id, script=script.key)
    await run_jobs()

    async def said() -> list[str]:
        return [one.content.text for one in await events_of(tenant, channel.id) if isinstance(one, InboundMessage)]

    assert await said() == list(script.opening)
    line = await open_line(tenant, channel.id)
    await line.send(outbound(chat_id=phone.number, text="O investimento é de R$ 2.400 por mês"))
    await run_jobs()
    expected = [*script.opening, *script.answer(0, "O investimento é de R$ 2.400 por mês")]
    assert await said() == expected
    for turn in range(1, len(script.turns) + 2):
        await line.send(outbound(chat_id=phone.number, text="Combinado"))
        await run_jobs()
        expected += script.answer(turn, "Combinado")
    assert await said() == expected
    assert len(expected) > len(script.opening) + len(script.turns) - 1


def test_scripts_react_to_what_they_are_told() -> None:
    clinic = SCRIPTS[0]
    assert clinic.answer(0, "Posso te ligar amanhã?") != clinic.answer(0, "Atendemos sim!")
    assert clinic.answer(99, "olá") == ()
    assert len(SCRIPTS) >= 5
