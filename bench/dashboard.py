"""The dashboard's figures over 10,000 deals and 1,000,000 messages, beside a bare count of the same messages."""

import uuid
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy import text

import crm_app.domains.models  # noqa: F401
from bench.harness import Report, Row, fresh_database, measure
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.analytics import repository, service
from crm_app.domains.analytics.schemas import PeriodKind

DEALS, MESSAGES, CONVERSATIONS, DAYS = 10_000, 1_000_000, 50_000, 365

_FILL = f"""
CREATE TEMP TABLE who ON COMMIT DROP AS SELECT user_id, row_number() OVER () AS n FROM membership;
INSERT INTO channel (organization_id, id, created_at, provider, name, address, status, status_detail, status_at,
        config, version)
    SELECT :organization, gen_random_uuid(), now(), 'simulator', 'Comercial', '', 'connected', '', now(),
        '{{}}', 1;
INSERT INTO contact (organization_id, id, created_at, name, sort_name, company, job_title, phone, email, source,
        tags, notes, search_text, last_activity_at, updated_at, version)
    SELECT :organization, gen_random_uuid(), now(), 'Contato ' || n, 'contato ' || n, '', '', '', '', '', '{{}}',
        '', '', now(), now(), 1 FROM generate_series(1, 1000) AS n;
INSERT INTO pipeline (organization_id, id, created_at, name, position, is_default)
    SELECT :organization, gen_random_uuid(), now(), 'Funil', 0, true;
INSERT INTO stage (organization_id, id, created_at, pipeline_id, name, kind, position, color, probability)
    SELECT :organization, gen_random_uuid(), now(), p.id, 'Etapa ' || n,
        CASE n WHEN 4 THEN 'won' WHEN 5 THEN 'lost' ELSE 'open' END, n, n, 20 * n
    FROM pipeline p, generate_series(0, 5) AS n;
INSERT INTO deal (organization_id, id, created_at, pipeline_id, stage_id, contact_id, owner_id, title, value_cents,
        rank, source, tags, entered_stage_at, closed_at, lost_reason, updated_at, version)
    SELECT :organization, gen_random_uuid(), born, s.pipeline_id, s.id, NULL, w.user_id, 'Negócio',
        100000 + drawn.n, 'a' || drawn.n, '', '{{}}', born,
        CASE WHEN s.kind <> 'open' THEN least(born + interval '9 days', now()) END, '',
        born, 1
    FROM (SELECT n, (random() * 5)::int AS place, now() - random() * interval '{DAYS} days' AS born,
            1 + n % 5 AS owner FROM generate_series(1, {DEALS}) AS n) AS drawn
    JOIN stage s ON s.position = drawn.place JOIN who w ON w.n = drawn.owner;
INSERT INTO stage_history (organization_id, id, created_at, deal_id, to_stage_id, value_cents, moved_at)
    SELECT :organization, gen_random_uuid(), d.created_at, d.id, passed.id, 0,
        d.created_at + passed.position * interval '1 day'
    FROM deal d JOIN stage s ON s.id = d.stage_id JOIN stage passed ON passed.position <= s.position;
INSERT INTO conversation (organization_id, id, created_at, contact_id, channel_id, address, status, assignee_id,
        unread_count, last_message_at, last_message_preview, last_message_kind, last_message_direction, version)
    SELECT :organization, gen_random_uuid(), now(), (SELECT id FROM contact LIMIT 1), c.id, g.n::text, 'open',
        w.user_id, 0, now(), '', '', '', 1
    FROM generate_series(1, {CONVERSATIONS}) AS g(n) JOIN who w ON w.n = 1 + g.n % 5 CROSS JOIN channel c;
CREATE TEMP TABLE talk ON COMMIT DROP AS
    SELECT id, channel_id, assignee_id, row_number() OVER () AS n FROM conversation;
INSERT INTO message (organization_id, id, created_at, conversation_id, channel_id, direction, kind, body, status,
        status_at, error_key, error_detail, attempts, author_id, data, occurred_at, response_seconds)
    SELECT :organization, gen_random_uuid(), said, t.id, t.channel_id,
        CASE WHEN drawn.n % 2 = 0 THEN 'in' ELSE 'out' END, 'text', 'oi', 'sent', said, '', '', 0,
        CASE WHEN drawn.n % 2 = 1 THEN t.assignee_id END, '{{}}', said,
        CASE WHEN drawn.n % 4 = 1 THEN (60 + random() * random() * 9000)::int END
    FROM (SELECT n, now() - interval '{DAYS} days' * (n::float / {MESSAGES}) AS said
        FROM generate_series(1, {MESSAGES}) AS n) AS drawn
    JOIN talk t ON t.n = 1 + (drawn.n::bigint * 7919) % {CONVERSATIONS};
"""


