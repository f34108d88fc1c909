"""One use case, one transaction: rows, jobs and facts appear together or not at all."""

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from crm_app.core import hub
from crm_app.core.database import driver_of, set_tenant, unit_of_work
from crm_app.core.events import Fact, announce, subscribe
from crm_app.core.queue import enqueue, enqueue_many, job, queue
from crm_app.core.sql import fetch_value, run_at_commit
from crm_app.core.trace import trace
from crm_app.domains.accounts.models import AuditEntry
from tests.conftest import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang(Fact):
    name: ClassVar[str] = "test.rang"
    number: int


class Boom(Exception):
    pass


async def _jobs_named(name: str) -> list[Any]:
    return list(await queue.job_manager.list_jobs_async(task=name))


async def test_a_commit_keeps_the_row_the_job_and_the_fact(tenant: Tenant) -> None:
    heard: list[dict[str, Any]] = []

    async def listener(payload: dict[str, Any]) -> None:
        heard.append(payload)

    stop = hub.listen(listener)
    try:
        with trace("trace-of-this-test"):
            async with unit_of_work(tenant.owner) as session:
                session.add(AuditEntry(organization_id=tenant.organization.id, action="a", entity_type="b"))
                await enqueue(session, "test.committed", lock="one", organization_id=tenant.organization.id)
                announce(session, Rang(organization_id=tenant.organization.id, number=1))
                await hub.drain()
                assert heard == []
        await hub.drain()
    finally:
        stop()
    expected = {"organization_id": str(tenant.organization.id), "trace_id": "trace-of-this-test"}
    assert heard == [{"name": "test.rang", "number": 1, **expected}]
    (kept,) = await _jobs_named("test.committed")
    assert kept.task_kwargs == expected
    assert kept.lock == "one"


async def test_a_rollback_drops_them_all(tenant: Tenant) -> None:
    heard: list[dict[str, Any]] = []

    async def listener(payload: dict[str, Any]) -> None:
        heard.append(payload)

    async def use_case_that_fails() -> None:
        async with unit_of_work(tenant.owner) as session:
            session.add(AuditEntry(organization_id=tenant.organization.id, action="gone", entity_type="b"))
            await enqueue(session, "test.dropped")
            announce(session, Rang(organization_id=tenant.organization.id, number=2))
            raise Boom

    stop = hub.listen(listener)
    try:
        with pytest.raises(Boom):
            await use_case_that_fails()
        await hub.drain()
    finally:
        stop()
    assert heard == []
    assert await _jobs_named("test.dropped") == []
    async with unit_of_work(tenant.owner) as session:
        count = await session.scalar(text("SELECT count(*) FROM audit_entry WHERE action = 'gone'"))
    assert count == 0


async def test_a_failing_subscriber_or_listener_stops_nobody_else(tenant: Tenant) -> None:
    seen: list[int] = []

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Noisy(Fact):
        name: ClassVar[str] = "test.noisy"

    @subscribe(Noisy)
    async def fails(_fact: Noisy) -> None:
        raise Boom

    @subscribe(Noisy)
    async def works(_fact: Noisy) -> None:
        seen.append(1)

    async def failing_listener(_payload: dict[str, Any]) -> None:
        raise Boom

    stop = hub.listen(failing_listener)
    try:
        async with unit_of_work(tenant.owner) as session:
            announce(session, Noisy(organization_id=tenant.organization.id))
        await hub.drain()
    finally:
        stop()
    assert seen == [1]


async def test_a_job_runs_with_the_trace_of_its_cause_and_in_the_order_of_its_lock(
    tenant: Tenant, run_jobs: Any
) -> None:
    ran: list[int] = []

    @job("test.ordered")
    async def ordered(number: int) -> None:
        await asyncio.sleep(0)
        ran.append(number)

    async with unit_of_work(tenant.owner) as session:
        await enqueue_many(
            await driver_of(session), "test.ordered", [("same", {"number": number}) for number in range(20)]
        )
    await run_jobs()
    assert ran == list(range(20))


async def test_nothing_of_a_tenant_is_seen_without_one(tenant: Tenant, other_tenant: Tenant) -> None:
    async with unit_of_work(tenant.owner) as session:
        session.add(AuditEntry(organization_id=tenant.organization.id, action="mine", entity_type="b"))
    async with unit_of_work(other_tenant.owner) as session:
        seen = await session.scalar(text("SELECT count(*) FROM audit_entry WHERE action = 'mine'"))
    assert seen == 0


_ENTER = """INSERT INTO audit_entry (organization_id, id, created_at, action, entity_type, ip, trace_id)
VALUES (%(organization_id)s, gen_random_uuid(), clock_timestamp(), %(action)s, 'b', '', '')"""
_ENTERED = "SELECT string_agg(action, ' ' ORDER BY created_at) FROM audit_entry WHERE entity_type = 'b'"


async def test_last_statements_run_at_the_commit_in_their_order(tenant: Tenant) -> None:
    async with unit_of_work(tenant.owner) as session:
        for action in ("first", "second"):
            run_at_commit(session, _ENTER, {"organization_id": tenant.organization.id, "action": action})
        assert await fetch_value(session, _ENTERED, {}) is None
    async with unit_of_work(tenant.owner) as session:
        assert await fetch_value(session, _ENTERED, {}) == "first second"


async def test_what_locks_for_all_organizations_comes_after_every_tenants_own(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    """Or two transactions, each with a lock of an organization's and the one of all, could wait for each other."""
    for_first, for_second = (
        {"organization_id": one.organization.id, "action": "own"} for one in (tenant, other_tenant)
    )
    async with unit_of_work(tenant.owner) as session:
        run_at_commit(session, _ENTER, {**for_second, "action": "shared"}, shared=True)
        run_at_commit(session, _ENTER, for_first)
        await set_tenant(session, other_tenant.organization.id)
        run_at_commit(session, _ENTER, for_second)
    for one, entered in ((tenant, "own"), (other_tenant, "own shared")):
        async with unit_of_work(one.owner) as session:
            assert await fetch_value(session, _ENTERED, {}) == entered


async def test_a_last_statement_that_fails_undoes_everything(tenant: Tenant) -> None:
    async def enter(organization_id: Any) -> None:
        async with unit_of_work(tenant.owner) as session:
            session.add(AuditEntry(organization_id=tenant.organization.id, action="lost", entity_type="b"))
            announce(session, Rang(organization_id=tenant.organization.id, number=3))
            run_at_commit(session, _ENTER, {"organization_id": organization_id, "action": "wrong"})

    with pytest.raises(ProgrammingError, match="row-level security"):
        await enter(None)
    async with unit_of_work(tenant.owner) as session:
        assert await fetch_value(session, _ENTERED, {}) is None
