"""Invitations to the organization."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from crm_app.api.deps import CurrentActor
from crm_app.core.database import unit_of_work
from crm_app.domains.accounts.invitations import service as invitations
from crm_app.domains.accounts.invitations.views import InvitationLink, InvitationOutcome, InvitationView

router = APIRouter(prefix="/api/v1/invitations", tags=["invitations"])


class Invited(BaseModel):
    """Whom to invite, into which role (its key) and teams, and for how many days the invitation is good."""

    emails: Annotated[list[Annotated[str, Field(max_length=320)]], Field(max_length=50)]
    role: Annotated[str, Field(max_length=40)]
    team_ids: Annotated[list[UUID], Field(max_length=20)] = []
    days: Annotated[int, Field(ge=1, le=30)] = 7
    language: str = "pt-BR"


@router.get("")
async def list_invitations(actor: CurrentActor) -> list[InvitationView]:
    """List the invitations that wait, the latest first."""
    async with unit_of_work(actor) as session:
        return await invitations.list_invitations(session, actor)


@router.post("", status_code=201)
async def invite(actor: CurrentActor, wanted: Invited) -> list[InvitationOutcome]:
    """Invite several addresses at once, and tell what became of each."""
    async with unit_of_work(actor) as session:
        return await invitations.invite(
            session,
            actor,
            addresses=wanted.emails,
            role=wanted.role,
            team_ids=wanted.team_ids,
            days=wanted.days,
            language=wanted.language,
        )


@router.post("/{invitation_id}/resend")
async def resend_invitation(actor: CurrentActor, invitation_id: UUID) -> InvitationOutcome:
    """Send a fresh link, good for a week; earlier ones stop working."""
    async with unit_of_work(actor) as session:
        return await invitations.resend_invitation(session, actor, invitation_id=invitation_id)


@router.post("/{invitation_id}/link", status_code=201)
async def make_link(actor: CurrentActor, invitation_id: UUID) -> InvitationLink:
    """Make another link, to be passed on by hand; it is shown only here."""
    async with unit_of_work(actor) as session:
        return await invitations.make_link(session, actor, invitation_id=invitation_id)


@router.post("/{invitation_id}/revoke", status_code=204)
async def revoke_invitation(actor: CurrentActor, invitation_id: UUID) -> None:
    """Take an invitation back; its links stop working."""
    async with unit_of_work(actor) as session:
        await invitations.revoke_invitation(session, actor, invitation_id=invitation_id)
