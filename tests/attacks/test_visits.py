"""Every use case and every route, called by whoever looks through somebody else's eyes: nothing changes.

Use cases are found by their signature. Each is first called by the owner, in a transaction that is undone, to see
whether it changes something at all; then by a visitor with ids of the very same organization.
"""

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio
from pydantic import SecretStr
from sqlalchemy import text

from crm_app.core import hub
from crm_app.core.clock import utc_now
from crm_app.core.database import unit_of_work
from crm_app.core.events import take_announced
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor, Visit, VisitKind
from crm_app.core.visiting import ReadOnly
from crm_app.domains.accounts.visits import rules as visit_rules
from crm_app.domains.pipeline.events import DealArchived
from crm_app.domains.sso.schemas import ProviderSettings
from tests.accounts.visiting import visiting
from tests.api.clients import ClientFor
from tests.attacks.calls import Call, Operation
from tests.attacks.conftest import _new_world
from tests.attacks.examples import Arguments
from tests.attacks.test_every_route import each_closed_route
from tests.attacks.test_isolation import RollBack, use_cases
from tests.attacks.world import Watchman, World
from tests.conftest import MakeActor, Tenant

USE_CASES = list(use_cases())
NOWHERE = ("nothing",)
# Beside the rows of the organization: whatever else a use case could leave behind.
ELSEWHERE = (
    "app_user",
    "user_session",
    "access_token",
    "outbound_mail",
    "totp_factor",
    "recovery_code",
    "passkey",
)
WAYS_OUT = {"post /api/v1/visits/leave", "post /api/auth/logout", "post /api/auth/logout-everywhere"}
_DIGEST = "SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} t"
# What cannot be made from a signature alone.
GIVEN: dict[str, Any] = {
    "answer": None,
    "settings": ProviderSettings(
        client_id="x",
        issuer="https://login.exemplo.com.br",
        domains=("exemplo.com.br",),
        client_secret=SecretStr("x"),
    ),
}


@pytest_asyncio.fixture(scope="session")
async def visited(db: EmbeddedPostgres) -> World:
    """The organization that is looked at."""
    return await _new_world("visitada")


class OwnArguments(Arguments):
    """Arguments with ids of one's own organization only."""

    def __init__(self, world: World) -> None:
        super().__init__(world, world, NOWHERE)
        self._world = world

    def _value(self, hint: Any, place: tuple[str, ...]) -> Any:
        if place == ("fact",):
            ids = self._world.ids
            return DealArchived(
                organization_id=self._world.tenant.organization.id,
                deal_id=ids["deal"],
                pipeline_id=ids["pipeline"],
                stage_id=ids["stage"],
                version=1,
            )
        return GIVEN[place[0]] if len(place) == 1 and place[0] in GIVEN else super()._value(hint, place)


class Eyes:
    """Sees whether anything has changed, in the organization or beside it, and whether anything was told."""

    def __init__(self, keeper: psycopg.Connection, world: World) -> None:
        self._rows = Watchman(keeper, world)
        self._connection = keeper
        self._seen = self._look()
        self.heard: list[str] = []

    async def hear(self, fact: dict[str, Any]) -> None:
        """Note what is told to other screens."""
        self.heard.append(fact["name"])

    def _look(self) -> list[Any]:
        tables = (*ELSEWHERE, "procrastinate_jobs")
        return [
            self._connection.execute(_DIGEST.format(name)).fetchone()
            for name in tables
        ]  # fmt: skip

    def look_again(self) -> None:
        """Take what there is now for what must stay."""
        self._seen = self._look()

    async def assert_untouched(self) -> None:
        """Fail when something has changed or was told."""
        self._rows.assert_untouched()
        assert self._look() == self._seen
        await hub.drain()
        assert self.heard == []


@pytest.fixture
def eyes(keeper: psycopg.Connection, visited: World) -> Any:
    """What must not see a change."""
    eyes = Eyes(keeper, visited)
    end = hub.listen(eyes.hear)
    yield eyes
    end()


def guest(owner: Actor, *, barred: bool) -> Actor:
    """Return a visitor with the owner's eyes; without `barred` all permissions are left: the last wall alone."""
    visit = Visit(uuid4(), VisitKind.VIEW_AS, owner, utc_now() + timedelta(minutes=5))
    gone = visit_rules.barred(owner.permissions) if barred else frozenset()
    return replace(owner, permissions=owner.permissions - gone, barred=gone, visit=visit)


