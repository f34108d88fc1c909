"""Use cases of the funnel: the board, and the life of a deal. Moving has a module of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import Invalid, NotFound
from crm_app.core.i18n import translate
from crm_app.core.ids import new_id
from crm_app.core.repository import Page, decode_cursor, encode_cursor
from crm_app.core.sight import EVERYBODYS
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.roles.reassign_lock import check_handover, owner_of_new
from crm_app.domains.accounts.roles.sights import sight_of_deals
from crm_app.domains.accounts.service import audit
from crm_app.domains.contacts.reach import contact_sight
from crm_app.domains.pipeline import board_queries, move_queries, repository, rules
from crm_app.domains.pipeline import handing_over as handing_over
from crm_app.domains.pipeline.events import DealArchived, DealCreated, DealUpdated
from crm_app.domains.pipeline.moving import access_deal, lose_deal, move_deal, place_rank, win_deal
from crm_app.domains.pipeline.record import fact_fields, plain, record_change
from crm_app.domains.pipeline.schemas import (
    LARGEST_PAGE,
    PAGE,
    BoardFilter,
    BoardView,
    ColumnPage,
    DealCard,
    DealCreate,
    DealUpdate,
    DealView,
    PipelineCreate,
    PipelineView,
    StageStep,
    StageTotals,
)

__all__ = [
    "archive_deal",
    "create_deal",
    "create_pipeline",
    "ensure_deal_for_contact",
    "get_board",
    "get_deal",
    "list_deals",
    "list_deals_of_contact",
    "list_pipelines",
    "list_steps",
    "load_changes",
    "load_column",
    "lose_deal",
    "move_deal",
    "restore_deal",
    "update_deal",
    "win_deal",
]

EVERYTHING = BoardFilter()


async def list_pipelines(session: AsyncSession, actor: Actor) -> list[PipelineView]:
    """Return the organization's funnels with their stages."""
    actor.require("deals.read")
    return await repository.list_pipelines(session, actor.organization_id)


async def get_board(
    session: AsyncSession,
    actor: Actor,
    *,
    pipeline_id: UUID | None = None,
    wanted: BoardFilter = EVERYTHING,
    size: int = PAGE,
) -> BoardView:
    """Return the first `size` cards of every column of a funnel (the default one when None), with totals.

    Raises `NotFound` when there is no such funnel.
    """
    actor.require("deals.read")
    board = await board_queries.load_board(
        session,
        actor.organization_id,
        pipeline_id,
        wanted,
        min(size, LARGEST_PAGE),
        sight=sight_of_deals(actor),
    )
    if board is None:
        raise NotFound(kind="pipeline")
    return board


async def load_column(
    session: AsyncSession,
    actor: Actor,
    *,
    stage_id: UUID,
    after: tuple[str, UUID],
    wanted: BoardFilter = EVERYTHING,
    size: int = PAGE,
) -> ColumnPage:
    """Return the next cards of a column after the position `(rank, id)`. Raises `NotFound` or `Invalid`."""
    actor.require("deals.read")
    position = rules.check_rank(after[0]), after[1]
    stage = await repository.find_stage(session, actor.organization_id, stage_id)
    if stage is None:
        raise NotFound(kind="stage")
    return await board_queries.load_column(
        session,
        actor.organization_id,
        stage,
        wanted,
        position,
        min(size, LARGEST_PAGE),
        sight=sight_of_deals(actor),
    )


async def load_changes(
    session: AsyncSession,
    actor: Actor,
    *,
    deal_ids: Sequence[UUID],
    stage_ids: Sequence[UUID],
    wanted: BoardFilter = EVERYTHING,
) -> tuple[list[DealCard], list[StageTotals]]:
    """Return how these deals and columns stand now under a filter: what a live board needs after a fact.

    A deal that is missing from the answer has left the board or does not pass the filter.
    """
    actor.require("deals.read")
    sight, organization_id = sight_of_deals(actor), actor.organization_id
    cards = await board_queries.load_cards(session, organization_id, list(deal_ids), wanted, sight=sight)
    totals = await board_queries.load_totals(session, organization_id, list(stage_ids), wanted, sight=sight)
    return cards, totals


async def get_deal(session: AsyncSession, actor: Actor, *, deal_id: UUID) -> DealView:
    """Return a deal. Raises `NotFound`."""
    actor.require("deals.read")
    deal = await repository.find_deal(session, actor.organization_id, deal_id, sight=sight_of_deals(actor))
    if deal is None:
        raise NotFound(kind="deal")
    return deal


