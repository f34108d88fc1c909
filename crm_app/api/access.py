"""Getting in without a password, and getting in for the first time: links by e-mail, sign-up. For our own screens.

What the links hold reaches us in the body of a POST only: a mail scanner that opens them uses nothing up.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from crm_app.api.deps import CurrentSession, client_address, same_origin, signed_in_user
from crm_app.api.entry import SignedInView, answer_entry
from crm_app.core.database import system_unit_of_work
from crm_app.core.i18n import negotiate, translate
from crm_app.core.limits import Throttle
from crm_app.domains.accounts.entry import links, signup, strength
from crm_app.domains.accounts.entry.signup import SignupForm
from crm_app.domains.accounts.permissions import system_actor
from crm_app.domains.pipeline.service import create_default_pipeline

router = APIRouter(prefix="/api/access", tags=["access"], dependencies=[Depends(same_origin)])

# All by the caller's address: no counter that a stranger can reach stands between somebody and their own account.
_asking = Throttle("access-ask", "10/minute")
_asking_long = Throttle("access-ask-long", "60/hour")
_trying = Throttle("access-try", "40/minute")
_judging = Throttle("access-judge", "120/minute")

Token = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=320)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Asked(_Body):
    """Whom to send a link."""

    email: Text


class Held(_Body):
    """A link's token."""

    token: Token


class Looked(Held):
    """A link's token, and what it should be for."""

    kind: Literal["reset", "magic", "verify", "signup"]


class NewPassword(Held):
    """A link's token and a new password."""

    password: Annotated[str, Field(max_length=2000)]


class Candidate(_Body):
    """A password to be judged, and whose it would be."""

    password: Annotated[str, Field(max_length=2000)]
    personal: Annotated[list[Text], Field(max_length=5)] = []


class Judged(BaseModel):
    """How good a password is: 0 to 4, and why it is not better, in words."""

    score: int
    good: bool
    reason: str


class Address(BaseModel):
    """The address that a link belongs to."""

    email: str


class Suggested(BaseModel):
    """A free short name."""

    slug: str


class Named(_Body):
    """The name of an organization to be."""

    name: Annotated[str, Field(max_length=200)]


def _language(request: Request) -> str:
    return negotiate(request.headers.get("accept-language"))


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")


async def _ask(request: Request, kind: links.Kind, email: str) -> None:
    address = client_address(request)
    await _asking.hit(address)
    await _asking_long.hit(address)
    async with system_unit_of_work() as session:
        await links.request_link(session, kind=kind, email=email, language=_language(request))


async def _try(request: Request) -> str:
    address = client_address(request)
    await _trying.hit(address)
    return address


@router.post("/forgot", status_code=202)
async def forgot(asked: Asked, request: Request) -> None:
    """Send a link with which to choose a new password, if there is such an account. The answer never tells."""
    await _ask(request, "reset", asked.email)


@router.post("/magic", status_code=202)
async def magic(asked: Asked, request: Request) -> None:
    """Send a link that signs in, if there is such an account. The answer never tells."""
    await _ask(request, "magic", asked.email)


@router.post("/signup", status_code=202)
async def begin_signup(asked: Asked, request: Request) -> None:
    """Send a link with which to go on signing up, or to sign in for whoever has an account. Never tells which."""
    await _ask(request, "signup", asked.email)


@router.post("/verify/send", status_code=202)
async def ask_to_verify(signed_in: CurrentSession, request: Request) -> None:
    """Send the signed-in person a link that confirms their address."""
    await _ask(request, "verify", signed_in.user.email)


@router.post("/look")
async def look(held: Looked, request: Request) -> Address:
    """Tell whose a link is, without using it up; 410 when it does not work."""
    await _try(request)
    async with system_unit_of_work() as session:
        return Address(email=await links.look_at_link(session, kind=held.kind, token=held.token))


@router.post("/reset", response_model=SignedInView)
async def reset(chosen: NewPassword, request: Request) -> Response:
    """Set a new password by a link, end every other session, and begin one; or ask for the second factor."""
    address = await _try(request)
    async with system_unit_of_work() as session:
        entry = await links.reset_password(
            session, token=chosen.token, password=chosen.password, ip=address, user_agent=_agent(request)
        )
    return await answer_entry(request, entry)


@router.post("/enter", response_model=SignedInView)
async def enter(held: Held, request: Request) -> Response:
    """Begin a session by a link; or ask for the second factor."""
    address = await _try(request)
    async with system_unit_of_work() as session:
        entry = await links.enter_by_link(session, token=held.token, ip=address, user_agent=_agent(request))
    return await answer_entry(request, entry)


@router.post("/verify")
async def verify(held: Held, request: Request) -> Address:
    """Confirm an address by a link, in a browser that is signed in as its user."""
    await _try(request)
    user_id = await signed_in_user(request)
    async with system_unit_of_work() as session:
        return Address(email=await links.confirm_address(session, token=held.token, user_id=user_id))


@router.post("/signup/finish", response_model=SignedInView)
async def finish_signup(form: SignupForm, request: Request) -> Response:
    """Create the organization, its owner and its first pipeline, and begin a session."""
    address = await _try(request)
    async with system_unit_of_work() as session:
        created = await signup.found_organization(session, form)
        await create_default_pipeline(session, system_actor(created.id), language=form.language)
        entry = await signup.enter_founded(session, created, ip=address, user_agent=_agent(request))
    return await answer_entry(request, entry)


@router.post("/slug")
async def suggest_slug(named: Named, request: Request) -> Suggested:
    """Suggest a free short name for an organization."""
    await _judging.hit(client_address(request))
    async with system_unit_of_work() as session:
        return Suggested(slug=await signup.suggest_slug(session, name=named.name))


@router.post("/strength")
async def judge(candidate: Candidate, request: Request) -> Judged:
    """Tell how soon a password would be guessed. It is neither kept nor logged."""
    await _judging.hit(client_address(request))
    judged = await run_in_threadpool(strength.judge, candidate.password, candidate.personal)
    words = translate(f"errors.password.{judged.reason}", _language(request), minimum=strength.SHORTEST)
    return Judged(score=judged.score, good=judged.good, reason=words if judged.reason else "")
