"""Every state against every way in: page, API, job, webhook, socket, sign-in. The table below is what holds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from crm_app.core.checks import queue_state
from crm_app.core.database import lent_driver, system_unit_of_work, unit_of_work
from crm_app.core.errors import OrganizationClosed, OrganizationSuspended, PaymentPending
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.queue import enqueue_outside, job, queue
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.entry.entering import enter_with_password
from crm_app.domains.accounts.entry.links import NOTE_RESET_JOB
from crm_app.domains.accounts.members import service as members
from crm_app.domains.accounts.models import Membership
from crm_app.domains.channels import service as channels
from crm_app.domains.channels.doors import doors
from crm_app.domains.channels.providers.waha.webhook import signature
from crm_app.domains.platform.life_cycle import change_state
from crm_app.pages.live import bridge
from crm_app.pages.session.state import Session
from crm_app.pages.suspended.state import Suspended
from jobs.maintenance import release_jobs
from tests.api.clients import ClientFor
from tests.channels.conftest import WAHA_CONFIG
from tests.channels.test_intake import message_body
from tests.conftest import PASSWORD, MakeActor, MakeOrganization, Tenant
from tests.life_cycle.conftest import Put
from tests.life_cycle.operators import begin_as, open_session, unique
from tests.pages.conftest import OpenTab, session_token_for
from tests.pages.sample import Sample

WORKING = ("demo", "onboarding", "active", "past_due")
RESTING = ("suspended", "closed")
done: list[str] = []


@job("tests.work_for")
async def _work(organization_id: str, word: str) -> None:
    done.append(f"{organization_id} {word}")


@job("tests.stop_in_the_middle", retry=3)
async def _stops(organization_id: str, state: str) -> None:
    done.append(f"{organization_id} begun")
    raise OrganizationSuspended if state == "suspended" else OrganizationClosed


@dataclass(frozen=True)
class Holds:
    """What one state lets through: HTTP codes of the API and of a webhook, the rest as told."""

    api: int
    webhook: int
    page: str
    signs_in: bool
    grows: bool
    runs_jobs: bool


HOLDS = {
    "demo": Holds(200, 200, "", True, True, True),
    "onboarding": Holds(200, 200, "", True, True, True),
    "active": Holds(200, 200, "", True, True, True),
    "past_due": Holds(200, 200, "", True, False, True),
    "suspended": Holds(403, 200, "/suspended", True, False, False),
    "closed": Holds(401, 410, "/login", False, False, False),
}
each_state = pytest.mark.parametrize("state", list(HOLDS))
each_resting = pytest.mark.parametrize("state", RESTING)


@each_state
async def test_a_use_case(tenant: Tenant, put_into: Put, state: str) -> None:
    await put_into(state)
    if state in WORKING:
        async with unit_of_work(tenant.owner) as session:
            assert (await service.get_organization(session, tenant.owner)).state == state
        return
    with pytest.raises(OrganizationSuspended if state == "suspended" else OrganizationClosed):
        async with unit_of_work(tenant.owner):
            pytest.fail("nothing may begin")


@each_state
async def test_the_api(client_for: ClientFor, tenant: Tenant, put_into: Put, state: str) -> None:
    client = await client_for(tenant.owner)
    assert (await client.get("/api/v1/me")).status_code == 200
    await put_into(state)
    for path in ("/api/v1/me", "/api/v1/contacts", "/api/v1/channels", "/api/v1/members"):
        answer = await client.get(path)
        assert answer.status_code == HOLDS[state].api, answer.text
        if state == "suspended":
            assert answer.json()["code"] == "organization_suspended"
    switcher = await client.get("/api/v1/me/organizations")
    assert switcher.status_code == (401 if state == "closed" else 200)
    assert (await client.post("/api/auth/logout")).status_code == (401 if state == "closed" else 204)


@each_state
async def test_a_page_that_is_opened(open_tab: OpenTab, tenant: Tenant, put_into: Put, state: str) -> None:
    cookie = f"prumo_session={await session_token_for(tenant.owner)}"
    await put_into(state)
    tab = await open_tab(None, "/settings/channels", cookie=cookie)
    await tab.send(Sample.somebody)
    await tab.send(Sample.managers)
    assert (tab.state(Sample)["calls"] == ["somebody", "managers"]) is (state in WORKING)
    where = HOLDS[state].page
    assert not tab.redirects() if not where else tab.redirects()[0].startswith(where)
    assert tab.state(Session)["at_rest"] is (state == "suspended")


@each_state
async def test_a_socket_that_is_open_already(open_tab: OpenTab, tenant: Tenant, put_into: Put, state: str) -> None:
    tab = await open_tab(tenant.owner, "/settings/channels")
    await tab.send(Sample.look)
    await put_into(state)
    await tab.settle()
    where = HOLDS[state].page
    assert tab.state(Session).get("leave_to", "") == where
    if not where:
        shown = tab.state(Session)["organization_state"]
        assert shown == (state if state == "past_due" else "active")  # of the others no open window need know
        return
    assert tab.state(Sample)["calls"] == []
    assert not bridge.tabs_of(str(tenant.organization.id))  # nothing that happens reaches it any more
    await tab.send(Sample.somebody)
    assert tab.state(Sample)["calls"] == []


@each_state
async def test_a_job(
    tenant: Tenant, put_into: Put, operator: Actor, state: str, run_jobs: Callable[..., Any]
) -> None:
    await put_into(state)
    number = await enqueue_outside("tests.work_for", organization_id=tenant.organization.id, word=state)
    await run_jobs()
    assert (f"{tenant.organization.id} {state}" in done) is HOLDS[state].runs_jobs
    (row,) = await queue.job_manager.list_jobs_async(id=number)
    assert row.status == ("succeeded" if HOLDS[state].runs_jobs else "todo")
    assert row.attempts == (1 if HOLDS[state].runs_jobs else 0)


@each_state
async def test_a_webhook(
    client_for: ClientFor, tenant: Tenant, put_into: Put, state: str, run_jobs: Callable[..., Any]
) -> None:
    doors.clear()
    async with unit_of_work(tenant.owner) as session:
        channel = await channels.create_channel(
            session, tenant.owner, provider="waha", name="Comercial", config=WAHA_CONFIG
        )
    stranger = await client_for(None)
    path, secret = channel.webhook_path, channel.secret
    first, second = message_body(1), message_body(2)
    answer = await stranger.post(path, content=first, headers={"X-Webhook-Hmac": signature(first, secret)})
    assert answer.status_code == 200
    await put_into(state)
    doors.forget_organization(tenant.organization.id)
    answer = await stranger.post(path, content=second, headers={"X-Webhook-Hmac": signature(second, secret)})
    assert answer.status_code == HOLDS[state].webhook, answer.text
    forged = await stranger.post(path, content=second, headers={"X-Webhook-Hmac": "00"})
    assert forged.status_code == 401  # a stranger does not learn the state
    kept = 2 if HOLDS[state].webhook == 200 else 1
    async with lent_driver() as driver, driver.transaction():
        await driver.execute("SELECT set_config('app.organization_id', %s, true)", (str(tenant.organization.id),))
        rows = await (await driver.execute("SELECT status FROM inbound_event")).fetchall()
    assert [status for (status,) in rows] == ["pending"] * kept


async def test_what_came_in_meanwhile_is_processed_in_order_afterwards(
    client_for: ClientFor, tenant: Tenant, operator: Actor, put_into: Put, run_jobs: Callable[..., Any]
) -> None:
    doors.clear()
    async with unit_of_work(tenant.owner) as session:
        channel = await channels.create_channel(
            session, tenant.owner, provider="waha", name="Comercial", config=WAHA_CONFIG
        )
    stranger = await client_for(None)
    await put_into("suspended")
    for number in range(3):
        body = message_body(number, body=f"mensagem {number}")
        headers = {"X-Webhook-Hmac": signature(body, channel.secret)}
        assert (await stranger.post(channel.webhook_path, content=body, headers=headers)).status_code == 200
        await run_jobs()
    read = "SELECT body FROM message ORDER BY id"
    assert await _rows(tenant, read) == []
    await _back(tenant, operator)
    await run_jobs()
    assert [body for (body,) in await _rows(tenant, read)] == [f"mensagem {number}" for number in range(3)]
    assert set(await _rows(tenant, "SELECT status FROM inbound_event")) == {("done",)}


async def _rows(tenant: Tenant, statement: str) -> list[tuple[Any, ...]]:
    async with lent_driver() as driver, driver.transaction():
        await driver.execute("SELECT set_config('app.organization_id', %s, true)", (str(tenant.organization.id),))
        return await (await driver.execute(statement)).fetchall()  # type: ignore[call-overload]


async def _back(tenant: Tenant, operator: Actor) -> None:
    async with system_unit_of_work() as session:
        await change_state(
            session, operator, organization_id=tenant.organization.id, wanted="active", reason="Acertou"
        )


@each_state
async def test_what_makes_the_bill_larger(
    db: EmbeddedPostgres, tenant: Tenant, make_actor: MakeActor, state: str
) -> None:
    resting = await make_actor()
    owner = await open_session(tenant.owner)
    async with unit_of_work(owner) as session:
        await members.deactivate_member(session, owner, user_id=resting.user_id or uuid4())
    begin_as(db, tenant.organization.id, state)

    async def channel(session: Any) -> None:
        await channels.create_channel(session, owner, provider="simulator", name="Novo", config={})

    async def newcomer(session: Any) -> None:
        email = f"{unique('novo')}@exemplo.com.br"
        await service.add_member(session, owner, email=email, name="Novo", password=PASSWORD, role="sales")

    async def comeback(session: Any) -> None:
        await members.activate_member(session, owner, user_id=resting.user_id or uuid4())

    for growth in (channel, newcomer, comeback):
        if HOLDS[state].grows:
            async with unit_of_work(owner) as session:
                await growth(session)
            continue
        with pytest.raises((PaymentPending, OrganizationSuspended, OrganizationClosed)) as refusal:
            async with unit_of_work(owner, in_any_state=True) as session:
                await growth(session)
        assert isinstance(refusal.value, PaymentPending) is (state == "past_due")


@each_state
async def test_signing_in(tenant: Tenant, put_into: Put, state: str) -> None:
    await put_into(state)
    credentials = {"email": tenant.owner_email, "password": PASSWORD, "ip": "", "user_agent": ""}
    if not HOLDS[state].signs_in:
        with pytest.raises(OrganizationClosed):
            async with system_unit_of_work() as session:
                await enter_with_password(session, **credentials)
        return
    async with system_unit_of_work() as session:
        entry = await enter_with_password(session, **credentials)
    async with system_unit_of_work() as session:
        who = await service.resolve_session(session, entry.token)
    assert bool(who.actor.permissions) is (state in WORKING)


@each_resting
async def test_a_job_whose_organization_stops_in_the_middle_waits_too(
    db: EmbeddedPostgres, tenant: Tenant, state: str, run_jobs: Callable[..., Any]
) -> None:
    number = await enqueue_outside("tests.stop_in_the_middle", organization_id=tenant.organization.id, state=state)
    await run_jobs()
    assert f"{tenant.organization.id} begun" in done
    (row,) = await queue.job_manager.list_jobs_async(id=number)
    assert (row.status, row.attempts) == ("todo", 0)
    await release_jobs()  # the organization works: whatever waits for it by mistake goes
    (row,) = await queue.job_manager.list_jobs_async(id=number)
    assert row.scheduled_at is None
    await queue.connector.execute_query_async("DELETE FROM procrastinate_jobs WHERE id = %(id)s", id=number)


async def test_jobs_that_wait_are_left_alone_until_their_organization_is_back(
    tenant: Tenant, operator: Actor, put_into: Put, run_jobs: Callable[..., Any]
) -> None:
    await put_into("suspended")
    for word in ("um", "dois", "três"):
        await enqueue_outside("tests.work_for", organization_id=tenant.organization.id, word=word, lock="one")
        await run_jobs()
    await release_jobs()
    await run_jobs()
    assert not [one for one in done if one.startswith(str(tenant.organization.id))]
    await _back(tenant, operator)
    await run_jobs()
    own = [one.split()[1] for one in done if one.startswith(str(tenant.organization.id))]
    assert own == ["um", "dois", "três"]


async def test_a_reset_password_is_noted_later(
    tenant: Tenant, operator: Actor, put_into: Put, run_jobs: Callable[..., Any]
) -> None:
    await put_into("suspended")
    await enqueue_outside(
        NOTE_RESET_JOB, organization_id=tenant.organization.id, user_id=tenant.owner.user_id, ip=""
    )
    await run_jobs()
    count = "SELECT count(*) FROM audit_entry WHERE action = 'password.reset'"
    assert await _rows(tenant, count) == [(0,)]
    await _back(tenant, operator)
    await run_jobs()
    assert await _rows(tenant, count) == [(1,)]


async def test_the_screen_tells_owners_why_and_others_whom_to_ask(
    open_tab: OpenTab, tenant: Tenant, operator: Actor, make_actor: MakeActor, put_into: Put
) -> None:
    seller = await make_actor()
    await put_into("suspended")
    owners, sellers = await open_tab(tenant.owner, "/suspended"), await open_tab(seller, "/suspended")
    assert owners.state(Suspended)["reason"].startswith("teste ")
    assert owners.state(Suspended)["owners"] == []
    assert sellers.state(Suspended)["reason"] == ""
    assert [one["email"] for one in sellers.state(Suspended)["owners"]] == [tenant.owner_email]
    await _back(tenant, operator)
    for tab in (owners, sellers):
        await tab.settle()
        assert tab.state(Session)["leave_to"] == "/"  # on its own, without a click


async def _join(other: Tenant, tenant: Tenant) -> None:
    person = tenant.owner.user_id or uuid4()
    async with unit_of_work(other.owner) as session:
        session.add(Membership(organization_id=other.organization.id, user_id=person, role="sales"))


async def test_another_organization_of_the_same_person_goes_on(
    client_for: ClientFor, tenant: Tenant, make_organization: MakeOrganization, put_into: Put, db: EmbeddedPostgres
) -> None:
    other = await make_organization("Outra")
    await _join(other, tenant)
    client = await client_for(tenant.owner)
    await put_into("suspended")
    assert (await client.get("/api/v1/contacts")).status_code == 403
    moved = await client.post("/api/v1/me/organization", json={"organization_id": str(other.organization.id)})
    assert moved.status_code == 200
    assert (await client.get("/api/v1/contacts")).status_code == 200


async def test_a_closed_organization_is_no_longer_offered(
    client_for: ClientFor, tenant: Tenant, make_organization: MakeOrganization, db: EmbeddedPostgres
) -> None:
    other = await make_organization("Fechada")
    await _join(other, tenant)
    client = await client_for(tenant.owner)
    begin_as(db, other.organization.id, "closed")
    offered = (await client.get("/api/v1/me/organizations")).json()
    assert [one["id"] for one in offered] == [str(tenant.organization.id)]
    moved = await client.post("/api/v1/me/organization", json={"organization_id": str(other.organization.id)})
    assert moved.status_code == 404


async def test_waiting_jobs_do_not_look_late(tenant: Tenant, put_into: Put, run_jobs: Callable[..., Any]) -> None:
    await put_into("suspended")
    for word in ("um", "dois"):
        await enqueue_outside("tests.work_for", organization_id=tenant.organization.id, word=word, lock="late")
    await run_jobs()
    async with lent_driver() as driver:
        await driver.execute(
            "UPDATE procrastinate_events SET at = now() - interval '1 day' WHERE type = 'deferred' AND job_id IN "
            "(SELECT id FROM procrastinate_jobs WHERE lock = 'late')"
        )
    assert (await queue_state()).lag_seconds < 60
