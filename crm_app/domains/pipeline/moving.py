"""Moving a deal: to another place in its column, to another stage, to won or lost."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import Conflict, NotFound
from crm_app.core.ids import new_id
from crm_app.core.sight import EVERYBODYS
from crm_app.core.sql import Row
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.roles.sights import require_within, sight_of_deals
from crm_app.domains.pipeline import move_queries, repository, rules
from crm_app.domains.pipeline.errors import StaleDeal
from crm_app.domains.pipeline.events import DealMoved
from crm_app.domains.pipeline.models import StageKind
from crm_app.domains.pipeline.record import fact_fields, record_change
from crm_app.domains.pipeline.schemas import DealMove, DealView


async def access_deal(session: AsyncSession, actor: Actor, deal_id: UUID, *, version: int) -> DealView:
    """Lock a deal for a change made on its version `version`.

    Raises `NotFound`, `Forbidden`, or `StaleDeal` with the current state when it has moved on meanwhile.
    """
    actor.require("deals.write")
    deal = await repository.lock_deal(session, actor.organization_id, deal_id, sight=sight_of_deals(actor))
    return _changeable(actor, deal, version)


def _changeable(actor: Actor, deal: DealView | None, version: int) -> DealView:
    if deal is None:
        raise NotFound(kind="deal")
    require_within(actor, "deals.write", sight_of_deals(actor, "deals.write"), deal.owner_id)
    if deal.version != version:
        raise StaleDeal(current=deal.model_dump(mode="json"))
    return deal


def place_rank(place: Row) -> str:
    """Return the rank for a place: below the neighbour above if it is still there, else above the one below,
    else at the top."""
    if place["before_rank"] is not None:
        return rules.rank_between(place["before_rank"], place["next_rank"])
    if place["after_rank"] is not None:
        return rules.rank_between(place["previous_rank"], place["after_rank"])
    return rules.rank_between(None, place["first_rank"])


async def move_deal(session: AsyncSession, actor: Actor, *, deal_id: UUID, move: DealMove) -> DealView:
    """Put a deal between two cards of a column and return it.

    Neighbours that have gone meanwhile are passed over. Raises `NotFound` for a deal or a stage that is not
    in the organization, `StaleDeal` when somebody changed the deal first, `Conflict` for an archived deal.
    """
    actor.require("deals.write")
    found = await move_queries.lock_deal_with_place(
        session,
        actor.organization_id,
        deal_id,
        stage_id=move.stage_id,
        before=move.before,
        after=move.after,
        sight=sight_of_deals(actor),
    )
    held, place = found or (None, None)
    deal = _changeable(actor, held, move.version)
    if deal.archived_at is not None:
        raise Conflict("errors.pipeline.archived")
    if place is None:
        raise NotFound(kind="stage")
    rank = place_rank(place)
    reordered = rules.needs_rebalance(rank)
    moved = await _write_move(session, actor, deal, place, rank, move.lost_reason, at_commit=not reordered)
    if reordered:
        moved = await _rebalance(session, actor, moved)
    await _record_move(session, actor, deal, moved, reordered=reordered)
    return moved


async def _write_move(
    session: AsyncSession,
    actor: Actor,
    deal: DealView,
    place: Row,
    rank: str,
    lost_reason: str,
    *,
    at_commit: bool,
) -> DealView:
    now, kind = utc_now(), place["to_kind"]
    changes: dict[str, Any] = {
        "stage_id": place["to_stage_id"],
        "pipeline_id": place["to_pipeline_id"],
        "rank": rank,
        "closed_at": None if kind == StageKind.OPEN else deal.closed_at if kind == deal.stage_kind else now,
        "lost_reason": (lost_reason or deal.lost_reason) if kind == StageKind.LOST else "",
        "entered_stage_at": deal.entered_stage_at if place["to_stage_id"] == deal.stage_id else now,
    }
    values = {
        **changes,
        "deal_id": deal.id,
        "from_stage_id": deal.stage_id,
        "step_id": new_id(),
        "user_id": actor.user_id,
        "now": now,
    }
    await move_queries.move_deal(session, actor.organization_id, values, at_commit=at_commit)
    names = {"pipeline_name": place["to_pipeline_name"], "stage_name": place["to_name"], "stage_kind": kind}
    return deal.model_copy(update={**changes, **names, "version": deal.version + 1, "updated_at": now})


async def _rebalance(session: AsyncSession, actor: Actor, deal: DealView) -> DealView:
    count = await move_queries.lock_column(session, actor.organization_id, deal.stage_id)
    ranks = rules.ranks_for(count)
    await move_queries.rebalance_column(session, actor.organization_id, deal.stage_id, ranks)
    fresh = await repository.find_deal(session, actor.organization_id, deal.id, sight=EVERYBODYS)
    return fresh or deal


async def _record_move(
    session: AsyncSession, actor: Actor, deal: DealView, moved: DealView, *, reordered: bool
) -> None:
    fact = DealMoved(**fact_fields(actor, moved), from_stage_id=deal.stage_id, reordered=reordered)
    changed_stage = deal.stage_id != moved.stage_id
    timeline = {"title": deal.title, "from": deal.stage_name, "to": moved.stage_name} if changed_stage else None
    await record_change(
        session,
        actor,
        fact,
        before=_place(deal, deal),
        after=_place(deal, moved),
        timeline=timeline,
    )


def _place(deal: DealView, at: DealView) -> dict[str, Any]:
    """Return where a deal stands, also in the words that people know today: stages are renamed."""
    return {"title": deal.title, "stage": at.stage_name, "stage_id": str(at.stage_id), "rank": at.rank}


async def win_deal(session: AsyncSession, actor: Actor, *, deal_id: UUID, version: int) -> DealView:
    """Move a deal to the top of its funnel's won stage. Raises as `move_deal` does."""
    return await _close_deal(session, actor, deal_id, version, StageKind.WON, "")


async def lose_deal(
    session: AsyncSession, actor: Actor, *, deal_id: UUID, version: int, reason: str = ""
) -> DealView:
    """Move a deal to the top of its funnel's lost stage, with the reason. Raises as `move_deal` does."""
    return await _close_deal(session, actor, deal_id, version, StageKind.LOST, reason)


async def _close_deal(
    session: AsyncSession, actor: Actor, deal_id: UUID, version: int, kind: StageKind, reason: str
) -> DealView:
    deal = await access_deal(session, actor, deal_id, version=version)
    stage_id = await repository.find_stage_of_kind(session, actor.organization_id, deal.pipeline_id, kind)
    if stage_id is None:
        raise Conflict("errors.pipeline.no_closing_stage")
    move = DealMove(stage_id=stage_id, version=version, lost_reason=reason)
    return await move_deal(session, actor, deal_id=deal_id, move=move)
