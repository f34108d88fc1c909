"""What a member may do: their role with what the organization has made of it, its modules, and their teams."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.models import Membership
from crm_app.domains.accounts.roles import matrix
from crm_app.domains.accounts.roles import queries as role_queries
from crm_app.domains.plans import entitled


async def actor_of(session: AsyncSession, membership: Membership, session_id: UUID | None = None) -> Actor:
    """Return the actor behind a membership. The transaction must be the organization's."""
    now = utc_now()
    found = await role_queries.load_access(
        session, membership.organization_id, membership.user_id, membership.role, membership.role_id, now
    )
    held = matrix.resolve(membership.role, found["changes"] or {})
    own = {membership.user_id}
    off = entitled.off_for(found, now)
    withheld = entitled.withheld(held, off)
    return Actor(
        membership.organization_id,
        membership.user_id,
        membership.role,
        frozenset(held) - withheld.keys(),
        session_id,
        matrix.narrowed(held),
        frozenset(found["colleagues"]) - own,
        frozenset(found["led"]) - own,
        withheld,
        off,
    )
