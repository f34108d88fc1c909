"""The audit trail under attack: by the application's role, by the owner of the tables, by a superuser's slip."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg import AsyncConnection

from crm_app.core.database import unit_of_work
from crm_app.core.ids import new_id
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.domains.accounts import service
from crm_app.domains.accounts.trail.verification import verify_chain
from tests.conftest import MakeOrganization, Tenant

CHANGES = (
    "UPDATE audit_entry SET action = 'x'",
    "DELETE FROM audit_entry",
    "TRUNCATE audit_entry",
    "TRUNCATE organization CASCADE",
    "UPDATE audit_chain SET sequence = 0",
    "DELETE FROM audit_chain",
    "TRUNCATE audit_chain",
    "INSERT INTO audit_entry TABLE audit_entry ON CONFLICT (organization_id, id) DO UPDATE SET action = 'x'",
    "MERGE INTO audit_entry e USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
)
BELOW = (
    "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_keep ON audit_entry",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "INSERT INTO audit_chain (organization_id, id, created_at, sequence, hash)"
    " VALUES (gen_random_uuid(), gen_random_uuid(), now(), 0, '')",
    "ALTER TABLE audit_entry OWNER TO prumo_app",
    "DELETE FROM organization",
)


@pytest_asyncio.fixture
async def written(tenant: Tenant) -> Tenant:
    """An organization with two entries."""
    async with unit_of_work(tenant.owner) as session:
        for _ in range(2):
            await service.audit(session, tenant.owner, "test.act", "thing", new_id(), after={"a": 1})
    return tenant


@pytest.fixture(params=["application", "owner", "superuser"])
def role(request: pytest.FixtureRequest, db: EmbeddedPostgres, written: Tenant) -> Iterator[psycopg.Connection]:
    """A connection in each of the roles, for the organization."""
    url = {"application": db.app_url, "owner": db.url, "superuser": db.admin_url}[request.param]
    with psycopg.connect(url) as connection:
        connection.execute("SELECT set_config('app.organization_id', %s, true)", (str(written.organization.id),))
        yield connection
        connection.rollback()


@pytest.mark.parametrize("statement", CHANGES)
def test_nobody_changes_what_was_written(statement: str, role: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        role.execute(statement)  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def application(db: EmbeddedPostgres, written: Tenant) -> AsyncIterator[AsyncConnection[Any]]:
    """A connection in the application's role."""
    async with await AsyncConnection.connect(db.app_url) as connection:
        await connection.execute(
            "SELECT set_config('app.organization_id', %s, true)", (str(written.organization.id),)
        )
        yield connection
        await connection.rollback()


@pytest.mark.parametrize("statement", BELOW)
async def test_the_application_cannot_dig_below_it(statement: str, application: AsyncConnection[Any]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await application.execute(statement)  # type: ignore[call-overload]


FORGED = """
INSERT INTO audit_entry (organization_id, id, created_at, action, entity_type, ip, trace_id, sequence, hash)
VALUES (%s, %s, now(), 'test.act', 'thing', '', '', %s, sha256('forged'))"""


@pytest.mark.parametrize("number", [1, 2, 99])
async def test_number_and_hash_are_the_databases_own(
    number: int, application: AsyncConnection[Any], written: Tenant
) -> None:
    await application.execute(FORGED, (written.organization.id, new_id(), number))
    await application.commit()
    found = await verify_chain(written.owner)
    assert (found.ok, found.entries) == (True, 3)


async def test_a_refused_insert_does_not_move_the_head(
    application: AsyncConnection[Any], written: Tenant, other_tenant: Tenant
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await application.execute(FORGED, (other_tenant.organization.id, new_id(), 1))
    await application.commit()
    for one, entries in ((written, 2), (other_tenant, 0)):
        found = await verify_chain(one.owner)
        assert (found.ok, found.entries) == (True, entries)


async def test_others_entries_and_heads_are_invisible(
    application: AsyncConnection[Any], other_tenant: Tenant
) -> None:
    async with unit_of_work(other_tenant.owner) as session:
        await service.audit(session, other_tenant.owner, "test.act", "thing")
    for table in ("audit_entry", "audit_chain"):
        cursor = await application.execute(
            f"SELECT count(*) FROM {table} WHERE organization_id = %s",  # type: ignore[arg-type]
            (other_tenant.organization.id,),
        )
        assert await cursor.fetchone() == (0,)


async def test_a_trail_leaves_only_with_its_organization(
    db: EmbeddedPostgres, make_organization: MakeOrganization
) -> None:
    """The operator may delete an organization, and its trail with it; both the owner and a superuser."""
    for url in (db.url, db.admin_url):
        gone, stays = await make_organization("Encerrada"), await make_organization("Fica")
        for one in (gone, stays):
            async with unit_of_work(one.owner) as session:
                await service.audit(session, one.owner, "test.act", "thing")
        with psycopg.connect(url) as connection:
            connection.execute("SELECT set_config('app.organization_id', %s, true)", (str(gone.organization.id),))
            connection.execute("DELETE FROM organization WHERE id = %s", (gone.organization.id,))
        with psycopg.connect(db.admin_url) as connection:
            for table in ("audit_entry", "audit_chain"):
                rows = connection.execute(
                    f"SELECT organization_id, count(*) FROM {table} WHERE organization_id = ANY(%s) GROUP BY 1",  # type: ignore[arg-type]
                    ([gone.organization.id, stays.organization.id],),
                ).fetchall()
                assert rows == [(stays.organization.id, 1)]
        assert (await verify_chain(stays.owner)).ok
