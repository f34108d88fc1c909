"""Messages that come from the vendor: the customer's, and those that left from our own number."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.channels.models import IgnoredReason
from crm_app.domains.channels.schemas import (
    Chat,
    Content,
    ContentKind,
    EchoMessage,
    InboundMessage,
    MediaKind,
    Person,
    Referral,
)
from crm_app.domains.contacts import service as contacts
from crm_app.domains.contacts.schemas import ContactUpdate
from crm_app.domains.inbox import files, repository, rules
from crm_app.domains.inbox.events import ConversationCreated
from crm_app.domains.inbox.models import Conversation, Direction, Message, MessageKind
from crm_app.domains.inbox.models import DeliveryStatus as Status
from crm_app.domains.inbox.services.media import expect_file
from crm_app.domains.inbox.services.placing import claim_provider_id, place
from crm_app.domains.inbox.services.reports import apply_early_reports, find_by_reference, mark_accepted
from crm_app.domains.pipeline import service as pipeline

_KIND_OF_MEDIA = {
    MediaKind.IMAGE: MessageKind.IMAGE,
    MediaKind.STICKER: MessageKind.IMAGE,
    MediaKind.AUDIO: MessageKind.AUDIO,
    MediaKind.VOICE: MessageKind.AUDIO,
    MediaKind.VIDEO: MessageKind.VIDEO,
    MediaKind.DOCUMENT: MessageKind.DOCUMENT,
}
_KIND_OF_CONTENT = {
    ContentKind.LOCATION: MessageKind.LOCATION,
    ContentKind.UNSUPPORTED: MessageKind.UNSUPPORTED,
}


Ignored = IgnoredReason | None
"""Why an event has changed nothing; None when it did what it had to."""


async def receive_message(session: AsyncSession, actor: Actor, channel_id: UUID, event: InboundMessage) -> Ignored:
    """Put a customer's message into its conversation, with contact and deal when the customer is new.

    Returns why it is not shown (groups). A repeated delivery changes nothing.
    """
    if event.chat.is_group:
        return IgnoredReason.GROUP
    conversation = await find_or_open(session, actor, channel_id, event.chat, event.sender, event.referral)
    message = _message(conversation, event, Direction.INBOUND)
    message.status = Status.RECEIVED
    await claim_provider_id(session, actor, channel_id, event.provider_message_id)
    if conversation.first_inbound_at is None:
        await _welcome(session, actor, conversation, event)
    await _arrive(session, actor, conversation, message, event.content)
    return None


async def receive_echo(session: AsyncSession, actor: Actor, channel_id: UUID, event: EchoMessage) -> Ignored:
    """Put a message that left from our own number into its conversation, unless it is one of our own sends.

    Our own send is known by the vendor's id, by the key that the vendor repeats, or, when the vendor was faster
    than our commit, as the one with the same words among those that wait for an answer. What slips through is
    merged when the answer comes (`delivery.store_receipt`).
    """
    if event.chat.is_group:
        return IgnoredReason.GROUP
    known = await repository.lock_message_by_provider_id(
        session, actor.organization_id, channel_id, event.provider_message_id[:300]
    )
    if known is not None:
        return None
    conversation = await find_or_open(session, actor, channel_id, event.chat, event.recipient, None)
    await claim_provider_id(session, actor, channel_id, event.provider_message_id)
    own = await _own_send(session, actor, conversation, event)
    if own is not None:
        if own.provider_message_id is None:
            await mark_accepted(session, actor, own, event.provider_message_id[:300], utc_now())
        return None
    message = _message(conversation, event, Direction.OUTBOUND)
    message.status = Status.SENT
    message.data = {**message.data, "from_phone": event.origin == "phone"}
    await _arrive(session, actor, conversation, message, event.content)
    return None


async def _own_send(
    session: AsyncSession, actor: Actor, conversation: Conversation, event: EchoMessage
) -> Message | None:
    known = await repository.lock_message_by_provider_id(
        session, actor.organization_id, conversation.channel_id, event.provider_message_id[:300]
    )
    if known is not None:
        return known
    if event.client_reference:
        found = await find_by_reference(session, actor, conversation.channel_id, event.client_reference)
        if found is not None:
            return found
    if event.origin == "phone":
        return None
    waiting = await repository.lock_uncertain(session, actor.organization_id, conversation.id)
    return _same(waiting, event.content)


def _same(waiting: Sequence[Message], content: Content) -> Message | None:
    words = " ".join(rules.clean_incoming(content.text).split())
    kind = _kind(content)
    return next((each for each in waiting if " ".join(each.body.split()) == words and each.kind == kind), None)


async def _arrive(
    session: AsyncSession, actor: Actor, conversation: Conversation, message: Message, content: Content
) -> None:
    shown = files.safe_name(content.media.filename or "") if content.media else ""
    if content.contacts:
        shown = content.contacts[0].name
    if not await place(session, conversation, message, shown=shown):
        return
    if content.media is not None:
        await expect_file(session, message, content.media)
    await apply_early_reports(session, actor, message)


# --- who, and where -------------------------------------------------------------------------------------


async def find_or_open(
    session: AsyncSession,
    actor: Actor,
    channel_id: UUID,
    chat: Chat,
    person: Person,
    referral: Referral | None,
) -> Conversation:
    """Return the conversation with this chat, locked; made together with its contact when there is none.

    A contact that writes under a second address (hidden id, ninth digit) stays in its one conversation.
    """
    address = chat.chat_id[:200]
    known = await repository.find_conversation_by_address(session, actor.organization_id, channel_id, address)
    if known is not None:
        return known
    source = (referral.headline or "") if referral else ""
    contact_id = await _contact(session, actor, person, source or "WhatsApp")
    same = await repository.find_conversation_by_contact(session, actor.organization_id, channel_id, contact_id)
    if same is not None:
        same.address = address
        await session.flush()
        return same
    return await open_conversation(session, actor, channel_id, contact_id, address)


async def _contact(session: AsyncSession, actor: Actor, person: Person, source: str) -> UUID:
    first, *others = [(identity.kind.value, identity.value) for identity in person.identities] or [("", "")]
    contact, _ = await contacts.find_or_create_by_identity(
        session,
        actor,
        kind=first[0],
        value=first[1],
        name=rules.clean_incoming(person.name or "")[:200],
        aliases=others,
        source=rules.one_line(rules.clean_incoming(source), 60),
    )
    return contact.id


async def open_conversation(
    session: AsyncSession,
    actor: Actor,
    channel_id: UUID,
    contact_id: UUID,
    address: str,
    *,
    assignee_id: UUID | None = None,
) -> Conversation:
    """Make the conversation with a chat and return it locked; whoever made it first, there is one."""
    fresh = Conversation(
        organization_id=actor.organization_id,
        contact_id=contact_id,
        channel_id=channel_id,
        address=address,
        assignee_id=assignee_id,
    )
    if await repository.insert_conversation(session, fresh):
        announce(
            session,
            ConversationCreated(
                organization_id=actor.organization_id,
                conversation_id=fresh.id,
                contact_id=contact_id,
                channel_id=channel_id,
                assignee_id=assignee_id,
            ),
        )
    found = await repository.find_conversation_by_address(session, actor.organization_id, channel_id, address)
    assert found is not None  # inserted here, or committed by whoever was faster
    return found


async def _welcome(session: AsyncSession, actor: Actor, conversation: Conversation, event: InboundMessage) -> None:
    """Open a deal for a customer who writes for the first time, and begin the timeline."""
    contact = await contacts.get_contact(session, actor, contact_id=conversation.contact_id)
    name = rules.one_line(rules.clean_incoming(event.sender.name or ""), 200)
    if name and not any(character.isalpha() for character in contact.name):
        # Known by a bare phone so far, because we or a colleague's phone wrote first.
        change = ContactUpdate(version=contact.version, name=name)
        contact = await contacts.update_contact(session, actor, contact_id=contact.id, data=change)
    await pipeline.ensure_deal_for_contact(
        session, actor, contact_id=contact.id, contact_name=contact.name, source=contact.source
    )
    await contacts.record_activity(
        session,
        actor,
        contact_id=contact.id,
        kind="conversation.started",
        entity_id=conversation.id,
        happened_at=rules.plausible_time(event.occurred_at, utc_now()),
    )


# --- what -----------------------------------------------------------------------------------------------


def _message(conversation: Conversation, event: InboundMessage | EchoMessage, direction: Direction) -> Message:
    content = event.content
    last = conversation.last_message_at if conversation.last_message_kind else None
    return Message(
        organization_id=conversation.organization_id,
        conversation_id=conversation.id,
        channel_id=conversation.channel_id,
        direction=direction,
        kind=_kind(content),
        body=rules.clean_incoming(content.text),
        provider_message_id=event.provider_message_id[:300],
        reply_to_provider_id=event.reply_to[:300] if event.reply_to else None,
        occurred_at=rules.place_in_time(event.occurred_at, last, utc_now()),
        data=_data(event),
    )


def _kind(content: Content) -> MessageKind:
    if content.media is not None:
        return _KIND_OF_MEDIA[content.media.kind]
    return _KIND_OF_CONTENT.get(content.kind, MessageKind.TEXT)


def _data(event: InboundMessage | EchoMessage) -> dict[str, Any]:
    content = event.content
    data: dict[str, Any] = {}
    if content.location is not None:
        data["location"] = content.location.model_dump(mode="json")
    if content.contacts:
        data["contacts"] = [each.model_dump(mode="json") for each in content.contacts[:20]]
    if content.choice is not None:
        data["choice"] = content.choice.model_dump(mode="json")
    if isinstance(event, InboundMessage) and event.referral is not None:
        data["referral"] = event.referral.model_dump(mode="json", exclude_none=True)
    return data
