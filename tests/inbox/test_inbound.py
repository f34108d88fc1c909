"""What customers write becomes contact, conversation, message and deal; once, in any order, whatever it holds."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from crm_app.core import hub
from crm_app.core.database import unit_of_work
from crm_app.domains.channels import event_log
from crm_app.domains.channels.models import InboundStatus
from crm_app.domains.contacts import service as contacts
from crm_app.domains.inbox import service
from crm_app.domains.inbox.models import ConversationStatus, DeliveryStatus, Direction, MessageKind
from crm_app.domains.inbox.schemas import ConversationFilter
from crm_app.domains.inbox.services import inbound as processing
from crm_app.domains.pipeline.models import Pipeline, Stage
from tests.inbox.conftest import CUSTOMER, Desk, echo, inbound, moment, status


async def event_states(desk: Desk) -> list[tuple[str, str]]:
    return [tuple(row) for row in await desk.sql("SELECT status, error FROM inbound_event ORDER BY id")]


async def test_a_first_message_makes_contact_conversation_message_and_deal(desk: Desk) -> None:
    pipeline = Pipeline(organization_id=desk.actor.organization_id, name="Vendas", is_default=True)
    async with unit_of_work(desk.actor) as session:
        session.add(pipeline)
        await session.flush()
        session.add(Stage(organization_id=desk.actor.organization_id, pipeline_id=pipeline.id, name="Contato"))
    await desk.hear(inbound("Oi, quanto custa?"))
    row = await desk.only()
    assert (row.contact_name, row.contact_phone) == ("Helena Prates", CUSTOMER)
    assert (row.unread_count, row.last_message_preview) == (1, "Oi, quanto custa?")
    assert row.waiting_since is not None
    (message,) = await desk.thread()
    assert (message.direction, message.body) == (Direction.INBOUND, "Oi, quanto custa?")
    assert message.status is DeliveryStatus.RECEIVED
    assert [deal.contact_id for deal in await desk.sql("SELECT contact_id FROM deal")] == [row.contact_id]
    assert await desk.sql("SELECT 1 FROM activity WHERE kind = 'conversation.started'")
    assert await event_states(desk) == [("done", "")]


async def test_a_repeated_webhook_changes_nothing(desk: Desk) -> None:
    once = inbound("Oi", message_id="m-1")
    await desk.hear(once, event_id="e-1")
    await desk.hear(once, event_id="e-1")
    await desk.hear(once, event_id="e-2")  # the vendor's own repeat, under another event id
    assert len(await desk.thread()) == 1
    assert (await desk.only()).unread_count == 1


async def test_a_replayed_event_doubles_nothing(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    ((event_id,),) = await desk.sql("SELECT id FROM inbound_event")
    async with unit_of_work(desk.actor) as session:
        await event_log.replay_inbound_event(session, desk.actor, event_id=event_id)
    await desk.run_jobs()
    assert len(await desk.thread()) == 1
    assert await event_states(desk) == [("done", "")]


async def test_both_spellings_of_a_brazilian_mobile_are_one_conversation(desk: Desk) -> None:
    old = "+554199990101"
    await desk.hear(inbound("Um"))
    await desk.hear(
        inbound("Dois", chat={"chat_id": old}, sender={"identities": [{"kind": "phone", "value": old}]}), chat=old
    )
    assert [message.body for message in await desk.thread()] == ["Um", "Dois"]


async def test_a_hidden_id_with_a_phone_stays_with_the_person(desk: Desk) -> None:
    hidden = [{"kind": "whatsapp_lid", "value": "123456789"}, {"kind": "phone", "value": CUSTOMER}]
    await desk.hear(inbound("Um"))
    await desk.hear(inbound("Dois", chat={"chat_id": "123456789@lid"}, sender={"identities": hidden}))
    row = await desk.only()
    detail = await desk.call(service.get_conversation, conversation_id=row.id)
    assert detail.address == "123456789@lid"
    assert not [one for one in desk.network.seen if one[0] == "complete"]


async def test_the_vendor_is_asked_when_only_a_hidden_id_is_known(desk: Desk) -> None:
    hidden = [{"kind": "whatsapp_lid", "value": "987"}]
    await desk.hear(inbound("Oi", chat={"chat_id": "987@lid"}, sender={"identities": hidden, "name": "Ana"}))
    assert ("complete", 1) in desk.network.seen
    assert (await desk.only()).contact_name == "Ana"


async def test_customers_who_write_at_once_get_one_contact_and_one_conversation(desk: Desk) -> None:
    for number in range(6):
        await desk.post(inbound(f"Mensagem {number}"), chat=f"lock-{number}")
    ids = [row[0] for row in await desk.sql("SELECT id FROM inbound_event")]
    await asyncio.gather(*(processing.process_event(desk.system, event_id=each, last_try=True) for each in ids))
    assert len(await desk.thread()) == 6
    assert (await desk.only()).unread_count == 6
    assert await desk.sql("SELECT count(*) FROM contact") == [(1,)]


async def test_messages_of_one_chat_keep_their_order(desk: Desk) -> None:
    for number in range(20):
        await desk.post(inbound(f"{number}", at=0))
    await desk.run_jobs()
    assert [message.body for message in await desk.thread()] == [f"{number}" for number in range(20)]


HOSTILE = {
    "nul": ("a\x00b", "ab"),
    "right to left": ("\u202eevil\u202c مرحبا", "\u202eevil\u202c مرحبا"),
    "emoji": ("👩‍👩‍👧‍👦🏳️‍🌈", "👩‍👩‍👧‍👦🏳️‍🌈"),
    "script": ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    "long": ("x" * 100_000, "x" * 100_000),
    "longer": ("y" * 150_000, "y" * 100_000),
    "one long word after many": ("palavra " * 9_000 + "z" * 5_000, ("palavra " * 9_000 + "z" * 5_000)),
    "empty": ("", ""),
    "sql": ("'; DROP TABLE message; --", "'; DROP TABLE message; --"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_texts_are_kept_as_they_are(desk: Desk, name: str) -> None:
    written, kept = HOSTILE[name]
    await desk.hear(inbound(written))
    (message,) = await desk.thread()
    assert message.body == kept
    assert len((await desk.only()).last_message_preview) <= 200


async def test_a_hostile_profile_name_is_harmless(desk: Desk) -> None:
    who = {"identities": [{"kind": "phone", "value": CUSTOMER}], "name": "A\x00na\n<b>" + "x" * 500}
    await desk.hear(inbound(sender=who))
    name = (await desk.only()).contact_name
    assert name.startswith("Ana <b>")
    assert len(name) <= 200


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not json at all \x00\xff", "unreadable"),
        (b'[{"type": "message"}]', "unreadable"),
        (b'[{"type": "unknown", "kind": "poll", "reason": "new"}]', "poll: new"),
        (b'{"an": "object"}', "unreadable"),
    ],
)
async def test_what_nobody_understands_is_put_aside_and_can_be_replayed(
    desk: Desk, body: bytes, reason: str
) -> None:
    from crm_app.domains.channels import intake
    from crm_app.domains.channels.providers.base import InboundRequest

    await intake.receive("tin", desk.channel_id, InboundRequest(body, {}))
    await desk.run_jobs()
    ((state, error),) = await event_states(desk)
    assert state == InboundStatus.FAILED
    assert reason in error
    await desk.hear(inbound("Depois disto tudo segue"))
    assert len(await desk.thread()) == 1


async def test_a_message_from_nobody_is_put_aside(desk: Desk) -> None:
    await desk.hear(inbound(sender={"identities": []}))
    ((state, error),) = await event_states(desk)
    assert (state, "identity" in error) == ("failed", True)
    assert await desk.rows() == ()


IN_A_GROUP = {"chat": {"chat_id": "1@g.us", "is_group": True}}


async def test_what_is_ignored_says_why(desk: Desk) -> None:
    await desk.hear({"type": "unknown", "kind": "presence", "reason": "seen", "ignored": "not_needed"})
    await desk.hear({"type": "unknown", "kind": "message", "reason": "a story", "ignored": "broadcast"})
    await desk.hear(inbound(**IN_A_GROUP))
    await desk.hear(echo("Bom dia, grupo", message_id="e-1", **IN_A_GROUP))
    await desk.hear()
    reasons = ("not_needed", "broadcast", "group", "group", "not_needed")
    assert await event_states(desk) == [("ignored", reason) for reason in reasons]
    assert await desk.rows() == ()
    async with unit_of_work(desk.actor) as session:
        listed = await event_log.list_inbound_events(session, desk.actor, status=InboundStatus.IGNORED, limit=2)
        rest = await event_log.list_inbound_events(
            session, desk.actor, status=InboundStatus.IGNORED, cursor=listed.next_cursor
        )
    assert [event.error for event in (*listed.items, *rest.items)] == ["group", "group", "broadcast"]
    assert (await desk.sql("SELECT count(*) FROM inbound_event WHERE status = 'failed'"))[0][0] == 0


async def test_a_call_that_did_something_is_not_ignored(desk: Desk) -> None:
    await desk.hear(inbound(**IN_A_GROUP), inbound("Oi"))
    assert await event_states(desk) == [("done", "")]


async def test_what_was_ignored_is_kept_whole_and_can_be_replayed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.hear(inbound("Oi, grupo", **IN_A_GROUP))
    ((event_id,),) = await desk.sql("SELECT id FROM inbound_event")

    async def replay() -> None:
        async with unit_of_work(desk.actor) as session:
            await event_log.replay_inbound_event(session, desk.actor, event_id=event_id)
        await desk.run_jobs()

    await replay()
    assert await event_states(desk) == [("ignored", "group")]
    taken: list[str] = []

    async def takes_groups_in(*arguments: Any) -> None:
        taken.append(arguments[-1].content.text)

    monkeypatch.setattr(processing, "receive_message", takes_groups_in)
    await replay()
    assert taken == ["Oi, grupo"]
    assert await event_states(desk) == [("done", "")]


async def test_a_defect_is_tried_again_and_then_put_aside(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.post(inbound("Oi"))
    ((event_id,),) = await desk.sql("SELECT id FROM inbound_event")

    async def broken(*_: Any, **__: Any) -> bool:
        raise RuntimeError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(processing, "receive_message", broken)
        with pytest.raises(RuntimeError):
            await processing.process_event(desk.system, event_id=event_id, last_try=False)
        assert await event_states(desk) == [("pending", "")]
        await processing.process_event(desk.system, event_id=event_id, last_try=True)
    assert await event_states(desk) == [("failed", "RuntimeError: a defect")]
    await processing.process_event(desk.system, event_id=event_id, last_try=True)
    assert len(await desk.thread()) == 1


async def test_one_bad_event_in_a_call_takes_nothing_half_way(desk: Desk) -> None:
    await desk.hear(inbound("Oi"), {"type": "unknown", "kind": "x", "reason": "y"})
    assert await desk.rows() == ()
    assert (await event_states(desk))[0][0] == "failed"


async def test_a_time_in_the_future_does_not_stay_on_top(desk: Desk) -> None:
    await desk.hear(inbound("Do futuro", occurred_at="2999-01-01T00:00:00+00:00"))
    assert (await desk.only()).last_message_at.year < 2999


async def test_a_late_old_message_does_not_replace_the_newest_in_the_list(desk: Desk) -> None:
    await desk.hear(inbound("Nova", at=100))
    await desk.hear(inbound("Velha", at=10))
    row = await desk.only()
    assert (row.last_message_preview, row.unread_count) == ("Nova", 2)
    assert [message.body for message in await desk.thread()] == ["Velha", "Nova"]


async def test_a_resolved_conversation_opens_again(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    row = await desk.only()
    await desk.call(service.resolve_conversation, conversation_id=row.id)
    assert await desk.rows() == ()
    await desk.hear(inbound("Voltei", at=50))
    again = await desk.only()
    assert (again.id, again.status, again.unread_count) == (row.id, ConversationStatus.OPEN, 1)


async def test_location_contacts_and_unsupported_are_shown(desk: Desk) -> None:
    place = {"kind": "location", "location": {"latitude": -25.4, "longitude": -49.2, "name": "Loja"}}
    card = {"kind": "contacts", "contacts": [{"name": "Rui", "phones": ["+5541988887777"]}]}
    await desk.hear(inbound(content=place), inbound(content=card), inbound(content={"kind": "unsupported"}))
    first, second, third = await desk.thread()
    assert (first.kind, first.location and first.location.name) == (MessageKind.LOCATION, "Loja")
    assert second.contacts[0].phones == ("+5541988887777",)
    assert third.kind is MessageKind.UNSUPPORTED


async def test_edits_deletions_and_reactions(desk: Desk) -> None:
    await desk.hear(inbound("Oi", message_id="m-1"))
    chat = {"chat_id": CUSTOMER}
    person = {"identities": [{"kind": "phone", "value": CUSTOMER}]}
    edit = {"type": "edited", "provider_message_id": "m-1", "chat": chat, "from_me": False}
    reaction = {"type": "reaction", "provider_message_id": "m-1", "chat": chat, "author": person, "from_me": False}
    await desk.hear(edit | {"text": "Olá", "occurred_at": moment(20)})
    await desk.hear(edit | {"text": "antes", "occurred_at": moment(10)})
    await desk.hear(reaction | {"emoji": "👍", "occurred_at": moment(30)})
    (message,) = await desk.thread()
    assert (message.body, [each.emoji for each in message.reactions]) == ("Olá", ["👍"])
    assert (await desk.only()).last_message_preview == "Olá"
    await desk.hear(reaction | {"emoji": None, "occurred_at": moment(40)})
    await desk.hear(reaction | {"emoji": "😡", "occurred_at": moment(35)})
    await desk.hear(
        {
            "type": "revoked",
            "provider_message_id": "m-1",
            "chat": chat,
            "from_me": False,
            "occurred_at": moment(50),
        }
    )
    (message,) = await desk.thread()
    assert (message.body, message.reactions) == ("", ())
    assert message.revoked_at is not None
    assert (await desk.only()).last_message_preview == ""


async def test_what_was_reported_too_early_is_applied_when_the_message_comes(desk: Desk) -> None:
    chat = {"chat_id": CUSTOMER}
    await desk.hear(
        {
            "type": "edited",
            "provider_message_id": "m-9",
            "chat": chat,
            "text": "Certo",
            "from_me": False,
            "occurred_at": moment(20),
        }
    )
    await desk.hear(inbound("Erado", message_id="m-9", at=10))
    (message,) = await desk.thread()
    assert message.body == "Certo"
    assert await desk.sql("SELECT count(*) FROM early_report") == [(0,)]


async def test_typing_is_told_and_not_stored(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    heard: list[dict[str, Any]] = []

    async def listener(fact: dict[str, Any]) -> None:
        heard.append(fact)

    stop = hub.listen(listener)
    typing = {"type": "typing", "chat": {"chat_id": CUSTOMER}, "author": {}, "active": True}
    await desk.hear(typing | {"occurred_at": moment(1)})
    await hub.drain()
    stop()
    (fact,) = [each for each in heard if each["name"] == "typing"]
    assert (fact["active"], fact["user_id"]) == (True, None)
    assert len(await desk.thread()) == 1


async def test_facts_carry_ids_and_no_words(desk: Desk) -> None:
    heard: list[dict[str, Any]] = []

    async def listener(fact: dict[str, Any]) -> None:
        heard.append(fact)

    stop = hub.listen(listener)
    await desk.hear(inbound("segredo"))
    await hub.drain()
    stop()
    names = {fact["name"] for fact in heard}
    assert {"message.received", "message.created", "conversation.created", "conversation.updated"} <= names
    assert "segredo" not in str(heard)


async def test_the_session_of_the_channel_is_noted(desk: Desk) -> None:
    later = "2999-01-01T00:00:00+00:00"
    await desk.hear({"type": "session", "state": "disconnected", "occurred_at": later, "detail": "logout"})
    assert await desk.sql("SELECT status, status_detail FROM channel") == [("disconnected", "logout")]


async def test_a_reply_quotes_the_original(desk: Desk) -> None:
    await desk.hear(inbound("Quanto custa?", message_id="m-1"))
    await desk.hear(inbound("E o prazo?", reply_to="m-1", at=5))
    await desk.hear(inbound("Alô?", reply_to="m-unknown", at=6))
    first, second, third = await desk.thread()
    assert second.reply_to is not None
    assert (second.reply_to.id, second.reply_to.preview) == (first.id, "Quanto custa?")
    assert second.reply_to.author_name == "Helena Prates"
    assert third.reply_to is not None
    assert third.reply_to.id is None


async def test_a_first_message_revives_an_archived_contact(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    contact_id = (await desk.only()).contact_id
    await desk.call(contacts.archive_contact, contact_id=contact_id)
    await desk.hear(inbound("Oi", chat={"chat_id": "outro"}, at=9))
    found = await desk.call(contacts.get_contact, contact_id=contact_id)
    assert found.archived_at is None


async def test_a_message_typed_on_the_phone_is_ours(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    await desk.hear(echo("Bom dia!", message_id="p-1", at=5))
    await desk.hear(echo("Bom dia!", message_id="p-1", at=5))
    await desk.hear(status("read", message_id="p-1", at=9))
    _, ours = await desk.thread()
    assert (ours.direction, ours.from_phone, ours.status) == (Direction.OUTBOUND, True, DeliveryStatus.READ)
    row = await desk.only()
    assert (row.unread_count, row.waiting_since) == (0, None)


async def test_a_bare_phone_gets_its_name_when_the_customer_writes(desk: Desk) -> None:
    await desk.hear(echo("Bom dia!", message_id="p-1"))
    assert (await desk.only()).contact_name == "(41) 99999-0101"
    await desk.hear(inbound("Oi", at=5))
    assert (await desk.only()).contact_name == "Helena Prates"


async def test_filters_boxes_and_counters(desk: Desk) -> None:
    for number in range(3):
        phone = f"+554199990{number}00"
        who = {"identities": [{"kind": "phone", "value": phone}], "name": f"Cliente {number}"}
        await desk.hear(inbound(f"Oi {number}", chat={"chat_id": phone}, sender=who, at=number), chat=phone)
    newest, middle, oldest = await desk.rows()
    assert [row.contact_name for row in (newest, middle, oldest)] == ["Cliente 2", "Cliente 1", "Cliente 0"]
    await desk.call(service.assign_conversation, conversation_id=newest.id, user_id=desk.actor.user_id)
    await desk.call(service.mark_read, conversation_id=middle.id)
    await desk.call(service.resolve_conversation, conversation_id=oldest.id)

    async def ids(**wanted: Any) -> list[UUID]:
        page = await desk.call(service.list_conversations, filters=ConversationFilter(**wanted))
        return [row.id for row in page.items]

    assert await ids(box="mine") == [newest.id]
    assert await ids(box="queue") == [middle.id]
    assert await ids(status=None) == [newest.id, middle.id, oldest.id]
    assert await ids(status="resolved") == [oldest.id]
    assert await ids(unread=True) == [newest.id]
    assert await ids(contact_id=middle.contact_id) == [middle.id]
    assert await ids(channel_id=uuid4()) == []
    assert await ids(assignee_id=desk.actor.user_id) == [newest.id]
    counters = await desk.call(service.count_conversations)
    assert (counters.all, counters.mine, counters.queue, counters.unread) == (2, 1, 1, 1)
    first = await desk.call(service.list_conversations, filters=ConversationFilter(status=None), limit=2)
    rest = await desk.call(
        service.list_conversations, filters=ConversationFilter(status=None), limit=2, cursor=first.next_cursor
    )
    assert [row.id for row in (*first.items, *rest.items)] == [newest.id, middle.id, oldest.id]
    assert rest.next_cursor is None