async def list_deals(
    session: AsyncSession,
    actor: Actor,
    *,
    pipeline_id: UUID | None = None,
    stage_id: UUID | None = None,
    contact_id: UUID | None = None,
    search: str = "",
    cursor: str | None = None,
    size: int = 50,
) -> Page[DealView]:
    """Return a page of deals that are not archived, the latest first. Raises `Invalid` for a bad cursor.

    `search` finds what the board's search finds: a part of the title, or of what the contact is found by.
    """
    actor.require("deals.read")
    limit = max(1, min(size, LARGEST_PAGE))
    deals = await repository.list_deals(
        session,
        actor.organization_id,
        pipeline_id=pipeline_id,
        stage_id=stage_id,
        contact_id=contact_id,
        search=search,
        after=_position(cursor) if cursor else None,
        size=limit + 1,
        sight=sight_of_deals(actor),
    )
    last = deals[limit - 1] if len(deals) > limit else None
    following = encode_cursor(last.created_at.isoformat(), str(last.id)) if last else None
    return Page(deals[:limit], following)


def _position(cursor: str) -> tuple[datetime, UUID]:
    created_at, deal_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(created_at), UUID(deal_id)
    except (TypeError, ValueError, AttributeError) as error:
        raise Invalid("errors.cursor") from error


async def list_deals_of_contact(session: AsyncSession, actor: Actor, *, contact_id: UUID) -> list[DealView]:
    """Return a contact's deals that are not archived, the open ones first."""
    actor.require("deals.read")
    return await repository.list_deals_of_contact(
        session, actor.organization_id, contact_id, sight=sight_of_deals(actor)
    )


async def list_steps(session: AsyncSession, actor: Actor, *, deal_id: UUID) -> list[StageStep]:
    """Return the way a deal has gone, the latest step first."""
    actor.require("deals.read")
    return await repository.list_steps(session, actor.organization_id, deal_id, sight=sight_of_deals(actor))


async def create_deal(session: AsyncSession, actor: Actor, *, deal: DealCreate) -> DealView:
    """Add a deal at the top of its column and return it.

    Raises `NotFound` for a stage, contact or owner that is not in the organization, `ReassignLocked`.
    """
    actor.require("deals.write")
    owner_id = owner_of_new(actor, "deals", sight_of_deals(actor), deal.owner_id)
    await _check_references(session, actor, contact_id=deal.contact_id, owner_id=owner_id)
    stage_id = deal.stage_id or await repository.find_first_stage(session, actor.organization_id, deal.pipeline_id)
    if stage_id is None:
        raise NotFound(kind="stage")
    deal_id, now = new_id(), utc_now()
    place = await move_queries.find_place(
        session, actor.organization_id, deal_id=deal_id, stage_id=stage_id, before=None, after=None
    )
    if place is None or (deal.pipeline_id is not None and place["to_pipeline_id"] != deal.pipeline_id):
        raise NotFound(kind="stage")
    values = deal.model_dump() | {
        "deal_id": deal_id,
        "owner_id": owner_id,
        "pipeline_id": place["to_pipeline_id"],
        "stage_id": stage_id,
        "rank": place_rank(place),
        "closed_at": None if place["to_kind"] == "open" else now,
        "step_id": new_id(),
        "user_id": actor.user_id,
        "now": now,
    }
    await repository.insert_deal(session, actor.organization_id, values)
    created = await _written(session, actor, deal_id)
    await record_change(
        session,
        actor,
        DealCreated(**fact_fields(actor, created)),
        after={"title": created.title, "value_cents": created.value_cents, "stage_id": str(stage_id)},
        timeline={"title": created.title, "value_cents": created.value_cents},
    )
    return created


async def _written(session: AsyncSession, actor: Actor, deal_id: UUID) -> DealView:
    """Return what was written just now, also when handing it over has taken it out of the actor's reach."""
    deal = await repository.find_deal(session, actor.organization_id, deal_id, sight=EVERYBODYS)
    if deal is None:
        raise NotFound(kind="deal")
    return deal


async def _check_references(
    session: AsyncSession, actor: Actor, *, contact_id: UUID | None, owner_id: UUID | None
) -> None:
    if contact_id is None and owner_id is None:
        return
    missing = await repository.find_missing_reference(
        session,
        actor.organization_id,
        contact_id=contact_id,
        owner_id=owner_id,
        sight=contact_sight(actor),
    )
    if missing is not None:
        raise NotFound(kind=missing)


async def update_deal(session: AsyncSession, actor: Actor, *, deal_id: UUID, update: DealUpdate) -> DealView:
    """Write the fields that were given and return the deal; nothing is written when nothing differs.

    Raises `NotFound`, `StaleDeal`, `ReassignLocked`, or `Invalid` when a field that needs a value is emptied.
    """
    deal = await access_deal(session, actor, deal_id, version=update.version)
    given = {name: getattr(update, name) for name in update.model_fields_set - {"version"}}
    for name in ("title", "value_cents", "lost_reason", "tags"):
        if name in given and given[name] is None:
            raise Invalid("errors.pipeline.required", field=name)
    changes = {name: value for name, value in given.items() if getattr(deal, name) != value}
    if not changes:
        return deal
    if "owner_id" in changes:
        check_handover(actor, "deals", deal.owner_id, changes["owner_id"])
    await _check_references(session, actor, contact_id=changes.get("contact_id"), owner_id=changes.get("owner_id"))
    await repository.update_deal(session, actor.organization_id, deal_id, changes, utc_now())
    updated = await _written(session, actor, deal_id)
    await record_change(
        session,
        actor,
        DealUpdated(**fact_fields(actor, updated, before=deal)),
        before=plain({name: getattr(deal, name) for name in changes}),
        after=plain(changes),
        timeline={"title": updated.title, "fields": sorted(changes)},
    )
    return updated


