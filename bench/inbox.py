"""The inbox over 50,000 conversations and 1,000,000 messages, beside a bare psycopg query for the same rows."""

import itertools
import random
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import uuid_utils
from sqlalchemy import Select, text
from sqlalchemy.dialects import postgresql

import crm_app.domains.models  # noqa: F401
from bench.api_server import Client, serving_api
from bench.harness import Report, Row, fresh_database, measure_beside
from crm_app.core.cookies import SESSION
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.queue import close_queue, open_queue
from crm_app.core.sight import EVERYBODYS
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.entry.entering import enter_with_password
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.inbox import listing, service, thread_queries
from crm_app.domains.inbox.schemas import Box, ConversationFilter

CONVERSATIONS, MESSAGES = 50_000, 1_000_000
NEIGHBOURS = (5_000, 100_000)
"""A second organization in the same tables, so that every plan has somebody else's rows to leave out."""
WORDS = 4_000
SPAN = timedelta(days=180)
SYLLABLES = ("ca", "de", "lo", "mi", "pro", "ta", "ver", "sa", "ção", "mente", "or", "ça", "men", "to", "pe", "di")
PASSWORD = "bancada-de-medidas"


async def run() -> Report:
    """Fill a throwaway cluster and measure lists, threads, search and sending."""
    report = Report(f"Inbox: {CONVERSATIONS:,} conversations, {MESSAGES:,} messages")
    async with fresh_database() as cluster:
        await open_queue(cluster.app_url)
        try:
            actor, email = await _organization()
            begun = time.perf_counter()
            dropped = _drop_indexes(cluster)
            _fill(cluster, actor, CONVERSATIONS, MESSAGES)
            _fill(cluster, (await _organization())[0], *NEIGHBOURS)
            _settle(cluster, dropped)
            report.notes.append(f"Filled and indexed in {time.perf_counter() - begun:.0f} s.")
            await _measure(report, cluster, actor, email)
        finally:
            await close_queue()
    return report


async def _organization() -> tuple[Actor, str]:
    email = f"{uuid.uuid4().hex}@example.com"
    async with system_unit_of_work() as session:
        made = await accounts.create_organization(session, name="Banca", owner_email=email, password=PASSWORD)
    return Actor(made.id, made.owner_id, "owner", permissions_of("owner")), email


# --- the rows -------------------------------------------------------------------------------------------


def _fill(cluster: EmbeddedPostgres, actor: Actor, conversations: int, messages: int) -> None:
    """Copy an organization's rows in, as the superuser: COPY does not go through row-level policies."""
    chance, now = random.Random(7), datetime.now(UTC)
    channel = uuid.uuid4()
    contacts = [uuid.UUID(bytes=uuid_utils.uuid7().bytes) for _ in range(conversations)]
    talks = [uuid.UUID(bytes=uuid_utils.uuid7().bytes) for _ in range(conversations)]
    last: dict[int, tuple[datetime, str]] = {}
    words = _vocabulary()
    with psycopg.connect(cluster.admin_url) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no foreign key is checked row by row
        _copy(cursor, "channel", _CHANNEL, [(actor.organization_id, channel)])
        _copy(cursor, "contact", _CONTACT, _contacts(actor, contacts))

        def said() -> Iterator[tuple[Any, ...]]:
            for number in range(messages):
                place = int(conversations * chance.random() ** 2)
                moment = now - SPAN * (1 - number / messages)
                ours = chance.random() < 0.45
                body = " ".join(chance.choices(words[0], cum_weights=words[1], k=chance.randint(3, 25)))
                last[place] = moment, body
                yield _message(actor, talks[place], channel, moment, body, ours=ours)

        _copy(cursor, "message", _MESSAGE, said())
        _copy(cursor, "conversation", _CONVERSATION, _conversations(actor, channel, contacts, talks, last, now))


def _copy(cursor: psycopg.Cursor[Any], table: str, columns: dict[str, Any], rows: Any) -> None:
    """Copy rows; a column whose value is not None here is the same in every row."""
    fixed = [value for value in columns.values() if value is not None]
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row((*row, *fixed))


_NOW = datetime.now(UTC)
_CHANNEL = {
    "organization_id": None, "id": None, "created_at": _NOW, "provider": "simulator", "name": "Comercial",
    "address": "", "status": "connected", "status_detail": "", "status_at": _NOW, "config": "{}", "version": 1,
}  # fmt: skip
_CONTACT = {
    "organization_id": None, "id": None, "name": None, "sort_name": None, "search_text": None, "phone": None,
    "created_at": _NOW, "company": "Empresa", "job_title": "", "email": "", "source": "", "tags": "{}",
    "notes": "", "last_activity_at": _NOW, "updated_at": _NOW, "version": 1,
}  # fmt: skip
_CONVERSATION = {
    "organization_id": None, "id": None, "contact_id": None, "channel_id": None, "address": None, "status": None,
    "assignee_id": None, "unread_count": None, "last_message_at": None, "last_message_preview": None,
    "created_at": _NOW, "last_message_kind": "text", "last_message_direction": "in", "version": 1,
}  # fmt: skip
_MESSAGE = {
    "organization_id": None, "id": None, "created_at": None, "conversation_id": None, "channel_id": None,
    "direction": None, "body": None, "provider_message_id": None, "status": None, "status_at": None,
    "author_id": None, "occurred_at": None, "kind": "text", "error_key": "", "error_detail": "", "attempts": 1,
    "data": "{}",
}  # fmt: skip


