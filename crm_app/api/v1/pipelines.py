"""Funnels and their boards."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from crm_app.api.deps import CurrentActor
from crm_app.core.database import unit_of_work
from crm_app.core.text import LINE
from crm_app.domains.pipeline import service
from crm_app.domains.pipeline.schemas import (
    LARGEST_PAGE,
    PAGE,
    BoardFilter,
    BoardView,
    ColumnPage,
    PipelineCreate,
    PipelineView,
)

router = APIRouter(prefix="/api/v1", tags=["pipelines"])

Search = Annotated[str, Query(max_length=100, description="Part of a title, or of the contact's name."), LINE]
Size = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Cards per column.")]


@router.get("/pipelines")
async def list_pipelines(actor: CurrentActor) -> list[PipelineView]:
    """List the funnels with their stages."""
    async with unit_of_work(actor) as session:
        return await service.list_pipelines(session, actor)


@router.post("/pipelines", status_code=201)
async def create_pipeline(actor: CurrentActor, data: PipelineCreate) -> PipelineView:
    """Create a funnel with the usual stages."""
    async with unit_of_work(actor) as session:
        return await service.create_pipeline(session, actor, pipeline=data)


@router.get("/board", response_model=BoardView)
async def read_board(
    actor: CurrentActor,
    pipeline_id: UUID | None = None,
    owner_id: UUID | None = None,
    q: Search = "",
    size: Size = PAGE,
) -> Response:
    """Return the first cards of every column of a funnel (the default one), with the columns' totals."""
    wanted = BoardFilter(owner_id=owner_id, search=q)
    async with unit_of_work(actor) as session:
        board = await service.get_board(session, actor, pipeline_id=pipeline_id, wanted=wanted, size=size)
    # Written straight from the view: the framework's way through a dictionary takes longer than the query.
    return Response(board.model_dump_json(), media_type="application/json")


@router.get("/board/columns/{stage_id}")
async def read_column(
    actor: CurrentActor,
    stage_id: UUID,
    rank: Annotated[str, Query(description="`rank` of the last card that is known.")],
    deal_id: Annotated[UUID, Query(description="`id` of the last card that is known.")],
    owner_id: UUID | None = None,
    q: Search = "",
    size: Size = PAGE,
) -> ColumnPage:
    """Return the next cards of a column."""
    wanted = BoardFilter(owner_id=owner_id, search=q)
    async with unit_of_work(actor) as session:
        return await service.load_column(
            session, actor, stage_id=stage_id, after=(rank, deal_id), wanted=wanted, size=size
        )
