"""Every HTTP route there is, described in the API or not, and a call for each: read from the app.

Ids in a call are those of a world, but one may be another's; everything else is as simple as it may be.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from crm_app.api.app import build_api
from crm_app.core.ids import new_id
from tests.attacks.examples import FREE, TABLE_OF, WORDS
from tests.attacks.world import World

ANYWHERE = "/api/{rest:path}"
"""Where whatever no route takes is refused; it has every method."""
PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
# What stands in a path, or must look like something to be let through.
PLAIN: dict[str, Any] = {
    "provider": "simulator",
    "kind": "contact",
    "key": "manager",
    "slug": "x",
    "token": "x" * 43,
    "rest": "nothing",
    "state": "x",
    "role": "viewer",
    "email": "invadido@exemplo.com.br",
    "emails": ["invadido@exemplo.com.br"],
    "name": "Invadido",
    "organization": "Invadido",
    "password": "uma frase bem comprida",
    "matrix": {"contacts.read": "all"},
}


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    description: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def changes(self) -> bool:
        """Tell whether its method is one that may change something."""
        return self.method in {"post", "put", "patch", "delete"}


@cache
def document() -> dict[str, Any]:
    """Return the description of all routes that FastAPI serves, those included that ours leaves out."""
    routes = []
    for route in _routes(build_api().routes):
        if isinstance(route, APIRoute) and route.path != ANYWHERE:
            shown = copy.copy(route)
            shown.include_in_schema, shown.methods = True, route.methods - {"HEAD"}
            routes.append(shown)
    return get_openapi(title="everything", version="1", routes=routes)


def _routes(routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            yield from _routes(inner.routes)


@cache
def operations() -> tuple[Operation, ...]:
    """Return every method of every route, by path."""
    described = {
        (method, path): one for path, methods in document()["paths"].items() for method, one in methods.items()
    }
    found = {}
    for route in _routes(build_api().routes):
        path = str(getattr(route, "path", ""))
        shown = path.replace(":path}", "}")
        for method in sorted(getattr(route, "methods", None) or ()):
            if method not in {"HEAD", "OPTIONS", "TRACE"}:
                key = method.lower(), shown
                found[key] = Operation(*key, described.get(key, {}))
    return tuple(sorted(found.values(), key=lambda one: (one.path, one.method)))


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a schema refers to, without `null`."""
    if "$ref" in schema:
        return dict(document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    options = [option for option in schema.get("anyOf", []) if option.get("type") != "null"]
    return resolve(options[0]) if options else schema


def is_id(schema: dict[str, Any]) -> bool:
    """Tell whether an id goes here, or a list of ids."""
    found = resolve(schema)
    return found.get("format") == "uuid" or (found.get("type") == "array" and is_id(found.get("items", {})))


def body_of(description: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
    """Return the schema of a body, empty for none."""
    content = description.get("requestBody", {}).get("content", {})
    return resolve(content[kind]["schema"]) if kind in content else {}


class Call:
    """One request with ids of one's own world, but for one of another."""

    def __init__(self, own: World, other: World, where: str = "", name: str = "") -> None:
        self._own, self._other, self._place = own, other, (where, name)

    def id(self, where: str, name: str) -> str:
        """Return the id that goes to a place."""
        world = self._other if (where, name) == self._place else self._own
        plain = name.removesuffix("s")
        table = TABLE_OF.get(plain, plain.removesuffix("_id"))
        if name in FREE:
            return str(new_id())
        if table == "organization":
            return str(world.tenant.organization.id)
        return str(world.user_id if table == "user" else world.ids[table])

    def request(self, operation: Operation) -> dict[str, Any]:
        """Return the arguments of a request for an HTTP client."""
        path, query, headers = operation.path, {}, {}
        for parameter in operation.description.get("parameters", []):
            name, schema = parameter["name"], parameter["schema"]
            if parameter["in"] == "path":
                one = self.id("path", name) if is_id(schema) else self._value(name, schema)
                path = path.replace(f"{{{name}}}", str(one))
            elif parameter["in"] == "query" and (self._place == ("query", name) or parameter.get("required")):
                query[name] = self.id("query", name) if is_id(schema) else "x"
            elif parameter["in"] == "header" and parameter.get("required"):
                headers[name] = str(new_id())
        path = path.replace("{provider}", "simulator").replace("{rest}", "nothing")
        if "{channel_id}" in path:
            path = path.replace("{channel_id}", self.id("path", "channel_id"))
        request: dict[str, Any] = {"method": operation.method, "url": path, "params": query, "headers": headers}
        if body_of(operation.description, "multipart/form-data"):
            return request | {"files": {"file": ("foto.png", PICTURE, "image/png")}}
        body = body_of(operation.description)
        return request | {"json": self.example(body) if body else None}

    def example(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return a body: what is required, and what the place of this call wants."""
        properties = schema.get("properties", {})
        wanted = {self._place[1]} & set(properties) if self._place[0] == "body" else set()
        names = set(schema.get("required", [])) | wanted | (set(WORDS) & set(properties))
        return {name: self._value(name, properties[name]) for name in sorted(names)}

    def _value(self, name: str, schema: dict[str, Any]) -> Any:
        found = resolve(schema)
        if is_id(schema):
            one = self.id("body", name)
            return [one] if found.get("type") == "array" else one
        if "enum" in found or "const" in found:
            return found["const"] if "const" in found else found["enum"][0]
        if name in WORDS and found.get("type") == "string":
            return WORDS[name]
        if name in PLAIN:
            return PLAIN[name]
        if found.get("type") == "object" and found.get("properties"):
            return self.example(found)
        plain = {"string": "x", "integer": found.get("minimum", 1), "boolean": False, "array": [], "object": {}}
        return plain[found["type"]]
