"""Roles: the built-in ones, as the organization has changed them, and its own."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import NotFound
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository, service
from crm_app.domains.accounts.errors import OwnersOnly, OwnerStays, OwnPlace, RoleChanged, RoleInUse, RoleNameTaken
from crm_app.domains.accounts.events import MemberRoleChanged
from crm_app.domains.accounts.members import queries as member_queries
from crm_app.domains.accounts.members import rules as member_rules
from crm_app.domains.accounts.models import Membership, Role
from crm_app.domains.accounts.roles import matrix as matrices
from crm_app.domains.accounts.roles import queries as role_queries
from crm_app.domains.accounts.roles.matrix import Matrix
from crm_app.domains.accounts.roles.models import OwnRole
from crm_app.domains.accounts.roles.views import RoleView

MANAGE = "roles.manage"


async def list_roles(session: AsyncSession, actor: Actor) -> list[RoleView]:
    """Return the built-in roles, then the organization's own by name.

    Permission `roles.manage` or `members.manage`.
    """
    if not actor.can("members.manage"):
        actor.require(MANAGE)
    rows = await role_queries.list_roles(session, actor.organization_id)
    changed = {row.based_on: row for row in rows if row.name is None}
    counts: Counter[str] = Counter()
    for row in await role_queries.count_members(session, actor.organization_id):
        counts[str(row["role_id"] or row["role"])] += row["members"]
    views = [_built_in_view(role, changed.get(role), counts[role]) for role in Role]
    return [*views, *(_own_view(row, counts[str(row.id)]) for row in rows if row.name is not None)]


def _built_in_view(role: Role, changed: OwnRole | None, members: int) -> RoleView:
    changes = changed.changes if changed else {}
    return _view(role.value, None, None, role.value, changes, members, changed.version if changed else 0)


def _own_view(row: OwnRole, members: int) -> RoleView:
    return _view(str(row.id), row.id, row.name, row.based_on, row.changes, members, row.version)


def _view(
    key: str,
    role_id: UUID | None,
    name: str | None,
    based_on: str,
    changes: Mapping[str, str],
    members: int,
    version: int,
) -> RoleView:
    held = matrices.resolve(based_on, changes)
    standard = matrices.default_matrix(based_on)
    return RoleView(
        key=key,
        id=role_id,
        name=name,
        based_on=based_on,
        matrix=_words(held),
        differs=sorted(one for one in matrices.KNOWN if held.get(one) != standard.get(one)),
        members=members,
        version=version,
        editable=based_on != Role.OWNER,
    )


def _words(held: Matrix) -> dict[str, str]:
    return {name: held[name].value if name in held else matrices.NONE for name in sorted(matrices.KNOWN)}


async def get_role(session: AsyncSession, actor: Actor, *, key: str) -> RoleView:
    """Return one role by its key. Raises `NotFound`."""
    found = next((role for role in await list_roles(session, actor) if role.key == key), None)
    if found is None:
        raise NotFound(kind="role")
    return found


async def save_role(
    session: AsyncSession, actor: Actor, *, key: str, version: int, matrix: Mapping[str, str]
) -> RoleView:
    """Give a role this matrix; whoever holds it has it at their next step.

    Raises `NotFound`, `OwnerStays`, `RoleChanged`, `Invalid` for a matrix that makes no sense, `GrantTooHigh` for
    what the actor does not hold, `OwnRoleLowered` when it would take something from the actor.
    """
    wanted, before = await _prepare(session, actor, key, matrix)
    if before.version != version:
        raise RoleChanged(version=before.version)
    row = await _row_to_change(session, actor, before)
    row.changes = matrices.changes_from(before.based_on, wanted)
    row.version, row.updated_at = before.version + 1, utc_now()
    session.add(row)
    await session.flush()
    changed = {name: reach for name, reach in _words(wanted).items() if before.matrix[name] != reach}
    await _tell_holders(session, actor, before)
    old = {name: before.matrix[name] for name in changed}
    await _audit(session, actor, "role.change", before, old, changed)
    return await get_role(session, actor, key=key)


async def _prepare(
    session: AsyncSession, actor: Actor, key: str, given: Mapping[str, str]
) -> tuple[Matrix, RoleView]:
    actor.require(MANAGE)
    await member_queries.lock_members(session, actor.organization_id)
    before = await get_role(session, actor, key=key)
    if not before.editable:
        raise OwnerStays
    wanted = matrices.parse({**before.matrix, **given})
    matrices.check_grant(actor, {name: reach for name, reach in wanted.items() if before.matrix[name] != reach})
    if await _holds(session, actor, before):
        matrices.check_own(actor, wanted)
    return wanted, before


async def _holds(session: AsyncSession, actor: Actor, role: RoleView) -> bool:
    holders = await role_queries.list_holders(session, actor.organization_id, role.based_on, role.id)
    return actor.user_id in holders


async def _row_to_change(session: AsyncSession, actor: Actor, role: RoleView) -> OwnRole:
    if role.id is not None:
        return await _own_role(session, actor, role.id)
    found = await role_queries.find_change(session, actor.organization_id, role.based_on)
    return found or OwnRole(organization_id=actor.organization_id, based_on=role.based_on)


async def _own_role(session: AsyncSession, actor: Actor, role_id: UUID) -> OwnRole:
    found = await role_queries.find_role(session, actor.organization_id, role_id)
    if found is None:
        raise NotFound(kind="role")
    return found


async def reset_role(session: AsyncSession, actor: Actor, *, key: str) -> RoleView:
    """Give a role back what the built-in one holds. Raises as `save_role` does."""
    actor.require(MANAGE)
    now = await get_role(session, actor, key=key)
    standard = _words(matrices.default_matrix(now.based_on))
    return await save_role(session, actor, key=key, version=now.version, matrix=standard)


async def clone_role(session: AsyncSession, actor: Actor, *, key: str, name: str) -> RoleView:
    """Make a role of the organization's own with the matrix of another one.

    Raises `NotFound`, `OwnerStays`, `RoleNameTaken`, `GrantTooHigh`.
    """
    actor.require(MANAGE)
    source = await get_role(session, actor, key=key)
    if not source.editable:
        raise OwnerStays
    held = matrices.parse(source.matrix)
    matrices.check_grant(actor, held)
    await _check_name(session, actor, name, but=None)
    row = OwnRole(
        organization_id=actor.organization_id,
        name=name,
        based_on=source.based_on,
        changes=matrices.changes_from(source.based_on, held),
    )
    session.add(row)
    await session.flush()
    made = await get_role(session, actor, key=str(row.id))
    await _audit(session, actor, "role.create", made, None, {"name": name, "from": source.name or source.key})
    return made


async def rename_role(session: AsyncSession, actor: Actor, *, role_id: UUID, name: str) -> RoleView:
    """Give a role of the organization's own another name. Raises `NotFound`, `RoleNameTaken`."""
    actor.require(MANAGE)
    row = await _own_role(session, actor, role_id)
    await _check_name(session, actor, name, but=row.id)
    before, row.name, row.updated_at = row.name, name, utc_now()
    await session.flush()
    view = await get_role(session, actor, key=str(row.id))
    await _audit(session, actor, "role.rename", view, {"name": before}, {"name": name})
    return view


