"""Signing in and out. The session is an opaque token in an HttpOnly cookie; JavaScript never sees it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from crm_app.api.deps import SESSION_COOKIE, CurrentSession, client_address, same_origin
from crm_app.config import get_settings
from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.limits import Throttle
from crm_app.domains.accounts import service
from crm_app.domains.accounts.schemas import NewSession, OrganizationView, UserView

router = APIRouter(prefix="/api/auth", tags=["auth"], dependencies=[Depends(same_origin)])

_by_address = Throttle("login-ip", "30/minute")
_by_account = Throttle("login-account", "10/minute")


class Credentials(BaseModel):
    """What somebody types to sign in."""

    email: Annotated[str, Field(max_length=320)]
    password: Annotated[str, Field(max_length=2000)]


class SignedInView(BaseModel):
    """Who has just signed in."""

    user: UserView
    organization: OrganizationView
    role: str


@router.post("/login")
async def login(credentials: Credentials, request: Request, response: Response) -> SignedInView:
    """Begin a session and set its cookie. At most 30 tries a minute from one address, 10 for one account."""
    address = client_address(request)
    await _by_address.hit(address)
    # An account is throttled together with the address, so that nobody can lock out somebody else.
    await _by_account.hit(f"{address} {credentials.email.strip().casefold()}")
    async with system_unit_of_work() as session:
        begun = await service.sign_in(
            session,
            email=credentials.email,
            password=credentials.password,
            ip=address,
            user_agent=request.headers.get("user-agent", ""),
        )
    async with system_unit_of_work() as session:
        signed_in = await service.resolve_session(session, begun.token)
    _set_cookie(response, begun)
    return SignedInView(user=signed_in.user, organization=signed_in.organization, role=signed_in.actor.role)


def _set_cookie(response: Response, begun: NewSession) -> None:
    response.set_cookie(
        SESSION_COOKIE,
        begun.token,
        max_age=int((begun.expires_at - utc_now()).total_seconds()),
        httponly=True,
        samesite="lax",
        secure=get_settings().secure_cookies,
        path="/",
    )


@router.post("/logout", status_code=204)
async def logout(signed_in: CurrentSession, response: Response) -> None:
    """End this session and take its cookie back."""
    async with unit_of_work(signed_in.actor) as session:
        await service.sign_out(session, signed_in.actor)
    response.delete_cookie(SESSION_COOKIE, path="/")


@router.post("/logout-everywhere", status_code=204)
async def logout_everywhere(signed_in: CurrentSession, response: Response) -> None:
    """End every session of this user on every device."""
    async with unit_of_work(signed_in.actor) as session:
        await service.sign_out_everywhere(session, signed_in.actor)
    response.delete_cookie(SESSION_COOKIE, path="/")
