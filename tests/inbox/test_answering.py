"""An answer that leaves marks as read what it answers, as opening the conversation does."""

from crm_app.domains.inbox import service
from tests.inbox.conftest import Desk, echo, inbound


def read_marks(desk: Desk) -> list[list[str]]:
    """Return which messages the customer has seen turn blue, one list for each telling."""
    return [ids for name, (_, ids) in desk.network.seen if name == "read"]


async def test_answering_marks_as_read_as_opening_does(desk: Desk) -> None:
    await desk.hear(inbound("Oi", message_id="m-1"))
    await desk.hear(inbound("Tem alguém?", message_id="m-2", at=1))
    await desk.send("Tem sim")
    await desk.send("Pode falar")
    assert (await desk.only()).unread_count == 2
    assert read_marks(desk) == []
    await desk.run_jobs()
    assert (await desk.only()).unread_count == 0
    assert read_marks(desk) == [["m-1", "m-2"]]


async def test_what_comes_while_an_answer_waits_stays_unread(desk: Desk) -> None:
    await desk.hear(inbound("Oi", message_id="m-1"))
    await desk.send("Bom dia", undo_seconds=5)
    # The vendor's clock is behind ours: the order in which we heard and wrote decides.
    await desk.hear(inbound("Mais uma coisa", message_id="m-2", at=1))
    assert ((await desk.only()).unread_count, read_marks(desk)) == (2, [])
    await desk.leave_now()
    assert ((await desk.only()).unread_count, read_marks(desk)) == (1, [["m-1"]])


async def test_an_answer_that_was_taken_back_marks_nothing_as_read(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    held = await desk.send("Ops", undo_seconds=5)
    await desk.run_jobs()
    await desk.call(service.undo_send, message_id=held.id)
    await desk.leave_now()
    assert ((await desk.only()).unread_count, read_marks(desk)) == (1, [])


async def test_what_was_read_before_is_not_told_again(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    await desk.call(service.mark_read, conversation_id=(await desk.only()).id)
    await desk.send("Oi!")
    await desk.run_jobs()
    assert len(read_marks(desk)) == 1


async def test_an_answer_typed_on_the_phone_was_read_there(desk: Desk) -> None:
    await desk.hear(inbound("Oi"))
    await desk.hear(echo("Respondi daqui", message_id="e-9", at=5, origin="phone"))
    assert ((await desk.only()).unread_count, read_marks(desk)) == (0, [])
