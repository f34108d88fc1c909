"""Reading the board: the first cards of every column in one statement, then column by column.

The cards leave PostgreSQL as JSON, one text per column, and are parsed once into views; for 120 cards that is
several times faster than a row object each.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.sight import Condition, Sight
from crm_app.core.sql import fetch_all, fetch_value
from crm_app.domains.pipeline.rules import FOLD_FROM, FOLD_TO, fold
from crm_app.domains.pipeline.schemas import (
    BoardColumn,
    BoardFilter,
    BoardView,
    ColumnPage,
    DealCard,
    StageTotals,
)

CARD_COLUMNS = """d.id, d.version, d.pipeline_id, d.stage_id, d.rank, d.title, d.value_cents, d.contact_id,
    c.name AS contact_name, c.company AS contact_company, c.last_activity_at, d.owner_id, d.tags,
    d.expected_close_on, d.entered_stage_at, d.closed_at"""

WITH_CONTACT = "LEFT JOIN contact c ON c.organization_id = d.organization_id AND c.id = d.contact_id"

_cards = TypeAdapter(list[DealCard])

_OWNER = "AND d.owner_id = %(owner_id)s"
_SEARCH = f"""AND (translate(lower(d.title), '{FOLD_FROM}', '{FOLD_TO}') LIKE %(search)s ESCAPE '\\'
    OR EXISTS (SELECT 1 FROM contact k WHERE k.organization_id = d.organization_id AND k.id = d.contact_id
               AND k.search_text LIKE %(search)s ESCAPE '\\'))"""  # noqa: S608


def _filtering(wanted: BoardFilter, sight: Sight) -> tuple[str, dict[str, Any]]:
    """Return the SQL conditions of a filter and a reach, from fixed parts only, and their parameters."""
    seen, values = sight.where("d.owner_id", "seen")
    conditions: list[str] = [seen] if seen else []
    parameters: dict[str, Any] = {**values}
    if wanted.owner_id is not None:
        conditions.append(_OWNER)
        parameters["owner_id"] = wanted.owner_id
    if wanted.search:
        found, values = searched(wanted.search)
        conditions.append(found)
        parameters |= values
    return " ".join(conditions), parameters


def searched(words: str) -> Condition:
    """Return the condition that a deal's title or contact holds `words`; case and accents do not count."""
    literal = fold(words).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return _SEARCH, {"search": f"%{literal}%"}


def board_sql(conditions: str, *, default_pipeline: bool) -> str:
    """Return the statement behind `load_board` (kept apart so that the bench can print its plan)."""
    pipeline = (
        """(SELECT id FROM pipeline WHERE organization_id = %(organization_id)s AND archived_at IS NULL
            ORDER BY is_default DESC, position, id LIMIT 1)"""
        if default_pipeline
        else "%(pipeline_id)s"
    )
    standing = f"""d.organization_id = %(organization_id)s AND d.pipeline_id = s.pipeline_id
        AND d.stage_id = s.id AND d.archived_at IS NULL {conditions}"""
    return f"""
SELECT p.id AS pipeline_id, p.name AS pipeline_name, s.id, s.name, s.kind, s.color, s.position, s.probability,
       s.wip_limit, s.stalled_after_days, totals.count, totals.amount_cents, page.cards
FROM pipeline p
JOIN stage s ON s.organization_id = %(organization_id)s AND s.pipeline_id = p.id
CROSS JOIN LATERAL (
    SELECT count(*) AS count, coalesce(sum(d.value_cents), 0)::bigint AS amount_cents
    FROM deal d WHERE {standing}) totals
CROSS JOIN LATERAL (
    SELECT coalesce(json_agg(row_to_json(card) ORDER BY card.rank, card.id), '[]')::text AS cards
    FROM (SELECT {CARD_COLUMNS} FROM deal d {WITH_CONTACT} WHERE {standing}
          ORDER BY d.rank, d.id LIMIT %(size)s) card) page
WHERE p.organization_id = %(organization_id)s AND p.id = {pipeline} AND p.archived_at IS NULL
ORDER BY s.position, s.id"""  # noqa: S608


