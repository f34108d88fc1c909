"""What a reach costs: the decision itself, and every list of somebody who sees little beside that of who sees all.

100,000 contacts, 60,000 deals, 60,000 conversations and 300,000 messages of twenty sellers in four teams; a tenth
is nobody's. The yardstick is the same use case for an actor that reaches everything, in the same run. Under the
table stands, for each, which indexes the narrow statement uses and whether it reads a table from end to end.
"""

import dataclasses
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import date

import psycopg

from bench.harness import Report, Row, fresh_database, measure_beside
from bench.plans import UseCase, plans_of
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor, Reach
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.accounts.roles.matrix import REACHING
from crm_app.domains.analytics import service as analytics
from crm_app.domains.analytics.schemas import PeriodKind
from crm_app.domains.contacts import service as contacts
from crm_app.domains.contacts.reach import contact_sight
from crm_app.domains.contacts.schemas import ContactFilter, ContactOrder
from crm_app.domains.inbox import service as inbox
from crm_app.domains.pipeline import service as pipeline
from crm_app.domains.pipeline.service import create_default_pipeline

CONTACTS, DEALS, TALKS, MESSAGES, SELLERS, TEAM = 100_000, 60_000, 60_000, 300_000, 20, 5

CASES: dict[str, UseCase] = {
    "board": lambda s, a: pipeline.get_board(s, a),
    "deals": lambda s, a: pipeline.list_deals(s, a, size=50),
    "contacts by name": lambda s, a: contacts.list_contacts(s, a, limit=50),
    "contacts by activity": lambda s, a: contacts.list_contacts(
        s, a, criteria=ContactFilter(order=ContactOrder.ACTIVITY), limit=50
    ),
    "contacts, counted": lambda s, a: contacts.count_contacts(s, a),
    "contacts, searched": lambda s, a: contacts.list_contacts(
        s, a, criteria=ContactFilter(q="silva 77"), limit=50
    ),
    "conversations": lambda s, a: inbox.list_conversations(s, a, limit=30),
    "conversations, counted": lambda s, a: inbox.count_conversations(s, a),
    "messages, searched": lambda s, a: inbox.search_inbox(s, a, query="orçamento"),
    "dashboard": lambda s, a: analytics.dashboard(
        s, a, kind=PeriodKind.CUSTOM, start=date(2026, 6, 1), end=date(2026, 6, 30)
    ),
}


async def run() -> Report:
    """Measure on a throwaway cluster."""
    report = Report("Permissions: a decision, and what a narrow reach costs")
    async with fresh_database() as cluster:
        boss, people = await _fill(cluster)
        seller = dataclasses.replace(
            boss, user_id=people[0], role="sales", permissions=permissions_of("sales") | {"analytics.read"}
        )
        own = dataclasses.replace(seller, narrowed=dict.fromkeys(REACHING, Reach.OWN))
        team = dataclasses.replace(
            seller, narrowed=dict.fromkeys(REACHING, Reach.TEAM), colleagues=frozenset(people[1:TEAM])
        )
        _decide(report, team)
        for name, case in CASES.items():
            for reach, actor in (("own", own), ("team", team)):
                ours, all_of_it = await measure_beside(_act(case, actor), _act(case, boss), times=40, warm_up=2)
                report.rows.append(Row(f"{name}, {reach}", ours, all_of_it, "reach all"))
                report.notes.append(f"{name}, {reach}: {await _plan(case, actor)}")
    return report


def _decide(report: Report, actor: Actor) -> None:
    """Time what a use case asks of its actor: a permission, a sight, and that of contacts, which has three."""
    for name, decision in (
        ("decision: may read deals", lambda: actor.can("deals.read")),
        ("decision: whose deals", lambda: actor.sight("deals.read", "deals.pickup").where("d.owner_id", "seen")),
        ("decision: which contacts", lambda: contact_sight(actor).where()),
    ):
        times = 20_000
        begun = time.perf_counter()
        for _ in range(times):
            decision()
        took = (time.perf_counter() - begun) / times * 1e6
        report.rows.append(Row(name, value=f"{took:.1f} µs", goal="< 50 µs"))


def _act(case: UseCase, actor: Actor) -> Callable[[], Awaitable[object]]:
    async def act() -> object:
        async with unit_of_work(actor) as session:
            return await case(session, actor)

    return act


async def _plan(case: UseCase, actor: Actor) -> str:
    """Return the indexes behind a use case's statements, and the tables that are read from end to end."""
    text = "\n".join(await plans_of(case, actor))
    indexes = sorted(set(re.findall(r"(?:using|on) (ix_\w+|\w+_pkey|uq_\w+)", text)))
    whole = sorted(set(re.findall(r"Seq Scan on (contact|deal|conversation|message|activity)\b", text)))
    return f"{', '.join(indexes)}; read from end to end: {', '.join(whole) or 'nothing'}"


