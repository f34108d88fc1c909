"""SQL about the deals of many contacts at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.sight import Sight, clauses
from crm_app.domains.pipeline.models import Deal, Stage, StageKind


def _latest(column: Any) -> Any:
    """Return the value that `column` has in the deal that entered its stage last."""
    return func.array_agg(aggregate_order_by(column, col(Deal.entered_stage_at).desc()))[1]


async def list_open_deals(
    session: AsyncSession, organization_id: UUID, contact_ids: Sequence[UUID], *, sight: Sight
) -> Sequence[Any]:
    """Return per contact: number and value of its open deals, name and colour of the latest one's stage."""
    statement = (
        select(
            col(Deal.contact_id),
            func.count().label("count"),
            func.coalesce(func.sum(col(Deal.value_cents)), 0).label("value_cents"),
            _latest(col(Stage.name)).label("stage_name"),
            _latest(col(Stage.color)).label("stage_color"),
        )
        .join(
            Stage,
            (col(Stage.organization_id) == col(Deal.organization_id)) & (col(Stage.id) == col(Deal.stage_id)),
        )
        .where(
            col(Deal.organization_id) == organization_id,
            col(Deal.contact_id).in_(contact_ids),
            col(Deal.archived_at).is_(None),
            col(Stage.kind) == StageKind.OPEN,
            *clauses(sight.where("deal.owner_id", "seen")),
        )
        .group_by(col(Deal.contact_id))
    )
    return (await session.execute(statement)).all()
