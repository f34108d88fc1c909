"""What Pydantic finds wrong, as sentences of the catalogue: for the API's answers and for the fields of forms."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

_KEYS = {
    "missing": "required",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "too_long": "too_many",
    "too_short": "too_few",
    "control_character": "characters",
    "string_unicode": "characters",
    "extra_forbidden": "unknown",
    "enum": "choice",
    "literal_error": "choice",
    "json_invalid": "json",
    "greater_than": "too_small",
    "greater_than_equal": "too_small",
    "less_than": "too_large",
    "less_than_equal": "too_large",
    "int_parsing_size": "too_large",
}
_KINDS = ("uuid", "int", "bool", "date", "datetime", "string", "list", "dict")
_SHOWN = ("min_length", "max_length", "ge", "gt", "le", "lt", "expected")


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong: where (`address.city`, empty for the whole), and the sentence that says what."""

    field: str
    key: str
    data: Mapping[str, Any]


def field_errors(error: ValidationError) -> list[FieldError]:
    """Return what is wrong with each field."""
    return read_errors(error.errors(include_url=False, include_input=False))


def read_errors(errors: Iterable[Mapping[str, Any]], *, skip: int = 0) -> list[FieldError]:
    """Return Pydantic's error list as field errors, without the first `skip` parts of each place."""
    return [_read(entry, skip) for entry in errors]


def _read(entry: Mapping[str, Any], skip: int) -> FieldError:
    kind = str(entry["type"])
    context = entry.get("ctx") or {}
    data = {name: context[name] for name in _SHOWN if isinstance(context.get(name), int | float | str)}
    place = ".".join(str(part)[:60] for part in entry["loc"][skip:])
    empty = kind == "string_too_short" and context.get("min_length") == 1
    return FieldError(place[:200], f"errors.fields.{'required' if empty else _name(kind)}", data)


def _name(kind: str) -> str:
    if kind in _KEYS:
        return _KEYS[kind]
    return next((name for name in _KINDS if kind.startswith(name + "_")), "invalid")
