"""The list of contacts and its search, with 100,000 contacts in one organization and as many in others.

The yardstick is the plain SELECT of the same rows over a psycopg connection, without row-level security.
"""

import json
import random
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg

import crm_app.domains.models  # noqa: F401
from bench.api_server import Client, serving_api
from bench.harness import Report, Row, fresh_database, measure_beside
from bench.plans import plans_of
from crm_app.core.cookies import SESSION
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.entry.entering import enter_with_password
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.contacts import rules, service
from crm_app.domains.contacts.schemas import ContactFilter, ContactOrder

OWN, OTHERS, OTHER_ORGANIZATIONS = 100_000, 100_000, 4
PAGE = 50
EMAIL, PASSWORD = "dona@bancada.example", "bancada-de-medidas"

NAMES = ("Ana", "Bruno", "Carla", "Eduarda", "Felipe", "Giovana", "Isabela", "João", "Kátia", "Márcia", "Otávio")
FAMILIES = ("Silva", "Souza", "Conceição", "Pereira", "Gonçalves", "Araújo", "Ribeiro", "Kowalski", "Nakamura")
TRADES = ("Clínica", "Padaria", "Ótica", "Academia", "Escola", "Hotel", "Mercado", "Oficina", "Farmácia")
PLACES = ("Aurora", "Central", "Primavera", "Horizonte", "Miragem", "Pulso", "Araucária", "Iguaçu", "Capivari")


async def run() -> Report:
    """Measure on a throwaway cluster."""
    report = Report(f"Contacts: list and search among {OWN:,}")
    async with fresh_database() as cluster:
        actor = await _fill(cluster)
        await _measure(report, cluster, actor)
        await _over_http(report, cluster, actor)
    return report


async def _organization(name: str, email: str = "") -> Actor:
    email = email or f"{uuid.uuid4().hex}@example.com"
    async with system_unit_of_work() as session:
        made = await accounts.create_organization(session, name=name, owner_email=email, password=PASSWORD)
    return Actor(made.id, made.owner_id, "owner", permissions_of("owner"))


async def _fill(cluster: EmbeddedPostgres) -> Actor:
    actor = await _organization("Banca", email=EMAIL)
    others = [await _organization(f"Outra {number}") for number in range(OTHER_ORGANIZATIONS)]
    dice = random.Random(7)
    with psycopg.connect(cluster.admin_url) as connection:
        columns = (
            "organization_id, id, created_at, name, sort_name, company, job_title, phone, email, source, tags, "
            "notes, search_text, last_activity_at, updated_at, version"
        )
        with connection.cursor().copy(f"COPY contact ({columns}) FROM STDIN") as copy:
            for number in range(OWN + OTHERS):
                home = actor if number < OWN else others[number % OTHER_ORGANIZATIONS]
                copy.write_row(_contact(dice, number, home.organization_id))
        connection.execute("ANALYZE contact")
    return actor


def _contact(dice: random.Random, number: int, organization_id: uuid.UUID) -> tuple[Any, ...]:
    name = f"{dice.choice(NAMES)} {dice.choice(FAMILIES)} {dice.choice(FAMILIES)}"
    company = f"{dice.choice(TRADES)} {dice.choice(PLACES)} {dice.randrange(400)}"
    phone = f"+55{dice.choice((11, 41, 47, 51))}9{80_000_000 + number}"
    born = f"2026-{dice.randrange(1, 12):02d}-{dice.randrange(1, 28):02d} {dice.randrange(24):02d}:15:00+00"
    found_by = rules.searchable(name, company, phones=[phone])
    return (
        organization_id, uuid.uuid4(), born, name, rules.fold(name), company, "", phone, "", "", [], "",
        found_by, born, born, 1,
    )  # fmt: skip


async def _measure(report: Report, cluster: EmbeddedPostgres, actor: Actor) -> None:
    deep = await _deep_cursor(actor)
    wanted: dict[str, tuple[ContactFilter, str | None]] = {
        "first page by name": (ContactFilter(), None),
        "first page by activity": (ContactFilter(order=ContactOrder.ACTIVITY), None),
        "page behind 5,000 rows": (ContactFilter(), deep),
        "search, one letter": (ContactFilter(q="j"), None),
        "search, a frequent name": (ContactFilter(q="joao"), None),
        "search, two words": (ContactFilter(q="conceicao horizonte"), None),
        "search, one person's phone": (ContactFilter(q="980054321"), None),
        "search, nobody": (ContactFilter(q="xyzzy"), None),
        "search by activity, frequent": (ContactFilter(q="silva", order=ContactOrder.ACTIVITY), None),
    }
    async with await psycopg.AsyncConnection.connect(cluster.admin_url) as plain:
        for name, (criteria, cursor) in wanted.items():
            yardstick = _plain_select(plain, actor)
            ours, bare = await measure_beside(_list(actor, criteria, cursor), yardstick, times=80, warm_up=3)
            report.rows.append(Row(name, ours, bare, "SELECT of 50 rows", goal="p95 ≤ 100"))
        ours, bare = await measure_beside(_count(actor), yardstick, times=40, warm_up=2)
        report.rows.append(Row("count of all", ours, bare, "SELECT of 50 rows", goal="p95 ≤ 100"))
    report.notes += [await _plan(actor, criteria) for criteria, _ in list(wanted.values())[:4]]


async def _over_http(report: Report, cluster: EmbeddedPostgres, actor: Actor) -> None:
    async with system_unit_of_work() as session:
        begun = await enter_with_password(session, email=EMAIL, password=PASSWORD, ip="", user_agent="")
    with serving_api(cluster.app_url) as port:
        client = await Client(port, f"{SESSION.name}={begun.token}").connect()
        async with await psycopg.AsyncConnection.connect(cluster.admin_url) as plain:
            page = f"/api/v1/contacts?limit={PAGE}"
            ours, bare = await measure_beside(
                lambda: client.call("GET", page), _plain_select(plain, actor), times=400
            )
        client.close()
    report.rows.append(Row("API: page of 50", ours, bare, "SELECT of 50 rows", goal="median ≤ 4 ms"))


async def _deep_cursor(actor: Actor) -> str | None:
    cursor = None
    for _ in range(25):
        async with unit_of_work(actor) as session:
            page = await service.list_contacts(session, actor, cursor=cursor, limit=200)
        cursor = page.next_cursor
    return cursor


def _list(actor: Actor, criteria: ContactFilter, cursor: str | None) -> Callable[[], Awaitable[object]]:
    async def act() -> object:
        async with unit_of_work(actor) as session:
            return await service.list_contacts(session, actor, criteria=criteria, cursor=cursor, limit=PAGE)

    return act


def _count(actor: Actor) -> Callable[[], Awaitable[object]]:
    async def act() -> object:
        async with unit_of_work(actor) as session:
            return await service.count_contacts(session, actor)

    return act


def _plain_select(connection: psycopg.AsyncConnection[Any], actor: Actor) -> Callable[[], Awaitable[object]]:
    async def act() -> object:
        cursor = await connection.execute(
            "SELECT * FROM contact WHERE organization_id = %s AND archived_at IS NULL "
            "ORDER BY sort_name, id LIMIT 50",
            (actor.organization_id,),
        )
        return await cursor.fetchall()

    return act


async def _plan(actor: Actor, criteria: ContactFilter) -> str:
    plans = await plans_of(
        lambda session, seer: service.list_contacts(session, seer, criteria=criteria, limit=PAGE),
        actor,
        options="(ANALYZE, BUFFERS)",
    )
    return f"{json.dumps(criteria.model_dump(mode='json'), ensure_ascii=False)}\n{plans[0]}"
