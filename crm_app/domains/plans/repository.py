"""Every SQL statement about plans, what stands beside them, and what was used."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.ids import new_id
from crm_app.core.sql import Row, fetch_one, fetch_value, run
from crm_app.domains.plans.models import MemberModule, ModuleGrant, OrganizationPlan, Plan
from crm_app.domains.plans.registry import FALLBACK_PLAN

_PLAN_ID = f"""coalesce((SELECT op.plan_id FROM organization_plan op
  WHERE op.organization_id = %(organization_id)s), '{FALLBACK_PLAN}')"""  # noqa: S608
_HELD = """g.organization_id = %(organization_id)s AND g.revoked_at IS NULL
  AND (g.expires_at IS NULL OR g.expires_at > %(now)s)"""
_MONTH = "to_char({}::timestamptz AT TIME ZONE o.time_zone, 'YYYY-MM')"
"""The month of a moment where the organization is."""

ENTITLED = f"""
(SELECT p.modules FROM plan p WHERE p.id = {_PLAN_ID}) AS plan_modules,
(SELECT jsonb_agg(jsonb_build_array(g.subject, g.kind, g.chosen_only)) FROM module_grant g
  WHERE {_HELD} AND g.amount IS NULL) AS given,
(SELECT array_agg(f.module) FROM member_module f
  WHERE f.organization_id = %(organization_id)s AND f.user_id = %(user_id)s) AS chosen_for"""  # noqa: S608
"""Columns of a statement that asks what a member may use; it needs `organization_id`, `user_id` and `now`."""

_MOST = f"""
SELECT (p.limits ->> %(name)s)::int + coalesce((SELECT sum(g.amount) FROM module_grant g
  WHERE {_HELD} AND g.subject = %(name)s), 0)::int AS most FROM plan p WHERE p.id = {_PLAN_ID}"""  # noqa: S608

# One statement: whoever comes second waits for the row, and is held against what the first has left of it.
_TAKE = f"""
WITH allowed AS ({_MOST})
INSERT INTO usage_counter AS c (organization_id, id, created_at, name, period, used)
SELECT o.id, %(id)s, %(now)s, %(name)s, {_MONTH.format("%(now)s")}, %(amount)s
FROM organization o, allowed
WHERE o.id = %(organization_id)s AND coalesce(%(amount)s <= allowed.most, true)
ON CONFLICT (organization_id, name, period) DO UPDATE SET used = c.used + excluded.used
WHERE coalesce(c.used + excluded.used <= (SELECT most FROM allowed), true)
RETURNING used"""  # noqa: S608

_GIVE_BACK = f"""
UPDATE usage_counter c SET used = greatest(c.used - %(amount)s, 0) FROM organization o
WHERE o.id = %(organization_id)s AND c.organization_id = o.id AND c.name = %(name)s
  AND c.period = {_MONTH.format("%(taken_at)s")}"""  # noqa: S608

_USED = f"""
SELECT c.used FROM usage_counter c JOIN organization o ON o.id = c.organization_id
WHERE c.organization_id = %(organization_id)s AND c.name = %(name)s
  AND c.period = {_MONTH.format("%(now)s")}"""  # noqa: S608


async def load_entitled(session: AsyncSession, organization_id: UUID, user_id: UUID | None, now: datetime) -> Row:
    """Return `plan_modules`, `given` and `chosen_for` of a member, or of the organization alone."""
    values = {"organization_id": organization_id, "user_id": user_id, "now": now}
    found = await fetch_one(session, f"SELECT {ENTITLED}", values)
    assert found is not None  # it has no FROM
    return found


async def most(session: AsyncSession, organization_id: UUID, name: str, now: datetime) -> int | None:
    """Return how many of something the organization may have or use; None for as many as it likes."""
    found = await fetch_value(session, _MOST, {"organization_id": organization_id, "name": name, "now": now})
    return None if found is None else max(0, int(found))


async def take(session: AsyncSession, organization_id: UUID, name: str, amount: int, now: datetime) -> int | None:
    """Count `amount` more in this month and return how many that makes; None, and nothing, when it is too many."""
    values = {"organization_id": organization_id, "id": new_id(), "name": name, "amount": amount, "now": now}
    found: int | None = await fetch_value(session, _TAKE, values)
    return found


async def give_back(
    session: AsyncSession, organization_id: UUID, name: str, amount: int, taken_at: datetime
) -> None:
    """Count `amount` less in the month in which it was taken."""
    values = {"organization_id": organization_id, "name": name, "amount": amount, "taken_at": taken_at}
    await run(session, _GIVE_BACK, values)


async def used(session: AsyncSession, organization_id: UUID, name: str, now: datetime) -> int:
    """Return how many were used in this month."""
    values = {"organization_id": organization_id, "name": name, "now": now}
    return int(await fetch_value(session, _USED, values) or 0)


async def lock_organization(session: AsyncSession, organization_id: UUID) -> None:
    """Let one change of what stands against a limit at a time happen in an organization."""
    # The weaker lock: rows that refer to the organization go on being written.
    statement = "SELECT 1 FROM organization WHERE id = %(organization_id)s FOR NO KEY UPDATE"
    await run(session, statement, {"organization_id": organization_id})


async def begin(session: AsyncSession) -> None:
    """Give the organization of this transaction the plan with which new ones begin, unless it has one."""
    await run(session, "SELECT begin_plan()", {})


async def list_plans(session: AsyncSession) -> Sequence[Plan]:
    """Return all plans in the platform's order."""
    statement = select(Plan).order_by(col(Plan.position), col(Plan.name))
    return (await session.scalars(statement.execution_options(populate_existing=True))).all()


