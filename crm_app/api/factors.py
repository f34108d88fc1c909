"""Second factors over HTTP: the second half of a sign-in, passkeys, and a fresh proof before what is delicate.

The ceremonies of passkeys run in the browser's own script, so they speak HTTP. Everything else about factors is
done on the screen "Perfil e segurança".
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from crm_app.api.deps import MAX_TOKEN, AnySession, HeldSession, client_address, same_origin
from crm_app.api.entry import ENTRY, SignedInView, answer_entry
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.limits import Throttle
from crm_app.domains.accounts.factors import passkeys, second_step, step_up
from crm_app.domains.accounts.factors.errors import BadPasskey, WrongCode
from crm_app.domains.accounts.factors.passkey_ceremony import Answer
from crm_app.domains.accounts.factors.passkeys import Purpose

router = APIRouter(prefix="/api/auth", tags=["auth"], dependencies=[Depends(same_origin)])

_by_address = Throttle("factor-ip", "60/minute")


def _waiting_entry(request: Request) -> str:
    token = ENTRY.read(request.cookies)
    return token if len(token) <= MAX_TOKEN else ""


EntryToken = Annotated[str, Depends(_waiting_entry)]


class Code(BaseModel):
    """A code of the authenticator app (`totp`) or a recovery code (`recovery`)."""

    kind: Literal["totp", "recovery"]
    code: Annotated[str, Field(max_length=100)]


class Signature(BaseModel):
    """What the browser's `PublicKeyCredential` gives as JSON (WebAuthn Level 3, section 5.1)."""

    credential: dict[str, Any]


class Proof(BaseModel):
    """The present password, a code of the app, or a recovery code."""

    kind: Literal["password", "totp", "recovery"]
    answer: Annotated[str, Field(max_length=2000)]


class NewPasskey(Signature):
    """A new passkey and what its person calls it."""

    name: Annotated[str, Field(max_length=200)] = ""


class Waiting(BaseModel):
    """Which second factors the waiting sign-in can be finished with."""

    totp: bool
    passkey: bool
    recovery: bool


class Options(BaseModel):
    """What to hand to `navigator.credentials`, as JSON (`parseRequestOptionsFromJSON` and its twin)."""

    options: dict[str, Any]


def _browser(request: Request) -> str:
    return request.headers.get("user-agent", "")


async def _taken(signature: Signature, purpose: Purpose, bound_to: UUID | None) -> Answer:
    """Use up the challenge of an answer in a transaction of its own, so that it is gone whatever follows."""
    async with system_unit_of_work() as session:
        answer = await passkeys.take(session, signature.credential, purpose, bound_to)
    if answer is None:
        raise BadPasskey
    return answer


# ── the second half of a sign-in ─────────────────────────────────────────────────────────────────
@router.get("/factor")
async def waiting_factor(request: Request, token: EntryToken) -> Waiting:
    """Tell which second factors can finish the sign-in that this browser has begun; 401 when there is none."""
    await _by_address.hit(client_address(request))
    async with system_unit_of_work() as session:
        waiting = await second_step.read_waiting(session, token, user_agent=_browser(request))
    return Waiting(**{kind: kind in waiting.kinds for kind in ("totp", "passkey", "recovery")})


@router.post("/factor", response_model=SignedInView)
async def finish_with_code(code: Code, request: Request, token: EntryToken) -> Response:
    """Finish a sign-in with a code. Five attempts, then it begins anew; a code is good for one time."""
    await _by_address.hit(client_address(request))
    async with system_unit_of_work() as session:
        begun = await second_step.finish_with_code(
            session,
            token,
            kind=code.kind,
            code=code.code,
            ip=client_address(request),
            user_agent=_browser(request),
        )
    if begun is None:
        raise WrongCode(field="code")
    return await answer_entry(request, begun)


