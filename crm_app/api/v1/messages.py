"""Messages: one of them, those that did not leave, and those that say something."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from crm_app.api.deps import CurrentActor
from crm_app.api.pagination import Cursor, Limit, PageView
from crm_app.core.database import unit_of_work
from crm_app.core.text import LINE
from crm_app.domains.inbox import service
from crm_app.domains.inbox.schemas import FailedDelivery, MessageView, SearchResult

router = APIRouter(prefix="/api/v1/messages", tags=["messages"])

Search = Annotated[str, Query(max_length=200, description="Words; the last may be unfinished."), LINE]
Few = Annotated[int, Query(ge=1, le=50, description="How many of each at most.")]


@router.get("/failed")
async def list_failed(actor: CurrentActor, cursor: Cursor = None, limit: Limit = 50) -> PageView[FailedDelivery]:
    """List messages that did not leave, newest first."""
    async with unit_of_work(actor) as session:
        page = await service.list_failed_deliveries(session, actor, cursor=cursor, limit=limit)
    return PageView.model_construct(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/search")
async def search(actor: CurrentActor, q: Search = "", limit: Few = 20) -> SearchResult:
    """Find conversations by whom they are with, and messages by their words."""
    async with unit_of_work(actor) as session:
        return await service.search_inbox(session, actor, query=q, limit=limit)


@router.get("/{message_id}")
async def read_message(actor: CurrentActor, message_id: UUID) -> MessageView:
    """Return a message, with how far it has come."""
    async with unit_of_work(actor) as session:
        return await service.get_message(session, actor, message_id=message_id)


@router.post("/{message_id}/replay")
async def replay_message(actor: CurrentActor, message_id: UUID) -> MessageView:
    """Try a failed message again; 409 when it has not failed."""
    async with unit_of_work(actor) as session:
        return await service.replay_message(session, actor, message_id=message_id)
