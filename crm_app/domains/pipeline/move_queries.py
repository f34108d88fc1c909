"""SQL of a card's place in its column: finding it, writing it, putting a column's ranks in order."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.sight import Sight
from crm_app.core.sql import Row, fetch_one, run, run_at_commit
from crm_app.domains.pipeline.repository import LOCKED
from crm_app.domains.pipeline.schemas import DealView

# The place for a card: rank of the neighbour that was named if it still stands in the column, and of the card
# on its other side, whoever that is by now.
_PLACE = """
SELECT s.id AS to_stage_id, s.pipeline_id AS to_pipeline_id, s.kind AS to_kind, s.name AS to_name,
  p.name AS to_pipeline_name, b.rank AS before_rank, a.rank AS after_rank,
  (SELECT min(d.rank) FROM deal d WHERE d.organization_id = s.organization_id AND d.pipeline_id = s.pipeline_id
     AND d.stage_id = s.id AND d.archived_at IS NULL AND d.id <> %(deal_id)s AND d.rank > b.rank) AS next_rank,
  (SELECT max(d.rank) FROM deal d WHERE d.organization_id = s.organization_id AND d.pipeline_id = s.pipeline_id
     AND d.stage_id = s.id AND d.archived_at IS NULL AND d.id <> %(deal_id)s AND d.rank < a.rank) AS previous_rank,
  CASE WHEN b.rank IS NULL AND a.rank IS NULL THEN
    (SELECT min(d.rank) FROM deal d
     WHERE d.organization_id = s.organization_id AND d.pipeline_id = s.pipeline_id AND d.stage_id = s.id
       AND d.archived_at IS NULL AND d.id <> %(deal_id)s) END AS first_rank
FROM stage s
JOIN pipeline p ON p.organization_id = s.organization_id AND p.id = s.pipeline_id AND p.archived_at IS NULL
LEFT JOIN deal b ON b.organization_id = s.organization_id AND b.id = %(before)s AND b.id <> %(deal_id)s
  AND b.stage_id = s.id AND b.archived_at IS NULL
LEFT JOIN deal a ON a.organization_id = s.organization_id AND a.id = %(after)s AND a.id <> %(deal_id)s
  AND a.stage_id = s.id AND a.archived_at IS NULL
WHERE s.organization_id = %(organization_id)s AND s.id = %(stage_id)s"""

# Both in one trip: neighbours are read without a lock anyway, and a deal that has changed while we waited for it
# has another version, so that its move is refused.
_LOCKED_WITH_PLACE = f"SELECT * FROM ({LOCKED} {{seen}}) held LEFT JOIN ({_PLACE}) place ON true"  # noqa: S608

_MOVE = """
WITH moved AS (
    UPDATE deal SET stage_id = %(stage_id)s, pipeline_id = %(pipeline_id)s, rank = %(rank)s, version = version + 1,
        entered_stage_at = %(entered_stage_at)s,
        closed_at = %(closed_at)s, lost_reason = %(lost_reason)s, updated_at = %(now)s
    WHERE organization_id = %(organization_id)s AND id = %(deal_id)s
    RETURNING value_cents)
INSERT INTO stage_history (organization_id, id, created_at, deal_id, from_stage_id, to_stage_id, user_id,
                           value_cents, moved_at)
SELECT %(organization_id)s, %(step_id)s, %(now)s, %(deal_id)s, %(from_stage_id)s, %(stage_id)s, %(user_id)s,
       value_cents, %(now)s
FROM moved WHERE CAST(%(from_stage_id)s AS uuid) <> %(stage_id)s"""


async def find_place(
    session: AsyncSession,
    organization_id: UUID,
    *,
    deal_id: UUID,
    stage_id: UUID,
    before: UUID | None,
    after: UUID | None,
) -> Row | None:
    """Return the target stage with the ranks around the wanted place, or None when there is no such stage."""
    parameters = {
        "organization_id": organization_id,
        "deal_id": deal_id,
        "stage_id": stage_id,
        "before": before,
        "after": after,
    }
    return await fetch_one(session, _PLACE, parameters)


async def lock_deal_with_place(
    session: AsyncSession,
    organization_id: UUID,
    deal_id: UUID,
    *,
    stage_id: UUID,
    before: UUID | None,
    after: UUID | None,
    sight: Sight,
) -> tuple[DealView, Row | None] | None:
    """Return what `lock_deal` and `find_place` return, or None when there is no such deal; one statement."""
    seen, people = sight.where("d.owner_id", "seen")
    parameters = {
        "organization_id": organization_id,
        "deal_id": deal_id,
        "stage_id": stage_id,
        "before": before,
        "after": after,
        **people,
    }
    row = await fetch_one(session, _LOCKED_WITH_PLACE.format(seen=seen), parameters)
    if row is None:
        return None
    return DealView.model_validate(row), row if row["to_stage_id"] is not None else None


async def move_deal(
    session: AsyncSession, organization_id: UUID, values: Mapping[str, Any], *, at_commit: bool
) -> None:
    """Write a held deal's new place, and a line of history when the stage is another one; one statement.

    `at_commit` saves a trip where nothing in the transaction reads the column afterwards.
    """
    written = {"organization_id": organization_id, **values}
    if at_commit:
        run_at_commit(session, _MOVE, written)
    else:
        await run(session, _MOVE, written)


async def lock_column(session: AsyncSession, organization_id: UUID, stage_id: UUID) -> int:
    """Hold every card of a column against other writers and return how many there are."""
    statement = """
SELECT id FROM deal WHERE organization_id = %(organization_id)s AND stage_id = %(stage_id)s AND archived_at IS NULL
ORDER BY id FOR NO KEY UPDATE"""
    parameters = {"organization_id": organization_id, "stage_id": stage_id}
    return await run(session, statement, parameters)


async def rebalance_column(
    session: AsyncSession, organization_id: UUID, stage_id: UUID, ranks: Sequence[str]
) -> None:
    """Give the cards of a column the ranks given, in the order in which they stand."""
    statement = """
UPDATE deal SET rank = fresh.rank
FROM (SELECT d.id, (CAST(%(ranks)s AS text[]))[row_number() OVER (ORDER BY d.rank, d.id)] AS rank
      FROM deal d WHERE d.organization_id = %(organization_id)s AND d.stage_id = %(stage_id)s
        AND d.archived_at IS NULL) fresh
WHERE deal.organization_id = %(organization_id)s AND deal.id = fresh.id"""
    parameters = {"organization_id": organization_id, "stage_id": stage_id, "ranks": list(ranks)}
    await run(session, statement, parameters)
