"""Board, move and new deal over HTTP with 1,000 deals, and the board with 10,000, each beside bare psycopg."""

import asyncio
import itertools
import json
import uuid
from collections.abc import Callable
from typing import Any
from uuid import UUID

import psycopg

import crm_app.domains.models  # noqa: F401
from bench.api_server import Client, serving_api
from bench.harness import Act, Report, Row, Sample, fresh_database, measure
from crm_app.core.database import (
    system_unit_of_work,
    unit_of_work,
)
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.entry.entering import enter_with_password
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.pipeline import service
from crm_app.domains.pipeline.board_queries import CARD_COLUMNS, WITH_CONTACT, board_sql
from crm_app.domains.pipeline.schemas import PipelineCreate

SMALL, LARGE, CARDS = 1_000, 10_000, 20
STAGES, CLIENTS = 6, 8

_FILL = f"""
INSERT INTO contact (organization_id, id, created_at, name, sort_name, company, job_title, phone, email, source,
        tags, notes, search_text, last_activity_at, updated_at, version)
    SELECT :organization, gen_random_uuid(), now(), 'Contato ' || n, 'contato ' || n, '', '', '', '', '', '{{}}',
        '', 'contato ' || n, now(), now(), 1 FROM generate_series(1, :deals) AS n;
INSERT INTO deal (organization_id, id, created_at, pipeline_id, stage_id, contact_id, owner_id, title, value_cents,
        rank, source, tags, entered_stage_at, lost_reason, updated_at, version)
    SELECT :organization, gen_random_uuid(), now(), s.pipeline_id, s.id, c.id, :owner, 'Negócio ' || c.n,
        100000 + c.n, 'b' || lpad(c.n::text, 6, '0') || 'V', '', '{{Site,Ads}}', now(), '', now(), 1
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM contact WHERE organization_id = :organization) c
    JOIN stage s ON s.organization_id = :organization AND s.position = c.n % {STAGES};
"""

_BARE_BOARD = f"""
SELECT * FROM stage s CROSS JOIN LATERAL (
    SELECT {CARD_COLUMNS} FROM deal d {WITH_CONTACT}
    WHERE d.organization_id = s.organization_id AND d.pipeline_id = s.pipeline_id AND d.stage_id = s.id
      AND d.archived_at IS NULL ORDER BY d.rank, d.id LIMIT {CARDS}) cards
CROSS JOIN LATERAL (SELECT count(*), sum(value_cents) FROM deal d WHERE d.organization_id = s.organization_id
    AND d.pipeline_id = s.pipeline_id AND d.stage_id = s.id AND d.archived_at IS NULL) totals
WHERE s.organization_id = %s"""

_BARE_MOVE = "UPDATE deal SET stage_id = %s, version = version + 1 WHERE organization_id = %s AND id = %s"

_BARE_CREATE = """
INSERT INTO deal (organization_id, id, created_at, pipeline_id, stage_id, title, value_cents, rank, source, tags,
        entered_stage_at, lost_reason, updated_at, version)
    SELECT organization_id, gen_random_uuid(), now(), pipeline_id, id, 'Negócio', 1, 'a', '', '{}', now(), '',
        now(), 1 FROM stage WHERE organization_id = %s AND id = %s"""


class Shop:
    """An organization with a funnel of six stages and so many deals, and somebody signed in."""

    def __init__(self, actor: Actor, cookie: str, stages: list[UUID], deals: list[UUID]) -> None:
        self.actor, self.cookie, self.stages, self.deals = actor, cookie, stages, deals