async def changes_something(function: Callable[..., Any], arguments: dict[str, Any]) -> bool:
    """Tell whether a use case writes or tells something when the owner calls it; undone at once."""
    if "session" not in inspect.signature(function).parameters:
        return False
    wrote = False
    try:
        async with unit_of_work(arguments["actor"]) as session:
            try:
                await function(session, **arguments)
                await session.flush()
            except Exception:  # noqa: BLE001 (it refuses these arguments, for whatever reason)
                raise RollBack from None
            query = text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
            wrote = bool(await session.scalar(query)) or bool(take_announced(session))
            raise RollBack
    except RollBack:
        return wrote


@pytest.mark.parametrize("barred", [True, False], ids=["all walls", "the database alone"])
@pytest.mark.parametrize(("name", "function"), USE_CASES, ids=[name for name, _ in USE_CASES])
async def test_a_visitor_changes_nothing(
    name: str, function: Callable[..., Any], barred: bool, visited: World, eyes: Eyes
) -> None:
    owner = visited.tenant.owner
    arguments = OwnArguments(visited).of(function, owner)
    writes = await changes_something(function, arguments)
    arguments["actor"] = guest(owner, barred=barred)
    outcome: Any = None
    try:
        if "session" in inspect.signature(function).parameters:
            async with unit_of_work(arguments["actor"]) as session:
                outcome = await function(session, **arguments)
        else:
            outcome = await function(**arguments)
    except Exception as failure:  # noqa: BLE001 (what counts is that nothing happened)
        outcome = failure
    await eyes.assert_untouched()
    if writes:
        quiet = not barred and outcome is None  # a fact of a moment, say that somebody types: told to nobody
        assert isinstance(outcome, ReadOnly) or quiet, outcome


async def test_the_attack_has_something_to_attack(visited: World) -> None:
    """A test that found nothing that writes would pass for ever."""
    owner = visited.tenant.owner
    found = [(name, one, OwnArguments(visited).of(one, owner)) for name, one in USE_CASES]
    writers = {name for name, one, arguments in found if await changes_something(one, arguments)}
    assert len(writers) > 60, sorted(writers)
    assert {name.partition(".")[0] for name in writers} >= {
        "accounts",
        "contacts",
        "pipeline",
        "inbox",
        "channels",
    }


@each_closed_route
async def test_every_route_refuses_a_visitor(
    operation: Operation,
    visited: World,
    tenant: Tenant,
    make_actor: MakeActor,
    client_for: ClientFor,
    eyes: Eyes,
) -> None:
    client = await client_for(None)
    token, _ = await visiting(tenant.owner, await make_actor())
    client.cookies.set("prumo_session", token)
    eyes.look_again()
    eyes.heard.clear()
    response = await client.request(**Call(visited, visited).request(operation))
    if str(operation) in WAYS_OUT:
        assert response.status_code == 204, response.text
        return
    await eyes.assert_untouched()
    assert (response.status_code, response.json()["code"]) == (403, "read_only"), response.text


async def test_leaving_by_the_api(tenant: Tenant, make_actor: MakeActor, client_for: ClientFor) -> None:
    seller = await make_actor()
    client = await client_for(tenant.owner)
    begun = await client.post("/api/v1/visits", json={"user_id": str(seller.user_id)})
    assert begun.status_code == 201
    assert UUID(begun.json()["user_id"]) == seller.user_id
    assert (await client.get("/api/v1/me")).json()["code"] == "read_only"
    assert (await client.post("/api/v1/visits/leave")).status_code == 204
    assert (await client.get("/api/v1/me")).json()["user"]["id"] == str(tenant.owner.user_id)
    assert (await client.post("/api/v1/visits/leave")).status_code == 204


async def test_signing_out_ends_the_session_of_who_sits_there(
    tenant: Tenant, make_actor: MakeActor, client_for: ClientFor
) -> None:
    seller = await make_actor()
    theirs, client = await client_for(seller), await client_for(tenant.owner)
    await client.post("/api/v1/visits", json={"user_id": str(seller.user_id)})
    assert (await client.post("/api/auth/logout-everywhere")).status_code == 204
    assert (await client.get("/api/v1/me")).status_code == 401
    assert (await theirs.get("/api/v1/me")).status_code == 200