def _vocabulary() -> tuple[list[str], list[float]]:
    """Made-up words and their summed frequencies, those of a language: the n-th is n times rarer."""
    chance = random.Random(3)
    made = (("".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))), n) for n in range(WORDS))
    words = [f"{word}{n}" if n > 200 else word for word, n in made]
    return words, list(itertools.accumulate(1 / (n + 2) for n in range(WORDS)))


def _contacts(actor: Actor, ids: list[uuid.UUID]) -> Iterator[tuple[Any, ...]]:
    for number, contact in enumerate(ids):
        name, phone = f"Cliente {number}", f"+55419{number:08d}"
        yield actor.organization_id, contact, name, name.lower(), f"cliente {number} {phone[1:]}", phone


def _conversations(
    actor: Actor,
    channel: uuid.UUID,
    contacts: list[uuid.UUID],
    talks: list[uuid.UUID],
    last: dict[int, tuple[datetime, str]],
    now: datetime,
) -> Iterator[tuple[Any, ...]]:
    for number, talk in enumerate(talks):
        moment, body = last.get(number, (now - SPAN, ""))
        yield (
            actor.organization_id, talk, contacts[number], channel, f"+55419{number:08d}",
            "resolved" if number % 10 < 7 else "open", actor.user_id if number % 4 == 0 else None,
            number % 7 if number % 10 >= 7 else 0, moment, body[:160],
        )  # fmt: skip


def _message(
    actor: Actor, talk: uuid.UUID, channel: uuid.UUID, moment: datetime, body: str, *, ours: bool
) -> tuple[Any, ...]:
    message = uuid.UUID(bytes=uuid_utils.uuid7().bytes)
    return (
        actor.organization_id, message, moment, talk, channel, "out" if ours else "in", body, message.hex,
        "read" if ours else "received", moment, actor.user_id if ours else None, moment,
    )  # fmt: skip


def _drop_indexes(cluster: EmbeddedPostgres) -> list[str]:
    """Drop the plain indexes of the large tables and return how to make them: building them at once is faster."""
    with psycopg.connect(cluster.admin_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('message', 'conversation', 'contact')"
            " AND indexname LIKE 'ix_%'"
        ).fetchall()
        for name, _ in found:
            connection.execute(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]


def _settle(cluster: EmbeddedPostgres, indexes: list[str]) -> None:
    with psycopg.connect(cluster.admin_url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'")
        for definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM (ANALYZE)")


# --- the measurements -----------------------------------------------------------------------------------


async def _measure(report: Report, cluster: EmbeddedPostgres, actor: Actor, email: str) -> None:
    bare = await psycopg.AsyncConnection.connect(cluster.app_url, autocommit=True)
    await bare.execute("SELECT set_config('app.organization_id', %s, false)", [str(actor.organization_id)])
    try:
        await _lists(report, actor, bare)
        busiest = await _threads(report, actor, bare)
        await _searches(report, actor, bare)
        await _over_http(report, cluster, actor, email, bare, busiest)
    finally:
        await bare.close()


Act = Callable[[], Awaitable[object]]


def _use_case(actor: Actor, function: Callable[..., Awaitable[Any]], **arguments: Any) -> Act:
    async def act() -> object:
        async with unit_of_work(actor) as session:
            return await function(session, actor, **arguments)

    return act


def _statement(bare: psycopg.AsyncConnection[Any], statement: str) -> Act:
    async def act() -> object:
        return await (await bare.execute(statement)).fetchall()

    return act


def _sql(statement: Select[Any]) -> str:
    return str(statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))


