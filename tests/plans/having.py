"""Organizations with a plan made for one test."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from crm_app.core.database import unit_of_work
from crm_app.core.ids import new_id
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.repository import find_membership
from crm_app.domains.accounts.roles.access import actor_of
from crm_app.domains.accounts.sessions.known import known_sessions
from crm_app.domains.plans.models import Plan
from crm_app.domains.plans.registry import EVERYTHING
from tests.conftest import Tenant, operator_url


async def new_plan(*, modules: Sequence[str] = (EVERYTHING,), limits: Mapping[str, int] | None = None) -> Plan:
    """Commit a plan of its own."""
    number = new_id().hex[-12:]
    plan = Plan(key=f"teste-{number}", name=f"Teste {number}", modules=list(modules), limits=dict(limits or {}))
    statement = """
        INSERT INTO plan (id, key, name, modules, limits, position, is_default, version, created_at, updated_at)
        VALUES (%s, %s, %s, %s, %s, 0, false, 1, now(), now())"""
    await _as_owner(statement, (plan.id, plan.key, plan.name, Jsonb(plan.modules), Jsonb(plan.limits)))
    return plan


async def have_plan(
    tenant: Tenant, *, modules: Sequence[str] = (EVERYTHING,), limits: Mapping[str, int] | None = None
) -> Plan:
    """Give an organization a plan of its own."""
    plan = await new_plan(modules=modules, limits=limits)
    await _as_owner(
        """
        INSERT INTO organization_plan (organization_id, id, created_at, plan_id, since)
        VALUES (%s, %s, now(), %s, now())
        ON CONFLICT (organization_id) DO UPDATE SET plan_id = excluded.plan_id""",
        (tenant.organization.id, new_id(), plan.id),
    )
    known_sessions.forget_organization(str(tenant.organization.id))
    return plan


async def be_given(tenant: Tenant, subject: str, *, until: datetime | None = None, **values: Any) -> UUID:
    """Give an organization something beside its plan."""
    row_id = new_id()
    chosen_only, revoked_at = values.get("chosen_only", False), values.get("revoked_at")
    await _as_owner(
        """
        INSERT INTO module_grant (organization_id, id, created_at, kind, subject, amount, chosen_only, reason,
                                  given_by_name, expires_at, revoked_at)
        VALUES (%s, %s, now(), %s, %s, %s, %s, 'para o teste', '', %s, %s)""",
        (
            tenant.organization.id, row_id, values.get("kind", "grant"), subject, values.get("amount"),
            chosen_only, until, revoked_at,
        ),
    )  # fmt: skip
    known_sessions.forget_organization(str(tenant.organization.id))
    return row_id


async def _as_owner(statement: str, values: tuple[Any, ...]) -> None:
    async with await AsyncConnection.connect(operator_url()) as connection:
        await connection.execute(statement, values)  # type: ignore[arg-type]


async def as_signed_in(actor: Actor) -> Actor:
    """Return the actor as a session would have it now."""
    assert actor.user_id
    async with unit_of_work(actor) as session:
        place = await find_membership(session, actor.organization_id, actor.user_id)
        assert place
        return await actor_of(session, place)