async def _check_name(session: AsyncSession, actor: Actor, name: str, *, but: UUID | None) -> None:
    if await role_queries.is_name_taken(session, actor.organization_id, name, but=but):
        raise RoleNameTaken(field="name")


async def delete_role(session: AsyncSession, actor: Actor, *, role_id: UUID, to_key: str | None = None) -> None:
    """Remove a role of the organization's own; its members get the role `to_key`.

    Raises `NotFound`, `RoleInUse` without `to_key` while members hold it, `OwnPlace` for one's own role,
    `OwnerStays`, `GrantTooHigh`.
    """
    actor.require(MANAGE)
    await member_queries.lock_members(session, actor.organization_id)
    row = await _own_role(session, actor, role_id)
    view = await get_role(session, actor, key=str(role_id))
    if await _holds(session, actor, view):
        raise OwnPlace
    if to_key is None and view.members:
        raise RoleInUse(members=view.members)
    target = await _target(session, actor, to_key or row.based_on, but=role_id)
    await _tell_holders(session, actor, view)
    await role_queries.move_holders(
        session, actor.organization_id, role_id, role=target.based_on, to_role_id=target.id
    )
    await role_queries.delete_role(session, row)
    await _audit(session, actor, "role.delete", view, {"name": view.name}, {"to": target.name or target.key})


async def _target(session: AsyncSession, actor: Actor, key: str, *, but: UUID | None = None) -> RoleView:
    """Return a role that the actor may give. Raises `NotFound`, `OwnerStays` or `GrantTooHigh`."""
    target = await get_role(session, actor, key=key)
    if target.id is not None and target.id == but:
        raise NotFound(kind="role")
    if not target.editable:
        raise OwnerStays
    held = matrices.resolve(target.based_on, target.matrix)
    matrices.check_grant(actor, held)
    return target


async def assign_role(session: AsyncSession, actor: Actor, *, user_id: UUID, key: str) -> RoleView:
    """Give a member a role, built-in or the organization's own; what they have open follows at once.

    Permission `members.manage`. Raises `NotFound`, `OwnPlace` for one's own, `OwnersOnly`, `LastOwner`,
    `OwnerStays` (ownership is offered, not given), `GrantTooHigh`.
    """
    actor.require("members.manage")
    await member_queries.lock_members(session, actor.organization_id)
    membership = await member_queries.find_place(session, actor.organization_id, user_id)
    if membership is None:
        raise NotFound(kind="member")
    target = await _target(session, actor, key)
    await _check_touch(session, actor, membership)
    if (membership.role, membership.role_id) != (target.based_on, target.id):
        before = str(membership.role_id or membership.role)
        membership.role, membership.role_id = target.based_on, target.id
        await session.flush()
        announce(session, MemberRoleChanged(organization_id=actor.organization_id, user_id=user_id))
        await service.audit(
            session, actor, "member.role", "user", user_id, before={"role": before}, after={"role": target.key}
        )
    return await get_role(session, actor, key=key)


async def _check_touch(session: AsyncSession, actor: Actor, membership: Membership) -> None:
    if actor.user_id is None:
        raise OwnersOnly
    own = await repository.find_membership(session, actor.organization_id, actor.user_id)
    acting = member_rules.Place(actor.user_id, own.role if own else "")
    owners = await member_queries.count_owners(session, actor.organization_id)
    member_rules.check_touch(acting, member_rules.Place(membership.user_id, membership.role), owners=owners)


async def _tell_holders(session: AsyncSession, actor: Actor, role: RoleView) -> None:
    for user_id in await role_queries.list_holders(session, actor.organization_id, role.based_on, role.id):
        announce(session, MemberRoleChanged(organization_id=actor.organization_id, user_id=user_id))


async def _audit(
    session: AsyncSession,
    actor: Actor,
    action: str,
    role: RoleView,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    named = {"role": role.name or role.key}
    await service.audit(
        session,
        actor,
        action,
        "role",
        role.id,
        before={**named, **before} if before is not None else None,
        after={**named, **(after or {})},
    )
