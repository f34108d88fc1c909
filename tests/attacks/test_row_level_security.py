"""The third wall, in raw SQL: what the application's role can do when everything above it has failed."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio
from psycopg import AsyncConnection, sql
from sqlalchemy import Table

from crm_app.core.ids import new_id
from crm_app.core.postgres import EmbeddedPostgres
from tests.attacks.world import GIVEN, Watchman, World, example_row, tenant_tables

TABLES = {table.name: table for table in tenant_tables()}
APPEND_ONLY = {"audit_entry", "audit_chain", "life_cycle_step", *GIVEN}
each_table = pytest.mark.parametrize("name", sorted(TABLES))


@pytest_asyncio.fixture
async def connection(db: EmbeddedPostgres) -> AsyncIterator[AsyncConnection[Any]]:
    """A connection in the application's role; what it does is rolled back."""
    async with await AsyncConnection.connect(db.url, options="-c role=prumo_app") as opened:
        yield opened
        await opened.rollback()


async def act_for(connection: AsyncConnection[Any], organization_id: UUID | str) -> None:
    """Set the tenant of the transaction."""
    await connection.execute("SELECT set_config('app.organization_id', %s, true)", (str(organization_id),))


async def count(connection: AsyncConnection[Any], name: str, where: str = "true") -> int:
    """Return how many rows of a table can be seen."""
    query = sql.SQL("SELECT count(*) FROM {} WHERE " + where).format(sql.Identifier(name))
    row = await (await connection.execute(query)).fetchone()
    assert row
    return int(row[0])


def test_every_table_with_an_organization_is_known(db: EmbeddedPostgres) -> None:
    query = """
        SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id' AND a.attnum > 0
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
    """
    with psycopg.connect(db.url) as owner:
        found = {name: (enabled, forced) for name, enabled, forced in owner.execute(query)}
    # A session is looked up by its token before a tenant is known; a letter may belong to no organization.
    assert set(found) - {"user_session", "outbound_mail"} == set(TABLES)
    assert {name for name, walls in found.items() if walls != (True, True)} == {"user_session"}


def test_every_key_starts_with_the_organization(db: EmbeddedPostgres) -> None:
    for table in TABLES.values():
        assert [column.name for column in table.primary_key.columns] == ["organization_id", "id"]
        for key in table.foreign_key_constraints:
            target = key.referred_table.name
            if target in TABLES:
                assert key.column_keys[0] == "organization_id", (table.name, target)


def test_the_application_role_owns_nothing_and_cannot_bypass(db: EmbeddedPostgres) -> None:
    with psycopg.connect(db.url) as owner:
        role = owner.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'prumo_app'"
        ).fetchone()
        owned = owner.execute(
            "SELECT relname FROM pg_class JOIN pg_roles r ON r.oid = relowner WHERE r.rolname = 'prumo_app'"
        ).fetchall()
        members = owner.execute(
            "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid "
            "JOIN pg_roles u ON u.oid = m.member WHERE u.rolname = 'prumo_app'"
        ).fetchall()
    assert role == (False, False, False, False)
    assert owned == []
    assert members == []


@each_table
async def test_without_a_tenant_nothing_is_seen(
    name: str, connection: AsyncConnection[Any], victim: World
) -> None:
    assert await count(connection, name) == 0
    await act_for(connection, new_id())
    assert await count(connection, name) == 0
    await act_for(connection, victim.tenant.organization.id)
    assert await count(connection, name) > 0


@each_table
async def test_others_rows_are_not_seen_changed_or_removed(
    name: str, connection: AsyncConnection[Any], victim: World, intruder: World, watchman: Watchman
) -> None:
    await act_for(connection, intruder.tenant.organization.id)
    theirs = f"organization_id = '{victim.tenant.organization.id}'"
    assert await count(connection, name, theirs) == 0
    assert await count(connection, name, f"NOT ({theirs})") == await count(connection, name)
    if name in APPEND_ONLY:
        return
    for statement in (
        f"UPDATE {name} SET created_at = now() WHERE {theirs}",
        f"DELETE FROM {name} WHERE {theirs}",
    ):
        cursor = await connection.execute(statement)  # type: ignore[call-overload]
        assert cursor.rowcount == 0
    await connection.commit()
    watchman.assert_untouched()


