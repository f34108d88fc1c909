"""The platform's record is chained as the audit trails are: tampering is found, and old rows were chained."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from crm_app.core.database import set_tenant, system_unit_of_work
from crm_app.core.migrations import downgrade, migrate
from crm_app.core.postgres import EmbeddedPostgres, start_throwaway
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.service import audit, note_for_platform
from crm_app.domains.accounts.trail.verification import Noted, Problem, Verification, verify_platform_chain
from tests.conftest import Tenant
from tests.life_cycle.operators import grant

BEFORE = "0019"
ENTRIES = 7
BORN = datetime(2026, 1, 5, 12, tzinfo=UTC)
TABLES = ("platform_entry", "platform_chain")
INSERT = """
INSERT INTO platform_entry (id, created_at, user_id, action, concerns, before, after, ip, trace_id)
VALUES (%s, %s, %s, %s, %s, %s, %s, '10.0.0.7', 'trace')"""


def write(url: str, count: int) -> None:
    """Append entries as the owner of the tables; the times run on, the ids do not, and two share each moment."""
    with psycopg.connect(url) as connection:
        for number in range(count):
            after = Jsonb({"n": number, "name": 'Ação "é" \\ ☃', "value": 1.50, "nothing": None})
            moment = BORN + timedelta(seconds=number // 2)
            values = (UUID(int=99 - number), moment, UUID(int=7), f"test.{number}", UUID(int=8), None, after)
            connection.execute(INSERT, values)


def tamper(cluster: EmbeddedPostgres, statements: str) -> None:
    """Change rows as a superuser who has switched the guards off."""
    with psycopg.connect(cluster.admin_url) as connection:
        for table in TABLES:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # type: ignore[arg-type]
        for statement in statements.split(";"):
            connection.execute(statement)  # type: ignore[arg-type]
        for table in TABLES:
            connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER audit_keep")  # type: ignore[arg-type]
        connection.execute("ALTER TABLE platform_entry ENABLE ALWAYS TRIGGER audit_append")
        connection.execute("ALTER TABLE platform_chain ENABLE ALWAYS TRIGGER audit_keep_head")


async def verify(cluster: EmbeddedPostgres, noted: Noted | None = None) -> Verification:
    """Verify the record as the command does."""
    async with await psycopg.AsyncConnection.connect(cluster.url) as owner:
        return await verify_platform_chain(owner, noted=noted)


@pytest.fixture(scope="module")
def cluster() -> Iterator[EmbeddedPostgres]:
    """A cluster whose record may be spoilt."""
    with start_throwaway() as running:
        migrate(running.url)
        yield running


@pytest.fixture
def written(cluster: EmbeddedPostgres) -> EmbeddedPostgres:
    """The cluster with a record of a few entries."""
    tamper(cluster, f"DELETE FROM platform_entry; DELETE FROM platform_chain; {HEAD_AT_ITS_BEGINNING}")
    write(cluster.url, ENTRIES)
    return cluster


HEAD_AT_ITS_BEGINNING = "INSERT INTO platform_chain VALUES (1, 0, decode(repeat('00', 32), 'hex'))"
FITTING = (
    "sha256((SELECT hash FROM platform_entry p WHERE p.sequence = {0} - 1)"
    " || convert_to(audit_content(e, {0}), 'UTF8'))"
)
COPY_OF = (
    "INSERT INTO platform_entry SELECT gen_random_uuid(), created_at, user_id, action, concerns, before, after,"
    " ip, trace_id, {0}, hash FROM platform_entry WHERE sequence = {0} - 1"
)
AT_4 = "WHERE sequence = 4"
CHANGES = {
    "action": "'test.other'",
    "user_id": "NULL",
    "created_at": "created_at + interval '1 microsecond'",
    "concerns": "gen_random_uuid()",
    "before": "'{}'",
    "after": "jsonb_set(after, '{n}', '9')",
    "ip": "''",
    "trace_id": "'x'",
    "id": "gen_random_uuid()",
    "hash": "sha256('x')",
}
TAMPERINGS = {
    **{f"{name} changed": (f"UPDATE platform_entry SET {name} = {value} {AT_4}", Problem.CHANGED, 4)
       for name, value in CHANGES.items()},
    "changed, with a hash that fits": (
        f"UPDATE platform_entry SET action = 'x' {AT_4};"
        f"UPDATE platform_entry e SET hash = {FITTING.format(4)} {AT_4}",
        Problem.CHANGED,
        5,
    ),
    "removed": (f"DELETE FROM platform_entry {AT_4}", Problem.MISSING, 4),
    "the first removed": ("DELETE FROM platform_entry WHERE sequence = 1", Problem.MISSING, 1),
    "removed and closed up": (
        f"DELETE FROM platform_entry {AT_4};"
        "UPDATE platform_entry SET sequence = -sequence WHERE sequence > 4;"
        "UPDATE platform_entry SET sequence = -sequence - 1 WHERE sequence < 0",
        Problem.CHANGED,
        4,
    ),
    "swapped": (
        "UPDATE platform_entry SET sequence = -sequence WHERE sequence IN (3, 4);"
        "UPDATE platform_entry SET sequence = 7 + sequence WHERE sequence < 0",
        Problem.CHANGED,
        3,
    ),
    "put in between": (
        "UPDATE platform_entry SET sequence = -sequence WHERE sequence > 3;"
        "UPDATE platform_entry SET sequence = 1 - sequence WHERE sequence < 0;" + COPY_OF.format(4),
        Problem.CHANGED,
        4,
    ),
    "put behind the end": (
        COPY_OF.format(8) + f";UPDATE platform_entry e SET hash = {FITTING.format(8)} WHERE sequence = 8",
        Problem.INSERTED,
        8,
    ),
    "the end cut off": ("DELETE FROM platform_entry WHERE sequence > 5", Problem.TRUNCATED, 6),
    "everything removed": ("DELETE FROM platform_entry", Problem.TRUNCATED, 1),
    "the head gone": ("DELETE FROM platform_chain", Problem.HEAD, 7),
    "the head's hash": ("UPDATE platform_chain SET hash = sha256('x')", Problem.HEAD, 7),
    "the end and the head cut off": (
        "DELETE FROM platform_entry WHERE sequence > 5; UPDATE platform_chain SET sequence = 5",
        Problem.HEAD,
        5,
    ),
}  # fmt: skip


async def test_a_record_as_it_was_written_verifies(written: EmbeddedPostgres) -> None:
    found = await verify(written)
    assert (found.ok, found.entries, found.organization_id) == (True, ENTRIES, None)
    tamper(written, f"DELETE FROM platform_entry; DELETE FROM platform_chain; {HEAD_AT_ITS_BEGINNING}")
    assert (await verify(written)).ok


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_tampering_is_found_and_its_first_entry_named(name: str, written: EmbeddedPostgres) -> None:
    statements, problem, sequence = TAMPERINGS[name]
    tamper(written, statements)
    found = await verify(written)
    assert (found.ok, found.problem, found.sequence) == (False, problem, sequence)
    assert (found.entry_id is None) == (problem in {Problem.MISSING, Problem.TRUNCATED, Problem.HEAD})


async def test_a_record_written_anew_is_found_by_a_hash_noted_elsewhere(written: EmbeddedPostgres) -> None:
    noted = await verify(written)
    tamper(
        written,
        "UPDATE platform_entry SET action = 'test.other' WHERE sequence = 7;"
        f"UPDATE platform_entry e SET hash = {FITTING.format(7)} WHERE sequence = 7;"
        "UPDATE platform_chain SET hash = (SELECT hash FROM platform_entry WHERE sequence = 7)",
    )
    assert (await verify(written)).ok  # nothing inside the database can tell
    found = await verify(written, (noted.entries, noted.hash))
    assert (found.problem, found.sequence) == (Problem.NOT_AS_NOTED, 7)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["UPDATE {} SET sequence = 0", "DELETE FROM {}", "TRUNCATE {}"])
async def test_not_even_a_superuser_changes_it_by_a_slip(
    written: EmbeddedPostgres, table: str, change: str
) -> None:
    for prepared in ("SELECT 1", "SET session_replication_role = replica"):
        with psycopg.connect(written.admin_url) as connection:
            connection.execute(prepared)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change.format(table))  # type: ignore[arg-type]
    assert (await verify(written)).entries == ENTRIES


async def test_without_its_head_nothing_is_written(written: EmbeddedPostgres) -> None:
    tamper(written, "DELETE FROM platform_chain")
    with pytest.raises(psycopg.errors.DataCorrupted):
        write(written.url, 1)


async def test_entries_written_at_the_same_time_stand_in_one_row(db: EmbeddedPostgres, tenant: Tenant) -> None:
    """Also where each transaction writes into the trail of one organization as well, in either order."""
    grant(db, tenant.owner.user_id)
    before = await verify(db)

    async def act(actor: Actor, platform_first: bool) -> None:
        async with system_unit_of_work() as session:
            if platform_first:
                note_for_platform(session, actor.user_id, "test.act", uuid4())
            await set_tenant(session, actor.organization_id)
            await audit(session, actor, "test.act", "thing")
            if not platform_first:
                note_for_platform(session, actor.user_id, "test.act", uuid4())

    await asyncio.gather(*(act(tenant.owner, number % 2 == 0) for number in range(20)))
    after = await verify(db)
    assert (after.ok, after.entries - before.entries) == (True, 20)
    assert (await verify(db, (before.entries, before.hash))).ok or before.entries == 0


def test_old_entries_are_chained_by_time_and_the_migration_can_be_taken_back(written: EmbeddedPostgres) -> None:
    downgrade(written.url, BEFORE)
    with psycopg.connect(written.url) as owner, pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("DELETE FROM platform_entry")
    migrate(written.url)
    assert asyncio.run(verify(written)).entries == ENTRIES
    with psycopg.connect(written.url) as owner:
        rows: list[tuple[Any, ...]] = owner.execute(
            "SELECT sequence, row_number() OVER (ORDER BY created_at, id) FROM platform_entry ORDER BY 1"
        ).fetchall()
    assert [number for number, _ in rows] == [place for _, place in rows] == list(range(1, ENTRIES + 1))
    with psycopg.connect(written.url) as owner:
        owner.execute(INSERT, (uuid4(), BORN, None, "test.later", None, None, None))
    found = asyncio.run(verify(written))
    assert (found.ok, found.entries) == (True, ENTRIES + 1)
