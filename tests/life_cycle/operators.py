"""People who run the platform, and organizations put into a state, for any test that wants them."""

import time
from datetime import timedelta
from uuid import UUID

import psycopg

from crm_app.core import hub
from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work
from crm_app.core.ids import new_id
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.models import UserSession
from crm_app.domains.accounts.rules import hash_token, new_token
from crm_app.domains.platform.life_cycle import change_state

# The shortest way to every state from one in which everything works.
WAYS = {
    "demo": (),
    "onboarding": (),
    "active": (),
    "past_due": ("past_due",),
    "suspended": ("suspended",),
    "closed": ("closed",),
}


def grant(db: EmbeddedPostgres, user_id: UUID | None) -> None:
    """Make a person an administrator of the platform, as the operator's command does."""
    with psycopg.connect(db.url) as owner:
        owner.execute("INSERT INTO platform_admin VALUES (%s, now()) ON CONFLICT DO NOTHING", (user_id,))


async def open_session(member: Actor, *, proven: timedelta | None = timedelta(0)) -> Actor:
    """Return the actor in a new session of theirs, proven so long ago, or never."""
    assert member.user_id
    row = UserSession(
        token_hash=hash_token(new_token()),
        user_id=member.user_id,
        organization_id=member.organization_id,
        proven_at=None if proven is None else utc_now() - proven,
        expires_at=utc_now() + timedelta(days=1),
    )
    async with system_unit_of_work() as session:
        session.add(row)
    return Actor(member.organization_id, member.user_id, member.role, member.permissions, row.id)


def begin_as(db: EmbeddedPostgres, organization_id: UUID, state: str) -> None:
    """Put an organization into a state by force, as the owner of the tables: where no transition leads there."""
    with psycopg.connect(db.url) as owner:
        owner.execute("SELECT set_config('app.organization_id', %s, true)", (str(organization_id),))
        owner.execute(
            "UPDATE organization SET state = %s, state_since = now() WHERE id = %s", (state, organization_id)
        )


async def put(db: EmbeddedPostgres, operator: Actor, organization_id: UUID, state: str) -> None:
    """Put an active organization into a state, as an operator does wherever a transition leads there."""
    if not WAYS[state]:
        begin_as(db, organization_id, state)
    for wanted in WAYS[state]:
        async with system_unit_of_work() as session:
            await change_state(
                session, operator, organization_id=organization_id, wanted=wanted, reason=f"teste {new_id()}"
            )
    await hub.drain()


def unique(word: str) -> str:
    """Return a word that no other test uses."""
    return f"{word}-{time.time_ns()}"
