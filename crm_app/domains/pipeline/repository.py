"""SQL of pipelines, stages and single deals. Every statement starts from the organization."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.sight import UNLIMITED, Sight, combined
from crm_app.core.sql import fetch_all, fetch_one, fetch_value, run
from crm_app.domains.contacts.reach import ContactSight
from crm_app.domains.pipeline.board_queries import CARD_COLUMNS, WITH_CONTACT, searched
from crm_app.domains.pipeline.schemas import DealView, PipelineView, StageStep, StageView

Row = Mapping[Any, Any]

_STAGE_COLUMNS = "id, name, kind, color, position, probability, wip_limit, stalled_after_days"

_DEAL_OF = f"""
SELECT {CARD_COLUMNS}, p.name AS pipeline_name, s.name AS stage_name, s.kind AS stage_kind, d.source,
       d.lost_reason, d.created_at, d.updated_at, d.archived_at
FROM {{deals}} d
JOIN pipeline p ON p.organization_id = d.organization_id AND p.id = d.pipeline_id
JOIN stage s ON s.organization_id = d.organization_id AND s.id = d.stage_id
{WITH_CONTACT}
WHERE d.organization_id = %(organization_id)s"""  # noqa: S608

_DEAL = _DEAL_OF.format(deals="deal")

_PIPELINES = """
SELECT p.id, p.name, p.position, p.is_default,
       coalesce(json_agg(json_build_object('id', s.id, 'name', s.name, 'kind', s.kind, 'color', s.color,
           'position', s.position, 'probability', s.probability, 'wip_limit', s.wip_limit,
           'stalled_after_days', s.stalled_after_days) ORDER BY s.position, s.id)
           FILTER (WHERE s.id IS NOT NULL), '[]') AS stages
FROM pipeline p
LEFT JOIN stage s ON s.organization_id = p.organization_id AND s.pipeline_id = p.id
WHERE p.organization_id = %(organization_id)s AND p.archived_at IS NULL
GROUP BY p.id, p.name, p.position, p.is_default
ORDER BY p.position, p.id"""

_STAGE = f"""
SELECT {_STAGE_COLUMNS}, pipeline_id FROM stage
WHERE organization_id = %(organization_id)s AND id = %(stage_id)s"""  # noqa: S608

# The lock is taken inside: a row that changed while we waited for it must be joined with its new stage.
LOCKED = _DEAL_OF.format(
    deals="""(SELECT * FROM deal WHERE organization_id = %(organization_id)s AND id = %(deal_id)s
      FOR NO KEY UPDATE)"""
)

_CREATE = """
WITH deal AS (
    INSERT INTO deal (organization_id, id, created_at, pipeline_id, stage_id, contact_id, owner_id, title,
                      value_cents, rank, source, tags, expected_close_on, entered_stage_at, closed_at,
                      lost_reason, updated_at, version)
    VALUES (%(organization_id)s, %(deal_id)s, %(now)s, %(pipeline_id)s, %(stage_id)s, %(contact_id)s,
            %(owner_id)s, %(title)s, %(value_cents)s, %(rank)s, %(source)s, %(tags)s, %(expected_close_on)s,
            %(now)s, %(closed_at)s, '', %(now)s, 1)
    RETURNING id, value_cents)
INSERT INTO stage_history (organization_id, id, created_at, deal_id, from_stage_id, to_stage_id, user_id,
                           value_cents, moved_at)
SELECT %(organization_id)s, %(step_id)s, %(now)s, id, NULL, %(stage_id)s, %(user_id)s, value_cents, %(now)s
FROM deal"""


async def list_pipelines(session: AsyncSession, organization_id: UUID) -> list[PipelineView]:
    """Return the funnels in use with their stages, in their order."""
    rows = await fetch_all(session, _PIPELINES, {"organization_id": organization_id})
    return [PipelineView.model_validate(row) for row in rows]


async def find_stage(session: AsyncSession, organization_id: UUID, stage_id: UUID) -> Row | None:
    """Return a stage's columns and its `pipeline_id`, or None."""
    parameters = {"organization_id": organization_id, "stage_id": stage_id}
    return await fetch_one(session, _STAGE, parameters)


def stage_view(row: Row) -> StageView:
    """Return a stage row as a view."""
    return StageView.model_validate({name: row[name] for name in StageView.model_fields})


async def find_first_stage(session: AsyncSession, organization_id: UUID, pipeline_id: UUID | None) -> UUID | None:
    """Return the first open stage of a funnel, by default of the default one."""
    statement = """
SELECT s.id FROM stage s JOIN pipeline p ON p.organization_id = s.organization_id AND p.id = s.pipeline_id
WHERE s.organization_id = %(organization_id)s AND s.kind = 'open' AND p.archived_at IS NULL
  AND (CAST(%(pipeline_id)s AS uuid) IS NULL OR p.id = %(pipeline_id)s)
ORDER BY p.is_default DESC, p.position, p.id, s.position, s.id LIMIT 1"""
    parameters = {"organization_id": organization_id, "pipeline_id": pipeline_id}
    found: UUID | None = await fetch_value(session, statement, parameters)
    return found


