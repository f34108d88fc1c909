"""The chained audit trail: what is appended verifies, whatever was tampered with is found and named."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio

from crm_app.core.database import unit_of_work
from crm_app.core.errors import Forbidden
from crm_app.core.ids import new_id
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.models import Role
from crm_app.domains.accounts.trail import verification
from crm_app.domains.accounts.trail.verification import Problem, verify_chain
from tests.conftest import MakeActor, Tenant

ENTRIES = 7
Tamper = Callable[..., list[tuple[Any, ...]]]


async def write(actor: Actor, count: int = 1, **values: Any) -> None:
    """Append entries, each in a transaction of its own."""
    for number in range(count):
        async with unit_of_work(actor) as session:
            after = {"n": number, "name": 'Ação "é" \\ ☃', "value": 1.50, "nothing": None}
            await service.audit(session, actor, "test.act", "thing", new_id(), after=after, **values)


@pytest_asyncio.fixture
async def written(tenant: Tenant) -> Actor:
    """The owner of an organization with a few entries."""
    await write(tenant.owner, ENTRIES)
    return tenant.owner


@pytest.fixture
def tamper(db: EmbeddedPostgres) -> Tamper:
    """Return a function that changes rows as a superuser who has switched the guards off."""

    def run(actor: Actor, *statements: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(db.admin_url) as connection:
            for table in ("audit_entry", "audit_chain"):
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # type: ignore[arg-type]
            for statement in statements:
                cursor = connection.execute(statement, {"org": actor.organization_id, "id": new_id()})  # type: ignore[arg-type]
            rows = cursor.fetchall() if cursor.description else []
            for table in ("audit_entry", "audit_chain"):
                connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")  # type: ignore[arg-type]
        return rows

    return run


async def test_a_trail_as_it_was_written_verifies(written: Actor) -> None:
    found = await verify_chain(written)
    assert (found.ok, found.entries, found.problem) == (True, ENTRIES, None)
    assert len(found.hash) == 64
    await write(written, on_behalf_of=written.user_id)
    assert (await verify_chain(written)).entries == ENTRIES + 1


async def test_an_empty_trail_verifies(tenant: Tenant) -> None:
    found = await verify_chain(tenant.owner)
    assert (found.ok, found.entries) == (True, 0)


async def test_a_trail_longer_than_a_batch_verifies(written: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "BATCH", 2)
    assert (await verify_chain(written)).entries == ENTRIES


async def test_what_was_rolled_back_leaves_no_gap(written: Actor) -> None:
    async def fail() -> None:
        async with unit_of_work(written) as session:
            await service.audit(session, written, "test.gone", "thing")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await write(written)
    found = await verify_chain(written)
    assert (found.ok, found.entries) == (True, ENTRIES + 1)


async def test_entries_written_at_the_same_time_stand_in_one_row(tenant: Tenant, other_tenant: Tenant) -> None:
    await asyncio.gather(*(write(one.owner, 5) for one in (tenant, other_tenant) for _ in range(4)))
    for one in (tenant, other_tenant):
        found = await verify_chain(one.owner)
        assert (found.ok, found.entries) == (True, 20)


AT_4 = "organization_id = %(org)s AND sequence = 4"
TAMPERINGS = {
    "the action": (f"UPDATE audit_entry SET action = 'test.other' WHERE {AT_4}", Problem.CHANGED, 4),
    "who": (f"UPDATE audit_entry SET user_id = %(id)s WHERE {AT_4}", Problem.CHANGED, 4),
    "as whom": (f"UPDATE audit_entry SET on_behalf_of = %(id)s WHERE {AT_4}", Problem.CHANGED, 4),
    "when": (
        f"UPDATE audit_entry SET created_at = created_at + interval '1 microsecond' WHERE {AT_4}",
        Problem.CHANGED,
        4,
    ),
    "the thing": (f"UPDATE audit_entry SET entity_id = %(id)s WHERE {AT_4}", Problem.CHANGED, 4),
    "its kind": (f"UPDATE audit_entry SET entity_type = 'x' WHERE {AT_4}", Problem.CHANGED, 4),
    "from where": (f"UPDATE audit_entry SET ip = '10.0.0.1' WHERE {AT_4}", Problem.CHANGED, 4),
    "the trace": (f"UPDATE audit_entry SET trace_id = 'x' WHERE {AT_4}", Problem.CHANGED, 4),
    "before": (f"UPDATE audit_entry SET before = '{{}}' WHERE {AT_4}", Problem.CHANGED, 4),
    "after": (
        f"UPDATE audit_entry SET after = jsonb_set(after, '{{n}}', '9') WHERE {AT_4}",
        Problem.CHANGED,
        4,
    ),
    "the id": (f"UPDATE audit_entry SET id = %(id)s WHERE {AT_4}", Problem.CHANGED, 4),
    "a forged hash": (f"UPDATE audit_entry SET hash = sha256('x') WHERE {AT_4}", Problem.CHANGED, 4),
    "an entry with a hash that fits it": (
        f"UPDATE audit_entry e SET action = 'test.other' WHERE {AT_4};"
        "UPDATE audit_entry e SET hash = sha256((SELECT hash FROM audit_entry p WHERE p.organization_id = "
        "e.organization_id AND p.sequence = 3) || convert_to(audit_content(e, 4), 'UTF8')) "
        f"WHERE {AT_4}",
        Problem.CHANGED,
        5,
    ),
    "removed": (f"DELETE FROM audit_entry WHERE {AT_4}", Problem.MISSING, 4),
    "the first one removed": (
        "DELETE FROM audit_entry WHERE organization_id = %(org)s AND sequence = 1",
        Problem.MISSING,
        1,
    ),
    "removed and closed up": (
        f"DELETE FROM audit_entry WHERE {AT_4};"
        "UPDATE audit_entry SET sequence = -sequence WHERE organization_id = %(org)s AND sequence > 4;"
        "UPDATE audit_entry SET sequence = -sequence - 1 WHERE organization_id = %(org)s AND sequence < 0",
        Problem.CHANGED,
        4,
    ),
    "swapped": (
        "UPDATE audit_entry SET sequence = -sequence WHERE organization_id = %(org)s AND sequence IN (3, 4);"
        "UPDATE audit_entry SET sequence = 7 + sequence WHERE organization_id = %(org)s AND sequence < 0",
        Problem.CHANGED,
        3,
    ),
    "put in between": (
        "UPDATE audit_entry SET sequence = -sequence WHERE organization_id = %(org)s AND sequence > 3;"
        "UPDATE audit_entry SET sequence = 1 - sequence WHERE organization_id = %(org)s AND sequence < 0;"
        "INSERT INTO audit_entry SELECT organization_id, %(id)s, created_at, user_id, action, entity_type,"
        " entity_id, before, after, ip, trace_id, on_behalf_of, 4, hash FROM audit_entry"
        " WHERE organization_id = %(org)s AND sequence = 3",
        Problem.CHANGED,
        4,
    ),
    "put behind the end": (
        "INSERT INTO audit_entry SELECT organization_id, %(id)s, created_at, user_id, action, entity_type,"
        " entity_id, before, after, ip, trace_id, on_behalf_of, 8, hash FROM audit_entry"
        " WHERE organization_id = %(org)s AND sequence = 7;"
        "UPDATE audit_entry e SET hash = sha256((SELECT hash FROM audit_chain c WHERE c.organization_id = "
        "e.organization_id) || convert_to(audit_content(e, 8), 'UTF8')) "
        "WHERE organization_id = %(org)s AND sequence = 8",
        Problem.INSERTED,
        8,
    ),
    "the end cut off": (
        "DELETE FROM audit_entry WHERE organization_id = %(org)s AND sequence > 5",
        Problem.TRUNCATED,
        6,
    ),
    "everything": ("DELETE FROM audit_entry WHERE organization_id = %(org)s", Problem.TRUNCATED, 1),
    "the head gone": ("DELETE FROM audit_chain WHERE organization_id = %(org)s", Problem.HEAD, 7),
    "the head's hash": (
        "UPDATE audit_chain SET hash = sha256('x') WHERE organization_id = %(org)s",
        Problem.HEAD,
        7,
    ),
    "the end and the head cut off": (
        "DELETE FROM audit_entry WHERE organization_id = %(org)s AND sequence > 5;"
        "UPDATE audit_chain SET sequence = 5 WHERE organization_id = %(org)s",
        Problem.HEAD,
        5,
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_tampering_is_found_and_its_first_entry_named(name: str, written: Actor, tamper: Tamper) -> None:
    statements, problem, sequence = TAMPERINGS[name]
    ids = dict(tamper(written, "SELECT sequence, id FROM audit_entry WHERE organization_id = %(org)s"))
    tamper(written, *statements.split(";"))
    found = await verify_chain(written)
    assert (found.ok, found.problem, found.sequence) == (False, problem, sequence)
    if problem is Problem.CHANGED and name not in {"the id", "removed and closed up", "swapped", "put in between"}:
        assert found.entry_id == ids[sequence]


async def test_a_taken_number_is_found(written: Actor, db: EmbeddedPostgres) -> None:
    """Somebody who may do everything has dropped the constraint as well; the constraint comes back afterwards."""
    with psycopg.connect(db.admin_url) as connection:
        connection.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
        connection.execute("ALTER TABLE audit_entry DROP CONSTRAINT uq_audit_entry_sequence")
        connection.execute(
            "INSERT INTO audit_entry SELECT organization_id, %s, created_at, user_id, action, entity_type,"
            " entity_id, before, after, ip, trace_id, on_behalf_of, sequence, hash FROM audit_entry"
            " WHERE organization_id = %s AND sequence = 2",
            (UUID(int=2**128 - 1), written.organization_id),
        )
    found = await verify_chain(written)
    with psycopg.connect(db.admin_url) as connection:
        connection.execute("DELETE FROM audit_entry WHERE id = %s", (UUID(int=2**128 - 1),))
        connection.execute(
            "ALTER TABLE audit_entry ADD CONSTRAINT uq_audit_entry_sequence UNIQUE (organization_id, sequence)"
        )
        connection.execute("ALTER TABLE audit_entry ENABLE TRIGGER USER")
    assert (found.problem, found.sequence, found.entry_id) == (Problem.INSERTED, 2, UUID(int=2**128 - 1))
    assert (await verify_chain(written)).ok


async def test_a_trail_written_anew_is_found_by_a_hash_noted_elsewhere(written: Actor, tamper: Tamper) -> None:
    noted = await verify_chain(written)
    assert (await verify_chain(written, noted=(noted.entries, noted.hash))).ok
    await write(written)
    assert (await verify_chain(written, noted=(noted.entries, noted.hash.upper()))).ok
    tamper(
        written,
        "UPDATE audit_entry SET action = 'test.other' WHERE organization_id = %(org)s AND sequence = 6",
        *(
            "UPDATE audit_entry e SET hash = sha256((SELECT hash FROM audit_entry p WHERE p.organization_id = "
            f"e.organization_id AND p.sequence = {n - 1}) || convert_to(audit_content(e, {n}), 'UTF8')) "
            f"WHERE organization_id = %(org)s AND sequence = {n}"
            for n in (6, 7, 8)
        ),
        "UPDATE audit_chain c SET hash = e.hash FROM audit_entry e WHERE c.organization_id = %(org)s"
        " AND e.organization_id = c.organization_id AND e.sequence = 8",
    )
    assert (await verify_chain(written)).ok  # nothing inside the database can tell
    found = await verify_chain(written, noted=(noted.entries, noted.hash))
    assert (found.problem, found.sequence) == (Problem.NOT_AS_NOTED, ENTRIES)
    assert (await verify_chain(written, noted=(99, noted.hash))).problem is Problem.TRUNCATED


async def test_verifying_demands_the_permission(make_actor: MakeActor) -> None:
    with pytest.raises(Forbidden):
        await verify_chain(await make_actor(Role.SALES))
