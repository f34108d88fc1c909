"""What customers write becomes contact, conversation, message and deal; once, in any order, whatever it holds."""



from crm_app.domains.inbox.models import DeliveryStatus, Direction
from tests.inbox.conftest import CUSTOMER, Desk, inbound


async def test_a_first_message_makes_contact_conversation_message_and_deal(desk: Desk) -> None:
    await desk.hear(inbound("Oi, quanto custa?"))
    row = await desk.only()
    assert (row.contact_name, row.contact_phone) == ("Helena Prates", CUSTOMER)
    assert (row.unread_count, row.last_message_preview) == (1, "Oi, quanto custa?")
    assert row.waiting_since is not None
    (message,) = await desk.thread()
    assert (message.direction, message.body) == (Direction.INBOUND, "Oi, quanto custa?")
    assert message.status is DeliveryStatus.RECEIVED
    assert await desk.sql("SELECT 1 FROM activity WHERE kind = 'conversation.started'")
