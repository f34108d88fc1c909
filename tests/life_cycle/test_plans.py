"""Plans, and what organizations have of them, are the platform's: nobody else writes them, whatever they try."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from psycopg import AsyncConnection
from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import col

from crm_app.core.clock import utc_now
from crm_app.core.database import set_tenant, system_unit_of_work, unit_of_work
from crm_app.core.errors import CrmError, Invalid, NotFound
from crm_app.core.sql import fetch_value
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.factors.errors import ProofNeeded
from crm_app.domains.accounts.models import AuditEntry
from crm_app.domains.accounts.support import SUPPORT_ID
from crm_app.domains.plans.registry import KEYS
from crm_app.domains.platform import plans
from crm_app.domains.platform.errors import (
    EverythingStays,
    PlanChangedMeanwhile,
    PlanGone,
    PlanHeld,
    PlanKeyTaken,
    PlanStays,
)
from crm_app.domains.platform.plan_schemas import GrantDraft, PlanColumn, PlanDraft
from crm_app.domains.platform.service import list_entries
from tests.conftest import Tenant, operator_url
from tests.life_cycle.operators import open_session, unique
from tests.plans.having import as_signed_in, new_plan

SMALL = PlanDraft(name="Pequeno", modules=["sending", "audit"], limits={"members": 2})


async def act(actor: Actor, use_case: Callable[..., Awaitable[Any]], **arguments: Any) -> Any:
    """Run a use case of the platform as a request would."""
    async with system_unit_of_work() as session:
        return await use_case(session, actor, **arguments)


async def test_a_plan_is_made_and_changed_by_one_at_a_time(operator: Actor) -> None:
    key = unique("plano")
    made = await act(operator, plans.save_plan, key=key, version=0, draft=SMALL)
    assert (made.key, made.version, made.modules, made.limits) == (key, 1, ("audit", "sending"), {"members": 2})
    with pytest.raises(PlanKeyTaken):
        await act(operator, plans.save_plan, key=key, version=0, draft=SMALL)
    larger = SMALL.model_copy(update={"limits": {"members": 9}})
    changed = await act(operator, plans.save_plan, key=key, version=1, draft=larger)
    assert (changed.version, changed.limits) == (2, {"members": 9})
    with pytest.raises(PlanChangedMeanwhile):  # somebody else was faster
        await act(operator, plans.save_plan, key=key, version=1, draft=SMALL)
    with pytest.raises(PlanGone):
        await act(operator, plans.save_plan, key=unique("nenhum"), version=1, draft=SMALL)
    assert key in [one.key for one in await act(operator, plans.list_plans)]


async def test_new_organizations_begin_with_one_plan(operator: Actor) -> None:
    key = unique("plano")
    await act(operator, plans.save_plan, key=key, version=0, draft=SMALL.model_copy(update={"is_default": True}))
    try:
        found = await act(operator, plans.list_plans)
        assert [one.key for one in found if one.is_default] == [key]
    finally:
        whole = next(one for one in await act(operator, plans.list_plans) if one.key == "completo")
        draft = PlanDraft(name=whole.name, modules=["*"], position=whole.position, is_default=True)
        await act(operator, plans.save_plan, key="completo", version=whole.version, draft=draft)


async def test_the_plan_with_everything_keeps_everything(operator: Actor) -> None:
    whole = next(one for one in await act(operator, plans.list_plans) if one.key == "completo")
    for less in (SMALL, PlanDraft(name="Completo", modules=["*"], limits={"members": 1})):
        with pytest.raises(EverythingStays):
            await act(operator, plans.save_plan, key="completo", version=whole.version, draft=less)


async def column(operator: Actor, key: str) -> PlanColumn:
    """Return one plan as the table shows it."""
    found: list[PlanColumn] = await act(operator, plans.compare_plans)
    return next(one for one in found if one.key == key)


async def test_every_plan_says_how_many_organizations_have_it(
    operator: Actor, tenant: Tenant, other_tenant: Tenant
) -> None:
    key, before = unique("plano"), (await column(operator, "completo")).organizations
    await act(operator, plans.save_plan, key=key, version=0, draft=SMALL)
    assert (await column(operator, key)).organizations == 0
    for count, one in enumerate((tenant, other_tenant), start=1):
        await act(
            operator, plans.change_plan_of, organization_id=one.organization.id, plan_key=key, reason="Pediu menos"
        )
        assert (await column(operator, key)).organizations == count
        assert (await column(operator, "completo")).organizations == before - count
    async with await AsyncConnection.connect(operator_url()) as connection:  # as before there were plans
        await connection.execute(
            "DELETE FROM organization_plan WHERE organization_id = %s", (tenant.organization.id,)
        )
    assert (await column(operator, key)).organizations == 1
    whole = await column(operator, "completo")
    assert (whole.organizations, whole.fixed, whole.retirable) == (before - 1, True, False)


async def test_counting_leaves_the_tenant_of_the_transaction(operator: Actor, tenant: Tenant) -> None:
    async with system_unit_of_work() as session:
        await set_tenant(session, tenant.organization.id)
        await plans.compare_plans(session, operator)
        assert await fetch_value(session, "SELECT current_setting('app.organization_id')", {}) == str(
            tenant.organization.id
        )
        await set_tenant(session, None)
        assert await fetch_value(session, "SELECT count(*) FROM organization_plan", {}) == 0


async def test_a_plan_that_nobody_has_can_be_removed(operator: Actor, tenant: Tenant) -> None:
    key = unique("plano")
    await act(operator, plans.save_plan, key=key, version=0, draft=SMALL)
    await act(operator, plans.save_plan, key=key, version=1, draft=SMALL)
    with pytest.raises(PlanChangedMeanwhile):
        await act(operator, plans.retire_plan, key=key, version=1)
    mine = tenant.organization.id
    await act(operator, plans.change_plan_of, organization_id=mine, plan_key=key, reason="x")
    with pytest.raises(PlanHeld):
        await act(operator, plans.retire_plan, key=key, version=2)
    await act(operator, plans.change_plan_of, organization_id=mine, plan_key="completo", reason="x")
    await act(operator, plans.retire_plan, key=key, version=2)
    assert key not in [one.key for one in await act(operator, plans.list_plans)]
    with pytest.raises(PlanGone):
        await act(operator, plans.retire_plan, key=key, version=2)
    entry = (await act(operator, list_entries, limit=1)).items[0]
    assert (entry.action, (entry.before or {})["key"], entry.after) == ("plan.retire", key, None)


async def test_the_plans_that_organizations_get_by_themselves_stay(operator: Actor) -> None:
    whole = await column(operator, "completo")
    with pytest.raises(PlanStays):
        await act(operator, plans.retire_plan, key="completo", version=whole.version)
    async with system_unit_of_work() as session:  # the door itself
        values = {"session": operator.session_id, "version": whole.version}
        statement = "SELECT platform_retire_plan(%(session)s, 'completo', %(version)s)"
        assert await fetch_value(session, statement, values) == "changed"


@pytest.mark.parametrize("key", ["", "x", "Com Espaço", "MAIÚSCULO", "a" * 41, "a_b", "ção-plano"])
async def test_a_bad_key_is_refused(operator: Actor, key: str) -> None:
    with pytest.raises(Invalid):
        await act(operator, plans.save_plan, key=key, version=0, draft=SMALL)


@pytest.mark.parametrize(
    "wrong",
    [
        {"modules": ["rocket"]},
        {"limits": {"rockets": 1}},
        {"limits": {"members": -1}},
        {"name": ""},
        {"name": "x" * 61},
        {"price": 1},
    ],
)
def test_what_no_plan_can_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PlanDraft.model_validate({"name": "Bom", "modules": [], **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": "rocket"},
        {"subject": "members"},
        {"subject": "audit", "amount": 3},
        {"subject": "members", "amount": 0},
        {"reason": ""},
        {"kind": "gift"},
    ],
)
def test_what_cannot_be_granted(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GrantDraft.model_validate({"subject": "audit", "reason": "teste", **wrong})


async def test_an_organization_gets_another_plan_at_once(operator: Actor, tenant: Tenant) -> None:
    mine, plan = tenant.organization.id, await new_plan(modules=["audit"], limits={"members": 4})
    await act(operator, plans.change_plan_of, organization_id=mine, plan_key=plan.key, reason="Pediu menos")
    assert (await as_signed_in(tenant.owner)).off == KEYS - {
        "inbox", "pipeline", "contacts", "channels", "organization", "audit",
    }  # fmt: skip
    found = await act(operator, plans.read_entitlement, organization_id=mine)
    assert (found.modules.plan.key, found.modules.limits[0].most) == (plan.key, 4)
    (entry,) = await trail(tenant)
    assert (entry.action, entry.user_id, entry.before, entry.after) == (
        "organization.plan",
        SUPPORT_ID,
        {"plan": "completo"},
        {"plan": plan.key, "reason": "Pediu menos"},
    )
    for arguments in ({"plan_key": "nenhum"}, {"organization_id": uuid4()}):
        wanted = {"organization_id": mine, "plan_key": plan.key, "reason": "x", **arguments}
        with pytest.raises(NotFound):
            await act(operator, plans.change_plan_of, **wanted)
    with pytest.raises(Invalid):
        await act(operator, plans.change_plan_of, organization_id=mine, plan_key=plan.key, reason=" ")


async def test_what_is_granted_can_be_taken_back_once(operator: Actor, tenant: Tenant) -> None:
    mine, plan = tenant.organization.id, await new_plan(modules=[], limits={"members": 1})
    await act(operator, plans.change_plan_of, organization_id=mine, plan_key=plan.key, reason="x")
    ends = utc_now() + timedelta(days=30)
    given = await act(
        operator, plans.grant_module, organization_id=mine,
        draft=GrantDraft(subject="audit", reason="Período de teste", expires_at=ends),
    )  # fmt: skip
    more = GrantDraft(kind="add_on", subject="members", amount=3, reason="Comprou")
    await act(operator, plans.grant_module, organization_id=mine, draft=more)
    found = await act(operator, plans.read_entitlement, organization_id=mine)
    assert [(one.subject, one.given_by_name, one.reason) for one in found.grants] == [
        ("members", "Owner de Teste", "Comprou"),
        ("audit", "Owner de Teste", "Período de teste"),
    ]
    assert found.modules.limits[0].most == 4
    assert (await as_signed_in(tenant.owner)).has_module("audit")
    await act(operator, plans.revoke_grant, organization_id=mine, grant_id=given)
    assert not (await as_signed_in(tenant.owner)).has_module("audit")
    with pytest.raises(NotFound):
        await act(operator, plans.revoke_grant, organization_id=mine, grant_id=given)
    told = [one.action for one in await trail(tenant)]
    assert told == ["organization.plan", "organization.grant", "organization.grant", "organization.grant_revoke"]
    late = GrantDraft(subject="audit", reason="x", expires_at=utc_now() - timedelta(seconds=1))
    with pytest.raises(Invalid):
        await act(operator, plans.grant_module, organization_id=mine, draft=late)


async def test_a_grant_of_one_organization_is_none_of_anothers(
    operator: Actor, tenant: Tenant, other_tenant: Tenant
) -> None:
    draft = GrantDraft(subject="audit", reason="x")
    given = await act(operator, plans.grant_module, organization_id=tenant.organization.id, draft=draft)
    with pytest.raises(NotFound):
        await act(operator, plans.revoke_grant, organization_id=other_tenant.organization.id, grant_id=given)


async def test_nobody_else_does_any_of_it(operator: Actor, tenant: Tenant) -> None:
    """An owner does not find it; whoever runs the platform proves who they are first."""
    mine, draft = tenant.organization.id, GrantDraft(subject="audit", reason="x")
    calls: list[tuple[Callable[..., Awaitable[Any]], dict[str, Any]]] = [
        (plans.list_plans, {}),
        (plans.compare_plans, {}),
        (plans.retire_plan, {"key": "essencial", "version": 1}),
        (plans.save_plan, {"key": "meu", "version": 0, "draft": SMALL}),
        (plans.read_entitlement, {"organization_id": mine}),
        (plans.change_plan_of, {"organization_id": mine, "plan_key": "completo", "reason": "x"}),
        (plans.grant_module, {"organization_id": mine, "draft": draft}),
        (plans.revoke_grant, {"organization_id": mine, "grant_id": uuid4()}),
    ]
    owner, stale = await open_session(tenant.owner), await open_session(operator, proven=timedelta(hours=1))
    for use_case, arguments in calls:
        assert await outcome(owner, use_case, arguments) is NotFound
        assert await outcome(stale, use_case, arguments) is ProofNeeded
    assert await trail(tenant) == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO organization_plan SELECT :id, gen_random_uuid(), now(), id, now() FROM plan LIMIT 1",
        "UPDATE organization_plan SET since = now()",
        "DELETE FROM organization_plan",
        "INSERT INTO module_grant"
        " (organization_id, id, created_at, kind, subject, chosen_only, reason, given_by_name)"
        " VALUES (:id, gen_random_uuid(), now(), 'grant', 'sso', false, '', '')",
        "UPDATE module_grant SET revoked_at = NULL",
        "UPDATE plan SET modules = '[\"*\"]'",
        "SELECT platform_change_plan(gen_random_uuid(), :id, 'completo')",
        "SELECT platform_grant(gen_random_uuid(), :id, 'grant', 'sso', NULL, false, 'x', NULL)",
        "DELETE FROM plan",
        "SELECT * FROM platform_plan_holders(gen_random_uuid())",
        "SELECT platform_retire_plan(gen_random_uuid(), 'essencial', 1)",
        "SELECT platform_save_plan(gen_random_uuid(), 'meu', 'Meu', '[]', '{}', 0, false, 0)",
    ],
)
async def test_the_database_gives_an_organization_nothing_by_itself(tenant: Tenant, statement: str) -> None:
    async with unit_of_work(tenant.owner) as session:
        with pytest.raises(ProgrammingError, match=r"permission denied|not the session of an administrator"):
            await session.execute(text(statement), {"id": tenant.organization.id} if ":id" in statement else {})
        await session.rollback()


async def outcome(actor: Actor, use_case: Callable[..., Awaitable[Any]], arguments: dict[str, Any]) -> type | None:
    """Return the error of a call."""
    try:
        await act(actor, use_case, **arguments)
    except CrmError as error:
        return type(error)
    return None


async def trail(tenant: Tenant) -> list[AuditEntry]:
    """Return the audit trail of an organization."""
    async with unit_of_work(tenant.owner) as session:
        mine = col(AuditEntry.organization_id) == tenant.organization.id
        return list(await session.scalars(select(AuditEntry).where(mine).order_by(col(AuditEntry.sequence))))
