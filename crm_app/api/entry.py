"""How every way in answers: with the session's cookie, or with what is still needed.

Whoever adds a way in calls `enter` of the accounts and gives its result to `answer_entry`, or, where the browser
is sent on to a page, to `keep_entry` on the redirect; the screen `/login?step=factor` then asks for the factor.
"""

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from crm_app.api.cookies import drop, put
from crm_app.api.errors import problem_response
from crm_app.core.clock import utc_now
from crm_app.core.cookies import SESSION, HouseCookie
from crm_app.core.database import system_unit_of_work
from crm_app.domains.accounts import service
from crm_app.domains.accounts.errors import SecondFactorNeeded
from crm_app.domains.accounts.schemas import FactorNeeded, NewSession, OrganizationView, UserView

ENTRY = HouseCookie("prumo_entry", path="/api/auth")
"""The half-open door is nobody's business but the routes' that close it."""


class SignedInView(BaseModel):
    """Who has just signed in."""

    user: UserView
    organization: OrganizationView
    role: str


async def answer_entry(request: Request, entry: NewSession | FactorNeeded) -> Response:
    """Answer a call that let somebody in: 200 with who they are, or 401 `second_factor_needed` with its kinds."""
    if isinstance(entry, FactorNeeded):
        kinds = {kind: kind in entry.kinds for kind in ("totp", "passkey", "recovery")}
        response: Response = problem_response(request.scope, SecondFactorNeeded(**kinds))
    else:
        async with system_unit_of_work() as session:
            who = await service.resolve_session(session, entry.token)
        view = SignedInView(user=who.user, organization=who.organization, role=who.actor.role)
        response = JSONResponse(view.model_dump(mode="json"), headers={"Cache-Control": "no-store"})
    keep_entry(response, entry)
    return response


def keep_entry(response: Response, entry: NewSession | FactorNeeded) -> None:
    """Put the session, or the sign-in that waits for its second factor, into the browser's cookies."""
    waiting = isinstance(entry, FactorNeeded)
    seconds = (entry.expires_at - utc_now()).total_seconds()
    put(response, ENTRY if waiting else SESSION, entry.token, seconds=seconds)
    if not waiting:
        drop(response, ENTRY)
