"""Connections and statements below the unit of work: hung-up connections, psycopg's errors as SQLAlchemy's."""

from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import DataError, IntegrityError

from crm_app.core import sql
from crm_app.core.database import unit_of_work
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor
from crm_app.domains.contacts.models import Contact


async def test_connections_that_the_server_has_closed_are_replaced(db: EmbeddedPostgres, actor: Actor) -> None:
    async with unit_of_work(actor) as one, unit_of_work(actor) as two:
        pids = [await sql.fetch_value(session, "SELECT pg_backend_pid()", {}) for session in (one, two)]
    async with await psycopg.AsyncConnection.connect(db.admin_url, autocommit=True) as admin:
        await admin.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s::int[]) AS pid", (pids,))
    async with unit_of_work(actor) as one, unit_of_work(actor) as two:
        fresh = [await sql.fetch_value(session, "SELECT pg_backend_pid()", {}) for session in (one, two)]
    assert not set(fresh) & set(pids)


async def test_statements_see_what_the_session_has_not_written_yet(actor: Actor) -> None:
    async with unit_of_work(actor) as session:
        session.add(Contact(organization_id=actor.organization_id, name="Helena"))
        rows = await sql.fetch_all(session, "SELECT name FROM contact WHERE name = %(name)s", {"name": "Helena"})
        assert rows == [{"name": "Helena"}]
        assert await sql.fetch_one(session, "SELECT 1 AS one WHERE false", {}) is None
        assert await sql.fetch_value(session, "SELECT 1 AS one WHERE false", {}) is None
        assert await sql.run(session, "UPDATE contact SET company = %(company)s", {"company": "Clínica"}) == 1


@pytest.mark.parametrize(
    ("statement", "values", "error"),
    [
        ("SELECT %(text)s::text", {"text": "nul\x00"}, DataError),
        ("SELECT 1 / %(zero)s::int", {"zero": 0}, DataError),
        (
            "INSERT INTO pipeline (organization_id, id, created_at, name, position, is_default)"
            " VALUES (%(id)s, NULL, now(), 'x', 0, false)",
            {},
            IntegrityError,
        ),
    ],
)
async def test_failures_look_like_sqlalchemys_and_keep_the_values_to_themselves(
    actor: Actor, statement: str, values: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error) as failed:
        async with unit_of_work(actor) as session:
            await sql.run(session, statement, {"id": actor.organization_id, **values})
    assert str(actor.organization_id) not in str(failed.value)