async def _open_shop(cluster: EmbeddedPostgres, deals: int) -> Shop:
    email, password = f"{uuid.uuid4().hex}@example.com", uuid.uuid4().hex
    async with system_unit_of_work() as session:
        made = await accounts.create_organization(session, name="Banca", owner_email=email, password=password)
    actor = Actor(made.id, made.owner_id, "owner", permissions_of("owner"))
    async with unit_of_work(actor) as session:
        funnel = await service.create_pipeline(session, actor, pipeline=PipelineCreate(name="Vendas"))
    async with system_unit_of_work() as session:
        begun = await enter_with_password(session, email=email, password=password, ip="", user_agent="")
    script = _FILL.replace(":organization", f"'{made.id}'::uuid").replace(":owner", f"'{made.owner_id}'::uuid")
    async with await psycopg.AsyncConnection.connect(cluster.admin_url, autocommit=True) as connection:
        await connection.execute(script.replace(":deals", str(deals)))
        await connection.execute("VACUUM ANALYZE")
        rows = await connection.execute("SELECT id FROM deal WHERE organization_id = %s", (made.id,))
        ids = [row[0] for row in await rows.fetchall()]
    return Shop(actor, f"prumo_session={begun.token}", [stage.id for stage in funnel.stages], ids)


class Bare:
    """The yardstick: one psycopg connection as the application's role, with the tenant set once."""

    def __init__(self, cluster: EmbeddedPostgres, shop: Shop) -> None:
        self._url, self._shop = cluster.app_url, shop
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._turn = itertools.count()

    async def connect(self) -> "Bare":
        """Open the connection."""
        self._connection = await psycopg.AsyncConnection.connect(self._url)
        await self._connection.execute(
            "SELECT set_config('app.organization_id', %s, false)", (str(self._shop.actor.organization_id),)
        )
        await self._connection.commit()
        return self

    async def _run(self, statement: str, *values: Any) -> None:
        assert self._connection
        cursor = await self._connection.execute(statement, values)
        if cursor.description:
            await cursor.fetchall()
        await self._connection.commit()

    async def board(self) -> None:
        """Read the same rows."""
        await self._run(_BARE_BOARD, self._shop.actor.organization_id)

    async def move(self) -> None:
        """Write the same deal, and nothing else."""
        turn = next(self._turn)
        deal = self._shop.deals[-1 - turn % 100]
        stage = self._shop.stages[turn // 100 % 4]
        await self._run(_BARE_MOVE, stage, self._shop.actor.organization_id, deal)

    async def create(self) -> None:
        """Insert the same deal, and nothing else."""
        await self._run(_BARE_CREATE, self._shop.actor.organization_id, self._shop.stages[0])

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()


def _movers(clients: list[Client], shop: Shop) -> Callable[[], Act]:
    """Return a maker of acts: each moves deals of its own, so that no two clients want the same one."""
    free = itertools.count()

    def make() -> Act:
        number = next(free)
        client = clients[number % len(clients)]
        own = shop.deals[number * 40 : number * 40 + 40]
        versions: dict[UUID, int] = {}
        turn = itertools.count()

        async def act() -> None:
            step = next(turn)
            deal = own[step % len(own)]
            version = (
                versions.get(deal) or json.loads(await client.call("GET", f"/api/v1/deals/{deal}"))["version"]
            )
            body = {"stage_id": str(shop.stages[step // len(own) % 4]), "version": version}
            answer = await client.call("POST", f"/api/v1/deals/{deal}/move", body)
            versions[deal] = json.loads(answer)["version"]

        return act

    return make


def _callers(clients: list[Client], method: str, path: str, body: Any = None) -> Callable[[], Act]:
    turn = itertools.cycle(clients)

    def make() -> Act:
        client = next(turn)
        return lambda: client.call(method, path, body)

    return make


async def _together(make: Callable[[], Act], times: int) -> Sample:
    """Measure `CLIENTS` acts at the same time and return them as one sample."""
    samples = await asyncio.gather(*(measure(make(), times=times // CLIENTS, warm_up=45) for _ in range(CLIENTS)))
    ordered = sorted(samples, key=lambda sample: sample.median)
    return Sample(
        ordered[CLIENTS // 2].median,
        max(sample.p95 for sample in samples),
        max(sample.p99 for sample in samples),
        sum(sample.per_second for sample in samples),
        sum(sample.count for sample in samples),
    )


async def _small(report: Report, cluster: EmbeddedPostgres, shop: Shop, clients: list[Client]) -> None:
    bare = await Bare(cluster, shop).connect()
    new = {"title": "Negócio", "value_cents": 150_000}
    plans: list[tuple[str, Callable[[], Act], Act, int, str, str, str]] = [
        ("board", _callers(clients, "GET", f"/api/v1/board?size={CARDS}"), bare.board, 400, "the same rows",
         "median 10 ms", "150/s"),
        ("move", _movers(clients, shop), bare.move, 800, "one UPDATE", "median 4 ms", "450/s"),
        ("create", _callers(clients, "POST", "/api/v1/deals", new), bare.create, 400, "one INSERT",
         "median 5 ms", ""),
    ]  # fmt: skip
    for name, make, yardstick, times, what, alone_goal, together_goal in plans:
        alone = await measure(make(), times=times, warm_up=50)
        beside = await measure(yardstick, times=times, warm_up=50)
        report.rows.append(Row(f"{name}, 1 client", alone, beside, f"psycopg, {what}", goal=alone_goal))
        both = await _together(make, times * 2)
        report.rows.append(Row(f"{name}, {CLIENTS} clients", both, None, "", goal=together_goal))
    await bare.close()


async def _large(report: Report, cluster: EmbeddedPostgres, shop: Shop, client: Client) -> None:
    bare = await Bare(cluster, shop).connect()
    board = f"/api/v1/board?size={CARDS}"
    paths = {
        "board": board,
        "board, searched": f"{board}&q=negocio%2077",
        "board, one owner": f"{board}&owner_id={shop.actor.user_id}",
        "search through everything": "/api/v1/search?q=negocio%2077",
        "search, a rare word": "/api/v1/search?q=xyzzy",
    }
    for name, path in paths.items():
        ours = await measure(_callers([client], "GET", path)(), times=200)
        beside = await measure(bare.board, times=200)
        report.rows.append(
            Row(f"{name}, {LARGE:,} deals", ours, beside, "psycopg, the same rows", goal="p95 150 ms")
        )
    await bare.close()
    report.notes.append(await _plan(cluster, shop))


async def _plan(cluster: EmbeddedPostgres, shop: Shop) -> str:
    parameters = {"organization_id": shop.actor.organization_id, "size": CARDS}
    explain = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) " + board_sql("", default_pipeline=True)
    # This cursor writes the parameters into the statement: EXPLAIN takes none.
    async with await psycopg.AsyncConnection.connect(
        cluster.app_url, cursor_factory=psycopg.AsyncClientCursor
    ) as connection:
        await connection.execute(
            "SELECT set_config('app.organization_id', %s, true)", (str(shop.actor.organization_id),)
        )
        rows = await connection.execute(explain, parameters)
        lines = [row[0] for row in await rows.fetchall()]
    short = [line if len(line) < 160 else line[:157] + "…" for line in lines]
    return f"Plan of the board over {LARGE:,} deals:\n" + "\n".join(f"    {line}" for line in short)


async def run() -> Report:
    """Measure on a database of its own, through the API of a process of its own."""
    report = Report(f"Board: {SMALL:,} and {LARGE:,} deals, {CARDS} cards a column, over /api/v1")
    async with fresh_database() as cluster:
        small, large = await _open_shop(cluster, SMALL), await _open_shop(cluster, LARGE)
        with serving_api(cluster.app_url) as port:
            clients = [await Client(port, small.cookie).connect() for _ in range(CLIENTS)]
            other = await Client(port, large.cookie).connect()
            await _small(report, cluster, small, clients)
            await _large(report, cluster, large, other)
            for client in (*clients, other):
                client.close()
    return report