@router.post("/factor/passkey/options")
async def ask_factor_passkey(request: Request, token: EntryToken) -> Options:
    """Begin to finish a sign-in with a passkey."""
    await _by_address.hit(client_address(request))
    async with system_unit_of_work() as session:
        waiting = await second_step.read_waiting(session, token, user_agent=_browser(request))
        return Options(options=await passkeys.ask(session, Purpose.FACTOR, waiting.user_id, waiting.id))


@router.post("/factor/passkey", response_model=SignedInView)
async def finish_with_passkey(signature: Signature, request: Request, token: EntryToken) -> Response:
    """Finish a sign-in with a passkey."""
    address, browser = client_address(request), _browser(request)
    await _by_address.hit(address)
    async with system_unit_of_work() as session:
        waiting = await second_step.read_waiting(session, token, user_agent=browser)
    answer = await _taken(signature, Purpose.FACTOR, waiting.id)
    async with system_unit_of_work() as session:
        begun = await second_step.finish_with_passkey(
            session, token, answer=answer, ip=address, user_agent=browser
        )
    return await answer_entry(request, begun)


# ── a passkey alone ──────────────────────────────────────────────────────────────────────────────
@router.post("/passkey/options")
async def ask_passkey(request: Request) -> Options:
    """Begin to sign in with a passkey alone: the device offers those that it keeps for this site."""
    await _by_address.hit(client_address(request))
    async with system_unit_of_work() as session:
        return Options(options=await passkeys.ask(session, Purpose.ENTER, None, None))


@router.post("/passkey", response_model=SignedInView)
async def enter_with_passkey(signature: Signature, request: Request) -> Response:
    """Sign in with a passkey alone; with the finger or PIN that opens it, it is two factors at once."""
    address = client_address(request)
    await _by_address.hit(address)
    answer = await _taken(signature, Purpose.ENTER, None)
    async with system_unit_of_work() as session:
        begun = await second_step.enter_with_passkey(
            session, answer=answer, ip=address, user_agent=_browser(request)
        )
    return await answer_entry(request, begun)


# ── a fresh proof ────────────────────────────────────────────────────────────────────────────────
@router.post("/prove", status_code=204)
async def prove(proof: Proof, signed_in: HeldSession) -> None:
    """Prove anew who is at the keyboard: for ten minutes password, factors and sessions can be changed."""
    async with unit_of_work(signed_in.actor, in_any_state=True) as session:
        await step_up.prove_with(session, signed_in.actor, kind=proof.kind, answer=proof.answer)


@router.post("/prove/passkey/options")
async def ask_proof_passkey(signed_in: HeldSession) -> Options:
    """Begin to prove it with a passkey."""
    async with unit_of_work(signed_in.actor, in_any_state=True) as session:
        return Options(options=await passkeys.ask_to_prove(session, signed_in.actor))


@router.post("/prove/passkey", status_code=204)
async def prove_with_passkey(signature: Signature, signed_in: HeldSession) -> None:
    """Prove it with a passkey."""
    answer = await _taken(signature, Purpose.PROVE, signed_in.actor.session_id)
    async with unit_of_work(signed_in.actor, in_any_state=True) as session:
        await passkeys.prove_with_passkey(session, signed_in.actor, answer=answer)


# ── new passkeys ─────────────────────────────────────────────────────────────────────────────────
@router.post("/passkeys/options")
async def ask_new_passkey(signed_in: AnySession) -> Options:
    """Begin to register a passkey; wants a fresh proof (403 `proof_needed`)."""
    async with unit_of_work(signed_in.actor) as session:
        return Options(options=await passkeys.begin_registration(session, signed_in.actor))


@router.post("/passkeys", status_code=204)
async def add_passkey(new: NewPasskey, signed_in: AnySession) -> None:
    """Register a passkey."""
    answer = await _taken(new, Purpose.REGISTER, signed_in.actor.session_id)
    async with unit_of_work(signed_in.actor) as session:
        await passkeys.register(session, signed_in.actor, answer=answer, name=new.name)
