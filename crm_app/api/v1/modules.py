"""What the organization may use: plan, modules, limits, and who was chosen for a module by invitation."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from crm_app.api.deps import CurrentActor
from crm_app.core.database import unit_of_work
from crm_app.domains.modules import service
from crm_app.domains.modules.schemas import ModulesView

router = APIRouter(prefix="/api/v1/modules", tags=["modules"])

Key = Annotated[str, Path(pattern="^[a-z_]{1,40}$", description="The key of a module, say `api`.")]


@router.get("")
async def read_modules(actor: CurrentActor) -> ModulesView:
    """Return the plan, every module with why it is there or not, and the limits with what is used of them."""
    async with unit_of_work(actor) as session:
        return await service.read_modules(session, actor)


@router.put("/{module}/members/{user_id}", status_code=204)
async def choose_member(actor: CurrentActor, module: Key, user_id: UUID) -> None:
    """Give a member a module that is for chosen members only."""
    async with unit_of_work(actor) as session:
        await service.choose_member(session, actor, module=module, user_id=user_id)


@router.delete("/{module}/members/{user_id}", status_code=204)
async def unchoose_member(actor: CurrentActor, module: Key, user_id: UUID) -> None:
    """Take such a module from a member."""
    async with unit_of_work(actor) as session:
        await service.unchoose_member(session, actor, module=module, user_id=user_id)
