"""Every HTTP route there is, called by whoever must not: no data, no effect, and always the same refusal.

Nothing here is a list of what to test: routes are read from the app, those outside of the API's description
included. What behaves otherwise is named below, with the reason.
"""

from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest
import pytest_asyncio

from crm_app.core.database import unit_of_work
from crm_app.core.limits import forget_limits
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.members import service as members
from crm_app.domains.accounts.sessions.known import known_sessions
from tests.api.clients import ClientFor
from tests.attacks.calls import Call, Operation, operations
from tests.attacks.household import NARROW, Household
from tests.attacks.world import Watchman, World, build_world
from tests.conftest import MakeOrganization
from tests.life_cycle.operators import begin_as, put

# Routes that answer without a session, and why.
OPEN = {
    "get /api/openapi.json": "describes the API; holds nothing of anybody",
    "get /healthz": "for load balancers: alive or not",
    "get /readyz": "for load balancers: what is missing, by name alone",
    "get /metrics": "numbers of the process; a token closes it (PRUMO_METRICS_TOKEN)",
    "post /api/auth/login": "the door itself",
    "get /api/auth/factor": "the second half of the door; wants the cookie of the first",
    "post /api/auth/factor": "the second half of the door; wants the cookie of the first",
    "post /api/auth/factor/passkey": "the second half of the door; wants the cookie of the first",
    "post /api/auth/factor/passkey/options": "the second half of the door; wants the cookie of the first",
    "post /api/auth/passkey": "the door itself; wants a signature",
    "post /api/auth/passkey/options": "the door itself; gives a challenge",
    "get /api/auth/sso/callback": "the door itself; wants the state that it gave to this browser",
    "get /api/auth/sso/{slug}": "the door itself; sends on to the identity provider",
    "post /api/access/forgot": "sends a link to an address; never tells whether there is an account",
    "post /api/access/magic": "sends a link to an address; never tells whether there is an account",
    "post /api/access/signup": "sends a link to an address; never tells whether there is an account",
    "post /api/access/look": "wants the token of a link",
    "post /api/access/reset": "wants the token of a link",
    "post /api/access/enter": "wants the token of a link",
    "post /api/access/verify": "wants the token of a link",
    "post /api/access/signup/finish": "wants the token of a link",
    "post /api/access/invitation/look": "wants the token of a link",
    "post /api/access/invitation/accept": "wants the token of a link",
    "post /api/access/slug": "suggests a free short name",
    "post /api/access/strength": "judges a password; nothing is kept",
    "get /api/media/{token}": "the link is signed, and good for some hours",
    "get /hooks/{provider}/{channel_id}": "the vendor's handshake; wants the channel's secret",
    "post /hooks/{provider}/{channel_id}": "the vendor's call; wants its signature",
}
# Routes that no other site's page can misuse although they change something, and why.
UNSIGNED_ORIGIN = {
    "post /hooks/{provider}/{channel_id}": "carries no cookie: it is the signature that counts",
}
NOWHERE = {str(one) for one in operations() if one.path == "/api/{rest}"}
ALL = [one for one in operations() if str(one) not in NOWHERE]
CLOSED = [one for one in ALL if str(one) not in OPEN]
each_route = pytest.mark.parametrize("operation", ALL, ids=str)
each_closed_route = pytest.mark.parametrize("operation", CLOSED, ids=str)
EVIL = ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"})


@pytest.fixture(autouse=True)
def unhurried() -> None:
    """Throttles have tests of their own; here they would hide what is behind them."""
    forget_limits()


def test_the_attacks_cover_the_house() -> None:
    """A test that found nothing to attack would pass for ever; an exception that is gone must go."""
    names = {str(one) for one in operations()}
    assert len(ALL) > 100
    assert set(OPEN) <= names
    assert set(UNSIGNED_ORIGIN) <= names
    assert sum(one.changes for one in CLOSED) > 50


@each_route
async def test_a_stranger_gets_nothing(
    operation: Operation, client_for: ClientFor, victim: World, watchman: Watchman
) -> None:
    stranger = await client_for(None)
    answer = await stranger.request(**Call(victim, victim).request(operation))
    watchman.assert_untouched()
    assert victim.secret not in answer.text
    assert answer.status_code < 500 or operation.path == "/readyz"  # whose very answer it is
    if str(operation) not in OPEN:
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), answer.text
        assert "set-cookie" not in answer.headers


@each_closed_route
async def test_a_session_that_is_over_is_no_session(
    operation: Operation, ended: httpx.AsyncClient, household: Household, keeper: psycopg.Connection
) -> None:
    watchman = Watchman(keeper, household.world)
    answer = await ended.request(**Call(household.world, household.world).request(operation))
    watchman.assert_untouched()
    assert answer.status_code == 401, answer.text
    assert household.world.secret not in answer.text


@pytest_asyncio.fixture(params=["signed out", "deactivated"])
async def ended(
    request: pytest.FixtureRequest, client_for: ClientFor, household: Household
) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose session worked a moment ago."""
    leaver, owner = household.members["leaver"], household.world.tenant.owner
    assert leaver.user_id
    client = await client_for(leaver)
    assert (await client.get("/api/v1/me")).status_code == 200
    async with unit_of_work(owner) as session:
        if request.param == "deactivated":
            await members.deactivate_member(session, owner, user_id=leaver.user_id)
        else:
            await service.sign_out_everywhere(session, leaver)
    yield client
    async with unit_of_work(owner) as session:
        await members.activate_member(session, owner, user_id=leaver.user_id)


@pytest.mark.parametrize("operation", [one for one in ALL if one.changes], ids=str)
@pytest.mark.parametrize("headers", EVIL, ids=["another origin", "another site", "no origin"])
async def test_another_sites_page_changes_nothing(
    operation: Operation, headers: dict[str, str], client_for: ClientFor, victim: World, watchman: Watchman
) -> None:
    """Cross-site request forgery: the victim's own browser calls, cookie and all."""
    if str(operation) in UNSIGNED_ORIGIN:
        return
    client = await client_for(victim.tenant.owner)
    watchman.changes()
    request = Call(victim, victim).request(operation)
    answer = await client.request(**request | {"headers": request["headers"] | headers})
    watchman.assert_untouched()
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), answer.text


