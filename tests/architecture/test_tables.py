"""The walls around a tenant, read from the migrated database itself."""

from collections.abc import Iterator

import psycopg
import pytest

from crm_app.core.postgres import EmbeddedPostgres

# tables without an organization of their own, and why
GLOBAL = {
    "alembic_version": "the schema's revision",
    "app_user": "a person may belong to several organizations",
    "user_session": "found by its token before the organization is known",
    "platform_admin": "runs the platform, outside of every organization; the application may not even read it",
    "platform_entry": "the platform's own record, which the application adds to and reads by a door",
    "platform_chain": "the head of that record, which only the database writes",
    "pending_entry": "found by its token before anybody is known",
    "passkey_challenge": "asked for before anybody is known",
    "totp_factor": "belongs to a person, whom its policy compares",
    "recovery_code": "belongs to a person, whom its policy compares",
    "passkey": "belongs to a person, whom its policy compares",
    "access_token": "found by its token before the organization is known",
    "outbound_mail": "letters about a person's own account belong to none; its policies have tests of their own",
    "plan": "the platform's, the same for all organizations; nobody else writes it",
    "organization": "is the tenant; its policy compares its own id",
}
QUEUE = "procrastinate_"


@pytest.fixture(scope="module")
def schema(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection]:
    """A connection of the tables' owner."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        yield connection


def _tables(schema: psycopg.Connection) -> set[str]:
    rows = schema.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
    )
    return {name for (name,) in rows if not name.startswith(QUEUE)}


def _tenant_tables(schema: psycopg.Connection) -> set[str]:
    rows = schema.execute(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'organization_id'"
        " AND table_schema = 'public'"
    )
    return {name for (name,) in rows} - set(GLOBAL)


def unprotected(schema: psycopg.Connection) -> set[str]:
    """Return tenant tables whose row-level security is off, not forced, or lacks a policy to read or add."""
    rows = schema.execute(
        """
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity AND c.relforcerowsecurity
        AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('*', 'r'))
        AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('*', 'a'))
        """
    )
    return _tenant_tables(schema) - {name for (name,) in rows}


def keyed_otherwise(schema: psycopg.Connection) -> set[str]:
    """Return tenant tables whose primary key does not begin with the organization."""
    rows = schema.execute(
        """
        SELECT i.indrelid::regclass::text FROM pg_index i
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indisprimary AND a.attname = 'organization_id'
        """
    )
    return _tenant_tables(schema) - {name for (name,) in rows}


def crossing_references(schema: psycopg.Connection) -> set[str]:
    """Return foreign keys between tenant tables that do not carry the organization on both sides."""
    tenants = _tenant_tables(schema)
    rows = schema.execute(
        """
        SELECT conname, conrelid::regclass::text, confrelid::regclass::text,
               ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY k(num, n)
                     JOIN pg_attribute ON attrelid = conrelid AND attnum = k.num ORDER BY n),
               ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY k(num, n)
                     JOIN pg_attribute ON attrelid = confrelid AND attnum = k.num ORDER BY n)
        FROM pg_constraint WHERE contype = 'f'
        """
    )
    return {
        name
        for name, table, other, columns, keys in rows
        if {table, other} <= tenants
        and ("organization_id", "organization_id") not in list(zip(columns, keys, strict=True))
    }


def test_every_table_has_an_organization_or_a_reason(schema: psycopg.Connection) -> None:
    assert _tables(schema) - _tenant_tables(schema) == set(GLOBAL)


def test_row_level_security_is_forced_on_every_tenant_table(schema: psycopg.Connection) -> None:
    assert len(_tenant_tables(schema)) >= 15
    assert not unprotected(schema)


def test_every_tenant_table_is_keyed_by_the_organization_first(schema: psycopg.Connection) -> None:
    assert not keyed_otherwise(schema)


def test_no_reference_crosses_organizations(schema: psycopg.Connection) -> None:
    assert not crossing_references(schema)


def test_the_organizations_themselves_are_walled(schema: psycopg.Connection) -> None:
    row = schema.execute(
        "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relname = 'organization'"
    ).fetchone()
    assert row == (True,)


def test_the_application_owns_nothing_and_bypasses_nothing(schema: psycopg.Connection) -> None:
    owned = schema.execute("SELECT relname FROM pg_class WHERE relowner = 'prumo_app'::regrole").fetchall()
    assert owned == []
    rights = schema.execute(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'prumo_app'"
    ).fetchone()
    assert rights == (False, False, False, False)


def test_the_checks_can_fail(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE bare (id int PRIMARY KEY, organization_id uuid)")
        connection.execute(
            "CREATE TABLE loose (id int PRIMARY KEY, organization_id uuid, bare_id int REFERENCES bare)"
        )
        assert {"bare", "loose"} <= unprotected(connection)
        assert {"bare", "loose"} <= keyed_otherwise(connection)
        assert crossing_references(connection) == {"loose_bare_id_fkey"}
        connection.execute("ALTER TABLE bare ENABLE ROW LEVEL SECURITY")
        connection.execute("CREATE POLICY all_of_it ON bare USING (true)")
        assert "bare" in unprotected(connection)  # enabled but not forced: the owner would see everything
        connection.rollback()
