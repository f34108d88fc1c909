"""How a deal stands after a fact, read once for all the tabs of this process that look at it the same way."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar
from uuid import UUID

from crm_app.core.database import unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.roles.sights import sight_of_deals
from crm_app.domains.contacts import service as contacts
from crm_app.domains.contacts.reach import contact_sight
from crm_app.domains.pipeline import service
from crm_app.domains.pipeline.schemas import BoardFilter, DealCard, StageTotals

MOST_KEPT = 512

Changes = tuple[list[DealCard], list[StageTotals]]
_Key = tuple[Any, ...]
_Result = TypeVar("_Result")

_flights: "OrderedDict[_Key, asyncio.Task[Any]]" = OrderedDict()


async def _once(key: _Key, read: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
    """Return what `read` gives, read by the first who asks for `key`."""
    flight = _flights.get(key)
    if flight is None:
        flight = _flights[key] = asyncio.create_task(read())
        while len(_flights) > MOST_KEPT:
            _flights.popitem(last=False)
    try:
        found: _Result = await asyncio.shield(flight)
    except BaseException:
        _flights.pop(key, None)
        raise
    return found


async def changes_after(
    actor: Actor, *, deal_id: UUID, version: int, stage_ids: Sequence[UUID], wanted: BoardFilter
) -> Changes:
    """Return the deal and the totals of these columns as they stand at or after `version`, under a filter.

    Members with the same sight see the same, so the first tab that asks reads for the others too.
    """
    actor.require("deals.read")
    same = (sight_of_deals(actor), wanted.owner_id, wanted.search)
    key = (actor.organization_id, deal_id, version, tuple(sorted(stage_ids)), *same)

    async def read() -> Changes:
        async with unit_of_work(actor) as session:
            return await service.load_changes(
                session, actor, deal_ids=[deal_id], stage_ids=stage_ids, wanted=wanted
            )

    return await _once(key, read)


async def contact_after(actor: Actor, *, contact_id: UUID, change: str) -> dict[str, Any]:
    """Return what cards show of a contact, as it stands at or after a change (its activity's id or version)."""
    actor.require("contacts.read")

    async def read() -> dict[str, Any]:
        async with unit_of_work(actor) as session:
            contact = await contacts.get_contact(session, actor, contact_id=contact_id)
        shown = contact.model_dump(mode="json", include={"name", "company", "last_activity_at"})
        return {
            "contact_name": shown["name"],
            "contact_company": shown["company"],
            "last_activity_at": shown["last_activity_at"],
        }

    return await _once((actor.organization_id, contact_id, change, contact_sight(actor)), read)