@pytest.mark.parametrize("operation", [one for one in ALL if not one.changes], ids=str)
async def test_to_look_changes_nothing(
    operation: Operation, client_for: ClientFor, victim: World, watchman: Watchman
) -> None:
    """A link or a picture on another site can make a browser GET anything."""
    client = await client_for(victim.tenant.owner)
    watchman.changes()
    await client.request(**Call(victim, victim).request(operation))
    allowed = ["audit_chain", "audit_entry"] if operation.path.endswith("/export.csv") else []
    assert watchman.changes() in ([], allowed)  # that a trail was taken along is itself written down


@each_closed_route
async def test_who_may_only_look_changes_nothing(
    operation: Operation, client_for: ClientFor, household: Household, keeper: psycopg.Connection
) -> None:
    client = await client_for(household.members["viewer"])
    watchman = Watchman(keeper, household.world)
    answer = await client.request(**Call(household.colleague, household.colleague).request(operation))
    leaving = ["audit_chain", "audit_entry", "user_session"] if "/api/auth/logout" in operation.path else []
    assert watchman.changes() == leaving
    assert answer.status_code < 500, answer.text


@each_closed_route
@pytest.mark.parametrize("role", [f"{role.value}, own" for role in NARROW])
async def test_what_is_a_colleagues_is_out_of_reach(
    role: str, operation: Operation, client_for: ClientFor, household: Household, keeper: psycopg.Connection
) -> None:
    client = await client_for(household.members[role])
    watchman = Watchman(keeper, household.world, household.watched())
    answer = await client.request(**Call(household.colleague, household.colleague).request(operation))
    watchman.assert_untouched()
    assert answer.status_code < 500, answer.text
    assert household.colleague.secret not in answer.text


async def test_the_same_calls_by_the_owner_work(
    client_for: ClientFor, make_organization: MakeOrganization
) -> None:
    """The control: attacks that fail because they are badly made would prove nothing."""
    answered: dict[int, list[str]] = {}
    world = await build_world(await make_organization())
    for operation in sorted(CLOSED, key=lambda one: one.changes):
        if operation.changes:  # it may take something away that the next one needs
            world = await build_world(await make_organization())
        client = await client_for(world.tenant.owner)
        answer = await client.request(**Call(world, world).request(operation))
        answered.setdefault(answer.status_code, []).append(str(operation))
    assert len(answered.get(200, [])) > 40
    assert 500 not in answered


async def test_what_no_route_takes_is_refused(client_for: ClientFor) -> None:
    stranger = await client_for(None)
    for path in ("/api/nothing", "/api/v1/../../etc/passwd", "/api/v2/contacts", "/api/v1/contacts/x/y/z"):
        assert (await stranger.get(path)).status_code == 404
    assert (await stranger.request("TRACE", "/api/v1/contacts")).status_code in {404, 405}


# Routes that work while the organization does not, and why.
AT_REST = {
    "get /api/v1/me/organizations": "to go to another organization",
    "post /api/v1/me/organization": "to go to another organization",
    "post /api/access/invitation/join": "to go to another organization",
    "post /api/auth/logout": "to leave",
    "post /api/auth/logout-everywhere": "to leave",
    "post /api/auth/prove": "to prove who one is; opens nothing by itself",
    "post /api/auth/prove/passkey": "to prove who one is; opens nothing by itself",
    "post /api/auth/prove/passkey/options": "to prove who one is; opens nothing by itself",
}


@pytest_asyncio.fixture
async def suspended(
    client_for: ClientFor, household: Household, operator: Actor, db: EmbeddedPostgres
) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose organization worked a moment ago."""
    client = await client_for(household.members["leaver"])
    assert (await client.get("/api/v1/me")).status_code == 200
    await put(db, operator, household.world.tenant.organization.id, "suspended")
    known_sessions.clear()  # the hub tells it where the whole app runs
    yield client
    begin_as(db, household.world.tenant.organization.id, "active")
    known_sessions.clear()


@each_closed_route
async def test_a_suspended_organization_gets_nothing(
    operation: Operation, suspended: httpx.AsyncClient, household: Household, keeper: psycopg.Connection
) -> None:
    watchman = Watchman(keeper, household.world)
    answer = await suspended.request(**Call(household.world, household.world).request(operation))
    leaving = ["audit_chain", "audit_entry", "user_session"] if "/api/auth/logout" in operation.path else []
    assert watchman.changes() == leaving
    assert household.world.secret not in answer.text
    refused = answer.status_code == 403 and answer.json()["code"] == "organization_suspended"
    assert refused != (str(operation) in AT_REST), answer.text


def test_what_works_at_rest_exists() -> None:
    assert set(AT_REST) <= {str(one) for one in CLOSED}


def test_reflex_itself_adds_no_other_way_in() -> None:
    """Its `/_upload` asks for no session; it would be there once a component of Reflex's for uploads is used."""
    from crm_app.crm_app import app

    assert app._api is not None
    assert {getattr(route, "path", "") for route in app._api.routes} == {"/ping", "/_health", "/_event"}