async def find_own_plan(session: AsyncSession, organization_id: UUID) -> OrganizationPlan | None:
    """Return the row that says which plan an organization has."""
    statement = (
        select(OrganizationPlan)
        .where(col(OrganizationPlan.organization_id) == organization_id)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def get_plan_of(session: AsyncSession, organization_id: UUID) -> Plan:
    """Return the plan of an organization."""
    own = await find_own_plan(session, organization_id)
    return await session.get_one(Plan, own.plan_id if own else FALLBACK_PLAN)


async def list_grants(session: AsyncSession, organization_id: UUID) -> Sequence[ModuleGrant]:
    """Return everything that was ever given to an organization beside its plan, the latest first."""
    statement = (
        select(ModuleGrant)
        .where(col(ModuleGrant.organization_id) == organization_id)
        .order_by(col(ModuleGrant.created_at).desc(), col(ModuleGrant.id).desc())
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).all()


async def list_chosen(session: AsyncSession, organization_id: UUID) -> Sequence[MemberModule]:
    """Return who was chosen for which module."""
    statement = select(MemberModule).where(col(MemberModule.organization_id) == organization_id)
    return (await session.scalars(statement)).all()


async def choose(session: AsyncSession, organization_id: UUID, user_id: UUID, module: str, **values: Any) -> bool:
    """Choose a member for a module; tells whether they were not chosen before."""
    statement = """
INSERT INTO member_module (organization_id, id, created_at, user_id, module, given_by)
VALUES (%(organization_id)s, %(id)s, %(now)s, %(user_id)s, %(module)s, %(given_by)s) ON CONFLICT DO NOTHING"""
    wanted = {"organization_id": organization_id, "id": new_id(), "user_id": user_id, "module": module, **values}
    return bool(await run(session, statement, wanted))


async def unchoose(session: AsyncSession, organization_id: UUID, user_id: UUID, module: str) -> bool:
    """Take a member's choice back; tells whether they were chosen."""
    statement = (
        delete(MemberModule)
        .where(
            col(MemberModule.organization_id) == organization_id,
            col(MemberModule.user_id) == user_id,
            col(MemberModule.module) == module,
        )
        .returning(col(MemberModule.id))
    )
    return (await session.execute(statement)).one_or_none() is not None
