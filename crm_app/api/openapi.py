"""The description of the API at `/api/openapi.json`: FastAPI's own, plus every problem that a call can end in."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from crm_app.api.errors import MEDIA_TYPE, Problem

DESCRIPTION = """The thin twin of Prumo's screens.

Sign in with `POST /api/auth/login`; the cookie that it sets identifies every further call. Lists are read with
`cursor` and `limit`. Moments are ISO 8601 with their offset, money is in cents of the organization's currency, a
change needs the `version` that was read. Every failure is a problem document (RFC 9457).
"""
_ALWAYS = {"422": "What was sent cannot be accepted", "429": "Too many requests", "default": "Another failure"}
_SIGNED_IN = {
    "401": "Nobody is signed in",
    "403": "The role does not allow it, or the call came from another site",
}
_CHANGING = {
    "400": "The body cannot be read",
    "409": "Somebody else was first",
    "413": "The body is too large",
}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of `app`, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, tags=app.openapi_tags
        )
        _add_problems(document)
        app.openapi_schema = document
    return app.openapi_schema


def _add_problems(document: dict[str, Any]) -> None:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema | {"additionalProperties": True}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["responses"] = _without_default_422(operation["responses"]) | _problems(
                path, method, operation
            )


def _without_default_422(responses: dict[str, Any]) -> dict[str, Any]:
    return {status: response for status, response in responses.items() if status != "422"}


def _problems(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    possible = dict(_ALWAYS)
    if operation.get("security"):
        possible |= _SIGNED_IN
    if "{" in path:
        possible["404"] = "It does not exist, or not in this organization"
    if method != "get":
        possible |= _CHANGING | {"403": _SIGNED_IN["403"], "401": _SIGNED_IN["401"]}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": text, "content": content} for status, text in possible.items()}
