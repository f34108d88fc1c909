"""Jobs of organizations that do no work keep their place in the queue and wait until the organization is back.

A job that waits is a job like any other, scheduled for a moment that never comes. So nothing is lost, those with
the same lock keep their order (the queue runs none ahead of an earlier one), and one statement lets them go.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.database import set_scope, system_unit_of_work
from crm_app.core.errors import OrganizationClosed, OrganizationSuspended
from crm_app.core.life_cycle import STANDINGS
from crm_app.core.sql import fetch_value, run

NEVER: Final = datetime(2999, 1, 1, tzinfo=UTC)
"""When a job that waits would run."""

_AT_REST = """
SELECT EXISTS (SELECT FROM organization WHERE id = %(id)s AND state = ANY(%(states)s))"""
# The queue counts an attempt whenever it takes a job back; waiting is none.
_UNCOUNT = "UPDATE procrastinate_jobs SET attempts = attempts - 1 WHERE id = %(id)s"
_RELEASE = """
UPDATE procrastinate_jobs SET scheduled_at = NULL
WHERE status = 'todo' AND scheduled_at = %(never)s AND args->>'organization_id' = %(id)s"""
_RELEASE_ALL = """
UPDATE procrastinate_jobs SET scheduled_at = NULL
WHERE status = 'todo' AND scheduled_at = %(never)s AND (args->>'organization_id')::uuid NOT IN (
    SELECT id FROM organization WHERE state = ANY(%(states)s)
)"""
_STATES = [state.value for state, standing in STANDINGS.items() if not standing.works]


class AtRest(Exception):
    """The job's organization does no work at present."""


class Patience(BaseRetryStrategy):
    """Lets a job wait for its organization; any other failure goes to the job's own strategy."""

    def __init__(self, own: BaseRetryStrategy | None) -> None:
        self.own = own

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again, None to give up."""
        if isinstance(exception, AtRest):
            return RetryDecision(retry_at=NEVER)
        return self.own.get_retry_decision(exception=exception, job=job) if self.own else None


@asynccontextmanager
async def unless_at_rest(job: Job, arguments: Mapping[str, Any]) -> AsyncIterator[None]:
    """Run the block unless the job's organization does no work, or stops to in the middle: then raise `AtRest`."""
    organization_id = arguments.get("organization_id")
    if organization_id is not None and await _is_at_rest(UUID(str(organization_id))):
        await _wait(job)
    try:
        yield
    except (OrganizationSuspended, OrganizationClosed):
        if organization_id is None:
            raise
        await _wait(job)


async def _is_at_rest(organization_id: UUID) -> bool:
    async with system_unit_of_work() as session:
        await set_scope(session, "directory", "on")
        return bool(await fetch_value(session, _AT_REST, {"id": organization_id, "states": _STATES}))


async def _wait(job: Job) -> None:
    async with system_unit_of_work() as session:
        await run(session, _UNCOUNT, {"id": job.id})
    raise AtRest


async def release_jobs(session: AsyncSession, organization_id: UUID) -> int:
    """Let the waiting jobs of an organization run, in the session's transaction; returns how many."""
    return await run(session, _RELEASE, {"never": NEVER, "id": str(organization_id)})


async def release_forgotten(session: AsyncSession) -> int:
    """Let every job go whose organization works; returns how many. Runs without a tenant.

    For those that began to wait in the very moment in which their organization came back.
    """
    await set_scope(session, "directory", "on")
    return await run(session, _RELEASE_ALL, {"never": NEVER, "states": _STATES})
