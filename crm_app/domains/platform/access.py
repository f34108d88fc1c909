"""Who runs the platform, and whether it is really them: asked before every use case here."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import NotFound
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository
from crm_app.domains.accounts.factors import step_up
from crm_app.domains.accounts.factors.errors import ProofNeeded

PROVEN_FOR = timedelta(minutes=30)
"""How long a proof opens the platform; the doors in the database hold the same (`platform_operator`)."""


async def require_operator(session: AsyncSession, actor: Actor) -> UUID:
    """Return the session of an administrator of the platform who has just proven who they are.

    Whoever has a second factor proves it with that one. Raises `NotFound` for anybody else, as if there were no
    such place, and `ProofNeeded` when the last proof is too old.
    """
    if (
        actor.user_id is None
        or actor.session_id is None
        or not await repository.is_platform_admin(session, actor.user_id)
    ):
        raise NotFound
    row = await step_up.own_session(session, actor)
    if row.proven_at is None or utc_now() - row.proven_at > PROVEN_FOR:
        raise ProofNeeded
    return row.id
