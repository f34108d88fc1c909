"""Signing in and out. The session is an opaque token in an HttpOnly cookie; JavaScript never sees it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from crm_app.api.cookies import drop
from crm_app.api.deps import WayOut, client_address, same_origin
from crm_app.api.entry import SignedInView, answer_entry
from crm_app.api.known_browser import known_browser, remember_browser
from crm_app.core.cookies import SESSION
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.limits import Throttle
from crm_app.domains.accounts import service
from crm_app.domains.accounts.entry.entering import enter_with_password
from crm_app.domains.accounts.entry.refusals import note_refusal
from crm_app.domains.accounts.errors import WrongCredentials

router = APIRouter(prefix="/api/auth", tags=["auth"], dependencies=[Depends(same_origin)])

_by_address = Throttle("login-ip", "30/minute")
_by_account = Throttle("login-account", "10/minute")
_by_browser = Throttle("login-browser", "10/minute")


class Credentials(BaseModel):
    """What somebody types to sign in."""

    email: Annotated[str, Field(max_length=320)]
    password: Annotated[str, Field(max_length=2000)]


@router.post("/login", response_model=SignedInView)
async def login(credentials: Credentials, request: Request) -> Response:
    """Begin a session and set its cookie. At most 30 tries a minute from one address, 10 for one account;
    a browser that has given the account's password before is counted by itself.

    Whoever has a second factor is answered with 401 and the code `second_factor_needed`: `totp`, `passkey` and
    `recovery` say which ones there are, and a cookie of a few minutes keeps that the password was right.
    """
    address = client_address(request)
    account = credentials.email.strip().casefold()
    if known := known_browser(request, account):
        await _by_browser.hit(known)
    else:
        await _by_address.hit(address)
        # An account is throttled together with the address, so that nobody can lock out somebody else.
        await _by_account.hit(f"{address} {account}")
    try:
        async with system_unit_of_work() as session:
            entry = await enter_with_password(
                session,
                email=credentials.email,
                password=credentials.password,
                ip=address,
                user_agent=request.headers.get("user-agent", ""),
            )
    except WrongCredentials:
        async with system_unit_of_work() as session:
            await note_refusal(session, email=credentials.email)
        raise
    response = await answer_entry(request, entry)
    if known is None:
        remember_browser(response, account)
    return response


@router.post("/logout", status_code=204)
async def logout(signed_in: WayOut, response: Response) -> None:
    """End this session and take its cookie back."""
    async with unit_of_work(signed_in.own_actor, in_any_state=True) as session:
        await service.sign_out(session, signed_in.own_actor)
    drop(response, SESSION)


@router.post("/logout-everywhere", status_code=204)
async def logout_everywhere(signed_in: WayOut, response: Response) -> None:
    """End every session of this user on every device."""
    async with unit_of_work(signed_in.own_actor, in_any_state=True) as session:
        await service.sign_out_everywhere(session, signed_in.own_actor)
    drop(response, SESSION)
