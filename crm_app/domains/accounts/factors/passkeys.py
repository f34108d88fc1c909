"""Use cases of passkeys: registering one, and the answer of one wherever somebody must be recognised.

Each answer takes two transactions: `take` uses up the challenge, whatever follows; then the answer is believed or
not.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.database import set_scope
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.factors import passkey_ceremony as ceremony
from crm_app.domains.accounts.factors import passkey_repository
from crm_app.domains.accounts.factors import repository as factor_repository
from crm_app.domains.accounts.factors import service as own_factors
from crm_app.domains.accounts.factors.errors import BadPasskey, NoFactor, TooManyPasskeys
from crm_app.domains.accounts.factors.models import Passkey, PasskeyChallenge
from crm_app.domains.accounts.factors.passkey_ceremony import Answer
from crm_app.domains.accounts.factors.step_up import mark_proven, own_user, person_of, require_proof

log = structlog.get_logger(__name__)

CHALLENGE_LIFETIME = timedelta(minutes=5)
MOST_PASSKEYS = 20


class Purpose(StrEnum):
    """What a challenge is for; it is good for nothing else."""

    ENTER = "enter"
    FACTOR = "factor"
    PROVE = "prove"
    REGISTER = "register"


async def ask(session: AsyncSession, purpose: Purpose, user_id: UUID | None, bound_to: UUID | None) -> Any:
    """Return the options with which a browser asks for a passkey: of this person, or of anybody.

    Raises `NoFactor` when the person has none.
    """
    if user_id is not None:
        await set_scope(session, "user_id", str(user_id))
    known = await passkey_repository.list_passkeys(session, user_id) if user_id else []
    if user_id is not None and not known:
        raise NoFactor
    challenge, options = ceremony.authentication_options(known)
    await _keep(session, challenge, purpose, user_id, bound_to)
    return options


async def _keep(
    session: AsyncSession, challenge: bytes, purpose: Purpose, user_id: UUID | None, bound_to: UUID | None
) -> None:
    row = PasskeyChallenge(
        challenge=challenge,
        purpose=purpose,
        user_id=user_id,
        bound_to=bound_to,
        expires_at=utc_now() + CHALLENGE_LIFETIME,
    )
    session.add(row)
    await session.flush()


async def take(session: AsyncSession, credential: Any, purpose: Purpose, bound_to: UUID | None) -> Answer | None:
    """Use up the challenge that an answer names; None when there is no such. Raises `BadPasskey` for no answer."""
    answer = ceremony.read_answer(credential)
    taken = await passkey_repository.take_challenge(session, answer.challenge, purpose, bound_to, utc_now())
    return answer if taken is not None else None


async def recognise(session: AsyncSession, answer: Answer, user_id: UUID | None) -> UUID:
    """Return the person whose passkey has answered: `user_id`, or for None whomever the passkey itself names.

    Keeps the new counter and the backup flag. Runs without a tenant or in the person's own unit of work. Raises
    `BadPasskey`.
    """
    owner = user_id or answer.user_id
    if owner is None or (answer.user_id is not None and answer.user_id != owner):
        raise BadPasskey
    await set_scope(session, "user_id", str(owner))
    passkey = await passkey_repository.lock_passkey(session, owner, answer.credential_id)
    if passkey is None:
        raise BadPasskey
    try:
        passkey.sign_count, passkey.backed_up = ceremony.verify_authentication(answer, passkey)
    except BadPasskey as refused:
        log.warning("passkey refused", passkey_id=str(passkey.id), reason=str(refused.__cause__ or "backup flag"))
        raise
    passkey.last_used_at = utc_now()
    await session.flush()
    return owner


async def prove_with_passkey(session: AsyncSession, actor: Actor, *, answer: Answer) -> None:
    """Make the actor's session fresh. Raises `BadPasskey`."""
    await recognise(session, answer, person_of(actor))
    await mark_proven(session, actor, "passkey")


async def ask_to_prove(session: AsyncSession, actor: Actor) -> Any:
    """Return the options for a fresh proof. Raises `NoFactor`."""
    return await ask(session, Purpose.PROVE, person_of(actor), actor.session_id)


async def begin_registration(session: AsyncSession, actor: Actor) -> Any:
    """Return the options for a new passkey. Raises `ProofNeeded`, `TooManyPasskeys`."""
    await require_proof(session, actor)
    user = await own_user(session, actor)
    known = await passkey_repository.list_passkeys(session, user.id)
    if len(known) >= MOST_PASSKEYS:
        raise TooManyPasskeys(most=MOST_PASSKEYS)
    challenge, options = ceremony.registration_options(user.id, user.email, user.name, known)
    await _keep(session, challenge, Purpose.REGISTER, user.id, actor.session_id)
    return options


async def register(session: AsyncSession, actor: Actor, *, answer: Answer, name: str) -> None:
    """Keep the new passkey of an answer.

    Raises `BadPasskey`, also for one that somebody has already, `ProofNeeded`.
    """
    await require_proof(session, actor)
    user_id = person_of(actor)
    had_any = bool(await factor_repository.list_kinds(session, user_id))
    made = ceremony.verify_registration(answer)
    row = Passkey(
        user_id=user_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        transports=made.transports,
        backup_eligible=made.backup_eligible,
        backed_up=made.backed_up,
        name=own_factors.clean_name(name),
    )
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise BadPasskey from error
    await service.audit(session, actor, "factor.passkey_add", "user", user_id, after={"name": row.name})
    await own_factors.after_adding(session, actor, had_any=had_any)
