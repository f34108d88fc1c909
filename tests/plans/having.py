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
from crm_app.domains.accounts.access import actor_of
from crm_app.domains.accounts.known_sessions import known_sessions
from crm_app.domains.accounts.repository import find_membership
from crm_app.domains.plans import repository
from crm_app.domains.plans.models import ModuleGrant, OrganizationPlan, Plan
from crm_app.domains.plans.registry import EVERYTHING
from tests.conftest import Tenant, operator_url


async def new_plan(*, modules: Sequence[str] = (EVERYTHING,), limits: Mapping[str, int] | None = None) -> Plan:
    """Commit a plan of its own."""
    number = new_id().hex[-12:]
    plan = Plan(key=f"teste-{number}", name=f"Teste {number}", modules=list(modules), limits=dict(limits or {}))
    statement = """
        INSERT INTO plan (id, key, name, modules, limits, position, is_default, version, created_at, updated_at)
        VALUES (%s, %s, %s, %s, %s, 0, false, 1, now(), now())"""
    async with await AsyncConnection.connect(operator_url()) as connection:
        values = (plan.id, plan.key, plan.name, Jsonb(plan.modules), Jsonb(plan.limits))
        await connection.execute(statement, values)
    return plan


async def have_plan(
    tenant: Tenant, *, modules: Sequence[str] = (EVERYTHING,), limits: Mapping[str, int] | None = None
) -> Plan:
    """Give an organization a plan of its own."""
    plan = await new_plan(modules=modules, limits=limits)
    async with unit_of_work(tenant.owner) as session:
        row = await repository.find_own_plan(session, tenant.organization.id)
        row = row or OrganizationPlan(organization_id=tenant.organization.id, plan_id=plan.id)
        row.plan_id = plan.id
        session.add(row)
    known_sessions.forget_organization(str(tenant.organization.id))
    return plan


async def be_given(tenant: Tenant, subject: str, *, until: datetime | None = None, **values: Any) -> UUID:
    """Give an organization something beside its plan."""
    row = ModuleGrant(
        organization_id=tenant.organization.id,
        kind=values.pop("kind", "grant"),
        subject=subject,
        expires_at=until,
        reason="para o teste",
        **values,
    )
    async with unit_of_work(tenant.owner) as session:
        session.add(row)
    known_sessions.forget_organization(str(tenant.organization.id))
    return row.id


async def as_signed_in(actor: Actor) -> Actor:
    """Return the actor as a session would have it now."""
    assert actor.user_id
    async with unit_of_work(actor) as session:
        place = await find_membership(session, actor.organization_id, actor.user_id)
        assert place
        return await actor_of(session, place)
