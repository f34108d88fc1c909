"""Use cases of a person's own sessions: which browsers are signed in, and ending them."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import NotFound
from crm_app.core.events import announce
from crm_app.core.tenancy import NOWHERE, Actor
from crm_app.domains.accounts import repository, service
from crm_app.domains.accounts.entry.sso_only import SSO
from crm_app.domains.accounts.events import SessionRevoked
from crm_app.domains.accounts.factors.step_up import own_session, person_of, require_proof
from crm_app.domains.accounts.models import UserSession
from crm_app.domains.accounts.schemas import SessionView
from crm_app.domains.accounts.sessions import queries as session_queries
from crm_app.domains.accounts.sessions.devices import describe_device, is_local, network_block


async def list_sessions(session: AsyncSession, actor: Actor) -> list[SessionView]:
    """Return the actor's valid sessions: this one first, then the last used.

    A session that an identity provider opened knows of those in its own organization alone, here and below.
    """
    current = await own_session(session, actor)
    rows = await session_queries.list_sessions(session, person_of(actor), utc_now(), within=bounds(current))
    views = [_view(row, current) for row in rows]
    return sorted(views, key=lambda one: not one.is_current)


def bounds(current: UserSession) -> UUID | None:
    """Return the organization beyond which a session does not reach the person's other ones: see docs/adr/0014."""
    return current.organization_id if current.method == SSO else None


def _view(row: UserSession, current: UserSession) -> SessionView:
    block = network_block(row.ip)
    return SessionView(
        id=row.id,
        device=describe_device(row.user_agent),
        network=block,
        is_local=is_local(row.ip),
        same_network=bool(block) and block == network_block(current.ip),
        method=row.method,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        is_current=row.id == current.id,
    )


async def end_session(session: AsyncSession, actor: Actor, *, user_session_id: UUID) -> None:
    """End one session of the actor, effective on its next event. Raises `NotFound`, `ProofNeeded`."""
    current = await require_proof(session, actor)
    row = await session_queries.find_own_session(
        session, person_of(actor), user_session_id, within=bounds(current)
    )
    if row is None or row.revoked_at is not None:
        raise NotFound(kind="session")
    await _end(session, actor, [row])


async def end_other_sessions(session: AsyncSession, actor: Actor) -> int:
    """End every session of the actor but this one; returns how many ended. Raises `ProofNeeded`."""
    current = await require_proof(session, actor)
    return await _end_others(session, actor, bounds(current))


async def end_all_but_this(session: AsyncSession, actor: Actor) -> int:
    """End every session of the actor but this one, wherever, since the account itself has changed its key.

    Part of something that has asked for a proof already.
    """
    return await _end_others(session, actor, None)


async def _end_others(session: AsyncSession, actor: Actor, within: UUID | None) -> int:
    rows = await session_queries.list_sessions(session, person_of(actor), utc_now(), within=within)
    return await _end(session, actor, [row for row in rows if row.id != actor.session_id])


async def _end(session: AsyncSession, actor: Actor, rows: list[UserSession]) -> int:
    user_id = person_of(actor)
    for row in rows:
        await repository.revoke_sessions(session, user_id, utc_now(), row.id)
        # Each is told in its own organization: there are the tabs that must hear it.
        fact = SessionRevoked(organization_id=row.organization_id or NOWHERE, user_id=user_id, session_id=row.id)
        announce(session, fact)
    if rows:
        await service.audit(session, actor, "session.end_others", "user", user_id, after={"ended": len(rows)})
    return len(rows)