async def archive_deal(session: AsyncSession, actor: Actor, *, deal_id: UUID, version: int) -> DealView:
    """Take a deal off the board; `restore_deal` brings it back. Raises `NotFound` or `StaleDeal`."""
    return await _write_archived(session, actor, deal_id, version, archived=True)


async def restore_deal(session: AsyncSession, actor: Actor, *, deal_id: UUID, version: int) -> DealView:
    """Put an archived deal back where it stood. Raises `NotFound` or `StaleDeal`."""
    return await _write_archived(session, actor, deal_id, version, archived=False)


async def _write_archived(
    session: AsyncSession, actor: Actor, deal_id: UUID, version: int, *, archived: bool
) -> DealView:
    deal = await access_deal(session, actor, deal_id, version=version)
    if (deal.archived_at is not None) == archived:
        return deal
    now = utc_now()
    changes: dict[str, Any] = {"archived_at": now if archived else None}
    await repository.update_deal(session, actor.organization_id, deal_id, changes, now)
    written = deal.model_copy(update={**changes, "version": deal.version + 1, "updated_at": now})
    fact = DealArchived(**fact_fields(actor, written), restored=not archived)
    await record_change(
        session,
        actor,
        fact,
        before={"title": deal.title, "archived": not archived},
        after={"title": deal.title, "archived": archived},
        timeline={"title": deal.title, "restored": not archived},
    )
    return written


async def ensure_deal_for_contact(
    session: AsyncSession,
    actor: Actor,
    *,
    contact_id: UUID,
    contact_name: str,
    source: str = "",
    owner_id: UUID | None = None,
) -> UUID | None:
    """Return the contact's open deal, or open one in the first stage of the default funnel.

    Runs inside the caller's transaction; two callers at once still get one deal, for they wait on the contact.
    Returns None when the organization has no funnel. Raises `NotFound` for an unknown contact.
    """
    actor.require("deals.write")
    organization_id, sight = actor.organization_id, sight_of_deals(actor)
    standing = await repository.find_open_deal_of_contact(session, organization_id, contact_id, sight=sight)
    if standing is not None:
        return standing
    if not await repository.lock_contact(session, organization_id, contact_id, sight=contact_sight(actor)):
        raise NotFound(kind="contact")
    standing = await repository.find_open_deal_of_contact(session, organization_id, contact_id, sight=sight)
    if standing is not None:
        return standing
    stage_id = await repository.find_first_stage(session, organization_id, None)
    if stage_id is None:
        return None
    wanted = DealCreate(
        title=contact_name.replace("\x00", "").strip()[:200] or "…",
        contact_id=contact_id,
        stage_id=stage_id,
        source=source[:60],
        owner_id=owner_id,
    )
    return (await create_deal(session, actor, deal=wanted)).id


async def create_pipeline(session: AsyncSession, actor: Actor, *, pipeline: PipelineCreate) -> PipelineView:
    """Create a funnel with the usual stages, named by `stage_names` where that has a name for them."""
    actor.require("organization.manage")
    pipeline_id, now = new_id(), utc_now()
    await repository.insert_pipeline(session, actor.organization_id, pipeline_id, pipeline.name, now)
    stages = [
        {
            "id": new_id(),
            "now": now,
            "pipeline_id": pipeline_id,
            "name": pipeline.stage_names.get(key, key.capitalize()),
            "kind": kind,
            "position": position,
            "color": position,
            "probability": probability,
            "stalled_after_days": stalled,
        }
        for position, (key, kind, probability, stalled) in enumerate(rules.DEFAULT_STAGES)
    ]
    await repository.insert_stages(session, actor.organization_id, stages)
    after = {"name": pipeline.name, "stages": [stage["name"] for stage in stages]}
    await audit(session, actor, "pipeline.create", "pipeline", pipeline_id, after=after)
    return next(p for p in await list_pipelines(session, actor) if p.id == pipeline_id)


async def create_default_pipeline(session: AsyncSession, actor: Actor, *, language: str) -> PipelineView:
    """Create the first funnel of a new organization, named in its language."""
    names = {key: translate(f"board.defaults.{key}", language) for key, *_ in rules.DEFAULT_STAGES}
    title = translate("board.defaults.pipeline", language)
    return await create_pipeline(session, actor, pipeline=PipelineCreate(name=title, stage_names=names))
