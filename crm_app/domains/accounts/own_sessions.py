"""Use cases of a person's own sessions: which browsers are signed in, and ending them."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import NotFound
from crm_app.core.events import announce
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository, service, session_queries
from crm_app.domains.accounts.devices import describe_device, is_local, network_block
from crm_app.domains.accounts.events import SessionRevoked
from crm_app.domains.accounts.models import UserSession
from crm_app.domains.accounts.schemas import SessionView
from crm_app.domains.accounts.step_up import own_session, person_of, require_proof


async def list_sessions(session: AsyncSession, actor: Actor) -> list[SessionView]:
    """Return the actor's valid sessions: this one first, then the last used."""
    current = await own_session(session, actor)
    rows = await session_queries.list_sessions(session, person_of(actor), utc_now())
    views = [_view(row, current) for row in rows]
    return sorted(views, key=lambda one: not one.is_current)


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
    await require_proof(session, actor)
    row = await session_queries.find_own_session(session, person_of(actor), user_session_id)
    if row is None or row.revoked_at is not None:
        raise NotFound(kind="session")
    await _end(session, actor, [row])


async def end_other_sessions(session: AsyncSession, actor: Actor) -> int:
    """End every session of the actor but this one; returns how many ended. Raises `ProofNeeded`."""
    await require_proof(session, actor)
    return await end_all_but_this(session, actor)


async def end_all_but_this(session: AsyncSession, actor: Actor) -> int:
    """End every session of the actor but this one, as part of something that has asked for a proof already."""
    rows = await session_queries.list_sessions(session, person_of(actor), utc_now())
    return await _end(session, actor, [row for row in rows if row.id != actor.session_id])


async def _end(session: AsyncSession, actor: Actor, rows: list[UserSession]) -> int:
    user_id = person_of(actor)
    for row in rows:
        await repository.revoke_sessions(session, user_id, utc_now(), row.id)
        # Each is told in its own organization: there are the tabs that must hear it.
        fact = SessionRevoked(organization_id=row.organization_id, user_id=user_id, session_id=row.id)
        announce(session, fact)
    if rows:
        await service.audit(session, actor, "session.end_others", "user", user_id, after={"ended": len(rows)})
    return len(rows)