async def _plan(bare: psycopg.AsyncConnection[Any], name: str, statement: str) -> str:
    lines = await (await bare.execute(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {statement}")).fetchall()
    return "\n".join([f"Plan of {name}:", *(f"    {line[0]}" for line in lines)])


LISTS = {
    "open conversations": ConversationFilter(),
    "mine": ConversationFilter(box=Box.MINE),
    "queue": ConversationFilter(box=Box.QUEUE),
    "unread": ConversationFilter(unread=True),
    "open and resolved": ConversationFilter(status=None),
}


async def _lists(report: Report, actor: Actor, bare: psycopg.AsyncConnection[Any]) -> None:
    for name, filters in LISTS.items():
        statement = _sql(
            listing.conversations_statement(
                actor.organization_id, filters, actor.user_id, sight=EVERYBODYS, after=None, limit=31
            )
        )
        ours, yardstick = await measure_beside(
            _use_case(actor, service.list_conversations, filters=filters), _statement(bare, statement)
        )
        report.rows.append(Row(f"list: {name}", ours, yardstick, "bare query", goal="p95 < 100 ms"))
        report.notes.append(await _plan(bare, f"the list of {name}", statement))
    deep = _use_case(actor, service.list_conversations, cursor=await _deep_cursor(actor))
    ours, yardstick = await measure_beside(deep, _use_case(actor, service.list_conversations), times=100)
    report.rows.append(Row("list: page after 3,000 rows", ours, yardstick, "first page", goal="p95 < 100 ms"))
    ours, yardstick = await measure_beside(
        _use_case(actor, service.count_conversations),
        _statement(bare, "SELECT count(*) FROM conversation"),
        times=100,
    )
    report.rows.append(Row("counters of the boxes", ours, yardstick, "bare count(*)", goal="p95 < 100 ms"))


async def _deep_cursor(actor: Actor) -> str | None:
    cursor: str | None = None
    for _ in range(15):
        async with unit_of_work(actor) as session:
            page = await service.list_conversations(session, actor, cursor=cursor, limit=200)
        cursor = page.next_cursor
    return cursor


async def _threads(report: Report, actor: Actor, bare: psycopg.AsyncConnection[Any]) -> uuid.UUID:
    found = await bare.execute("SELECT conversation_id FROM message GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
    row = await found.fetchone()
    assert row
    busiest: uuid.UUID = row[0]
    statement = _last_messages(actor, busiest, bare)
    act = _use_case(actor, service.get_thread, conversation_id=busiest)
    ours, yardstick = await measure_beside(act, _statement(bare, statement))
    report.rows.append(Row("thread: last 100 messages", ours, yardstick, "bare query", goal="p95 < 100 ms"))
    report.notes.append(await _plan(bare, "a thread", statement))
    return busiest


def _last_messages(actor: Actor, conversation_id: uuid.UUID, bare: psycopg.AsyncConnection[Any]) -> str:
    """Return the statement of a thread's last page with its values in it."""
    values = {"organization_id": actor.organization_id, "conversation_id": conversation_id, "limit": 101}
    return psycopg.AsyncClientCursor(bare).mogrify(thread_queries.LAST_MESSAGES, values)


async def _searches(report: Report, actor: Actor, bare: psycopg.AsyncConnection[Any]) -> None:
    words = _vocabulary()[0]
    bare_search = (
        "SELECT id FROM message WHERE to_tsvector('portuguese', body) @@ plainto_tsquery('portuguese', '{}') "
        "ORDER BY occurred_at DESC LIMIT 20"
    )
    for name, word in {"frequent": words[0], "middling": words[150], "rare": words[-1], "absent": "xyzzy"}.items():
        act = _use_case(actor, service.search_inbox, query=word)
        times = 40 if name == "frequent" else 4
        ours, yardstick = await measure_beside(
            act, _statement(bare, bare_search.format(word)), times=times, warm_up=1, rounds=1
        )
        report.rows.append(
            Row(f"search: {name} word", ours, yardstick, "bare @@, without our index", goal="p95 < 100 ms")
        )


async def _over_http(
    report: Report,
    cluster: EmbeddedPostgres,
    actor: Actor,
    email: str,
    bare: psycopg.AsyncConnection[Any],
    busiest: uuid.UUID,
) -> None:
    statement = _last_messages(actor, busiest, bare)
    async with system_unit_of_work() as session:
        begun = await enter_with_password(session, email=email, password=PASSWORD, ip="", user_agent="")
    with serving_api(cluster.app_url) as port:
        client = await Client(port, f"{SESSION.name}={begun.token}").connect()
        try:
            last = f"/api/v1/conversations/{busiest}/messages?limit=100"
            ours, yardstick = await measure_beside(
                lambda: client.call("GET", last), _statement(bare, statement), times=400
            )
            report.rows.append(Row("API: last 100 messages", ours, yardstick, "bare query", goal="median ≤ 8 ms"))
            ours, yardstick = await measure_beside(
                lambda: client.call("GET", "/api/v1/conversations?status=open"),
                lambda: client.call("GET", "/api/v1/me"),
                times=400,
            )
            report.rows.append(Row("API: list of 30", ours, yardstick, "GET /me", goal="p95 < 100 ms"))
        finally:
            client.close()
    report.rows.append(await _sending(actor, busiest))


async def _sending(actor: Actor, busiest: uuid.UUID) -> Row:
    async def send() -> None:
        async with unit_of_work(actor) as session:
            await service.send_message(
                session, actor, conversation_id=busiest, body="Bom dia!", idempotency_key=uuid.uuid4().hex
            )

    async def insert() -> None:
        async with unit_of_work(actor) as session:
            await session.execute(
                text(
                    "INSERT INTO message (organization_id, id, created_at, conversation_id, channel_id, direction,"
                    " kind, body, status, status_at, error_key, error_detail, attempts, data, occurred_at)"
                    " SELECT organization_id, gen_random_uuid(), now(), id, channel_id, 'note', 'text',"
                    " 'Bom dia!', 'sent', now(), '', '', 0, '{}', now() FROM conversation"
                    " WHERE id = :id AND organization_id = :organization"
                ),
                {"id": busiest, "organization": actor.organization_id},
            )

    ours, yardstick = await measure_beside(send, insert, times=200)
    return Row("send: message, job, assignment", ours, yardstick, "one bare insert")
