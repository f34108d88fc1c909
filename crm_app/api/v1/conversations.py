"""Conversations: the inbox's list, who answers, what was said."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict

from crm_app.api.deps import CurrentActor
from crm_app.api.pagination import Cursor, Limit, PageView
from crm_app.core.database import unit_of_work
from crm_app.domains.inbox import service
from crm_app.domains.inbox.schemas import (
    Box,
    ConversationDetail,
    ConversationFilter,
    ConversationRow,
    ConversationStatus,
    Counters,
    IdempotencyKey,
    MessageCreate,
    MessageView,
    NoteCreate,
    Thread,
)

router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])

Key = Annotated[
    IdempotencyKey,
    Header(alias="Idempotency-Key", description="A repeated call with the same key returns the same message."),
]
Before = Annotated[str | None, Query(max_length=1000, description="`older` of a window: what came before it.")]
After = Annotated[str | None, Query(max_length=1000, description="`newer` of a window: what came after it.")]


class ConversationCreate(BaseModel):
    """Whom to talk to, and through which channel."""

    model_config = ConfigDict(extra="forbid")

    contact_id: UUID
    channel_id: UUID


class Assignment(BaseModel):
    """Who answers; null gives the conversation back to the queue."""

    model_config = ConfigDict(extra="forbid")

    user_id: UUID | None


@router.get("")
async def list_conversations(
    actor: CurrentActor,
    box: Box = Box.ALL,
    status: ConversationStatus | None = None,
    unread: bool = False,
    channel_id: UUID | None = None,
    contact_id: UUID | None = None,
    assignee_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = 30,
) -> PageView[ConversationRow]:
    """List conversations, the most recently active first."""
    filters = ConversationFilter(
        box=box,
        status=status,
        unread=unread,
        channel_id=channel_id,
        contact_id=contact_id,
        assignee_id=assignee_id,
    )
    async with unit_of_work(actor) as session:
        page = await service.list_conversations(session, actor, filters=filters, cursor=cursor, limit=limit)
    return PageView.model_construct(items=list(page.items), next_cursor=page.next_cursor)


@router.post("", status_code=201)
async def start_conversation(actor: CurrentActor, data: ConversationCreate) -> ConversationDetail:
    """Open the conversation with a contact on a channel, or return the one that there is."""
    async with unit_of_work(actor) as session:
        return await service.start_conversation(
            session, actor, contact_id=data.contact_id, channel_id=data.channel_id
        )


@router.get("/counters")
async def read_counters(actor: CurrentActor) -> Counters:
    """Return how many conversations each box holds; counted up to a thousand."""
    async with unit_of_work(actor) as session:
        return await service.count_conversations(session, actor)


@router.get("/{conversation_id}")
async def read_conversation(actor: CurrentActor, conversation_id: UUID) -> ConversationDetail:
    """Return a conversation."""
    async with unit_of_work(actor) as session:
        return await service.get_conversation(session, actor, conversation_id=conversation_id)


@router.post("/{conversation_id}/assign")
async def assign_conversation(actor: CurrentActor, conversation_id: UUID, data: Assignment) -> ConversationDetail:
    """Give the conversation to a member, or back to the queue."""
    async with unit_of_work(actor) as session:
        return await service.assign_conversation(
            session, actor, conversation_id=conversation_id, user_id=data.user_id
        )


@router.post("/{conversation_id}/resolve")
async def resolve_conversation(actor: CurrentActor, conversation_id: UUID) -> ConversationDetail:
    """Mark as done; the customer's next message opens it again."""
    async with unit_of_work(actor) as session:
        return await service.resolve_conversation(session, actor, conversation_id=conversation_id)


@router.post("/{conversation_id}/reopen")
async def reopen_conversation(actor: CurrentActor, conversation_id: UUID) -> ConversationDetail:
    """Open a conversation that was done."""
    async with unit_of_work(actor) as session:
        return await service.reopen_conversation(session, actor, conversation_id=conversation_id)


@router.post("/{conversation_id}/read", status_code=204)
async def mark_read(actor: CurrentActor, conversation_id: UUID) -> None:
    """Mark as read, and let the customer see it."""
    async with unit_of_work(actor) as session:
        await service.mark_read(session, actor, conversation_id=conversation_id)


@router.get("/{conversation_id}/messages", response_model=Thread)
async def list_messages(
    actor: CurrentActor, conversation_id: UUID, before: Before = None, after: After = None, limit: Limit = 100
) -> Response:
    """List messages, oldest first: the last ones, or those before or after a cursor."""
    async with unit_of_work(actor) as session:
        thread = await service.get_thread(
            session, actor, conversation_id=conversation_id, before=before, after=after, limit=limit
        )
    # Serialised here: a hundred messages would otherwise be validated once more on their way out.
    return Response(thread.model_dump_json(), media_type="application/json")


@router.post("/{conversation_id}/messages", status_code=201)
async def send_message(actor: CurrentActor, conversation_id: UUID, data: MessageCreate, key: Key) -> MessageView:
    """Send a message. It is stored at once and leaves in the order in which messages were sent."""
    async with unit_of_work(actor) as session:
        return await service.send_message(
            session,
            actor,
            conversation_id=conversation_id,
            body=data.body,
            attachments=data.attachments,
            reply_to=data.reply_to,
            idempotency_key=key,
        )


@router.post("/{conversation_id}/notes", status_code=201)
async def add_note(actor: CurrentActor, conversation_id: UUID, data: NoteCreate, key: Key) -> MessageView:
    """Write an internal note; the customer never sees it."""
    async with unit_of_work(actor) as session:
        return await service.add_note(
            session, actor, conversation_id=conversation_id, body=data.body, idempotency_key=key
        )
