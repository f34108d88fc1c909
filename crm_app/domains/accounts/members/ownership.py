"""Ownership passes by an offer that its receiver accepts."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import Forbidden, Invalid, NotFound
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.errors import OfferClosed, OfferWaiting, OwnersOnly
from crm_app.domains.accounts.events import MemberRoleChanged, OwnershipOffered
from crm_app.domains.accounts.members import queries as member_queries
from crm_app.domains.accounts.members import rules as member_rules
from crm_app.domains.accounts.members.views import OfferView
from crm_app.domains.accounts.models import Membership, OwnershipOffer, Role


async def find_offer(session: AsyncSession, actor: Actor) -> OfferView | None:
    """Return the offer that waits, to whoever made it, got it, or manages members; None to everybody else."""
    offer = await member_queries.find_open_offer(session, actor.organization_id)
    if offer is None or offer.expires_at <= utc_now():
        return None
    if actor.user_id not in (offer.giver_id, offer.receiver_id) and not actor.can("members.manage"):
        return None
    return await _view(session, offer)


async def offer_ownership(session: AsyncSession, actor: Actor, *, user_id: UUID, step_down: bool) -> OfferView:
    """Ask an active member to become an owner; with `step_down` the actor becomes an administrator then.

    Raises `NotFound`, `OwnersOnly`, `OfferWaiting`, or `Invalid` for whoever is an owner already.
    """
    actor.require("organization.manage")
    await member_queries.lock_members(session, actor.organization_id)
    receiver = await service.access_member(session, actor, user_id)
    await _require_owner(session, actor)
    if receiver.role == Role.OWNER:
        raise Invalid("errors.members.owner_already", field="user_id")
    standing = await member_queries.find_open_offer(session, actor.organization_id)
    if standing is not None and standing.expires_at > utc_now():
        raise OfferWaiting
    if standing is not None:
        standing.closed_at = utc_now()
        await session.flush()
    offer = OwnershipOffer(
        organization_id=actor.organization_id,
        giver_id=_person(actor),
        receiver_id=user_id,
        step_down=step_down,
        expires_at=utc_now() + member_rules.OFFER_LASTS,
    )
    session.add(offer)
    await session.flush()
    await _tell(session, actor, offer, "ownership.offer", waiting=True)
    return await _view(session, offer)


async def withdraw_ownership(session: AsyncSession, actor: Actor, *, ownership_offer_id: UUID) -> None:
    """Take an offer back; any owner may. Raises `NotFound`, `OwnersOnly` or `OfferClosed`."""
    actor.require("organization.manage")
    offer = await _open(session, actor, ownership_offer_id)
    await _require_owner(session, actor)
    await _close(session, actor, offer, "ownership.withdraw")


async def decline_ownership(session: AsyncSession, actor: Actor, *, ownership_offer_id: UUID) -> None:
    """Say no to an offer that one has got. Raises `NotFound` or `OfferClosed`."""
    offer = await _open(session, actor, ownership_offer_id, receiver_only=True)
    await _close(session, actor, offer, "ownership.decline")


async def accept_ownership(session: AsyncSession, actor: Actor, *, ownership_offer_id: UUID) -> None:
    """Become an owner by an offer that one has got; what both have open begins anew.

    Raises `NotFound`, or `OfferClosed` also when whoever made the offer is no active owner any more.
    """
    offer = await _open(session, actor, ownership_offer_id, receiver_only=True)
    giver = await member_queries.find_place(session, actor.organization_id, offer.giver_id)
    receiver = await member_queries.find_place(session, actor.organization_id, offer.receiver_id)
    if giver is None or receiver is None or not giver.is_active or giver.role != Role.OWNER:
        raise OfferClosed
    await _change(session, actor, receiver, Role.OWNER)
    if offer.step_down:
        await _change(session, actor, giver, Role.ADMIN)
    await _close(session, actor, offer, "ownership.accept")


async def _change(session: AsyncSession, actor: Actor, membership: Membership, role: Role) -> None:
    before = str(membership.role_id or membership.role)
    membership.role, membership.role_id = role.value, None
    await session.flush()
    announce(session, MemberRoleChanged(organization_id=actor.organization_id, user_id=membership.user_id))
    await service.audit(
        session,
        actor,
        "member.role",
        "user",
        membership.user_id,
        before={"role": before},
        after={"role": role.value},
    )


async def _open(
    session: AsyncSession, actor: Actor, offer_id: UUID, *, receiver_only: bool = False
) -> OwnershipOffer:
    await member_queries.lock_members(session, actor.organization_id)
    offer = await member_queries.get_offer(session, actor.organization_id, offer_id)
    if receiver_only and offer.receiver_id != actor.user_id:
        raise NotFound(kind="ownership_offer")
    if offer.closed_at is not None or offer.expires_at <= utc_now():
        raise OfferClosed
    return offer


async def _close(session: AsyncSession, actor: Actor, offer: OwnershipOffer, action: str) -> None:
    offer.closed_at = utc_now()
    await session.flush()
    await _tell(session, actor, offer, action, waiting=False)


async def _tell(session: AsyncSession, actor: Actor, offer: OwnershipOffer, action: str, *, waiting: bool) -> None:
    announce(
        session,
        OwnershipOffered(organization_id=actor.organization_id, user_id=offer.receiver_id, waiting=waiting),
    )
    after = {"from": str(offer.giver_id), "to": str(offer.receiver_id), "step_down": offer.step_down}
    await service.audit(session, actor, action, "user", offer.receiver_id, after=after)


async def _require_owner(session: AsyncSession, actor: Actor) -> None:
    own = await member_queries.find_place(session, actor.organization_id, _person(actor))
    if own is None or not own.is_active or own.role != Role.OWNER:
        raise OwnersOnly


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise Forbidden
    return actor.user_id


async def _view(session: AsyncSession, offer: OwnershipOffer) -> OfferView:
    names = await member_queries.names_of(session, offer.organization_id, [offer.giver_id, offer.receiver_id])
    return OfferView(
        id=offer.id,
        giver_id=offer.giver_id,
        giver_name=names[offer.giver_id],
        receiver_id=offer.receiver_id,
        receiver_name=names[offer.receiver_id],
        step_down=offer.step_down,
        expires_at=offer.expires_at,
    )
