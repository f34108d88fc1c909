"""The people of the organization: roles, pauses, leaving with a hand-over, ownership."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from crm_app.api.deps import CurrentActor
from crm_app.core.database import unit_of_work
from crm_app.domains.accounts.members import ownership
from crm_app.domains.accounts.members import service as members
from crm_app.domains.accounts.members.views import HandOverView, HoldingsView, OfferView, PersonView
from crm_app.domains.accounts.roles import service as roles

router = APIRouter(prefix="/api/v1/members", tags=["members"])


class RoleWanted(BaseModel):
    """The role that a member shall have, by its key."""

    role: Annotated[str, Field(max_length=40)]


class Receiver(BaseModel):
    """Who gets what a member owns; nobody when it is null."""

    to_user_id: UUID | None


class OwnershipWanted(BaseModel):
    """Whether the owner who offers becomes an administrator once it is accepted."""

    step_down: bool = True


@router.get("")
async def list_members(actor: CurrentActor) -> list[PersonView]:
    """List the members by name, with when they were last here."""
    async with unit_of_work(actor) as session:
        return await members.list_people(session, actor)


@router.patch("/{user_id}")
async def change_role(actor: CurrentActor, user_id: UUID, wanted: RoleWanted) -> PersonView:
    """Give a member another role, effective at once; that of an owner is offered instead."""
    async with unit_of_work(actor) as session:
        await roles.assign_role(session, actor, user_id=user_id, key=wanted.role)
        return await members.get_person(session, actor, user_id=user_id)


@router.post("/{user_id}/deactivate")
async def deactivate_member(actor: CurrentActor, user_id: UUID) -> PersonView:
    """Close the door for a member, who keeps what they own."""
    async with unit_of_work(actor) as session:
        return await members.deactivate_member(session, actor, user_id=user_id)


@router.post("/{user_id}/activate")
async def activate_member(actor: CurrentActor, user_id: UUID) -> PersonView:
    """Let a member in again."""
    async with unit_of_work(actor) as session:
        return await members.activate_member(session, actor, user_id=user_id)


@router.get("/{user_id}/holdings")
async def count_holdings(actor: CurrentActor, user_id: UUID) -> HoldingsView:
    """Count what a member owns: what a hand-over would move."""
    async with unit_of_work(actor) as session:
        return await members.count_holdings(session, actor, user_id=user_id)


@router.post("/{user_id}/hand-over")
async def hand_over(actor: CurrentActor, user_id: UUID, receiver: Receiver) -> HandOverView:
    """Give everything that a member owns to another one."""
    async with unit_of_work(actor) as session:
        return await members.hand_over(session, actor, user_id=user_id, to_user_id=receiver.to_user_id)


@router.post("/{user_id}/remove")
async def remove_member(actor: CurrentActor, user_id: UUID, receiver: Receiver) -> HandOverView:
    """Take a member's place away and hand over everything they own."""
    async with unit_of_work(actor) as session:
        return await members.remove_member(session, actor, user_id=user_id, to_user_id=receiver.to_user_id)


@router.post("/hand-overs/{hand_over_id}/undo")
async def undo_hand_over(actor: CurrentActor, hand_over_id: UUID) -> HandOverView:
    """Bring back what changed hands and has not gone on since, for a day."""
    async with unit_of_work(actor) as session:
        return await members.undo_hand_over(session, actor, hand_over_id=hand_over_id)


@router.get("/ownership/offer")
async def read_offer(actor: CurrentActor) -> OfferView | None:
    """Return the offer of ownership that waits, to those whom it concerns; else null."""
    async with unit_of_work(actor) as session:
        return await ownership.find_offer(session, actor)


@router.post("/{user_id}/offer-ownership", status_code=201)
async def offer_ownership(actor: CurrentActor, user_id: UUID, wanted: OwnershipWanted) -> OfferView:
    """Ask a member to become an owner; nothing changes before they accept."""
    async with unit_of_work(actor) as session:
        return await ownership.offer_ownership(session, actor, user_id=user_id, step_down=wanted.step_down)


@router.post("/ownership/{ownership_offer_id}/accept", status_code=204)
async def accept_ownership(actor: CurrentActor, ownership_offer_id: UUID) -> None:
    """Become an owner by an offer that one has got."""
    async with unit_of_work(actor) as session:
        await ownership.accept_ownership(session, actor, ownership_offer_id=ownership_offer_id)


@router.post("/ownership/{ownership_offer_id}/decline", status_code=204)
async def decline_ownership(actor: CurrentActor, ownership_offer_id: UUID) -> None:
    """Say no to an offer that one has got."""
    async with unit_of_work(actor) as session:
        await ownership.decline_ownership(session, actor, ownership_offer_id=ownership_offer_id)


@router.post("/ownership/{ownership_offer_id}/withdraw", status_code=204)
async def withdraw_ownership(actor: CurrentActor, ownership_offer_id: UUID) -> None:
    """Take an offer back."""
    async with unit_of_work(actor) as session:
        await ownership.withdraw_ownership(session, actor, ownership_offer_id=ownership_offer_id)
