"""Deals: the cards of the board."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from crm_app.api.deps import CurrentActor
from crm_app.api.pagination import Cursor, Limit, PageView, page_view
from crm_app.core.database import unit_of_work
from crm_app.core.text import LINE
from crm_app.domains.pipeline import service
from crm_app.domains.pipeline.schemas import (
    DealCreate,
    DealLost,
    DealMove,
    DealUpdate,
    DealVersion,
    DealView,
    StageStep,
)

router = APIRouter(prefix="/api/v1/deals", tags=["deals"])

Search = Annotated[str, Query(max_length=100, description="A part of the title or of the contact."), LINE]


@router.get("")
async def list_deals(
    actor: CurrentActor,
    pipeline_id: UUID | None = None,
    stage_id: UUID | None = None,
    contact_id: UUID | None = None,
    q: Search = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> PageView[DealView]:
    """List deals that are not archived, the latest first."""
    async with unit_of_work(actor) as session:
        page = await service.list_deals(
            session,
            actor,
            pipeline_id=pipeline_id,
            stage_id=stage_id,
            contact_id=contact_id,
            search=q,
            cursor=cursor,
            size=limit,
        )
    return page_view(page)


@router.post("", status_code=201)
async def create_deal(actor: CurrentActor, data: DealCreate) -> DealView:
    """Add a deal at the top of its column; without a stage, to the first one of the funnel."""
    async with unit_of_work(actor) as session:
        return await service.create_deal(session, actor, deal=data)


@router.get("/{deal_id}")
async def read_deal(actor: CurrentActor, deal_id: UUID) -> DealView:
    """Return a deal, archived or not."""
    async with unit_of_work(actor) as session:
        return await service.get_deal(session, actor, deal_id=deal_id)


@router.patch("/{deal_id}")
async def update_deal(actor: CurrentActor, deal_id: UUID, data: DealUpdate) -> DealView:
    """Change the fields that are given; 409 when `version` is no longer the last."""
    async with unit_of_work(actor) as session:
        return await service.update_deal(session, actor, deal_id=deal_id, update=data)


@router.post("/{deal_id}/move")
async def move_deal(actor: CurrentActor, deal_id: UUID, data: DealMove) -> DealView:
    """Put a deal between two cards of a column; 409 when `version` is no longer the last."""
    async with unit_of_work(actor) as session:
        return await service.move_deal(session, actor, deal_id=deal_id, move=data)


@router.post("/{deal_id}/win")
async def win_deal(actor: CurrentActor, deal_id: UUID, data: DealVersion) -> DealView:
    """Move a deal to its funnel's won stage."""
    async with unit_of_work(actor) as session:
        return await service.win_deal(session, actor, deal_id=deal_id, version=data.version)


@router.post("/{deal_id}/lose")
async def lose_deal(actor: CurrentActor, deal_id: UUID, data: DealLost) -> DealView:
    """Move a deal to its funnel's lost stage, with the reason."""
    async with unit_of_work(actor) as session:
        return await service.lose_deal(session, actor, deal_id=deal_id, version=data.version, reason=data.reason)


@router.post("/{deal_id}/archive")
async def archive_deal(actor: CurrentActor, deal_id: UUID, data: DealVersion) -> DealView:
    """Take a deal off the board."""
    async with unit_of_work(actor) as session:
        return await service.archive_deal(session, actor, deal_id=deal_id, version=data.version)


@router.post("/{deal_id}/restore")
async def restore_deal(actor: CurrentActor, deal_id: UUID, data: DealVersion) -> DealView:
    """Put an archived deal back where it stood."""
    async with unit_of_work(actor) as session:
        return await service.restore_deal(session, actor, deal_id=deal_id, version=data.version)


@router.get("/{deal_id}/history")
async def list_steps(actor: CurrentActor, deal_id: UUID) -> list[StageStep]:
    """List the stages through which a deal has gone, the latest first."""
    async with unit_of_work(actor) as session:
        await service.get_deal(session, actor, deal_id=deal_id)
        return await service.list_steps(session, actor, deal_id=deal_id)
