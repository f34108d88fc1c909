"""Members change roles, pause, leave and hand over; the last owner stays; ownership needs two."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.errors import CrmError, Forbidden, Invalid, NotFound, Unauthenticated
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.errors import (
    LastOwner,
    NothingToUndo,
    OfferClosed,
    OfferWaiting,
    OwnershipNeedsConsent,
    OwnersOnly,
    OwnPlace,
    RoleTooHigh,
    SeatsTaken,
)
from crm_app.domains.accounts.members import holdings, ownership
from crm_app.domains.accounts.members import rules as member_rules
from crm_app.domains.accounts.members import service as members
from crm_app.domains.accounts.models import HandOver, Membership, OwnershipOffer, Role
from crm_app.domains.contacts import service as contacts
from crm_app.domains.contacts.schemas import ContactCreate
from crm_app.domains.inbox.models import Conversation
from crm_app.domains.models import metadata
from crm_app.domains.pipeline import service as pipeline
from crm_app.domains.pipeline.schemas import DealCreate
from tests.api.clients import begin_session
from tests.attacks.world import build_world
from tests.conftest import MakeActor, Tenant
from tests.pipeline.conftest import new_funnel
from tests.plans.having import have_plan

# Columns that name somebody for ever: they are history, and stay.
HISTORY = {
    "sso_identity.user_id",  # who they are at the identity provider: opens nothing without an active place
    "message.author_id",
    "hand_over.giver_id",
    "hand_over.receiver_id",
    "invitation.invited_by",
    "ownership_offer.giver_id",
    "ownership_offer.receiver_id",
    "member_module.user_id",  # chosen for a module: counts again should they come back
    "visit.member_id",  # through whose eyes somebody looked
    "team_member.user_id",  # a place that counts again should they come back
}


async def act(actor: Actor, use_case: Callable[..., Awaitable[Any]], **arguments: Any) -> Any:
    """Run a use case as a request would."""
    async with unit_of_work(actor) as session:
        return await use_case(session, actor, **arguments)


def id_of(actor: Actor) -> UUID:
    """Return the id of the person behind an actor."""
    assert actor.user_id
    return actor.user_id


async def is_in(token: str) -> bool:
    """Tell whether a session token opens anything."""
    try:
        async with system_unit_of_work() as session:
            await service.resolve_session(session, token)
    except Unauthenticated:
        return False
    return True


async def holding(tenant: Tenant, seller: Actor) -> dict[str, UUID]:
    """Give a seller a contact, a deal and a conversation, and return their ids."""
    world = await build_world(tenant)
    funnel = await new_funnel(tenant.owner)
    async with unit_of_work(tenant.owner) as session:
        contact = await contacts.create_contact(
            session, tenant.owner, data=ContactCreate(name="Padaria", owner_id=seller.user_id)
        )
        deal = await pipeline.create_deal(
            session,
            tenant.owner,
            deal=DealCreate(title="Site", stage_id=funnel.stages[0].id, owner_id=seller.user_id),
        )
        await session.execute(
            update(Conversation)
            .where(Conversation.id == world.ids["conversation"])
            .values(assignee_id=seller.user_id)
        )
    return {"contacts": contact.id, "deals": deal.id, "conversations": world.ids["conversation"]}


async def owners_of(tenant: Tenant, ids: dict[str, UUID]) -> list[UUID | None]:
    """Return whose contact, deal and conversation these are now."""
    async with unit_of_work(tenant.owner) as session:
        contact = await contacts.get_contact(session, tenant.owner, contact_id=ids["contacts"])
        deal = await pipeline.get_deal(session, tenant.owner, deal_id=ids["deals"])
        conversation = await session.get_one(Conversation, (tenant.organization.id, ids["conversations"]))
        return [contact.owner_id, deal.owner_id, conversation.assignee_id]


def test_whatever_refers_to_a_member_is_handed_over_or_is_history() -> None:
    referring = {
        f"{table.name}.{key.column_keys[1]}"
        for table in metadata.sorted_tables
        for key in table.foreign_key_constraints
        if key.referred_table.name == "membership"
    }
    held = {one.column for one in holdings.holdings()}
    assert held
    assert referring == held | HISTORY


async def test_everything_changes_hands_in_one_step_and_back(tenant: Tenant, make_actor: MakeActor) -> None:
    seller, colleague = await make_actor(), await make_actor()
    ids = await holding(tenant, seller)
    token = await begin_session(seller)
    preview = await act(tenant.owner, members.count_holdings, user_id=id_of(seller))
    assert preview.counts == {"contacts": 1, "conversations": 1, "deals": 1}
    given = await act(tenant.owner, members.remove_member, user_id=id_of(seller), to_user_id=colleague.user_id)
    assert given.counts == preview.counts
    assert await owners_of(tenant, ids) == [colleague.user_id] * 3
    assert not await is_in(token)
    people = {one.user_id for one in await act(tenant.owner, members.list_people)}
    assert people == {tenant.owner.user_id, colleague.user_id}
    # Something went on to a third person: that stays there.
    async with unit_of_work(tenant.owner) as session:
        deal = await pipeline.get_deal(session, tenant.owner, deal_id=ids["deals"])
    await act(
        tenant.owner,
        pipeline.update_deal,
        deal_id=deal.id,
        update=pipeline.DealUpdate(version=deal.version, owner_id=tenant.owner.user_id),
    )
    back = await act(tenant.owner, members.undo_hand_over, hand_over_id=given.id)
    assert back.counts == {"contacts": 1, "conversations": 1, "deals": 0}
    assert await owners_of(tenant, ids) == [seller.user_id, tenant.owner.user_id, seller.user_id]
    assert not await is_in(token), "a session that ended stays ended"
    assert id_of(seller) in {one.user_id for one in await act(tenant.owner, members.list_people)}
    with pytest.raises(NothingToUndo):
        await act(tenant.owner, members.undo_hand_over, hand_over_id=given.id)


async def test_handing_over_to_nobody_leaves_a_queue(tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    ids = await holding(tenant, seller)
    given = await act(tenant.owner, members.hand_over, user_id=id_of(seller), to_user_id=None)
    assert await owners_of(tenant, ids) == [None] * 3
    await act(tenant.owner, members.undo_hand_over, hand_over_id=given.id)
    assert await owners_of(tenant, ids) == [seller.user_id] * 3


async def test_nothing_moves_when_the_receiver_is_nobody_here(
    tenant: Tenant, other_tenant: Tenant, make_actor: MakeActor
) -> None:
    seller, resting = await make_actor(), await make_actor()
    ids = await holding(tenant, seller)
    await act(tenant.owner, members.deactivate_member, user_id=id_of(resting))
    for receiver in (other_tenant.owner.user_id, resting.user_id, uuid4()):
        with pytest.raises(NotFound):
            await act(tenant.owner, members.remove_member, user_id=id_of(seller), to_user_id=receiver)
    with pytest.raises(Invalid):
        await act(tenant.owner, members.hand_over, user_id=id_of(seller), to_user_id=seller.user_id)
    assert await owners_of(tenant, ids) == [seller.user_id] * 3


async def test_an_undo_has_its_time(tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    given = await act(tenant.owner, members.remove_member, user_id=id_of(seller), to_user_id=None)
    async with unit_of_work(tenant.owner) as session:
        await session.execute(update(HandOver).values(created_at=utc_now() - 2 * member_rules.UNDO_WITHIN))
    with pytest.raises(NothingToUndo):
        await act(tenant.owner, members.undo_hand_over, hand_over_id=given.id)


async def test_a_pause_ends_the_sessions_here_and_no_others(
    tenant: Tenant, other_tenant: Tenant, make_actor: MakeActor
) -> None:
    seller = await make_actor()
    elsewhere = Actor(other_tenant.organization.id, seller.user_id, Role.SALES, frozenset())
    async with unit_of_work(other_tenant.owner) as session:
        session.add(Membership(organization_id=other_tenant.organization.id, user_id=id_of(seller)))
    here, there = await begin_session(seller), await begin_session(elsewhere)
    paused = await act(tenant.owner, members.deactivate_member, user_id=id_of(seller))
    assert not paused.is_active
    assert not await is_in(here)
    assert await is_in(there)
    back = await act(tenant.owner, members.activate_member, user_id=id_of(seller))
    assert back.is_active
    assert await is_in(await begin_session(seller))


async def test_the_last_owner_stays_an_owner(tenant: Tenant, make_actor: MakeActor) -> None:
    admin = await make_actor(Role.ADMIN)
    only = id_of(tenant.owner)
    for who in (tenant.owner, admin):
        for use_case, more in (
            (members.change_role, {"role": "viewer"}),
            (members.deactivate_member, {}),
            (members.remove_member, {"to_user_id": None}),
        ):
            with pytest.raises(LastOwner):
                await act(who, use_case, user_id=only, **more)


async def test_nobody_changes_their_own_place(tenant: Tenant, make_actor: MakeActor) -> None:
    admin = await make_actor(Role.ADMIN)
    await make_actor(Role.OWNER)
    for who in (tenant.owner, admin):
        with pytest.raises(OwnPlace):
            await act(who, members.change_role, user_id=id_of(who), role="viewer")
        with pytest.raises(OwnPlace):
            await act(who, members.deactivate_member, user_id=id_of(who))
        with pytest.raises(OwnPlace):
            await act(who, members.remove_member, user_id=id_of(who), to_user_id=None)


async def test_only_an_owner_touches_an_owner(tenant: Tenant, make_actor: MakeActor) -> None:
    admin, second = await make_actor(Role.ADMIN), await make_actor(Role.OWNER)
    with pytest.raises(OwnersOnly):
        await act(admin, members.change_role, user_id=id_of(second), role="viewer")
    with pytest.raises(OwnersOnly):
        await act(admin, members.remove_member, user_id=id_of(second), to_user_id=None)
    lowered = await act(tenant.owner, members.change_role, user_id=id_of(second), role="viewer")
    assert lowered.role == "viewer"


async def test_two_owners_who_lower_each_other_at_once_leave_one(tenant: Tenant, make_actor: MakeActor) -> None:
    second = await make_actor(Role.OWNER)
    outcomes = await asyncio.gather(
        act(tenant.owner, members.change_role, user_id=id_of(second), role="admin"),
        act(second, members.change_role, user_id=id_of(tenant.owner), role="admin"),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes if isinstance(one, CrmError)] == [LastOwner]
    people = [one.role for one in await act(tenant.owner, members.list_people)]
    assert sorted(people) == ["admin", "owner"]


async def test_roles_are_checked(tenant: Tenant, make_actor: MakeActor) -> None:
    seller = await make_actor()
    with pytest.raises(Invalid):
        await act(tenant.owner, members.change_role, user_id=id_of(seller), role="emperor")
    with pytest.raises(OwnershipNeedsConsent):
        await act(tenant.owner, members.change_role, user_id=id_of(seller), role="owner")
    for who in (seller, await make_actor(Role.MANAGER)):
        with pytest.raises(Forbidden):
            await act(who, members.change_role, user_id=id_of(tenant.owner), role="viewer")
    acting = member_rules.Place(uuid4(), "custom")
    with pytest.raises(RoleTooHigh):
        member_rules.check_role(acting, {"members.manage"}, "admin", {"members.manage", "channels.manage"})


async def test_somebody_who_was_just_lowered_acts_no_more(tenant: Tenant, make_actor: MakeActor) -> None:
    """The actor of a request may be older than its place: the place in the database counts."""
    admin, seller = await make_actor(Role.ADMIN), await make_actor()
    await act(tenant.owner, members.deactivate_member, user_id=id_of(admin))
    with pytest.raises(Forbidden):
        await act(admin, members.remove_member, user_id=id_of(seller), to_user_id=None)


async def test_members_of_others_do_not_exist(tenant: Tenant, other_tenant: Tenant) -> None:
    theirs = id_of(other_tenant.owner)
    for use_case, more in (
        (members.change_role, {"role": "viewer"}),
        (members.deactivate_member, {}),
        (members.activate_member, {}),
        (members.count_holdings, {}),
        (members.remove_member, {"to_user_id": None}),
        (ownership.offer_ownership, {"step_down": True}),
    ):
        with pytest.raises(NotFound):
            await act(tenant.owner, use_case, user_id=theirs, **more)


async def test_a_full_house_lets_nobody_back_in(tenant: Tenant, make_actor: MakeActor) -> None:
    seller, gone = await make_actor(), await make_actor()
    await act(tenant.owner, members.deactivate_member, user_id=id_of(seller))
    removed = await act(tenant.owner, members.remove_member, user_id=id_of(gone), to_user_id=None)
    await have_plan(tenant, limits={"members": 1})
    with pytest.raises(SeatsTaken):
        await act(tenant.owner, members.activate_member, user_id=id_of(seller))
    with pytest.raises(SeatsTaken):
        await act(tenant.owner, members.undo_hand_over, hand_over_id=removed.id)
    await have_plan(tenant, limits={"members": 2})
    assert (await act(tenant.owner, members.activate_member, user_id=id_of(seller))).is_active


async def roles(tenant: Tenant) -> dict[UUID, str]:
    """Return the roles of all members."""
    return {one.user_id: one.role for one in await act(tenant.owner, members.list_people)}


async def test_ownership_passes_when_both_say_so(tenant: Tenant, make_actor: MakeActor) -> None:
    heir, third = await make_actor(), await make_actor(Role.ADMIN)
    offer = await act(tenant.owner, ownership.offer_ownership, user_id=id_of(heir), step_down=True)
    assert (await roles(tenant))[id_of(heir)] == "sales", "nothing changes before the answer"
    assert await act(heir, ownership.find_offer) == offer
    assert await act(await make_actor(), ownership.find_offer) is None
    with pytest.raises(OfferWaiting):
        await act(tenant.owner, ownership.offer_ownership, user_id=id_of(third), step_down=True)
    for other in (third, tenant.owner):
        with pytest.raises(NotFound):
            await act(other, ownership.accept_ownership, ownership_offer_id=offer.id)
    await act(heir, ownership.accept_ownership, ownership_offer_id=offer.id)
    now = await roles(tenant)
    assert (now[id_of(heir)], now[id_of(tenant.owner)]) == ("owner", "admin")
    with pytest.raises(OfferClosed):
        await act(heir, ownership.accept_ownership, ownership_offer_id=offer.id)


async def test_an_owner_can_share_and_take_back(tenant: Tenant, make_actor: MakeActor) -> None:
    heir = await make_actor()
    first = await act(tenant.owner, ownership.offer_ownership, user_id=id_of(heir), step_down=False)
    await act(tenant.owner, ownership.withdraw_ownership, ownership_offer_id=first.id)
    with pytest.raises(OfferClosed):
        await act(heir, ownership.accept_ownership, ownership_offer_id=first.id)
    second = await act(tenant.owner, ownership.offer_ownership, user_id=id_of(heir), step_down=False)
    await act(heir, ownership.decline_ownership, ownership_offer_id=second.id)
    third = await act(tenant.owner, ownership.offer_ownership, user_id=id_of(heir), step_down=False)
    await act(heir, ownership.accept_ownership, ownership_offer_id=third.id)
    assert sorted((await roles(tenant)).values()) == ["owner", "owner"]
    with pytest.raises(Invalid):
        await act(tenant.owner, ownership.offer_ownership, user_id=id_of(heir), step_down=True)


async def test_an_old_offer_or_one_of_a_former_owner_gives_nothing(tenant: Tenant, make_actor: MakeActor) -> None:
    heir, second = await make_actor(), await make_actor(Role.OWNER)
    offer = await act(second, ownership.offer_ownership, user_id=id_of(heir), step_down=True)
    await act(tenant.owner, members.change_role, user_id=id_of(second), role="sales")
    with pytest.raises(OfferClosed):
        await act(heir, ownership.accept_ownership, ownership_offer_id=offer.id)
    async with unit_of_work(tenant.owner) as session:
        await session.execute(update(OwnershipOffer).values(expires_at=utc_now()))
    assert await act(heir, ownership.find_offer) is None
    with pytest.raises(OfferClosed):
        await act(heir, ownership.decline_ownership, ownership_offer_id=offer.id)
    await act(tenant.owner, ownership.offer_ownership, user_id=id_of(heir), step_down=True)


async def test_only_owners_offer_ownership(tenant: Tenant, make_actor: MakeActor) -> None:
    admin, seller = await make_actor(Role.ADMIN), await make_actor()
    with pytest.raises(OwnersOnly):
        await act(admin, ownership.offer_ownership, user_id=id_of(admin), step_down=False)
    with pytest.raises(Forbidden):
        await act(seller, ownership.offer_ownership, user_id=id_of(admin), step_down=False)
