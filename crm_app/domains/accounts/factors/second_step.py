"""The second half of a sign-in: the factor after the password (or link, or provider), and passkeys alone."""

from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.database import set_scope
from crm_app.domains.accounts import repository, rules
from crm_app.domains.accounts.entry.entering import Way, begin_session, clean_user_agent, enter, place_or_platform
from crm_app.domains.accounts.entry.guessing import count_guess
from crm_app.domains.accounts.factors import passkeys
from crm_app.domains.accounts.factors import repository as factor_repository
from crm_app.domains.accounts.factors.authenticator import accepts_code
from crm_app.domains.accounts.factors.errors import BadPasskey, EntryOver
from crm_app.domains.accounts.factors.models import PendingEntry
from crm_app.domains.accounts.factors.passkey_ceremony import Answer
from crm_app.domains.accounts.schemas import NewSession, WaitingEntry

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 5


async def read_waiting(session: AsyncSession, token: str, *, user_agent: str) -> WaitingEntry:
    """Return which factors a waiting sign-in can be finished with. Raises `EntryOver`."""
    pending = await _pending(session, token, user_agent)
    await set_scope(session, "user_id", str(pending.user_id))
    kinds = await factor_repository.list_kinds(session, pending.user_id)
    return WaitingEntry(id=pending.id, user_id=pending.user_id, kinds=kinds)


async def _pending(session: AsyncSession, token: str, user_agent: str) -> PendingEntry:
    found = await factor_repository.find_pending(
        session, rules.hash_token(token), clean_user_agent(user_agent), utc_now(), MOST_ATTEMPTS
    )
    if found is None:
        raise EntryOver
    return found


async def finish_with_code(
    session: AsyncSession, token: str, *, kind: str, code: str, ip: str, user_agent: str
) -> NewSession | None:
    """Begin the session of a waiting sign-in when the code of the app or the recovery code is right.

    Returns None when it is not: the attempt must be committed, so it is no exception. Raises `EntryOver`,
    `TooManyRequests`.
    """
    pending = await _pending(session, token, user_agent)
    await count_guess(session, pending.user_id, ip)
    if await factor_repository.claim_attempt(session, pending.id, MOST_ATTEMPTS) is None:
        raise EntryOver
    await set_scope(session, "user_id", str(pending.user_id))
    if not await accepts_code(session, pending.user_id, kind=kind, code=code):
        log.warning("second factor refused", kind=kind, user_id=str(pending.user_id), attempt=pending.attempts + 1)
        return None
    return await _finish(session, pending, kind, ip, user_agent)


async def finish_with_passkey(
    session: AsyncSession, token: str, *, answer: Answer, ip: str, user_agent: str
) -> NewSession:
    """Begin the session of a waiting sign-in with the answer of a passkey. Raises `EntryOver`, `BadPasskey`."""
    pending = await _pending(session, token, user_agent)
    await passkeys.recognise(session, answer, pending.user_id)
    return await _finish(session, pending, "passkey", ip, user_agent)


async def _finish(session: AsyncSession, pending: PendingEntry, kind: str, ip: str, user_agent: str) -> NewSession:
    if not await factor_repository.forget_pending(session, pending_id=pending.id):
        raise EntryOver  # somebody else has finished it in this very moment
    place = await place_or_platform(session, pending.user_id, pending.wanted_organization, method=pending.method)
    method = f"{pending.method}+{kind}"
    return await begin_session(session, pending.user_id, place, method=method, ip=ip, user_agent=user_agent)


async def enter_with_passkey(session: AsyncSession, *, answer: Answer, ip: str, user_agent: str) -> NewSession:
    """Let in whoever's passkey has answered, without a password. Raises `BadPasskey`, `NoOrganization`."""
    user_id: UUID = await passkeys.recognise(session, answer, None)
    user = await repository.find_user(session, user_id)
    if user is None:
        raise BadPasskey
    entry = await enter(session, user, method=Way.PASSKEY, ip=ip, user_agent=user_agent)
    assert isinstance(entry, NewSession), "a passkey is two factors at once"
    return entry


async def forget_waiting(session: AsyncSession) -> int:
    """Remove sign-ins and challenges that were not finished in time; returns how many. Runs as a job."""
    return await factor_repository.forget_expired(session, utc_now())
