"""Why a member sees a record, or does not."""

from uuid import UUID

from fastapi import APIRouter

from crm_app.api.deps import CurrentActor
from crm_app.core.database import unit_of_work
from crm_app.domains.explain import service
from crm_app.domains.explain.schemas import Explanation, RecordKind

router = APIRouter(prefix="/api/v1/access", tags=["roles"])


@router.get("/{user_id}/{kind}/{record_id}")
async def explain_access(actor: CurrentActor, user_id: UUID, kind: RecordKind, record_id: UUID) -> Explanation:
    """Say which rules show a record to a member, or hide it."""
    async with unit_of_work(actor) as session:
        return await service.explain_access(session, actor, user_id=user_id, kind=kind, record_id=record_id)
