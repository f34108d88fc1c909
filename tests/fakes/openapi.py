"""Checks requests against a vendor's own OpenAPI file, which is never copied into this repository.

The files lie in the folder named by PRUMO_SPECS_DIR, or in `../shared/specs/openapi` beside the repository.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_ROOT = Path(__file__).resolve().parents[2]


def specs_dir() -> Path:
    """Return the folder of the vendors' descriptions, whether it is there or not."""
    return Path(os.environ.get("PRUMO_SPECS_DIR") or _ROOT.parent / "shared" / "specs" / "openapi")


def load_spec(name: str) -> "Spec | None":
    """Return a vendor's description, None when this machine does not have it."""
    path = specs_dir() / name
    return Spec(json.loads(path.read_text())) if path.is_file() else None


class Spec:
    """One description: `check` lists what is wrong with a request."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = _mended(document)
        self._paths = [
            (re.compile("^" + re.sub(r"\{[^/}]+\}", "[^/]+", path) + "$"), path)
            for path in self._document["paths"]
        ]

    def check(self, method: str, path: str, query: dict[str, str], body: Any) -> list[str]:
        """Return every way in which a request differs from the description; `path` is still escaped."""
        operation = self._operation(method, path)
        if operation is None:
            return [f"{method} {path} is not described"]
        wrong = self._check_query(operation, query)
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if body is not None and schema is not None:
            wrong += self._check_body(schema, body)
        elif body is not None:
            wrong.append("a body where none is described")
        elif operation.get("requestBody", {}).get("required"):
            wrong.append("no body")
        return [f"{method} {path}: {one}" for one in wrong]

    def check_answer(self, method: str, path: str, status: int, answer: Any) -> list[str]:
        """Return every way in which a JSON answer differs from the description."""
        operation = self._operation(method, path) or {}
        content = operation.get("responses", {}).get(str(status), {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return [f"{method} {path} answers: {one}" for one in self._errors(schema, answer)] if schema else []

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        matches = [template for pattern, template in self._paths if pattern.match(path)]
        # A literal part wins over a placeholder, as in every router.
        for template in sorted(matches, key=lambda one: one.count("{")):
            if method.lower() in self._document["paths"][template]:
                found: dict[str, Any] = self._document["paths"][template][method.lower()]
                return found
        return None

    @staticmethod
    def _check_query(operation: dict[str, Any], query: dict[str, str]) -> list[str]:
        known = {one["name"]: one for one in operation.get("parameters", []) if one["in"] == "query"}
        missing = [
            f"query {name} is missing" for name, one in known.items() if one["required"] and name not in query
        ]
        strange = [f"query {name} is not described" for name in query if name not in known]
        wrong = [
            f"query {name}={value} is none of {known[name]['schema']['enum']}"
            for name, value in query.items()
            if name in known and value not in known[name]["schema"].get("enum", [value])
        ]
        return missing + strange + wrong

    def _check_body(self, schema: dict[str, Any], body: Any) -> list[str]:
        return self._errors(schema, body) + self._undescribed(schema, body)

    def _errors(self, schema: dict[str, Any], value: Any) -> list[str]:
        validator = Draft202012Validator({**schema, "components": self._document["components"]})
        return [f"{list(error.absolute_path)}: {error.message[:200]}" for error in validator.iter_errors(value)]

    def _undescribed(self, schema: dict[str, Any], body: Any) -> list[str]:
        if "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        described = schema.get("properties")
        if not described or not isinstance(body, dict):
            return []
        return [f"member {name} is not described" for name in body if name not in described]


def _mended(value: Any) -> Any:
    """Loosen what a generated description gets wrong: strings declared as objects, booleans as `required`."""
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if not isinstance(value, dict):
        return value
    fixed = {name: _mended(one) for name, one in value.items()}
    if fixed.get("type") == "object" and not isinstance(fixed.get("default", fixed.get("example", {})), dict):
        fixed.pop("type")
    if isinstance(fixed.get("required"), bool) and "in" not in fixed and "content" not in fixed:
        fixed.pop("required")
    items = fixed.get("items")
    if fixed.get("type") == "array" and isinstance(items, dict) and set(items) == {"type"}:
        fixed["items"] = {} if items["type"] == "object" else items
    if fixed.pop("nullable", False) and isinstance(fixed.get("type"), str):
        fixed["type"] = [fixed["type"], "null"]
    return fixed
