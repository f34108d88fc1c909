"""How a deal stands after a fact, read once for all the tabs of this process that look at it the same way."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from crm_app.core.database import unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.pipeline import service
from crm_app.domains.pipeline.schemas import BoardFilter, DealCard, StageTotals

MOST_KEPT = 512

Changes = tuple[list[DealCard], list[StageTotals]]
_Key = tuple[Any, ...]

_flights: "OrderedDict[_Key, asyncio.Task[Changes]]" = OrderedDict()


async def changes_after(
    actor: Actor, *, deal_id: UUID, version: int, stage_ids: Sequence[UUID], wanted: BoardFilter
) -> Changes:
    """Return the deal and the totals of these columns as they stand at or after `version`, under a filter.

    Every member who may read deals sees the same, so the first tab that asks reads for the others too.
    """
    actor.require("deals.read")
    key = (actor.organization_id, deal_id, version, tuple(sorted(stage_ids)), wanted.owner_id, wanted.search)
    flight = _flights.get(key)
    if flight is None:
        flight = asyncio.create_task(_read(actor, deal_id, stage_ids, wanted))
        _flights[key] = flight
        while len(_flights) > MOST_KEPT:
            _flights.popitem(last=False)
    try:
        return await asyncio.shield(flight)
    except BaseException:
        _flights.pop(key, None)
        raise


async def _read(actor: Actor, deal_id: UUID, stage_ids: Sequence[UUID], wanted: BoardFilter) -> Changes:
    async with unit_of_work(actor) as session:
        return await service.load_changes(session, actor, deal_ids=[deal_id], stage_ids=stage_ids, wanted=wanted)