async def find_stage_of_kind(
    session: AsyncSession, organization_id: UUID, pipeline_id: UUID, kind: str
) -> UUID | None:
    """Return the first stage of this kind in a funnel, or None."""
    statement = """
SELECT id FROM stage
WHERE organization_id = %(organization_id)s AND pipeline_id = %(pipeline_id)s AND kind = %(kind)s
ORDER BY position, id LIMIT 1"""
    parameters = {"organization_id": organization_id, "pipeline_id": pipeline_id, "kind": kind}
    found: UUID | None = await fetch_value(session, statement, parameters)
    return found


async def find_deal(
    session: AsyncSession, organization_id: UUID, deal_id: UUID, *, sight: Sight
) -> DealView | None:
    """Return a deal, archived or not, or None."""
    seen, people = sight.where("d.owner_id", "seen")
    statement = f"{_DEAL} AND d.id = %(deal_id)s {seen}"
    parameters = {"organization_id": organization_id, "deal_id": deal_id, **people}
    row = await fetch_one(session, statement, parameters)
    return DealView.model_validate(row) if row else None


async def lock_deal(
    session: AsyncSession, organization_id: UUID, deal_id: UUID, *, sight: Sight
) -> DealView | None:
    """Return a deal and hold it against other writers until the transaction ends, or None."""
    seen, people = sight.where("d.owner_id", "seen")
    parameters = {"organization_id": organization_id, "deal_id": deal_id, **people}
    row = await fetch_one(session, f"{LOCKED} {seen}", parameters)
    return DealView.model_validate(row) if row else None


async def list_deals_of_contact(
    session: AsyncSession, organization_id: UUID, contact_id: UUID, *, sight: Sight
) -> list[DealView]:
    """Return a contact's deals that are not archived, the open ones first, then the latest."""
    seen, people = sight.where("d.owner_id", "seen")
    statement = f"""{_DEAL} AND d.contact_id = %(contact_id)s AND d.archived_at IS NULL {seen}
ORDER BY (s.kind = 'open') DESC, d.created_at DESC, d.id DESC"""
    parameters = {"organization_id": organization_id, "contact_id": contact_id, **people}
    rows = await fetch_all(session, statement, parameters)
    return [DealView.model_validate(row) for row in rows]


async def list_deals(
    session: AsyncSession,
    organization_id: UUID,
    *,
    pipeline_id: UUID | None,
    stage_id: UUID | None,
    contact_id: UUID | None,
    search: str,
    after: tuple[datetime, UUID] | None,
    size: int,
    sight: Sight,
) -> list[DealView]:
    """Return up to `size` deals, the latest first, that come after the position `(created_at, id)`."""
    conditions = ["d.archived_at IS NULL"]
    further, values = combined(sight.where("d.owner_id", "seen"), searched(search) if search else UNLIMITED)
    parameters: dict[str, Any] = {"organization_id": organization_id, "size": size, **values}
    for column, value in (("pipeline_id", pipeline_id), ("stage_id", stage_id), ("contact_id", contact_id)):
        if value is not None:
            conditions.append(f"d.{column} = %({column})s")
            parameters[column] = value
    if after is not None:
        conditions.append("(d.created_at, d.id) < (%(created_at)s, %(deal_id)s)")
        parameters |= {"created_at": after[0], "deal_id": after[1]}
    statement = (
        f"{_DEAL} AND {' AND '.join(conditions)} {further} ORDER BY d.created_at DESC, d.id DESC LIMIT %(size)s"
    )
    rows = await fetch_all(session, statement, parameters)
    return [DealView.model_validate(row) for row in rows]


async def find_open_deal_of_contact(
    session: AsyncSession, organization_id: UUID, contact_id: UUID, *, sight: Sight
) -> UUID | None:
    """Return the latest deal of a contact that stands in an open stage, or None."""
    seen, people = sight.where("d.owner_id", "seen")
    statement = f"""
SELECT d.id FROM deal d JOIN stage s ON s.organization_id = d.organization_id AND s.id = d.stage_id
WHERE d.organization_id = %(organization_id)s AND d.contact_id = %(contact_id)s AND d.archived_at IS NULL
  AND s.kind = 'open' {seen}
ORDER BY d.created_at DESC, d.id DESC LIMIT 1"""  # noqa: S608
    parameters = {"organization_id": organization_id, "contact_id": contact_id, **people}
    found: UUID | None = await fetch_value(session, statement, parameters)
    return found


async def lock_contact(
    session: AsyncSession, organization_id: UUID, contact_id: UUID, *, sight: ContactSight
) -> bool:
    """Hold a contact, so that two writers do not both open a deal for it; False when there is none."""
    seen, people = sight.where("contact")
    statement = f"""
SELECT 1 FROM contact WHERE organization_id = %(organization_id)s AND id = %(contact_id)s {seen}
FOR NO KEY UPDATE"""  # noqa: S608
    parameters = {"organization_id": organization_id, "contact_id": contact_id, **people}
    return await fetch_value(session, statement, parameters) is not None


