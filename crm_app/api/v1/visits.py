"""Seeing the app as a member sees it. During a visit these are the only calls of the API that answer."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from crm_app.api.deps import CurrentActor, WayOut
from crm_app.core.database import unit_of_work
from crm_app.domains.accounts.schemas import VisitView
from crm_app.domains.accounts.visits import service as visits

router = APIRouter(prefix="/api/v1/visits", tags=["visits"])


class EyesWanted(BaseModel):
    """Through whose eyes."""

    user_id: UUID


@router.post("", status_code=201)
async def view_as(actor: CurrentActor, wanted: EyesWanted) -> VisitView:
    """See the app as a member does, read-only, in every window of this session; half an hour at most."""
    async with unit_of_work(actor) as session:
        return await visits.begin_view_as(session, actor, user_id=wanted.user_id)


@router.post("/leave", status_code=204)
async def leave(signed_in: WayOut) -> None:
    """End the visit of this session, if there is one."""
    async with unit_of_work(signed_in.own_actor) as session:
        await visits.leave_visit(session, signed_in.own_actor)
