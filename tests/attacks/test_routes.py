"""Every route of the API that takes an id, called as another organization: 404, and nothing of theirs comes back.

Routes are read from the API's own description, so a new one is attacked the day it is written.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from crm_app.api.app import build_api
from crm_app.core.ids import new_id
from tests.api.clients import ClientFor
from tests.attacks.examples import FREE, TABLE_OF, WORDS
from tests.attacks.world import Watchman, World

DOCUMENT: dict[str, Any] = build_api().openapi()

# Where an id of another organization is no error, and why.
OTHERWISE = {
    "post /api/v1/deals/{deal_id}/move before": "a neighbour that is gone: the deal goes where the other one says",
    "post /api/v1/deals/{deal_id}/move after": "a neighbour that is gone: the deal goes where the other one says",
}


def _resolve(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return dict(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    return _resolve(options[0]) if options else schema


def _is_id(schema: dict[str, Any]) -> bool:
    found = _resolve(schema)
    return found.get("format") == "uuid" or (found.get("type") == "array" and _is_id(found.get("items", {})))


def _body(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    return _resolve(content["application/json"]["schema"]) if "application/json" in content else {}


def attacks() -> Iterator[tuple[str, str, str, str]]:
    """Yield (method, path, where, name) for every id that a route takes."""
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", []):
                if _is_id(parameter["schema"]):
                    yield method, path, parameter["in"], parameter["name"]
            for name, schema in _body(operation).get("properties", {}).items():
                if _is_id(schema) and name not in FREE:
                    yield method, path, "body", name


ATTACKS = list(attacks())


class Call:
    """One request with ids of one's own world, but for one of another."""

    def __init__(self, own: World, other: World, where: str, name: str) -> None:
        self._own, self._other, self._place = own, other, (where, name)

    def id(self, where: str, name: str) -> str:
        world = self._other if (where, name) == self._place else self._own
        table = TABLE_OF.get(name.removesuffix("s"), name.removesuffix("s").removesuffix("_id"))
        if table == "organization":
            return str(world.tenant.organization.id)
        return str(world.user_id if table == "user" else world.ids[table])

    def request(self, method: str, path: str) -> dict[str, Any]:
        operation = DOCUMENT["paths"][path][method]
        query: dict[str, str] = {}
        headers: dict[str, str] = {}
        for parameter in operation.get("parameters", []):
            name = parameter["name"]
            if parameter["in"] == "path":
                schema = parameter["schema"]
                one = self.id("path", name) if _is_id(schema) else self._value(name, schema)
                path = path.replace(f"{{{name}}}", str(one))
            elif parameter["in"] == "query" and (self._place == ("query", name) or parameter.get("required")):
                query[name] = self.id("query", name) if _is_id(parameter["schema"]) else "x"
            elif parameter["in"] == "header" and parameter.get("required"):
                headers[name] = str(new_id())
        body = _body(operation)
        return {
            "method": method,
            "url": path,
            "params": query,
            "headers": headers,
            "json": self.example(body) if body else None,
        }

    def example(self, schema: dict[str, Any]) -> dict[str, Any]:
        wanted = {self._place[1]} if self._place[0] == "body" else set()
        names = set(schema.get("required", [])) | wanted | (set(WORDS) & set(schema["properties"]))
        return {name: self._value(name, schema["properties"][name]) for name in sorted(names)}

    def _value(self, name: str, schema: dict[str, Any]) -> Any:
        found = _resolve(schema)
        if _is_id(schema):
            one = self.id("body", name)
            return [one] if found.get("type") == "array" else one
        if name in WORDS and found.get("type") == "string":
            return WORDS[name]
        plain = {"string": "x", "integer": found.get("minimum", 1), "boolean": False, "array": [], "object": {}}
        return plain[found["type"]] if "enum" not in found else found["enum"][0]


@pytest_asyncio.fixture
async def client(client_for: ClientFor, intruder: World) -> httpx.AsyncClient:
    """A client signed in as the owner of the intruder's organization."""
    return await client_for(intruder.tenant.owner)


@pytest.mark.parametrize(("method", "path", "where", "name"), ATTACKS)
async def test_a_route_finds_nothing_of_others(
    method: str,
    path: str,
    where: str,
    name: str,
    client: httpx.AsyncClient,
    victim: World,
    intruder: World,
    watchman: Watchman,
) -> None:
    request = Call(intruder, victim, where, name).request(method, path)
    response = await client.request(**request)
    watchman.assert_untouched()
    assert victim.secret not in response.text
    given = json.dumps(request)
    assert not [own for own in victim.ids.values() if str(own) in response.text and str(own) not in given]
    if where == "query":  # a filter of a list: what is not one's own is not in the answer
        assert response.status_code in {200, 404}, response.text
    elif f"{method} {path} {name}" in OTHERWISE:
        assert response.status_code in {200, 404, 409}, response.text
    else:
        assert response.status_code == 404, response.text


def test_the_attacks_cover_the_api() -> None:
    """A test that found nothing to attack would pass for ever."""
    assert {path.split("/")[3] for _, path, _, _ in ATTACKS} >= {"contacts", "channels"}
    assert set(OTHERWISE) <= {f"{method} {path} {name}" for method, path, _, name in ATTACKS}
