"""Entries from before the chain are chained by the migration, in their order, and can be taken out again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from crm_app.core.migrations import downgrade, migrate
from crm_app.core.postgres import EmbeddedPostgres, start_throwaway

BEFORE = "0008"
OLD, OTHER = UUID(int=1), UUID(int=2)
BORN = datetime(2026, 1, 5, 12, tzinfo=UTC)
BAD = """
SELECT count(*) FROM (
    SELECT hash = sha256(lag(hash, 1, decode(repeat('00', 32), 'hex')) OVER chain
        || convert_to(audit_content(e, e.sequence), 'UTF8')) AS fits
    FROM audit_entry e WINDOW chain AS (PARTITION BY organization_id ORDER BY sequence)
) walked WHERE NOT fits
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[EmbeddedPostgres]:
    """A database with entries of the schema before."""
    with start_throwaway() as running:
        migrate(running.url, BEFORE)
        with psycopg.connect(running.admin_url) as connection:
            for organization in (OLD, OTHER):
                connection.execute(
                    "INSERT INTO organization (id, name, slug, locale, time_zone, currency, brand_hue,"
                    " brand_chroma, is_demo, created_at)"
                    " VALUES (%s, 'x', %s, 'pt-BR', 'UTC', 'BRL', 1, 1, false, now())",
                    (organization, str(organization)),
                )
                columns = "organization_id, id, created_at, action, entity_type, ip, trace_id"
                with connection.cursor().copy(f"COPY audit_entry ({columns}) FROM STDIN") as copy:
                    for number in range(12_000 if organization == OLD else 3):
                        # ids run against the time; two entries share each moment
                        moment = BORN + timedelta(seconds=number // 2)
                        copy.write_row((organization, UUID(int=50_000 - number), moment, "a", "b", "", ""))
        yield running


def test_old_entries_are_chained_by_time_and_the_migration_can_be_taken_back(cluster: EmbeddedPostgres) -> None:
    migrate(cluster.url)
    with psycopg.connect(cluster.admin_url) as connection:
        assert connection.execute(BAD).fetchone() == (0,)
        heads = "SELECT organization_id, c.sequence, e.hash = c.hash FROM audit_chain c JOIN audit_entry e USING"
        rows = connection.execute(heads + " (organization_id, sequence) ORDER BY 1").fetchall()
        assert rows == [(OLD, 12_000, True), (OTHER, 3, True)]
        order = (
            "SELECT sequence, row_number() OVER (PARTITION BY organization_id ORDER BY created_at, id) AS place"
        )
        wrong = f"SELECT count(*) FROM ({order} FROM audit_entry) x WHERE sequence <> place"
        assert connection.execute(wrong).fetchone() == (0,)  # type: ignore[arg-type]
    downgrade(cluster.url, BEFORE)
    with psycopg.connect(cluster.admin_url) as connection:
        assert connection.execute("SELECT count(*) FROM audit_entry").fetchone() == (12_003,)
        assert connection.execute("SELECT to_regclass('audit_chain')").fetchone() == (None,)
    migrate(cluster.url)
    with psycopg.connect(cluster.admin_url) as connection:
        assert connection.execute(BAD).fetchone() == (0,)


def test_an_attempt_that_failed_half_way_is_taken_up(cluster: EmbeddedPostgres) -> None:
    migrate(cluster.url)
    downgrade(cluster.url, BEFORE)
    with psycopg.connect(cluster.url) as blocker:
        blocker.execute("LOCK TABLE audit_entry IN ROW EXCLUSIVE MODE")
        with pytest.raises(Exception, match="lock timeout"):
            migrate(cluster.url)
    migrate(cluster.url)
    with psycopg.connect(cluster.admin_url) as connection:
        assert connection.execute(BAD).fetchone() == (0,)