async def _organization() -> Actor:
    async with system_unit_of_work() as session:
        made = await accounts.create_organization(
            session, name="Banca", owner_email=f"{uuid.uuid4().hex}@example.com", password=uuid.uuid4().hex
        )
        actor = Actor(made.id, made.owner_id, "owner", permissions_of("owner"))
        for number in range(4):
            await accounts.add_member(
                session, actor, email=f"{uuid.uuid4().hex}@example.com", name=f"Pessoa {number}",
                password=uuid.uuid4().hex, role="sales",
            )  # fmt: skip
    return actor


async def _plan(actor: Actor, name: str, sql: str) -> str:
    clause = sql.format(owner="", author="")
    now = datetime.now(UTC)
    starts = [now - timedelta(days=60 - n) for n in range(61)]
    values = {
        ":organization": f"'{actor.organization_id}'::uuid",
        ":starts": "ARRAY[" + ",".join(f"'{one.isoformat()}'::timestamptz" for one in starts) + "]",
        ":ends": "ARRAY[" + ",".join(f"'{one.isoformat()}'::timestamptz" for one in starts[1:]) + "]",
        ":begin": f"'{starts[0].isoformat()}'::timestamptz",
        ":finish": f"'{starts[-1].isoformat()}'::timestamptz",
        ":zone": "'America/Sao_Paulo'",
        ":pipeline": "(SELECT id FROM pipeline LIMIT 1)",
    }
    for placeholder, value in values.items():
        clause = clause.replace(placeholder, value)
    async with unit_of_work(actor) as session:
        await session.connection()
        raw = await (await session.connection()).get_raw_connection()
        cursor = await raw.driver_connection.execute("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) " + clause)
        lines = [line[0] for line in await cursor.fetchall()]
    short = [line if len(line) < 160 else line[:157] + "…" for line in lines]
    return f"Plan of {name} over 60 days:\n" + "\n".join(f"    {line}" for line in short)


async def run() -> Report:
    """Measure the dashboard on a database of its own."""
    report = Report("Dashboard: 10,000 deals, 1,000,000 messages")
    async with fresh_database() as cluster:
        actor = await _organization()
        await _fill_tables(cluster.url, actor)
        await _measure(report, actor)
    return report


async def _fill_tables(url: str, actor: Actor) -> None:
    """Fill the tables as their owner, who may make temporary ones."""
    script = _FILL.replace(":organization", f"'{actor.organization_id}'")
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute(f"SELECT set_config('app.organization_id', '{actor.organization_id}', true)")
        await connection.execute(script)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("VACUUM ANALYZE")


async def _measure(report: Report, actor: Actor) -> None:
    async def bare() -> None:
        async with unit_of_work(actor) as session:
            await session.execute(
                text(
                    "SELECT direction, count(*) FROM message WHERE organization_id = :organization "
                    "AND occurred_at > now() - interval '60 days' GROUP BY 1"
                ),
                {"organization": actor.organization_id},
            )

    yardstick = await measure(bare, times=20, warm_up=3)
    for kind, goal in (
        (PeriodKind.WEEK, ""),
        (PeriodKind.MONTH_ROLLING, "under 150 ms"),
        (PeriodKind.QUARTER, ""),
    ):

        async def look(kind: PeriodKind = kind) -> None:
            async with unit_of_work(actor) as session:
                await service.dashboard(session, actor, kind=kind)

        ours = await measure(look, times=20, warm_up=3)
        report.rows.append(
            Row(f"dashboard, {kind}", ours, yardstick, "bare count of 60 days of messages", goal=goal)
        )
    for name in ("MESSAGES", "WAITS", "COHORT", "CLOSED"):
        report.notes.append(await _plan(actor, name, getattr(repository, name)))
