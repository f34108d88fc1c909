"""Members come, change their role, pause, leave, and hand over what they own."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import Forbidden, Invalid, NotFound
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository, service
from crm_app.domains.accounts.errors import NothingToUndo
from crm_app.domains.accounts.events import MemberChanged, MemberRoleChanged, SessionRevoked
from crm_app.domains.accounts.members import holdings, seats
from crm_app.domains.accounts.members import queries as member_queries
from crm_app.domains.accounts.members import rules as member_rules
from crm_app.domains.accounts.members.rules import Place
from crm_app.domains.accounts.members.views import HandOverView, HoldingsView, PersonView
from crm_app.domains.accounts.models import HandOver, Membership, Role
from crm_app.domains.accounts.roles import matrix
from crm_app.domains.accounts.roles import queries as role_queries

MANAGE = "members.manage"


async def list_people(session: AsyncSession, actor: Actor) -> list[PersonView]:
    """Return everybody with a place in the organization, by name, with when they were last there."""
    actor.require(MANAGE)
    found = await member_queries.list_people(session, actor.organization_id)
    return [PersonView.model_validate(dict(row)) for row in found]


async def get_person(session: AsyncSession, actor: Actor, *, user_id: UUID) -> PersonView:
    """Return somebody with a place in the organization. Raises `NotFound`."""
    found = next((one for one in await list_people(session, actor) if one.user_id == user_id), None)
    if found is None:
        raise NotFound(kind="member")
    return found


async def change_role(session: AsyncSession, actor: Actor, *, user_id: UUID, role: str) -> PersonView:
    """Give a member another role; what they have open follows at once.

    Raises `NotFound`, `Invalid` for an unknown role, `LastOwner`, `OwnPlace`, `OwnersOnly`, `RoleTooHigh`, or
    `OwnershipNeedsConsent`: see `ownership.offer_ownership`.
    """
    acting, membership = await _open(session, actor, user_id)
    if role not in list(Role):
        raise Invalid(field="role")
    changed = await role_queries.find_change(session, actor.organization_id, role)
    granted = matrix.resolve(role, changed.changes if changed else {})
    member_rules.check_role(acting, actor.granted, role, granted.keys())
    matrix.check_grant(actor, granted)
    await _check_touch(session, acting, membership)
    if membership.role != role or membership.role_id is not None:
        before = str(membership.role_id or membership.role)
        membership.role, membership.role_id = role, None
        await session.flush()
        announce(session, MemberRoleChanged(organization_id=actor.organization_id, user_id=user_id))
        await _audit(session, actor, "member.role", user_id, {"role": before}, {"role": role})
    return await get_person(session, actor, user_id=user_id)


async def deactivate_member(session: AsyncSession, actor: Actor, *, user_id: UUID) -> PersonView:
    """Close the door for a member, who keeps what they own; their sessions here end at once.

    Raises `NotFound`, `LastOwner`, `OwnPlace` or `OwnersOnly`.
    """
    acting, membership = await _open(session, actor, user_id)
    await _check_touch(session, acting, membership)
    if membership.is_active:
        membership.is_active = False
        await _shut_out(session, actor, user_id)
        await _audit(session, actor, "member.deactivate", user_id, {"is_active": True}, {"is_active": False})
    return await get_person(session, actor, user_id=user_id)


async def activate_member(session: AsyncSession, actor: Actor, *, user_id: UUID) -> PersonView:
    """Let a member in again. Raises `NotFound`, `OwnersOnly` or `SeatsTaken`."""
    acting, membership = await _open(session, actor, user_id)
    member_rules.check_touch(acting, Place(user_id, membership.role), owners=2)
    if not membership.is_active:
        await seats.take_seat(session, actor.organization_id)
        membership.is_active = True
        await session.flush()
        announce(session, MemberChanged(organization_id=actor.organization_id, user_id=user_id))
        await _audit(session, actor, "member.activate", user_id, {"is_active": False}, {"is_active": True})
    return await get_person(session, actor, user_id=user_id)


async def count_holdings(session: AsyncSession, actor: Actor, *, user_id: UUID) -> HoldingsView:
    """Return how much a member owns: what a hand-over would move. Raises `NotFound`."""
    actor.require(MANAGE)
    await _get_place(session, actor, user_id)
    counts = await holdings.count_all(session, actor.organization_id, user_id)
    return HoldingsView(user_id=user_id, counts=counts)


async def hand_over(
    session: AsyncSession, actor: Actor, *, user_id: UUID, to_user_id: UUID | None
) -> HandOverView:
    """Give everything that a member owns to an active one, or with None to nobody. Raises `NotFound`."""
    await _open(session, actor, user_id)
    await _check_receiver(session, actor, user_id, to_user_id)
    return await _give(session, actor, user_id, to_user_id, removed=False)


async def remove_member(
    session: AsyncSession, actor: Actor, *, user_id: UUID, to_user_id: UUID | None
) -> HandOverView:
    """Take a member's place away and hand over everything they own, in one step; their sessions here end at once.

    What they wrote keeps their name. `undo_hand_over` brings both back. Raises `NotFound`, `LastOwner`, `OwnPlace`
    or `OwnersOnly`.
    """
    acting, membership = await _open(session, actor, user_id)
    await _check_receiver(session, actor, user_id, to_user_id)
    await _check_touch(session, acting, membership)
    membership.is_active, membership.removed_at = False, utc_now()
    await session.flush()
    given = await _give(session, actor, user_id, to_user_id, removed=True)
    await _shut_out(session, actor, user_id)
    await _audit(session, actor, "member.remove", user_id, {"role": membership.role}, {"hand_over": str(given.id)})
    return given


async def undo_hand_over(session: AsyncSession, actor: Actor, *, hand_over_id: UUID) -> HandOverView:
    """Bring back what moved and is still where it went, and the place of whoever was removed with it.

    Sessions that ended stay ended. Raises `NotFound`, `NothingToUndo` or `SeatsTaken`.
    """
    actor.require(MANAGE)
    await member_queries.lock_members(session, actor.organization_id)
    done = await member_queries.get_hand_over(session, actor.organization_id, hand_over_id)
    if done.undone_at is not None or utc_now() - done.created_at > member_rules.UNDO_WITHIN:
        raise NothingToUndo
    if done.removed:
        await _readmit(session, actor, done.giver_id)
    await _get_place(session, actor, done.giver_id)
    items = {kind: [UUID(one) for one in ids] for kind, ids in done.items.items()}
    back = await holdings.give_back(session, actor, items, giver=done.giver_id, receiver=done.receiver_id)
    done.undone_at = utc_now()
    counts = {kind: len(ids) for kind, ids in back.items()}
    await session.flush()
    await _audit(session, actor, "member.hand_over_undo", done.giver_id, None, counts)
    return _hand_over_view(done, counts)


async def _readmit(session: AsyncSession, actor: Actor, user_id: UUID) -> None:
    membership = await repository.find_membership(session, actor.organization_id, user_id)
    if membership is None or membership.removed_at is None:
        return
    await seats.take_seat(session, actor.organization_id)
    membership.is_active, membership.removed_at = True, None
    await session.flush()
    announce(session, MemberChanged(organization_id=actor.organization_id, user_id=user_id))


async def _open(session: AsyncSession, actor: Actor, user_id: UUID) -> tuple[Place, Membership]:
    """Lock the organization's places and return the actor's own, as it is now, and the one to be changed."""
    actor.require(MANAGE)
    await member_queries.lock_members(session, actor.organization_id)
    own = await member_queries.find_place(session, actor.organization_id, actor.user_id) if actor.user_id else None
    if own is None or not own.is_active:
        raise Forbidden(permission=MANAGE)
    return Place(own.user_id, own.role), await _get_place(session, actor, user_id)


async def _get_place(session: AsyncSession, actor: Actor, user_id: UUID) -> Membership:
    membership = await member_queries.find_place(session, actor.organization_id, user_id)
    if membership is None:
        raise NotFound(kind="member")
    return membership


async def _check_touch(session: AsyncSession, acting: Place, membership: Membership) -> None:
    owners = await member_queries.count_owners(session, membership.organization_id)
    counted = owners if membership.is_active else owners + 1
    member_rules.check_touch(acting, Place(membership.user_id, membership.role), owners=counted)


async def _check_receiver(session: AsyncSession, actor: Actor, user_id: UUID, to_user_id: UUID | None) -> None:
    if to_user_id is not None:
        await service.access_member(session, actor, to_user_id)
    if to_user_id == user_id:
        raise Invalid(field="to_user_id")


async def _give(
    session: AsyncSession, actor: Actor, giver: UUID, receiver: UUID | None, *, removed: bool
) -> HandOverView:
    moved = await holdings.give_all(session, actor, giver=giver, receiver=receiver)
    done = HandOver(
        organization_id=actor.organization_id,
        giver_id=giver,
        receiver_id=receiver,
        removed=removed,
        items={kind: [str(one) for one in ids] for kind, ids in moved.items() if ids},
    )
    session.add(done)
    await session.flush()
    counts = {kind: len(ids) for kind, ids in moved.items()}
    after = {"to": str(receiver) if receiver else None, "hand_over": str(done.id), **counts}
    await _audit(session, actor, "member.hand_over", giver, None, after)
    return _hand_over_view(done, counts)


def _hand_over_view(done: HandOver, counts: dict[str, int]) -> HandOverView:
    return HandOverView(
        id=done.id, giver_id=done.giver_id, receiver_id=done.receiver_id, removed=done.removed, counts=counts
    )


async def _shut_out(session: AsyncSession, actor: Actor, user_id: UUID) -> None:
    await session.flush()
    await member_queries.end_sessions(session, actor.organization_id, user_id, utc_now())
    announce(session, SessionRevoked(organization_id=actor.organization_id, user_id=user_id))
    announce(session, MemberChanged(organization_id=actor.organization_id, user_id=user_id))


async def _audit(
    session: AsyncSession,
    actor: Actor,
    action: str,
    user_id: UUID,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    await service.audit(session, actor, action, "user", user_id, before=before, after=after)
