"""What roles may do, and how far."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from crm_app.api.deps import CurrentActor
from crm_app.api.pagination import PageView
from crm_app.core.database import unit_of_work
from crm_app.domains.accounts.roles import service as roles
from crm_app.domains.accounts.roles.views import RoleClone, RoleRename, RoleSave, RoleView

router = APIRouter(prefix="/api/v1/roles", tags=["roles"])

Key = Annotated[
    str, Path(pattern="^[a-z0-9-]{1,40}$", description="The name of a built-in role, or the id of another.")
]
To = Annotated[str | None, Query(max_length=40, description="The role that its members get instead.")]


@router.get("")
async def list_roles(actor: CurrentActor) -> PageView[RoleView]:
    """List all roles on one page: the built-in ones, then those of the organization's own."""
    async with unit_of_work(actor) as session:
        return PageView(items=await roles.list_roles(session, actor), next_cursor=None)


@router.post("", status_code=201)
async def clone_role(actor: CurrentActor, data: RoleClone) -> RoleView:
    """Make a role that may do the same as another one."""
    async with unit_of_work(actor) as session:
        return await roles.clone_role(session, actor, key=data.key, name=data.name)


@router.get("/{key}")
async def read_role(actor: CurrentActor, key: Key) -> RoleView:
    """Return a role by the name of a built-in one, or by its id."""
    async with unit_of_work(actor) as session:
        return await roles.get_role(session, actor, key=key)


@router.put("/{key}/matrix")
async def save_role(actor: CurrentActor, key: Key, data: RoleSave) -> RoleView:
    """Say what a role may do, and how far: `none`, `own`, `team` or `all`."""
    async with unit_of_work(actor) as session:
        return await roles.save_role(session, actor, key=key, version=data.version, matrix=data.matrix)


@router.post("/{key}/reset")
async def reset_role(actor: CurrentActor, key: Key) -> RoleView:
    """Let a role do again what the built-in one does."""
    async with unit_of_work(actor) as session:
        return await roles.reset_role(session, actor, key=key)


@router.patch("/{role_id}")
async def rename_role(actor: CurrentActor, role_id: UUID, data: RoleRename) -> RoleView:
    """Give a role of the organization's own another name."""
    async with unit_of_work(actor) as session:
        return await roles.rename_role(session, actor, role_id=role_id, name=data.name)


@router.delete("/{role_id}", status_code=204)
async def delete_role(actor: CurrentActor, role_id: UUID, to: To = None) -> None:
    """Remove a role of the organization's own."""
    async with unit_of_work(actor) as session:
        await roles.delete_role(session, actor, role_id=role_id, to_key=to)


@router.put("/{key}/members/{user_id}")
async def assign_role(actor: CurrentActor, key: Key, user_id: UUID) -> RoleView:
    """Give a member this role."""
    async with unit_of_work(actor) as session:
        return await roles.assign_role(session, actor, user_id=user_id, key=key)
