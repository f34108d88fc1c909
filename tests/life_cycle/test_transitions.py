"""Which state may follow which, who may change it, and what stays of every step."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from crm_app.core.database import set_tenant, system_unit_of_work, unit_of_work
from crm_app.core.errors import CrmError, Invalid, NotFound
from crm_app.core.life_cycle import STANDINGS, TRANSITIONS, State, may_follow
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.sql import run
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.factors.errors import ProofNeeded
from crm_app.domains.accounts.permissions import ALL_PERMISSIONS
from crm_app.domains.accounts.support import SUPPORT_ID, SUPPORT_NAME
from crm_app.domains.accounts.trail import reading
from crm_app.domains.onboarding.service import close_checklist
from crm_app.domains.platform import repository
from crm_app.domains.platform import service as platform
from crm_app.domains.platform.errors import BadTransition, StateChangedMeanwhile
from crm_app.domains.platform.life_cycle import change_state
from tests.conftest import PASSWORD, MakeOrganization, Tenant
from tests.life_cycle.operators import begin_as, grant, open_session, unique

# from: the states that may follow, written out once more so that a slip in the table is seen
FOLLOWING = {
    "demo": "onboarding active suspended closed",
    "onboarding": "active past_due suspended closed",
    "active": "past_due suspended closed",
    "past_due": "active suspended closed",
    "suspended": "active past_due closed",
    "closed": "suspended",
}
PAIRS = [(was, wanted) for was in State for wanted in State]


def test_the_tables_know_every_state() -> None:
    assert set(STANDINGS) == set(TRANSITIONS) == set(State)
    assert [state for state, standing in STANDINGS.items() if not standing.works] == ["suspended", "closed"]
    assert [state for state, standing in STANDINGS.items() if not standing.receives] == ["closed"]
    assert [state for state, standing in STANDINGS.items() if not standing.enters] == ["closed"]
    assert [state for state, one in STANDINGS.items() if not one.grows] == ["past_due", "suspended", "closed"]


@pytest.mark.parametrize(("was", "wanted"), PAIRS)
def test_the_rules_are_these(was: State, wanted: State) -> None:
    assert may_follow(was, wanted) is (wanted in FOLLOWING[was].split())


async def _change(operator: Actor, organization_id: UUID, wanted: str, reason: str = "Contrato novo") -> None:
    async with system_unit_of_work() as session:
        await change_state(session, operator, organization_id=organization_id, wanted=wanted, reason=reason)


async def _state(tenant: Tenant) -> str:
    async with system_unit_of_work() as session:
        await set_tenant(session, tenant.organization.id)
        return (await service.get_organization(session, tenant.owner)).state


@pytest.mark.parametrize(("was", "wanted"), PAIRS)
async def test_an_operator_takes_every_allowed_step_and_no_other(
    db: EmbeddedPostgres, tenant: Tenant, operator: Actor, was: State, wanted: State
) -> None:
    begin_as(db, tenant.organization.id, was)
    if may_follow(was, wanted):
        await _change(operator, tenant.organization.id, wanted)
        assert await _state(tenant) == wanted
    else:
        with pytest.raises(BadTransition):
            await _change(operator, tenant.organization.id, wanted)
        assert await _state(tenant) == was


async def test_every_step_stays_with_who_why_and_when(tenant: Tenant, operator: Actor) -> None:
    await _change(operator, tenant.organization.id, "past_due", "  Fatura de\njulho ")
    await _change(operator, tenant.organization.id, "active", "Pagou")
    async with system_unit_of_work() as session:
        sheet = await platform.open_organization(session, operator, organization_id=tenant.organization.id)
    async with unit_of_work(tenant.owner) as session:
        entries = await reading.list_entries(session, tenant.owner)
        choices = await reading.list_choices(session, tenant.owner)
    told = [(one.before, one.after, one.reason, one.by_name) for one in sheet.steps]
    assert told == [
        ("past_due", "active", "Pagou", "Owner de Teste"),
        ("active", "past_due", "Fatura de julho", "Owner de Teste"),
        ("", "active", "", ""),
    ]
    newest = entries.items[0]
    assert (newest.action, newest.user_id, newest.user_name) == ("organization.state", SUPPORT_ID, SUPPORT_NAME)
    assert newest.after == {"state": "active", "reason": "Pagou"}
    assert str(operator.user_id) not in repr(entries.items)  # the organization does not learn who it was
    assert SUPPORT_NAME in {one.name for one in choices.people}


async def test_a_new_organization_settles_in(db: EmbeddedPostgres) -> None:
    async with system_unit_of_work() as session:
        made = await service.create_organization(
            session, name="Nova", owner_email=f"{unique('nova')}@exemplo.com.br", password=PASSWORD
        )
    owner = Actor(made.id, made.owner_id, "owner", ALL_PERMISSIONS)
    states = []
    for _ in range(3):
        async with unit_of_work(owner) as session:
            states.append((await service.get_organization(session, owner)).state)
            await close_checklist(session, owner)
    assert states == ["onboarding", "active", "active"]


async def test_what_is_suspended_does_not_settle_by_itself(db: EmbeddedPostgres, tenant: Tenant) -> None:
    begin_as(db, tenant.organization.id, "suspended")
    async with unit_of_work(tenant.owner, in_any_state=True) as session:
        await close_checklist(session, tenant.owner)
    assert await _state(tenant) == "suspended"


@pytest.mark.parametrize(
    ("wanted", "reason", "error"),
    [
        ("suspended", "", Invalid),
        ("suspended", " \x00 ", Invalid),
        ("suspended", "x" * 501, Invalid),
        ("gone", "x", Invalid),
        ("'; DROP TABLE x", "x", Invalid),
    ],
)
async def test_bad_wishes_change_nothing(
    tenant: Tenant, operator: Actor, wanted: str, reason: str, error: type[CrmError]
) -> None:
    with pytest.raises(error):
        await _change(operator, tenant.organization.id, wanted, reason)
    assert await _state(tenant) == "active"


async def test_nobody_else_changes_a_state(
    tenant: Tenant, operator: Actor, make_organization: MakeOrganization
) -> None:
    owner = await open_session(tenant.owner)
    elsewhere = await open_session((await make_organization()).owner)
    borrowed = Actor(operator.organization_id, operator.user_id, operator.role, operator.permissions)
    stolen = Actor(tenant.organization.id, owner.user_id, "owner", owner.permissions, operator.session_id)
    system = Actor(tenant.organization.id, None, "system", owner.permissions)
    for somebody in (owner, elsewhere, borrowed, stolen, system):
        with pytest.raises(NotFound):
            await _change(somebody, tenant.organization.id, "suspended")
    assert await _state(tenant) == "active"


@pytest.mark.parametrize("proven", [None, timedelta(minutes=31)])
async def test_an_old_proof_is_none(
    db: EmbeddedPostgres, tenant: Tenant, make_organization: MakeOrganization, proven: timedelta | None
) -> None:
    runs = (await make_organization()).owner
    grant(db, runs.user_id)
    with pytest.raises(ProofNeeded):
        await _change(await open_session(runs, proven=proven), tenant.organization.id, "suspended")


async def test_two_operators_at_once(tenant: Tenant, operator: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    async def late(*_: object) -> bool:
        return False

    monkeypatch.setattr(repository, "change_state", late)
    with pytest.raises(StateChangedMeanwhile):
        await _change(operator, tenant.organization.id, "suspended")


async def test_an_organization_that_is_not_there(operator: Actor) -> None:
    with pytest.raises(NotFound):
        await _change(operator, UUID(int=7), "suspended")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE organization SET state = 'suspended'",
        "UPDATE organization SET state_reason = 'x'",
        "UPDATE organization SET state_by = gen_random_uuid()",
        "INSERT INTO life_cycle_step VALUES (current_setting('app.organization_id')::uuid, gen_random_uuid(),"
        " now(), 'active', 'closed', '', NULL)",
        "SELECT * FROM platform_admin",
        "INSERT INTO platform_admin SELECT id, now() FROM app_user LIMIT 1",
        "SELECT platform_change_state(gen_random_uuid(), current_setting('app.organization_id')::uuid,"
        " 'active', 'closed', '')",
        "SELECT platform_operator(gen_random_uuid())",
        "SELECT platform_operator(NULL)",
    ],
)
async def test_the_application_has_no_way_around(tenant: Tenant, statement: str) -> None:
    async def try_it() -> None:
        async with unit_of_work(tenant.owner) as session:
            await run(session, statement, {})

    with pytest.raises(DBAPIError, match=r"platform|permission denied"):
        await try_it()
    assert await _state(tenant) == "active"


async def test_an_owners_own_session_opens_no_door(db: EmbeddedPostgres, tenant: Tenant, operator: Actor) -> None:
    owner = await open_session(tenant.owner)
    call = "SELECT platform_change_state(%s, %s, 'active', 'closed', 'x')"
    with psycopg.connect(db.app_url) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(call, (owner.session_id, tenant.organization.id))
        connection.rollback()
        connection.execute(call, (operator.session_id, tenant.organization.id))
        still = connection.execute("SELECT current_setting('app.organization_id', true)").fetchone()
        assert still in {("",), (None,)}  # the door leaves no tenant behind