async def find_missing_reference(
    session: AsyncSession,
    organization_id: UUID,
    *,
    contact_id: UUID | None,
    owner_id: UUID | None,
    sight: ContactSight,
) -> str | None:
    """Return which of the two is missing ("contact" when none is seen, "member"), or None when all is well."""
    seen, people = sight.where("contact")
    statement = f"""
SELECT CASE
  WHEN CAST(%(contact_id)s AS uuid) IS NOT NULL AND NOT EXISTS (SELECT 1 FROM contact
    WHERE organization_id = %(organization_id)s AND id = %(contact_id)s AND archived_at IS NULL {seen})
    THEN 'contact'
  WHEN CAST(%(owner_id)s AS uuid) IS NOT NULL AND NOT EXISTS (SELECT 1 FROM membership
    WHERE organization_id = %(organization_id)s AND user_id = %(owner_id)s AND is_active) THEN 'member' END"""  # noqa: S608
    parameters = {"organization_id": organization_id, "contact_id": contact_id, "owner_id": owner_id, **people}
    found: str | None = await fetch_value(session, statement, parameters)
    return found


async def insert_deal(session: AsyncSession, organization_id: UUID, values: Mapping[str, Any]) -> None:
    """Insert a deal and the first line of its history, in one statement."""
    await run(session, _CREATE, {"organization_id": organization_id, **values})


_WRITABLE = frozenset(
    {"title", "value_cents", "contact_id", "owner_id", "expected_close_on", "lost_reason", "tags", "archived_at"}
)


async def update_deal(
    session: AsyncSession, organization_id: UUID, deal_id: UUID, changes: Mapping[str, Any], now: datetime
) -> None:
    """Write these fields of a deal and raise its version. Raises `ValueError` for a field that has rules."""
    if not changes.keys() <= _WRITABLE:
        raise ValueError(f"not writable: {sorted(changes.keys() - _WRITABLE)}")
    columns = "".join(f"{name} = %({name})s, " for name in changes)
    statement = f"""
UPDATE deal SET {columns}updated_at = %(now)s, version = version + 1
WHERE organization_id = %(organization_id)s AND id = %(deal_id)s"""  # noqa: S608
    values = {"organization_id": organization_id, "deal_id": deal_id, "now": now, **changes}
    await run(session, statement, values)


async def list_steps(
    session: AsyncSession, organization_id: UUID, deal_id: UUID, *, sight: Sight
) -> list[StageStep]:
    """Return the way a deal has gone, the latest step first."""
    seen, people = sight.where("d.owner_id", "seen")
    of_deal = (
        "" if sight.everything else "JOIN deal d ON d.organization_id = h.organization_id AND d.id = h.deal_id"
    )
    statement = f"""
SELECT h.id, h.from_stage_id, f.name AS from_stage_name, h.to_stage_id, t.name AS to_stage_name, h.user_id,
       h.value_cents, h.moved_at
FROM stage_history h
JOIN stage t ON t.organization_id = h.organization_id AND t.id = h.to_stage_id
LEFT JOIN stage f ON f.organization_id = h.organization_id AND f.id = h.from_stage_id
{of_deal}
WHERE h.organization_id = %(organization_id)s AND h.deal_id = %(deal_id)s {seen}
ORDER BY h.moved_at DESC, h.id DESC LIMIT 200"""  # noqa: S608
    rows = await fetch_all(session, statement, {"organization_id": organization_id, "deal_id": deal_id, **people})
    return [StageStep.model_validate(row) for row in rows]


async def insert_pipeline(
    session: AsyncSession, organization_id: UUID, pipeline_id: UUID, name: str, now: datetime
) -> None:
    """Insert a funnel after the others; the first one of an organization is the default."""
    statement = """
INSERT INTO pipeline (organization_id, id, created_at, name, position, is_default)
SELECT %(organization_id)s, %(pipeline_id)s, %(now)s, %(name)s, coalesce(max(position) + 1, 0), count(*) = 0
FROM pipeline WHERE organization_id = %(organization_id)s AND archived_at IS NULL"""
    parameters = {"organization_id": organization_id, "pipeline_id": pipeline_id, "name": name, "now": now}
    await run(session, statement, parameters)


async def insert_stages(session: AsyncSession, organization_id: UUID, stages: Sequence[Row]) -> None:
    """Insert the stages of a funnel."""
    statement = """
INSERT INTO stage (organization_id, id, created_at, pipeline_id, name, kind, position, color, probability,
                   stalled_after_days)
VALUES (%(organization_id)s, %(id)s, %(now)s, %(pipeline_id)s, %(name)s, %(kind)s, %(position)s, %(color)s,
        %(probability)s, %(stalled_after_days)s)"""
    for stage in stages:
        await run(session, statement, {"organization_id": organization_id, **stage})
