"""The inbox's use cases."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.errors import Unavailable
from crm_app.core.tenancy import Actor
from crm_app.domains.inbox.schemas import (
    ConversationDetail,
    ConversationFilter,
    ConversationPage,
    Counters,
    FailedDeliveryPage,
    MessageView,
    SearchResult,
    Thread,
    UploadView,
)


async def list_conversations(
    session: AsyncSession,
    actor: Actor,
    *,
    filters: ConversationFilter | None = None,
    cursor: str | None = None,
    limit: int = 30,
) -> ConversationPage:
    """Return conversations, the most recently active first. Permission `conversations.read`."""
    raise Unavailable


async def count_conversations(session: AsyncSession, actor: Actor) -> Counters:
    """Return the numbers beside the boxes and in the navigation. Permission `conversations.read`."""
    raise Unavailable


async def get_conversation(session: AsyncSession, actor: Actor, *, conversation_id: UUID) -> ConversationDetail:
    """Return one conversation. Raises `NotFound`. Permission `conversations.read`."""
    raise Unavailable


async def start_conversation(
    session: AsyncSession, actor: Actor, *, contact_id: UUID, channel_id: UUID
) -> ConversationDetail:
    """Return the conversation with this contact on this channel, made when there is none.

    Raises `Invalid` when the contact has no address that the channel can reach. Permission `messages.send`.
    """
    raise Unavailable


async def mark_read(session: AsyncSession, actor: Actor, *, conversation_id: UUID) -> None:
    """Set the unread count to zero and show the customer blue ticks. Permission `messages.send`."""
    raise Unavailable


async def mark_unread(session: AsyncSession, actor: Actor, *, conversation_id: UUID) -> None:
    """Make a read conversation stand out again. Permission `messages.send`."""
    raise Unavailable


async def assign_conversation(
    session: AsyncSession, actor: Actor, *, conversation_id: UUID, user_id: UUID | None
) -> ConversationDetail:
    """Give the conversation to a member, or back to the queue (None). Permission `messages.send`."""
    raise Unavailable


async def resolve_conversation(
    session: AsyncSession, actor: Actor, *, conversation_id: UUID
) -> ConversationDetail:
    """Mark as done; a new message of the customer opens it again. Permission `messages.send`."""
    raise Unavailable


async def reopen_conversation(session: AsyncSession, actor: Actor, *, conversation_id: UUID) -> ConversationDetail:
    """Open a resolved conversation. Permission `messages.send`."""
    raise Unavailable


async def announce_typing(
    session: AsyncSession, actor: Actor, *, conversation_id: UUID, active: bool = True
) -> None:
    """Tell colleagues (fact `typing`, with the user's name) and the customer that the actor composes.

    Call at most every few seconds while keys are pressed, and with `active=False` when the composer is emptied.
    Permission `messages.send`.
    """
    raise Unavailable


async def get_thread(
    session: AsyncSession,
    actor: Actor,
    *,
    conversation_id: UUID,
    before: str | None = None,
    after: str | None = None,
    around: UUID | None = None,
    limit: int = 100,
) -> Thread:
    """Return messages oldest first: the last ones, those before or after a cursor, or those around a message.

    Permission `conversations.read`.
    """
    raise Unavailable


async def get_message(session: AsyncSession, actor: Actor, *, message_id: UUID) -> MessageView:
    """Return one message. Raises `NotFound`. Permission `conversations.read`."""
    raise Unavailable


async def search_inbox(session: AsyncSession, actor: Actor, *, query: str, limit: int = 20) -> SearchResult:
    """Find conversations by contact and messages by words, accents and case ignored, the last word a prefix.

    Permission `conversations.read`.
    """
    raise Unavailable


async def send_message(
    session: AsyncSession,
    actor: Actor,
    *,
    conversation_id: UUID,
    body: str = "",
    attachments: Sequence[str] = (),
    reply_to: UUID | None = None,
    idempotency_key: str,
    undo_seconds: int = 0,
) -> MessageView:
    """Store the message and its delivery job together; a repeated key returns the message that it made.

    `attachments` are tokens of uploads; several files become several messages, the last of which is returned (its
    body is the text). `undo_seconds` (0 to 30) holds it back so that `undo_send` can take it away. An unassigned
    conversation goes to its first answerer. Permission `messages.send`.
    """
    raise Unavailable


async def undo_send(session: AsyncSession, actor: Actor, *, message_id: UUID) -> None:
    """Take back a message that has not left yet. Raises `Conflict` when it has. Permission `messages.send`."""
    raise Unavailable


async def add_note(
    session: AsyncSession, actor: Actor, *, conversation_id: UUID, body: str, idempotency_key: str
) -> MessageView:
    """Write an internal note into the thread; it never leaves the house. Permission `messages.send`."""
    raise Unavailable


async def list_failed_deliveries(
    session: AsyncSession, actor: Actor, *, cursor: str | None = None, limit: int = 50
) -> FailedDeliveryPage:
    """Return messages that did not leave, newest first. Permission `conversations.read`."""
    raise Unavailable


async def replay_message(session: AsyncSession, actor: Actor, *, message_id: UUID) -> MessageView:
    """Try a failed message again, with its old key. Permission `deliveries.replay`, or its author."""
    raise Unavailable


async def replay_attachment(session: AsyncSession, actor: Actor, *, attachment_id: UUID) -> None:
    """Try again to fetch a file whose download was given up. Permission `messages.send`."""
    raise Unavailable


async def store_upload(session: AsyncSession, actor: Actor, *, file_name: str, data: bytes) -> UploadView:
    """Keep an uploaded file for a message to come; its kind is sniffed from the bytes. Permission `messages.send`."""
    raise Unavailable
