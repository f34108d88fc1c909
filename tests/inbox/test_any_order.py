"""Whatever the vendor tells about one message, in whatever order, before or after our commit: one outcome."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_app.domains.channels.schemas import OutboundMessage, ProviderReceipt
from crm_app.domains.inbox import rules, service
from crm_app.domains.inbox.models import DeliveryStatus
from crm_app.domains.inbox.services.delivery import deliver_message
from crm_app.domains.inbox.services.inbound import process_event
from tests.inbox.conftest import Desk, echo, inbound, moment, status

STATES = ["sent", "delivered", "read", "failed"]
HAPPENINGS = [*STATES, "echo", "phone echo", "reaction", "edit"]
happenings = st.lists(st.sampled_from(HAPPENINGS), max_size=7)
many = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def told(what: str, words: str, message_id: str, at: int) -> dict[str, Any]:
    chat = {"chat_id": "+5541999990101"}
    if what in STATES:
        return status(what, message_id=message_id, at=at)
    if what.endswith("echo"):
        return echo(words, message_id=message_id, at=at, origin="api" if what == "echo" else "phone")
    if what == "reaction":
        return {
            "type": "reaction",
            "provider_message_id": message_id,
            "chat": chat,
            "author": {},
            "from_me": False,
            "emoji": "👍",
            "occurred_at": moment(at),
        }
    return {
        "type": "edited",
        "provider_message_id": message_id,
        "chat": chat,
        "text": "Editada",
        "from_me": True,
        "occurred_at": moment(at),
    }


async def process(desk: Desk, events: list[dict[str, Any]]) -> None:
    for event in events:
        await desk.post(event)
    for (event_id,) in await desk.sql("SELECT id FROM inbound_event WHERE status = 'pending' ORDER BY id"):
        await process_event(desk.system, event_id=event_id, last_try=True)


@pytest.fixture
async def talk(desk: Desk) -> Desk:
    """A desk at which a customer has written."""
    await desk.hear(inbound("Oi"))
    return desk


@many
@given(before=happenings, after=happenings)
async def test_one_message_one_outcome(talk: Desk, before: list[str], after: list[str]) -> None:
    words, first = f"mensagem {uuid4()}", len(await talk.thread())
    known: list[str] = []

    async def while_we_wait(_: OutboundMessage, receipt: ProviderReceipt) -> None:
        known.append(receipt.provider_message_id)
        await process(talk, [told(what, words, known[0], at) for at, what in enumerate(before)])

    talk.network.before_answer = while_we_wait
    sent = await talk.send(words)
    await deliver_message(talk.system, message_id=sent.id)
    await process(talk, [told(what, words, known[0], 10 + at) for at, what in enumerate(after)])

    everything = [*before, *after]
    expected = DeliveryStatus.SENT
    for what in everything:
        if what in STATES:
            expected = rules.advance(expected, DeliveryStatus(what))
    message = await talk.call(service.get_message, message_id=sent.id)
    assert message.status is expected
    assert message.body == ("Editada" if "edit" in everything else words)
    assert len(message.reactions) == ("reaction" in everything)
    assert len(await talk.thread()) == first + 1
    assert await talk.sql("SELECT count(*) FROM early_report") == [(0,)]
    assert await talk.sql("SELECT count(*) FROM inbound_event WHERE status <> 'done'") == [(0,)]


@many
@given(st.permutations(["message", "edit", "reaction", "message", "reaction"]))
async def test_a_customers_message_and_what_follows_it(talk: Desk, order: list[str]) -> None:
    message_id, words = f"m-{uuid4()}", "Original"
    made = {
        "message": inbound(words, message_id=message_id, at=1),
        "edit": told("edit", words, message_id, 2),
        "reaction": told("reaction", words, message_id, 3),
    }
    before = (await talk.only()).unread_count
    await process(talk, [made[what] for what in order])
    ((body, reactions),) = await talk.sql(
        "SELECT body, data -> 'reactions' FROM message WHERE provider_message_id = :id", id=message_id
    )
    assert (body, len(reactions)) == ("Editada", 1)
    assert (await talk.only()).unread_count == before + 1
