"""Every route that takes an id, called as another organization: 404, and nothing of theirs comes back.

Routes are read from the app itself, those outside of the API's description included, so that a new one is attacked
the day it is written.
"""

from collections.abc import Iterator

import httpx
import pytest
import pytest_asyncio

from tests.api.clients import ClientFor
from tests.attacks.calls import Call, Operation, body_of, is_id, operations
from tests.attacks.examples import FREE
from tests.attacks.world import Watchman, World

# Where an id of another organization is no error, and why.
OTHERWISE = {
    "post /api/v1/deals/{deal_id}/move before": "a neighbour that is gone: the deal goes where the other one says",
    "post /api/v1/deals/{deal_id}/move after": "a neighbour that is gone: the deal goes where the other one says",
}


def attacks() -> Iterator[tuple[Operation, str, str]]:
    """Yield (operation, where, name) for every id that a route takes."""
    for operation in operations():
        for parameter in operation.description.get("parameters", []):
            if is_id(parameter["schema"]):
                yield operation, parameter["in"], parameter["name"]
        for name, schema in body_of(operation.description).get("properties", {}).items():
            if is_id(schema) and name not in FREE:
                yield operation, "body", name


ATTACKS = list(attacks())


@pytest_asyncio.fixture
async def client(client_for: ClientFor, intruder: World) -> httpx.AsyncClient:
    """A client signed in as the owner of the intruder's organization."""
    return await client_for(intruder.tenant.owner)


@pytest.mark.parametrize(
    ("operation", "where", "name"), ATTACKS, ids=[f"{operation} {name}" for operation, _, name in ATTACKS]
)
async def test_a_route_finds_nothing_of_others(
    operation: Operation,
    where: str,
    name: str,
    client: httpx.AsyncClient,
    victim: World,
    intruder: World,
    watchman: Watchman,
) -> None:
    request = Call(intruder, victim, where, name).request(operation)
    response = await client.request(**request)
    watchman.assert_untouched()
    assert victim.secret not in response.text
    given = repr(request)
    assert not [own for own in victim.ids.values() if str(own) in response.text and str(own) not in given]
    if where == "query":  # a filter of a list: what is not one's own is not in the answer
        assert response.status_code in {200, 404}, response.text
    elif f"{operation} {name}" in OTHERWISE:
        assert response.status_code in {200, 404, 409}, response.text
    else:
        assert response.status_code == 404, response.text


def test_the_attacks_cover_the_api() -> None:
    """A test that found nothing to attack would pass for ever."""
    assert {operation.path.split("/")[3] for operation, _, _ in ATTACKS} >= {"contacts", "channels", "phones"}
    assert set(OTHERWISE) <= {f"{operation} {name}" for operation, _, name in ATTACKS}
