"""A fresh proof of who is at the keyboard, before what is delicate: password, factors, other sessions.

A session remembers when it was last proven; signing in is a proof too. Whoever has a second factor proves with it,
anybody else with the password.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import Unauthenticated
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository, service
from crm_app.domains.accounts.entry import passwords
from crm_app.domains.accounts.entry.guessing import count_guess_inside
from crm_app.domains.accounts.factors import repository as factor_repository
from crm_app.domains.accounts.factors.authenticator import accepts_code
from crm_app.domains.accounts.factors.errors import ProofNeeded, WrongCode
from crm_app.domains.accounts.models import User, UserSession
from crm_app.domains.accounts.sessions import queries as session_queries

FRESH = timedelta(minutes=10)


def person_of(actor: Actor) -> UUID:
    """Return the id of the person who acts. Raises `Unauthenticated` for the system, `ReadOnly` in a visit."""
    return actor.own_person()


async def own_session(session: AsyncSession, actor: Actor) -> UserSession:
    """Return the session in which the actor acts. Raises `Unauthenticated`."""
    row = await session_queries.find_own_session(session, person_of(actor), actor.session_id)
    if row is None:
        raise Unauthenticated
    return row


async def own_user(session: AsyncSession, actor: Actor) -> User:
    """Return the person who acts. Raises `Unauthenticated`."""
    user = await repository.find_user(session, person_of(actor))
    if user is None:
        raise Unauthenticated
    return user


async def require_proof(session: AsyncSession, actor: Actor) -> UserSession:
    """Return the actor's session when it was proven some minutes ago at most. Raises `ProofNeeded`."""
    row = await own_session(session, actor)
    if row.proven_at is None or utc_now() - row.proven_at > FRESH:
        raise ProofNeeded
    return row


async def proof_kinds(session: AsyncSession, actor: Actor) -> frozenset[str]:
    """Return what the actor may prove themselves with: their second factors, else the password."""
    kinds = await factor_repository.list_kinds(session, person_of(actor))
    if kinds:
        return kinds
    has_password = (await own_user(session, actor)).password_hash is not None
    return frozenset({"password"}) if has_password else frozenset()


async def prove_with(session: AsyncSession, actor: Actor, *, kind: str, answer: str) -> None:
    """Make the session fresh with a password, a code or a recovery code. Raises `WrongCode`, `TooManyRequests`."""
    await count_guess_inside(actor.session_id)
    kinds = await proof_kinds(session, actor)
    if kind not in kinds or not await _fits(session, actor, kind, answer):
        raise WrongCode(field="answer")
    await mark_proven(session, actor, kind)


async def _fits(session: AsyncSession, actor: Actor, kind: str, answer: str) -> bool:
    if kind == "password":
        user = await own_user(session, actor)
        return await passwords.verify_password(user.password_hash, answer)
    return await accepts_code(session, person_of(actor), kind=kind, code=answer)


async def mark_proven(session: AsyncSession, actor: Actor, kind: str) -> None:
    """Note that the person has just proven themselves in this session."""
    row = await own_session(session, actor)
    row.proven_at = utc_now()
    await session.flush()
    await service.audit(session, actor, "session.prove", "user", actor.user_id, after={"kind": kind})
