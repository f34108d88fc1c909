"""What we send leaves once, in order, and whoever waits for it learns how far it came."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from crm_app.core import hub
from crm_app.core.database import unit_of_work
from crm_app.core.errors import Conflict, Forbidden, Invalid
from crm_app.core.queue import queue
from crm_app.core.tenancy import Actor
from crm_app.domains.channels import service as channels
from crm_app.domains.channels.providers.base import ActionRequired, Rejected, RetryLater
from crm_app.domains.channels.schemas import OutboundMessage, ProviderReceipt
from crm_app.domains.contacts import service as contacts
from crm_app.domains.contacts.schemas import ContactCreate
from crm_app.domains.inbox import rules, service
from crm_app.domains.inbox.errors import (
    AlreadySent,
    CannotQuote,
    ChannelGone,
    EmptyMessage,
    NoAddress,
    NotFailed,
    TextTooLong,
    TryLater,
)
from crm_app.domains.inbox.models import DeliveryStatus, Direction
from crm_app.domains.inbox.schemas import MessageView
from crm_app.domains.inbox.services.delivery import deliver_message
from crm_app.domains.plans.errors import LimitReached
from tests.conftest import MakeActor
from tests.inbox.conftest import Desk, echo, inbound, status
from tests.plans.having import have_plan


@pytest.fixture
async def talk(desk: Desk) -> Desk:
    """A desk at which a customer has written."""
    await desk.hear(inbound("Oi"))
    return desk


async def fresh(desk: Desk, message: MessageView) -> MessageView:
    return await desk.call(service.get_message, message_id=message.id)


async def test_a_message_is_born_with_its_job_and_leaves(talk: Desk) -> None:
    sent = await talk.send("Bom dia!")
    assert (sent.status, sent.body, sent.direction) == (DeliveryStatus.PENDING, "Bom dia!", Direction.OUTBOUND)
    assert talk.network.taken() == []
    await talk.run_jobs()
    (taken,) = talk.network.taken()
    assert (taken["key"], taken["text"]) == (str(sent.id), "Bom dia!")
    assert (await fresh(talk, sent)).status is DeliveryStatus.SENT
    row = await talk.only()
    assert (row.unread_count, row.waiting_since, row.last_message_preview) == (0, None, "Bom dia!")
    assert row.assignee is not None
    assert row.assignee.id == talk.actor.user_id


async def test_a_rollback_takes_message_and_job_with_it(talk: Desk) -> None:
    row = await talk.only()

    async def send_and_fail() -> None:
        async with unit_of_work(talk.actor) as session:
            await service.send_message(
                session, talk.actor, conversation_id=row.id, body="Nunca", idempotency_key=uuid4().hex
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await send_and_fail()
    await talk.run_jobs()
    assert (len(await talk.thread()), talk.network.taken()) == (1, [])


async def test_a_repeated_key_sends_once(talk: Desk) -> None:
    first = await talk.send("Oi", idempotency_key="chave-0001")
    second = await talk.send("Oi", idempotency_key="chave-0001")
    await talk.run_jobs()
    assert first.id == second.id
    assert len(talk.network.taken()) == 1
    assert second.client_key == "chave-0001"


async def test_the_same_key_at_once_sends_once(talk: Desk) -> None:
    both = await asyncio.gather(*(talk.send("Oi", idempotency_key="chave-0002") for _ in range(4)))
    await talk.run_jobs()
    assert len({message.id for message in both}) == 1
    assert len(talk.network.taken()) == 1


async def test_messages_leave_in_the_order_of_sending(talk: Desk) -> None:
    for number in range(12):
        await talk.send(f"{number}")
    await talk.run_jobs()
    assert [taken["text"] for taken in talk.network.taken()] == [f"{number}" for number in range(12)]


async def test_statuses_arrive_and_only_move_forward(talk: Desk) -> None:
    sent = await talk.send("Oi")
    await talk.run_jobs()
    (taken,) = talk.network.taken()
    await talk.hear(status("read", message_id=taken["id"], at=9))
    await talk.hear(status("delivered", message_id=taken["id"], at=5))
    await talk.hear(status("failed", message_id=taken["id"], at=11))
    assert (await fresh(talk, sent)).status is DeliveryStatus.READ


async def test_a_status_may_come_before_our_own_commit(talk: Desk) -> None:
    async def faster(message: OutboundMessage, receipt: ProviderReceipt) -> None:
        await talk.post(status("delivered", message_id=receipt.provider_message_id, at=3))
        await process_waiting(talk)

    talk.network.before_answer = faster
    sent = await talk.send("Oi")
    await deliver_message(talk.system, message_id=sent.id)
    assert (await fresh(talk, sent)).status is DeliveryStatus.DELIVERED
    assert await talk.sql("SELECT count(*) FROM early_report") == [(0,)]


async def process_waiting(desk: Desk) -> None:
    """Process raw events without the worker, which is busy with the delivery."""
    from crm_app.domains.inbox.services.inbound import process_event

    for (event_id,) in await desk.sql("SELECT id FROM inbound_event WHERE status = 'pending' ORDER BY id"):
        await process_event(desk.system, event_id=event_id, last_try=True)


@pytest.mark.parametrize("origin", ["api", "phone"])
async def test_an_echo_may_come_before_our_own_commit(talk: Desk, origin: str) -> None:
    async def faster(message: OutboundMessage, receipt: ProviderReceipt) -> None:
        await talk.post(echo("Oi", message_id=receipt.provider_message_id, at=3, origin=origin))
        await talk.post(status("read", message_id=receipt.provider_message_id, at=4))
        await process_waiting(talk)

    talk.network.before_answer = faster
    sent = await talk.send("Oi")
    await deliver_message(talk.system, message_id=sent.id)
    _, ours = await talk.thread()
    assert (ours.id, ours.status, ours.from_phone) == (sent.id, DeliveryStatus.READ, False)
    assert await talk.sql("SELECT count(*) FROM message_status WHERE status = 'read'") == [(1,)]


async def test_an_echo_with_our_reference_confirms_the_send(talk: Desk) -> None:
    talk.network.mood = [RetryLater(maybe_accepted=True)]
    sent = await talk.send("Oi")
    with pytest.raises(TryLater):
        await deliver_message(talk.system, message_id=sent.id)
    await talk.post(echo("Oi", message_id="v-1", origin="api", client_reference=str(sent.id)))
    await process_waiting(talk)
    assert (await fresh(talk, sent)).status is DeliveryStatus.SENT
    await deliver_message(talk.system, message_id=sent.id)
    assert talk.network.taken() == []


async def test_a_status_with_our_reference_confirms_the_send(talk: Desk) -> None:
    talk.network.mood = [RetryLater(maybe_accepted=True)]
    sent = await talk.send("Oi")
    with pytest.raises(TryLater):
        await deliver_message(talk.system, message_id=sent.id)
    await talk.post(status("delivered", message_id="v-1", client_reference=str(sent.id)))
    await process_waiting(talk)
    assert (await fresh(talk, sent)).status is DeliveryStatus.DELIVERED


async def test_an_echo_of_another_program_is_shown(talk: Desk) -> None:
    await talk.hear(echo("De outro sistema", message_id="x-1", origin="api"))
    _, ours = await talk.thread()
    assert (ours.body, ours.from_phone) == ("De outro sistema", False)


async def test_a_vendor_that_is_busy_is_asked_again(talk: Desk) -> None:
    talk.network.mood = [RetryLater(), RetryLater(after=timedelta(minutes=3))]
    sent = await talk.send("Oi")
    with pytest.raises(TryLater) as first:
        await deliver_message(talk.system, message_id=sent.id)
    assert timedelta(seconds=1) <= first.value.delay <= timedelta(seconds=2)
    assert (await fresh(talk, sent)).status is DeliveryStatus.PENDING
    with pytest.raises(TryLater) as second:
        await deliver_message(talk.system, message_id=sent.id)
    assert second.value.delay == timedelta(minutes=3)
    await deliver_message(talk.system, message_id=sent.id)
    assert len(talk.network.taken()) == 1
    assert talk.network.seen == []  # certainly not taken, so nobody had to ask


async def test_the_queue_keeps_order_while_a_message_waits(talk: Desk) -> None:
    talk.network.mood = [RetryLater(after=timedelta(minutes=1))]
    await talk.send("Um")
    await talk.send("Dois")
    await queue.run_worker_async(wait=False, listen_notify=False, install_signal_handlers=False)
    assert talk.network.taken() == []
    async with unit_of_work(talk.actor) as session:
        await session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"))
    await talk.run_jobs()
    assert [taken["text"] for taken in talk.network.taken()] == ["Um", "Dois"]


async def test_an_uncertain_send_is_looked_up_and_never_repeated(talk: Desk) -> None:
    talk.network.mood = [RetryLater(maybe_accepted=True, taken=True)]
    sent = await talk.send("Oi")
    with pytest.raises(TryLater):
        await deliver_message(talk.system, message_id=sent.id)
    await deliver_message(talk.system, message_id=sent.id)
    assert len(talk.network.taken()) == 1
    assert (await fresh(talk, sent)).status is DeliveryStatus.SENT
    ((_, asked),) = talk.network.seen
    assert (asked.attempt, asked.first_attempt_at is not None) == (2, True)


async def test_an_uncertain_send_that_was_not_taken_is_sent(talk: Desk) -> None:
    talk.network.mood = [RetryLater(maybe_accepted=True)]
    sent = await talk.send("Oi")
    with pytest.raises(TryLater):
        await deliver_message(talk.system, message_id=sent.id)
    await deliver_message(talk.system, message_id=sent.id)
    assert len(talk.network.taken()) == 1


async def test_a_defect_in_the_line_counts_as_uncertain(talk: Desk) -> None:
    talk.network.mood = [ValueError("a defect")]
    sent = await talk.send("Oi")
    with pytest.raises(TryLater):
        await deliver_message(talk.system, message_id=sent.id)
    await deliver_message(talk.system, message_id=sent.id)
    assert [name for name, _ in talk.network.seen] == ["find"]
    assert len(talk.network.taken()) == 1


async def test_a_delivery_that_cannot_begin_is_given_up_after_a_while(
    talk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ValueError("the seal is broken")

    sent = await talk.send("Oi")
    with monkeypatch.context() as patch:
        patch.setattr(channels, "open_provider", broken)
        for _ in range(rules.MAX_ATTEMPTS - 1):
            with pytest.raises(TryLater):
                await deliver_message(talk.system, message_id=sent.id)
        await deliver_message(talk.system, message_id=sent.id)
    assert (await fresh(talk, sent)).error_key == "errors.unexpected"
    await talk.call(service.replay_message, message_id=sent.id)
    await talk.run_jobs()
    assert (await fresh(talk, sent)).status is DeliveryStatus.SENT
    assert len(talk.network.taken()) == 1


async def test_when_the_vendor_cannot_tell_a_person_decides(talk: Desk) -> None:
    talk.network.mood = [RetryLater(maybe_accepted=True)]
    talk.network.finds = False
    sent = await talk.send("Oi")
    with pytest.raises(TryLater):
        await deliver_message(talk.system, message_id=sent.id)
    await deliver_message(talk.system, message_id=sent.id)
    failed = await fresh(talk, sent)
    assert (failed.status, failed.error_key) == (DeliveryStatus.FAILED, "errors.channels.outcome_unknown")
    assert talk.network.taken() == []
    await talk.call(service.replay_message, message_id=sent.id)
    await deliver_message(talk.system, message_id=sent.id)
    assert len(talk.network.taken()) == 1


async def test_an_echo_settles_what_the_vendor_could_not_tell(talk: Desk) -> None:
    talk.network.mood = [RetryLater(maybe_accepted=True, taken=True)]
    talk.network.finds = False
    sent = await talk.send("Oi")
    with pytest.raises(TryLater):
        await deliver_message(talk.system, message_id=sent.id)
    await deliver_message(talk.system, message_id=sent.id)
    assert (await fresh(talk, sent)).status is DeliveryStatus.FAILED
    await talk.post(echo("Oi", message_id=talk.network.taken()[0]["id"], origin="api"))
    await process_waiting(talk)
    assert (await fresh(talk, sent)).status is DeliveryStatus.SENT
    assert len(await talk.thread()) == 2


@pytest.mark.parametrize("refusal", [Rejected("errors.channels.no_whatsapp"), ActionRequired()])
async def test_a_refusal_is_told_with_its_reason(talk: Desk, refusal: Exception) -> None:
    talk.network.mood = [refusal]
    sent = await talk.send("Oi")
    await talk.run_jobs()
    failed = await fresh(talk, sent)
    assert (failed.status, failed.error_key) == (DeliveryStatus.FAILED, refusal.key)  # type: ignore[attr-defined]
    page = await talk.call(service.list_failed_deliveries)
    assert [(each.message.id, each.contact_name) for each in page.items] == [(sent.id, "Helena Prates")]
    assert (await talk.call(service.count_conversations)).failed_deliveries == 1


async def test_the_next_message_leaves_after_a_refused_one(talk: Desk) -> None:
    talk.network.mood = [Rejected()]
    await talk.send("Um")
    await talk.send("Dois")
    await talk.run_jobs()
    assert [taken["text"] for taken in talk.network.taken()] == ["Dois"]


async def test_exhaustion_ends_in_the_dead_letters_and_can_be_replayed(talk: Desk) -> None:
    talk.network.mood = [RetryLater() for _ in range(rules.MAX_ATTEMPTS)]
    sent = await talk.send("Oi")
    for _ in range(rules.MAX_ATTEMPTS - 1):
        with pytest.raises(TryLater):
            await deliver_message(talk.system, message_id=sent.id)
    await deliver_message(talk.system, message_id=sent.id)
    failed = await fresh(talk, sent)
    assert (failed.status, failed.error_key) == (DeliveryStatus.FAILED, "errors.channels.retry_later")
    await deliver_message(talk.system, message_id=sent.id)
    assert talk.network.taken() == []
    again = await talk.call(service.replay_message, message_id=sent.id)
    assert again.status is DeliveryStatus.PENDING
    await talk.run_jobs()
    assert (await fresh(talk, sent)).status is DeliveryStatus.SENT
    assert await talk.sql("SELECT count(*) FROM audit_entry WHERE action = 'message.replay'") == [(1,)]
    with pytest.raises(NotFailed):
        await talk.call(service.replay_message, message_id=sent.id)


async def test_replaying_needs_the_permission_or_authorship(talk: Desk, make_actor: MakeActor) -> None:
    talk.network.mood = [Rejected()]
    sent = await talk.send("Oi")
    await talk.run_jobs()
    seller = await make_actor("sales")
    with pytest.raises(Forbidden):
        async with unit_of_work(seller) as session:
            await service.replay_message(session, seller, message_id=sent.id)


async def test_two_workers_with_one_message_send_it_once(talk: Desk) -> None:
    sent = await talk.send("Oi")
    outcomes = await asyncio.gather(
        *(deliver_message(talk.system, message_id=sent.id) for _ in range(4)), return_exceptions=True
    )
    assert {type(each) for each in outcomes} <= {type(None), TryLater}
    assert len(talk.network.taken()) == 1


async def test_an_archived_channel_takes_nothing(talk: Desk) -> None:
    waiting = await talk.send("Antes")
    await talk.call(channels.archive_channel, channel_id=talk.channel_id)
    await talk.run_jobs()
    assert (await fresh(talk, waiting)).status is DeliveryStatus.FAILED
    with pytest.raises(ChannelGone):
        await talk.send("Depois")


async def test_undo_takes_a_held_message_away(talk: Desk) -> None:
    waiting = (await talk.only()).waiting_since
    held = await talk.send("Ops", undo_seconds=5)
    assert held.sends_at is not None
    assert (waiting is not None, (await talk.only()).waiting_since) == (True, None)
    await talk.run_jobs()
    assert talk.network.taken() == []
    await talk.call(service.undo_send, message_id=held.id)
    await talk.leave_now()
    assert (talk.network.taken(), len(await talk.thread())) == ([], 1)
    after = await talk.only()
    assert (after.last_message_preview, after.waiting_since) == ("Oi", waiting)
    detail = await talk.call(service.get_conversation, conversation_id=after.id)
    assert detail.first_response_at is None


async def test_undo_in_a_conversation_that_nobody_has_answered_yet(talk: Desk) -> None:
    """We wrote first: there is no question that this could have answered."""
    await talk.sql("DELETE FROM message WHERE direction = 'in' RETURNING id")
    await talk.sql("UPDATE conversation SET first_inbound_at = NULL, waiting_since = NULL RETURNING id")
    held = await talk.send("Ops", undo_seconds=5)
    await talk.call(service.undo_send, message_id=held.id)
    detail = await talk.call(service.get_conversation, conversation_id=held.conversation_id)
    assert (detail.first_response_at, detail.waiting_since) == (None, None)


async def test_of_two_answers_the_one_that_stays_counts(talk: Desk) -> None:
    taken, kept = await talk.send("Ops", undo_seconds=5), await talk.send("Agora sim", undo_seconds=5)
    await talk.call(service.undo_send, message_id=taken.id)
    detail = await talk.call(service.get_conversation, conversation_id=kept.conversation_id)
    assert (detail.waiting_since, detail.first_response_at) == (None, kept.occurred_at)


async def test_what_is_sent_meanwhile_does_not_overtake(talk: Desk) -> None:
    await talk.send("Primeiro", undo_seconds=1)
    await talk.send("Segundo")
    await talk.run_jobs()
    assert [one["text"] for one in talk.network.taken()] == ["Primeiro", "Segundo"]


async def test_what_has_left_cannot_be_undone(talk: Desk) -> None:
    sent = await talk.send("Oi")
    await talk.run_jobs()
    with pytest.raises(AlreadySent):
        await talk.call(service.undo_send, message_id=sent.id)


async def test_a_note_never_leaves(talk: Desk) -> None:
    row = await talk.only()
    note = await talk.call(
        service.add_note, conversation_id=row.id, body="Cliente antigo", idempotency_key="nota-0001"
    )
    await talk.run_jobs()
    assert (note.direction, note.author is not None) == (Direction.NOTE, True)
    assert talk.network.taken() == []
    assert (await talk.only()).waiting_since is not None


async def test_a_quote_travels_with_the_vendors_id(talk: Desk) -> None:
    (first,) = await talk.thread()
    ours = await talk.send("Resposta", reply_to=first.id)
    assert ours.reply_to is not None
    await talk.run_jobs()
    assert talk.network.taken()[0]["quoted"].startswith("in-")
    waiting = await talk.send("Ainda aqui")
    with pytest.raises(CannotQuote):
        await talk.send("Cita o que não saiu", reply_to=waiting.id)


@pytest.mark.parametrize(
    ("body", "key", "error"),
    [
        ("", "chave-0003", EmptyMessage),
        (" \n ", "chave-0003", EmptyMessage),
        ("x" * 100_001, "chave-0003", TextTooLong),
        ("Oi", "curta", Invalid),
        ("Oi", "á" * 10, Invalid),
        ("Oi", "x" * 81, Invalid),
    ],
)
async def test_what_cannot_be_sent_is_refused(talk: Desk, body: str, key: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await talk.send(body, idempotency_key=key)


async def test_nul_is_dropped_from_what_we_write(talk: Desk) -> None:
    sent = await talk.send("O\x00i\r\n")
    assert sent.body == "Oi"


async def test_a_key_of_another_conversation_is_a_conflict(talk: Desk) -> None:
    await talk.send("Oi", idempotency_key="chave-0004")
    contact = await talk.call(contacts.create_contact, data=ContactCreate(name="Rui", phone="+5541988887777"))
    other = await talk.call(service.start_conversation, contact_id=contact.id, channel_id=talk.channel_id)
    with pytest.raises(Conflict):
        await talk.call(service.send_message, conversation_id=other.id, body="Oi", idempotency_key="chave-0004")


async def test_we_may_write_first(talk: Desk) -> None:
    contact = await talk.call(contacts.create_contact, data=ContactCreate(name="Rui", phone="+5541988887777"))
    begun = await talk.call(service.start_conversation, contact_id=contact.id, channel_id=talk.channel_id)
    again = await talk.call(service.start_conversation, contact_id=contact.id, channel_id=talk.channel_id)
    assert begun.id == again.id
    await talk.call(service.send_message, conversation_id=begun.id, body="Olá", idempotency_key=uuid4().hex)
    await talk.run_jobs()
    assert talk.network.taken()[0]["chat"] == "+5541988887777"
    nobody = await talk.call(contacts.create_contact, data=ContactCreate(name="Sem telefone"))
    with pytest.raises(NoAddress):
        await talk.call(service.start_conversation, contact_id=nobody.id, channel_id=talk.channel_id)


async def test_reading_turns_ticks_blue_and_typing_is_shown(talk: Desk) -> None:
    row = await talk.only()
    heard: list[dict[str, Any]] = []

    async def listener(fact: dict[str, Any]) -> None:
        heard.append(fact)

    stop = hub.listen(listener)
    await talk.call(service.mark_read, conversation_id=row.id)
    await talk.call(service.mark_read, conversation_id=row.id)
    await talk.call(service.announce_typing, conversation_id=row.id)
    await talk.run_jobs()
    await hub.drain()
    stop()
    assert sorted(name for name, _ in talk.network.seen) == ["read", "typing"]
    (typing,) = [fact for fact in heard if fact["name"] == "typing"]
    assert (typing["user_name"], typing["active"]) == ("Owner de Teste", True)
    await talk.call(service.mark_unread, conversation_id=row.id)
    assert (await talk.only()).unread_count == 1


async def test_a_viewer_reads_and_changes_nothing(talk: Desk, make_actor: MakeActor) -> None:
    viewer: Actor = await make_actor("viewer")
    row = await talk.only()
    (message,) = await talk.thread()
    async with unit_of_work(viewer) as session:
        assert (await service.get_message(session, viewer, message_id=message.id)).body == "Oi"
    refused: list[tuple[Any, dict[str, Any]]] = [
        (service.send_message, {"conversation_id": row.id, "body": "x", "idempotency_key": "chave-0005"}),
        (service.add_note, {"conversation_id": row.id, "body": "x", "idempotency_key": "chave-0005"}),
        (service.mark_read, {"conversation_id": row.id}),
        (service.assign_conversation, {"conversation_id": row.id, "user_id": None}),
        (service.resolve_conversation, {"conversation_id": row.id}),
        (service.announce_typing, {"conversation_id": row.id}),
        (service.replay_message, {"message_id": message.id}),
        (service.store_upload, {"file_name": "x", "data": b"x"}),
    ]
    for use_case, arguments in refused:
        with pytest.raises(Forbidden):
            async with unit_of_work(viewer) as session:
                await use_case(session, viewer, **arguments)


async def test_assigning_and_resolving_are_audited_and_stand_in_the_timeline(
    talk: Desk, make_actor: MakeActor
) -> None:
    seller = await make_actor("sales")
    row = await talk.only()
    await talk.call(service.assign_conversation, conversation_id=row.id, user_id=seller.user_id)
    await talk.call(service.resolve_conversation, conversation_id=row.id)
    await talk.call(service.resolve_conversation, conversation_id=row.id)
    await talk.call(service.reopen_conversation, conversation_id=row.id)
    kinds = ["conversation.assigned", "conversation.resolved", "conversation.reopened"]
    found = await talk.sql("SELECT kind FROM activity WHERE kind = ANY(:kinds) ORDER BY id", kinds=kinds)
    assert [kind for (kind,) in found] == kinds
    audited = await talk.sql("SELECT action FROM audit_entry WHERE action = ANY(:kinds) ORDER BY id", kinds=kinds)
    assert [action for (action,) in audited] == kinds


async def test_the_answer_remembers_how_long_the_customer_waited(talk: Desk) -> None:
    sent = await talk.send("Oi")
    ((waited,),) = await talk.sql("SELECT response_seconds FROM message WHERE id = :id", id=sent.id)
    assert waited is not None
    detail = await talk.call(service.get_conversation, conversation_id=sent.conversation_id)
    assert detail.first_response_at == sent.occurred_at


async def test_windows_of_a_thread_meet_without_gap_or_overlap(talk: Desk) -> None:
    for number in range(1, 30):
        await talk.send(f"{number}")
    row = await talk.only()

    async def window(**place: Any) -> Any:
        return await talk.call(service.get_thread, conversation_id=row.id, limit=10, **place)

    last = await window()
    middle = await window(before=last.older)
    first = await window(before=middle.older)
    assert (first.older, last.newer) == (None, None)
    words = [message.body for part in (first, middle, last) for message in part.items]
    assert words == ["Oi", *(f"{number}" for number in range(1, 30))]
    forward = await window(after=first.newer)
    assert [message.id for message in forward.items] == [message.id for message in middle.items]
    around = await window(around=middle.items[5].id)
    assert middle.items[5].id in {message.id for message in around.items}
    assert 9 <= len(around.items) <= 11


@pytest.mark.parametrize("cursor", ["", "x", "W10", "WzEsMl0", "WyIyMDI2LTAxLTAxIiwgIngiXQ"])
async def test_a_broken_cursor_is_refused(talk: Desk, cursor: str) -> None:
    row = await talk.only()
    with pytest.raises(Invalid):
        await talk.call(service.get_thread, conversation_id=row.id, before=cursor)
    with pytest.raises(Invalid):
        await talk.call(service.list_conversations, cursor=cursor)


async def test_failed_deliveries_come_in_windows(talk: Desk) -> None:
    talk.network.mood = [Rejected() for _ in range(3)]
    sent: list[UUID] = [(await talk.send(f"{number}")).id for number in range(3)]
    await talk.run_jobs()
    first = await talk.call(service.list_failed_deliveries, limit=2)
    rest = await talk.call(service.list_failed_deliveries, limit=2, cursor=first.next_cursor)
    assert [each.message.id for each in (*first.items, *rest.items)] == sent[::-1]


async def test_the_months_messages_are_counted_and_end(talk: Desk) -> None:
    """Notes and arriving messages never count; what was taken back does not either."""
    await have_plan(talk.tenant, limits={"messages": 2})
    conversation_id = (await talk.only()).id
    await talk.send("Um", idempotency_key="chave-0001")
    await talk.send("Um", idempotency_key="chave-0001")  # the same one again
    held = await talk.send("Ops", undo_seconds=5)
    with pytest.raises(LimitReached) as refused:
        await talk.send("Demais")
    assert refused.value.key == "errors.limits.messages"
    await talk.call(service.undo_send, message_id=held.id)
    await talk.send("Dois")
    with pytest.raises(LimitReached):
        await talk.send("Demais")
    await talk.call(
        service.add_note, conversation_id=conversation_id, body="Cliente antigo", idempotency_key="nota-0001"
    )
    await talk.hear(inbound("Ainda aí?", at=60))
    await talk.leave_now()
    assert [one["text"] for one in talk.network.taken()] == ["Um", "Dois"]
    assert "Ainda aí?" in [one.body for one in await talk.thread()]
    assert "Demais" not in [one.body for one in await talk.thread()]