@each_table
async def test_a_row_for_another_organization_is_refused(
    name: str, connection: AsyncConnection[Any], victim: World, intruder: World
) -> None:
    await act_for(connection, intruder.tenant.organization.id)
    row = example_row(TABLES[name], victim.tenant, victim.ids)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await insert(connection, TABLES[name], row)


@each_table
async def test_a_row_does_not_move_to_another_organization(
    name: str, connection: AsyncConnection[Any], victim: World, intruder: World
) -> None:
    await act_for(connection, intruder.tenant.organization.id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await connection.execute(
            f"UPDATE {name} SET organization_id = %s",  # type: ignore[arg-type]
            (victim.tenant.organization.id,),
        )


CROSSINGS = sorted(
    (table.name, column)
    for table in TABLES.values()
    for key in table.foreign_key_constraints
    if key.referred_table.name in TABLES
    for column in key.column_keys
    if column != "organization_id"
)


@pytest.mark.parametrize(("name", "column"), CROSSINGS)
async def test_a_row_that_points_across_organizations_is_refused(
    name: str, column: str, connection: AsyncConnection[Any], victim: World, intruder: World
) -> None:
    """Even whoever may write everything in their own organization cannot refer to a row of another one."""
    await act_for(connection, intruder.tenant.organization.id)
    row = example_row(TABLES[name], intruder.tenant, intruder.ids)
    target = next(
        key.referred_table.name for key in TABLES[name].foreign_key_constraints if column in key.column_keys
    )
    if name == "membership":
        row["user_id"] = victim.user_id  # who has no place here yet
    row[column] = victim.user_id if target == "membership" else victim.ids[target]
    fresh = {key: new_id().hex[-12:] if value == intruder.secret else value for key, value in row.items()}
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await insert(connection, TABLES[name], fresh)


@pytest.mark.parametrize("name", sorted(APPEND_ONLY))
async def test_what_was_written_down_stays(name: str, connection: AsyncConnection[Any], intruder: World) -> None:
    await act_for(connection, intruder.tenant.organization.id)
    for statement in (f"UPDATE {name} SET created_at = now()", f"DELETE FROM {name}", f"TRUNCATE {name}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with connection.transaction():
                await connection.execute(statement)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "statement",
    [
        "SET row_security = off; SELECT count(*) FROM contact",
        "ALTER TABLE contact DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON contact",
        "CREATE POLICY mine ON contact USING (true)",
        "ALTER ROLE prumo_app BYPASSRLS",
        "CREATE FUNCTION leak() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "COPY contact TO PROGRAM 'cat'",
        "TRUNCATE contact",
    ],
)
async def test_the_wall_cannot_be_taken_down(
    statement: str, connection: AsyncConnection[Any], intruder: World
) -> None:
    await act_for(connection, intruder.tenant.organization.id)
    with pytest.raises(psycopg.Error):
        await connection.execute(statement)  # type: ignore[call-overload]


async def test_the_narrow_doors_open_one_thing_each(
    connection: AsyncConnection[Any], victim: World, intruder: World
) -> None:
    """Before a tenant is known, one's own memberships and one channel can be read; afterwards no door is open."""
    await connection.execute("SELECT set_config('app.user_id', %s, true)", (str(intruder.user_id),))
    channel = str(victim.ids["channel"])
    await connection.execute("SELECT set_config('app.channel_id', %s, true)", (channel,))
    assert await count(connection, "membership") == 1
    assert await count(connection, "organization") == 1
    assert await count(connection, "channel") == 1
    assert await count(connection, "channel_credential") == 0
    cursor = await connection.execute("UPDATE channel SET name = 'x'")
    assert cursor.rowcount == 0
    await act_for(connection, intruder.tenant.organization.id)
    assert await count(connection, "channel", f"id = '{channel}'") == 0


async def insert(connection: AsyncConnection[Any], table: Table, row: dict[str, Any]) -> None:
    """Insert a row with raw SQL."""
    values = {
        name: psycopg.types.json.Jsonb(value) if isinstance(value, dict) else value for name, value in row.items()
    }
    query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(map(sql.Placeholder, values)),
    )
    await connection.execute(query, values)
