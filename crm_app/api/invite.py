"""Accepting an invitation, for our own page: with the account that is signed in, or with a new one.

What the link holds reaches us in the body of a POST only: a mail scanner that opens it uses nothing up.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from crm_app.api.deps import HeldActor, client_address, same_origin, session_of
from crm_app.api.entry import SignedInView, answer_entry
from crm_app.core.database import system_unit_of_work
from crm_app.core.limits import Throttle
from crm_app.domains.accounts.invitations import accepting
from crm_app.domains.accounts.invitations.views import InvitationOffer

router = APIRouter(prefix="/api/access/invitation", tags=["access"], dependencies=[Depends(same_origin)])

_trying = Throttle("invitation-try", "40/minute")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Held(_Body):
    """An invitation's token."""

    token: Annotated[str, Field(max_length=200)]


class NewAccount(Held):
    """An invitation's token, and what a new account needs."""

    name: Annotated[str, Field(max_length=120)]
    password: Annotated[str, Field(max_length=2000)]


class Looked(InvitationOffer):
    """What the page shows; `own` is the address that is signed in, if any."""

    own: str


@router.post("/look")
async def look(held: Held, request: Request) -> Looked:
    """Tell what an invitation is about, without using it up; 410 when it does not work."""
    await _trying.hit(client_address(request))
    async with system_unit_of_work() as session:
        offer = await accepting.read_invitation(session, token=held.token)
    signed_in = await session_of(request)
    return Looked(
        **offer.model_dump(), own=signed_in.user.email if signed_in and signed_in.actor.visit is None else ""
    )


@router.post("/accept", response_model=SignedInView)
async def accept(account: NewAccount, request: Request) -> Response:
    """Make an account with the invited address, join, and begin a session."""
    address = client_address(request)
    await _trying.hit(address)
    async with system_unit_of_work() as session:
        entry = await accepting.accept_with_new_account(
            session,
            token=account.token,
            name=account.name,
            password=account.password,
            ip=address,
            user_agent=request.headers.get("user-agent", ""),
        )
    return await answer_entry(request, entry)


@router.post("/join", status_code=204)
async def join(actor: HeldActor, held: Held, request: Request) -> None:
    """Join with the account that is signed in; the session acts for the new organization then."""
    await _trying.hit(client_address(request))
    async with system_unit_of_work() as session:
        await accepting.accept_as(session, actor, token=held.token)
