"""One search through everything that the caller may read."""

from typing import Annotated

from fastapi import APIRouter, Query

from crm_app.api.deps import CurrentActor
from crm_app.core.database import unit_of_work
from crm_app.core.text import LINE
from crm_app.domains.search import service
from crm_app.domains.search.schemas import Found

router = APIRouter(prefix="/api/v1/search", tags=["search"])

Words = Annotated[str, Query(max_length=100, description="Words; the last may be unfinished."), LINE]
Few = Annotated[int, Query(ge=1, le=service.MOST, description="How many of each kind at most.")]


@router.get("")
async def search(actor: CurrentActor, q: Words = "", limit: Few = 5) -> Found:
    """Find contacts, deals, conversations and messages. A kind that the caller may not read stays empty."""
    async with unit_of_work(actor) as session:
        return await service.search_everything(session, actor, query=q, limit=limit)
