"""What whoever runs the platform sees: figures of organizations, nothing that anybody wrote. Nobody else does."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.errors import Invalid, NotFound, Unauthenticated
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.sql import fetch_all, run
from crm_app.core.tenancy import NOWHERE, Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.entry.entering import enter_with_password
from crm_app.domains.accounts.errors import NoOrganization
from crm_app.domains.accounts.factors import service as own_factors
from crm_app.domains.accounts.factors.errors import ProofNeeded
from crm_app.domains.accounts.models import User
from crm_app.domains.accounts.schemas import NewSession
from crm_app.domains.accounts.sessions.known import known_sessions
from crm_app.domains.platform import service as platform
from crm_app.domains.platform.life_cycle import change_state
from tests.attacks.world import build_world
from tests.conftest import PASSWORD, PASSWORD_HASH, MakeOrganization, Tenant
from tests.life_cycle.operators import grant, open_session, unique

UseCase = Callable[..., Awaitable[Any]]
USE_CASES: dict[str, dict[str, Any]] = {
    "list_organizations": {},
    "open_organization": {"organization_id": None},
    "read_usage": {},
    "read_health": {},
    "list_entries": {},
}
DOORS = {
    "platform_organizations": "%(session)s, '', '', NULL, 10",
    "platform_organization": "%(session)s, %(organization)s",
    "platform_owners": "%(session)s, %(organization)s",
    "platform_steps": "%(session)s, %(organization)s",
    "platform_usage": "%(session)s, '2026-01-01'",
    "platform_dead_letters": "%(session)s",
    "platform_entries": "%(session)s, now(), 10",
    "platform_plan_holders": "%(session)s",
    "platform_retire_plan": "%(session)s, 'nenhum', 1",
}


async def ask(use_case: str, actor: Actor, **arguments: Any) -> Any:
    """Call a use case of the platform as its screens do."""
    async with system_unit_of_work() as session:
        return await getattr(platform, use_case)(session, actor, **arguments)


async def somebody(*, organization: None = None) -> User:
    """Commit a person who belongs to no organization."""
    user = User(email=f"{unique('plataforma')}@exemplo.com.br", name="Quem Opera", password_hash=PASSWORD_HASH)
    async with system_unit_of_work() as session:
        session.add(user)
    return user


async def enter(user: User) -> NewSession:
    """Sign in with the password."""
    async with system_unit_of_work() as session:
        entry = await enter_with_password(session, email=user.email, password=PASSWORD, ip="", user_agent="")
    assert isinstance(entry, NewSession)
    return entry


@pytest.mark.parametrize("use_case", USE_CASES)
async def test_for_anybody_else_there_is_no_such_place(
    tenant: Tenant, operator: Actor, make_organization: MakeOrganization, use_case: str
) -> None:
    wanted = {**USE_CASES[use_case]}
    if "organization_id" in wanted:
        wanted["organization_id"] = tenant.organization.id
    owner = await open_session(tenant.owner)
    stolen = Actor(owner.organization_id, owner.user_id, "owner", owner.permissions, operator.session_id)
    for nobody in (owner, tenant.owner, stolen, Actor(NOWHERE, None, "platform", frozenset())):
        with pytest.raises(NotFound):
            await ask(use_case, nobody, **wanted)
    assert await ask(use_case, operator, **wanted)


@pytest.mark.parametrize("door", DOORS)
async def test_the_doors_open_to_no_session_but_an_operators(
    db: EmbeddedPostgres, tenant: Tenant, operator: Actor, make_organization: MakeOrganization, door: str
) -> None:
    statement = f"SELECT * FROM {door}({DOORS[door]})"
    owner = await open_session(tenant.owner)
    runs = (await make_organization()).owner
    grant(db, runs.user_id)
    stale = await open_session(runs, proven=timedelta(minutes=31))
    ended = await open_session(runs)
    async with system_unit_of_work() as session:
        await run(
            session, "UPDATE user_session SET revoked_at = now() WHERE id = %(id)s", {"id": ended.session_id}
        )
    for session_id in (owner.session_id, stale.session_id, ended.session_id, uuid4(), None):
        with pytest.raises(DBAPIError, match="not the session of an administrator"):
            await _open_door(statement, session_id, tenant)
    await _open_door(statement, operator.session_id, tenant)


async def _open_door(statement: str, session_id: Any, tenant: Tenant) -> Any:
    values = {"session": session_id, "organization": tenant.organization.id}
    async with system_unit_of_work() as session:
        return await fetch_all(session, statement, values)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT platform_figures(%(id)s, now(), now())",
        "SELECT * FROM platform_entry",
        "INSERT INTO platform_entry VALUES (%(id)s, now(), NULL, 'x', NULL, NULL, NULL, '', '')",
        "SELECT * FROM platform_chain",
        "UPDATE platform_chain SET sequence = 0",
        "SELECT platform_note(%(id)s, 'x', NULL, NULL, NULL, '', '')",
        "SELECT platform_note(NULL, 'x', NULL, NULL, NULL, '', '')",
    ],
)
async def test_the_application_cannot_go_around_the_doors(tenant: Tenant, statement: str) -> None:
    async def try_it() -> None:
        async with unit_of_work(tenant.owner) as session:
            await run(session, statement, {"id": tenant.owner.user_id})

    with pytest.raises(DBAPIError, match=r"permission denied|not an administrator"):
        await try_it()


async def test_the_record_is_append_only_also_for_the_owner_of_the_tables(
    db: EmbeddedPostgres, operator: Actor, tenant: Tenant
) -> None:
    await ask("open_organization", operator, organization_id=tenant.organization.id)
    for statement in (
        "UPDATE platform_entry SET ip = ''",
        "DELETE FROM platform_entry",
        "TRUNCATE platform_entry",
        "UPDATE platform_chain SET sequence = 0",
        "DELETE FROM platform_chain",
        "TRUNCATE platform_chain",
    ):
        with psycopg.connect(db.url) as owner, pytest.raises(psycopg.errors.InsufficientPrivilege):
            owner.execute(statement)


async def test_figures_count_and_nothing_that_was_written_comes_out(
    db: EmbeddedPostgres, make_organization: MakeOrganization, operator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "MOST_LINES", 1_000_000)  # organizations of other tests must not crowd ours out
    made = await make_organization("Contada")
    world = await build_world(Tenant(made.organization, await open_session(made.owner), made.owner_email))
    organization_id = made.organization.id
    listed = await ask("list_organizations", operator, words=str(organization_id))
    (line,) = listed.items
    assert (line.name, line.state, line.members, line.channels) == ("Contada", "active", 1, 1)
    sheet = await ask("open_organization", operator, organization_id=organization_id)
    assert (sheet.contacts, sheet.deals, sheet.failed_messages, sheet.failed_events) == (1, 1, 1, 1)
    assert [one.email for one in sheet.owners] == [made.owner_email]
    assert sheet.choices == ("past_due", "suspended", "closed")
    usage = await ask("read_usage", operator, month=date(2026, 1, 9))
    (own,) = [one for one in usage.lines if one.id == organization_id]
    assert (own.messages_in, own.messages_out, own.previous) == (0, 1, 0)
    assert usage.states["active"] >= 1
    health = await ask("read_health", operator)
    assert health.failed_messages >= 1
    assert health.failed_events >= 1
    assert {"database", "migrations", "queue", "storage"} <= {check.name for check in health.checks}
    for shown in (listed, sheet, usage, health, await ask("list_entries", operator)):
        assert world.secret not in repr(shown)


async def test_the_list_is_searched_filtered_and_paged(
    make_organization: MakeOrganization, operator: Actor
) -> None:
    word = unique("lista")
    made = [await make_organization(f"{word} {number}") for number in range(3)]
    first = await ask("list_organizations", operator, words=word.upper(), limit=2)
    rest = await ask("list_organizations", operator, words=word, limit=2, cursor=first.next_cursor)
    found = [one.id for one in (*first.items, *rest.items)]
    assert found == [one.organization.id for one in reversed(made)]
    assert rest.next_cursor is None
    async with system_unit_of_work() as session:
        await change_state(
            session, operator, organization_id=made[1].organization.id, wanted="suspended", reason="Teste"
        )
    suspended = await ask("list_organizations", operator, words=word, state="suspended")
    assert [one.id for one in suspended.items] == [made[1].organization.id]
    assert not (await ask("list_organizations", operator, words=f"{word}%")).items
    for bad in ({"state": "gone"}, {"cursor": "x"}, {"cursor": "WyJ4Il0"}):
        with pytest.raises(Invalid):
            await ask("list_organizations", operator, **bad)


async def test_the_record_tells_who_did_what(tenant: Tenant, operator: Actor) -> None:
    await ask("open_organization", operator, organization_id=tenant.organization.id)
    async with system_unit_of_work() as session:
        await change_state(
            session, operator, organization_id=tenant.organization.id, wanted="past_due", reason="Fatura"
        )
    page = await ask("list_entries", operator, limit=2)
    assert [one.action for one in page.items] == ["organization.state", "organization.open"]
    assert {one.concerns for one in page.items} == {tenant.organization.id}
    assert {one.user_name for one in page.items} == {"Owner de Teste"}
    assert page.items[0].after == {"state": "past_due", "reason": "Fatura"}
    older = await ask("list_entries", operator, limit=2, cursor=page.next_cursor)
    assert not {one.id for one in older.items} & {one.id for one in page.items}
    with pytest.raises(Invalid):
        await ask("list_entries", operator, cursor="WyJ4Il0")


@pytest.mark.parametrize("month", [date(2019, 12, 1), date(2999, 1, 1)])
async def test_a_month_that_cannot_be(operator: Actor, month: date) -> None:
    with pytest.raises(Invalid):
        await ask("read_usage", operator, month=month)


async def test_an_organization_that_does_not_exist(operator: Actor) -> None:
    with pytest.raises(NotFound):
        await ask("open_organization", operator, organization_id=uuid4())


async def test_whoever_runs_the_platform_needs_no_organization(db: EmbeddedPostgres) -> None:
    user = await somebody()
    with pytest.raises(NoOrganization):
        await enter(user)
    grant(db, user.id)
    entry = await enter(user)
    who = await known_sessions.resolve(entry.token)
    assert who is not None
    assert (who.nowhere, who.runs_platform, who.actor.permissions) == (True, True, frozenset())
    assert (await ask("list_entries", who.actor)).items[0].action == "session.begin"
    async with unit_of_work(who.actor) as session:
        assert await service.list_members(session, who.actor) == []
        assert not (await own_factors.read_factors(session, who.actor)).required
        await service.sign_out(session, who.actor)
    with pytest.raises((ProofNeeded, Unauthenticated, DBAPIError)):
        await ask("list_organizations", who.actor)


async def test_a_revoked_operator_is_shut_out_at_once(db: EmbeddedPostgres) -> None:
    user = await somebody()
    grant(db, user.id)
    who = await known_sessions.resolve((await enter(user)).token)
    assert who is not None
    assert await ask("list_organizations", who.actor)
    with psycopg.connect(db.url) as owner:
        owner.execute("DELETE FROM platform_admin WHERE user_id = %s", (user.id,))
    with pytest.raises(NotFound):
        await ask("list_organizations", who.actor)
    known_sessions.clear()
    with pytest.raises(NoOrganization):
        await enter(user)


async def test_no_route_of_an_organization_serves_a_session_of_the_platform(
    db: EmbeddedPostgres, client_for: Any
) -> None:
    user = await somebody()
    grant(db, user.id)
    client = await client_for(None)
    client.cookies.set("prumo_session", (await enter(user)).token)
    for path in ("/api/v1/me", "/api/v1/contacts", "/api/v1/members", "/api/v1/audit"):
        assert (await client.get(path)).status_code == 403
    assert (await client.post("/api/auth/logout")).status_code == 204
