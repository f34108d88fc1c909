"""The API held against its own description: every route, fed with what fits the description and what does not.

Deterministic (derandomized) and bounded (so many cases per route): a failure here is a failure tomorrow too.
"""

import asyncio
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from crm_app.api.app import build_api
from tests.api.clients import BASE, ClientFor
from tests.attacks.examples import TABLE_OF
from tests.attacks.world import World, build_world
from tests.conftest import Tenant

CASES = 5


def description() -> dict[str, Any]:
    """Return the API's description without its session cookie, which the client brings along in every case."""
    described = build_api().openapi()
    described["components"].pop("securitySchemes", None)
    for path in described["paths"].values():
        for operation in path.values():
            operation.pop("security", None)
    return described


SCHEMA = schemathesis.openapi.from_dict(description())
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]


def takes_input(operation: Any) -> bool:
    """Tell whether there is anything in a call of this route that could be wrong."""
    return bool(operation.definition.raw.get("parameters") or operation.definition.raw.get("requestBody"))


PLAYS = [
    pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
    for operation in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or takes_input(operation)
]

# A phone, an e-mail, a version or an id has rules that no JSON schema expresses; and the session is ours, not one
# that the case made up (that every route wants one is tested in test_frame).
EXCLUDED = CHECKS.get_by_names(["positive_data_acceptance", "ignored_auth"])

# Signing out would end the session that all cases share.
SIGNING_OUT = {"/api/auth/logout", "/api/auth/logout-everywhere"}


@pytest.fixture
async def world(tenant: Tenant) -> World:
    """One row of everything in the organization of this test."""
    return await build_world(tenant)


def with_known_ids(case: schemathesis.Case, world: World) -> None:
    """Put ids that exist into the address, so that not every case ends at 404."""
    for name in case.path_parameters or {}:
        table = TABLE_OF.get(name, name.removesuffix("_id"))
        if table in world.ids:
            case.path_parameters[name] = str(world.ids[table])


def send(client: httpx.AsyncClient, loop: asyncio.AbstractEventLoop, case: schemathesis.Case) -> httpx.Response:
    """Send a case from Hypothesis' thread through the client that lives on the test's loop."""
    wanted = case.as_transport_kwargs(base_url=BASE)
    request = client.build_request(
        wanted["method"],
        wanted["url"],
        params=wanted.get("params"),
        headers=_headers(wanted.get("headers") or {}),
        content=_content(wanted),
        json=wanted.get("json"),
    )
    return asyncio.run_coroutine_threadsafe(client.send(request), loop).result(timeout=30)


def _headers(headers: dict[str, Any]) -> dict[str, bytes]:
    return {name: str(value).encode("latin-1", "replace") for name, value in headers.items()}


def _content(wanted: dict[str, Any]) -> bytes | None:
    data = wanted.get("data")
    return data.encode() if isinstance(data, str) else data if isinstance(data, bytes) else None


@pytest.mark.parametrize(("operation", "mode"), PLAYS)
async def test_a_route_behaves_as_described(
    operation: Any, mode: GenerationMode, client_for: ClientFor, world: World
) -> None:
    loop = asyncio.get_running_loop()
    signed_in = None if operation.path in SIGNING_OUT else world.tenant.owner
    client = await client_for(signed_in)

    @settings(
        max_examples=CASES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def attack(case: schemathesis.Case, known: bool) -> None:
        if known:
            with_known_ids(case, world)
        response = send(client, loop, case)
        case.validate_response(response, excluded_checks=EXCLUDED)

    await asyncio.to_thread(attack)