async def _fill(cluster: EmbeddedPostgres) -> tuple[Actor, list[uuid.UUID]]:
    async with system_unit_of_work() as session:
        made = await accounts.create_organization(
            session, name="Banca", owner_email=f"{uuid.uuid4().hex}@example.com", password="bancada-de-medidas"
        )
    boss = Actor(made.id, made.owner_id, "owner", permissions_of("owner"))
    async with unit_of_work(boss) as session:
        await create_default_pipeline(session, boss, language="pt-BR")
    people = [uuid.uuid4() for _ in range(SELLERS)]
    with psycopg.connect(cluster.admin_url) as connection:
        connection.execute("SELECT set_config('app.organization_id', %s, false)", (str(made.id),))
        for statement in _STATEMENTS:
            connection.execute(
                statement,
                {
                    "org": made.id,
                    "people": people,
                    "contacts": CONTACTS,
                    "deals": DEALS,
                    "talks": TALKS,
                    "messages": MESSAGES,
                },
            )
        connection.commit()
        connection.autocommit = True
        for table in ("contact", "deal", "conversation", "message", "stage_history", "membership"):
            connection.execute(f"VACUUM ANALYZE {table}")
    return boss, people


# Somebody of the twenty, or nobody for every tenth row.
_WHO = "CASE WHEN n %% 10 = 0 THEN NULL ELSE (%(people)s::uuid[])[1 + (n / 7) %% 20] END"
_WHEN = "timestamptz '2026-01-01' + n * interval '90 seconds'"
_STATEMENTS = (
    """INSERT INTO app_user (id, email, name, locale, theme, created_at)
       SELECT who, who || '@example.com', 'Vendedor ' || n, 'pt-BR', 'system', now()
       FROM unnest(%(people)s::uuid[]) WITH ORDINALITY AS p (who, n)""",
    """INSERT INTO membership (organization_id, id, created_at, user_id, role, is_active)
       SELECT %(org)s, gen_random_uuid(), now(), who, 'sales', true FROM unnest(%(people)s::uuid[]) AS who""",
    """INSERT INTO channel (organization_id, id, created_at, provider, name, address, status, status_detail,
            status_at, config, version)
       SELECT %(org)s, gen_random_uuid(), now(), 'simulator', 'Banca', 'banca', 'connected', '', now(), '{}', 1""",
    f"""INSERT INTO contact (organization_id, id, created_at, name, sort_name, company, job_title, phone, email,
            source, tags, notes, search_text, last_activity_at, updated_at, version, owner_id)
       SELECT %(org)s, gen_random_uuid(), {_WHEN}, 'Cliente Silva ' || n, 'cliente silva ' || md5(n::text), '', '',
            '+55419' || (80000000 + n), '', '', '{{}}', '', 'cliente silva ' || n, {_WHEN}, {_WHEN}, 1,
            CASE WHEN n %% 2 = 0 THEN NULL ELSE {_WHO} END
       FROM generate_series(1, %(contacts)s) AS n""",
    f"""INSERT INTO deal (organization_id, id, created_at, pipeline_id, stage_id, contact_id, owner_id, title,
            value_cents, rank, source, tags, entered_stage_at, lost_reason, updated_at, version, closed_at)
       SELECT %(org)s, gen_random_uuid(), {_WHEN}, s.pipeline_id, s.id, c.id, {_WHO}, 'Negócio ' || n, n * 10,
            lpad(n::text, 8, '0'), '', '{{}}', {_WHEN}, '', {_WHEN}, 1,
            CASE WHEN s.kind <> 'open' THEN {_WHEN} END
       FROM (SELECT id, row_number() OVER () AS n FROM contact LIMIT %(deals)s) AS c
       JOIN (SELECT id, pipeline_id, kind, row_number() OVER () - 1 AS place, count(*) OVER () AS many
             FROM stage) AS s
         ON s.place = c.n %% s.many""",
    f"""INSERT INTO conversation (organization_id, id, created_at, contact_id, channel_id, address, status,
            assignee_id, unread_count, last_message_at, last_message_preview, last_message_kind,
            last_message_direction, version)
       SELECT %(org)s, gen_random_uuid(), {_WHEN}, c.id, (SELECT id FROM channel), 'a' || n,
            CASE WHEN n %% 6 = 0 THEN 'open' ELSE 'resolved' END, {_WHO}, n %% 2, {_WHEN}, 'Oi', 'text', 'in', 1
       FROM (SELECT id, row_number() OVER () AS n FROM contact LIMIT %(talks)s) AS c""",
    f"""INSERT INTO message (organization_id, id, created_at, conversation_id, channel_id, direction, kind, body,
            status, status_at, error_key, error_detail, attempts, author_id, data, occurred_at, response_seconds)
       SELECT %(org)s, gen_random_uuid(), {_WHEN}, t.id, t.channel_id,
            CASE WHEN n %% 2 = 0 THEN 'in' ELSE 'out' END, 'text',
            'Mensagem ' || n || CASE WHEN n %% 50 = 0 THEN ' sobre o orçamento' ELSE '' END,
            'read', {_WHEN}, '', '', 0, CASE WHEN n %% 2 = 1 THEN t.assignee_id END, '{{}}', {_WHEN},
            CASE WHEN n %% 4 = 1 THEN n %% 900 END
       FROM generate_series(1, %(messages)s) AS n
       JOIN (SELECT id, channel_id, assignee_id, row_number() OVER () AS place FROM conversation) AS t
         ON t.place = 1 + n %% %(talks)s""",
)