async def load_board(
    session: AsyncSession,
    organization_id: UUID,
    pipeline_id: UUID | None,
    wanted: BoardFilter,
    size: int,
    *,
    sight: Sight,
) -> BoardView | None:
    """Return the first `size` cards of every column with the columns' totals, in one statement."""
    conditions, parameters = _filtering(wanted, sight)
    statement = board_sql(conditions, default_pipeline=pipeline_id is None)
    parameters |= {"organization_id": organization_id, "size": size}
    if pipeline_id is not None:
        parameters["pipeline_id"] = pipeline_id
    rows = await fetch_all(session, statement, parameters)
    if not rows:
        return None
    return BoardView(
        pipeline_id=rows[0]["pipeline_id"],
        pipeline_name=rows[0]["pipeline_name"],
        columns=[_column(row) for row in rows],
    )


def _column(row: Mapping[Any, Any]) -> BoardColumn:
    cards = _cards.validate_json(row["cards"])
    fields = {name: row[name] for name in BoardColumn.model_fields if name in row and name != "cards"}
    return BoardColumn(
        **fields,
        weighted_cents=BoardColumn.forecast(row["amount_cents"], row["probability"], row["kind"]),
        has_more=row["count"] > len(cards),
        cards=cards,
    )


async def load_column(
    session: AsyncSession,
    organization_id: UUID,
    stage: Mapping[Any, Any],
    wanted: BoardFilter,
    after: tuple[str, UUID],
    size: int,
    *,
    sight: Sight,
) -> ColumnPage:
    """Return up to `size` cards of a column that come after the position `(rank, id)`."""
    conditions, parameters = _filtering(wanted, sight)
    statement = f"""
SELECT coalesce(json_agg(row_to_json(card) ORDER BY card.rank, card.id), '[]')::text
FROM (SELECT {CARD_COLUMNS} FROM deal d {WITH_CONTACT}
      WHERE d.organization_id = %(organization_id)s AND d.pipeline_id = %(pipeline_id)s
        AND d.stage_id = %(stage_id)s AND d.archived_at IS NULL AND (d.rank, d.id) > (%(rank)s, %(deal_id)s)
        {conditions}
      ORDER BY d.rank, d.id LIMIT %(size)s) card"""  # noqa: S608
    parameters |= {
        "organization_id": organization_id,
        "pipeline_id": stage["pipeline_id"],
        "stage_id": stage["id"],
        "rank": after[0],
        "deal_id": after[1],
        "size": size + 1,
    }
    cards = _cards.validate_json(await fetch_value(session, statement, parameters) or "[]")
    return ColumnPage(stage_id=stage["id"], cards=cards[:size], has_more=len(cards) > size)


async def load_cards(
    session: AsyncSession, organization_id: UUID, deal_ids: list[UUID], wanted: BoardFilter, *, sight: Sight
) -> list[DealCard]:
    """Return those of the deals that stand on a board and pass the filter."""
    conditions, parameters = _filtering(wanted, sight)
    statement = f"""
SELECT coalesce(json_agg(row_to_json(card)), '[]')::text
FROM (SELECT {CARD_COLUMNS} FROM deal d {WITH_CONTACT}
      WHERE d.organization_id = %(organization_id)s AND d.id = ANY(%(deal_ids)s) AND d.archived_at IS NULL
      {conditions}) card"""  # noqa: S608
    parameters |= {"organization_id": organization_id, "deal_ids": deal_ids}
    return _cards.validate_json(await fetch_value(session, statement, parameters) or "[]")


async def load_totals(
    session: AsyncSession, organization_id: UUID, stage_ids: list[UUID], wanted: BoardFilter, *, sight: Sight
) -> list[StageTotals]:
    """Return count and value of these columns under the filter."""
    conditions, parameters = _filtering(wanted, sight)
    statement = f"""
SELECT s.id AS stage_id, totals.count, totals.amount_cents
FROM stage s
CROSS JOIN LATERAL (
    SELECT count(*) AS count, coalesce(sum(d.value_cents), 0)::bigint AS amount_cents
    FROM deal d WHERE d.organization_id = %(organization_id)s AND d.pipeline_id = s.pipeline_id
      AND d.stage_id = s.id AND d.archived_at IS NULL {conditions}) totals
WHERE s.organization_id = %(organization_id)s AND s.id = ANY(%(stage_ids)s)"""  # noqa: S608
    parameters |= {"organization_id": organization_id, "stage_ids": stage_ids}
    rows = await fetch_all(session, statement, parameters)
    return [StageTotals(**row) for row in rows]
