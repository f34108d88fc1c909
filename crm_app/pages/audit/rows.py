"""Turns entries of the audit trail into what the screen shows: a sentence, and a list of changed values."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from crm_app.core.i18n import has_sentence
from crm_app.domains.accounts.trail.schemas import AuditEntryView

Row = dict[str, Any]
Names = Mapping[str, str]

LABELS = ("title", "name", "email")
SILENT = frozenset({"rank", "version"})
"""Values that say nothing to people."""
ABOUT_ONESELF = frozenset({"session", "password", "factor", "audit"})
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT.*")


def action_key(action: str) -> str:
    """Return the key of an action's sentence; acts that have none yet share one."""
    key = f"audit.action.{action.replace('.', '_')}"
    return key if has_sentence(key) else "audit.action.other"


def kind_key(kind: str) -> str:
    """Return the key of what a kind of thing is called."""
    key = f"audit.kind.{kind}"
    return key if has_sentence(key) else "audit.kind.other"


def entry_row(entry: AuditEntryView, names: Names) -> Row:
    """Return a line of the list."""
    return {
        "id": str(entry.id),
        "at": entry.created_at.isoformat(),
        "who": entry.user_name or "",
        "who_id": str(entry.user_id or ""),
        "behalf": entry.on_behalf_name or "",
        "key": action_key(entry.action),
        "action": entry.action,
        "kind_key": kind_key(entry.entity_type),
        "thing": thing_of(entry, names),
        "ip": entry.ip,
    }


def thing_of(entry: AuditEntryView, names: Names) -> str:
    """Return what the thing was called when it happened, else the end of its id; nothing about oneself."""
    labels = (*LABELS, "role") if entry.entity_type == "role" else LABELS
    label = next(
        (
            str(values[name])
            for values in (entry.after, entry.before)
            for name in labels
            if values and values.get(name)
        ),
        "",
    )
    if entry.entity_type == "user":
        own = entry.action.partition(".")[0] in ABOUT_ONESELF and not label
        return "" if own and entry.entity_id == entry.user_id else names.get(str(entry.entity_id), label)
    if label or entry.entity_id is None or entry.entity_type == "organization":
        return f"“{label}”" if label else ""
    return f"#{str(entry.entity_id)[-8:]}"


def details(entry: AuditEntryView, names: Names) -> Row:
    """Return everything about one entry."""
    return {
        **entry_row(entry, names),
        "entity_id": str(entry.entity_id or ""),
        "trace_id": entry.trace_id,
        "sequence": entry.sequence,
        "hash": entry.hash,
    }


def changes(entry: AuditEntryView, names: Names) -> list[Row]:
    """Return the values that differ, side by side."""
    before, after = entry.before or {}, entry.after or {}
    return [
        {
            "field_key": f"audit.field.{name}" if has_sentence(f"audit.field.{name}") else "",
            "field": name,
            "before": _shown(name, before.get(name), names),
            "after": _shown(name, after.get(name), names),
        }
        for name in _changed(before, after)
    ]


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        twin = name.removesuffix("_id")
        told = name != twin and (twin in before or twin in after)
        if name not in SILENT and not told and before.get(name) != after.get(name):
            yield name


def _shown(name: str, value: Any, names: Names) -> dict[str, str]:
    """Return how a value is to be written, and the value: the browser knows language and time zone."""
    if value is None or value == "" or value == []:
        return {"kind": "none", "text": ""}
    if isinstance(value, bool):
        return {"kind": "yes" if value else "no", "text": ""}
    if name.endswith("_cents") and isinstance(value, int | float):
        return {"kind": "money", "text": str(value)}
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return {"kind": "text", "text": ", ".join(map(str, value))}
    if isinstance(value, dict | list):
        return {"kind": "text", "text": json.dumps(value, ensure_ascii=False, indent=2)}
    text = str(value)
    if _is_moment(text):
        return {"kind": "moment", "text": text}
    return {"kind": "text", "text": names.get(text, text)}


def _is_moment(text: str) -> bool:
    try:
        return bool(_MOMENT.fullmatch(text)) and datetime.fromisoformat(text) is not None
    except ValueError:
        return False


def id_of(value: Any) -> UUID | None:
    """Return the id in a handler's argument, None for anything else."""
    try:
        return UUID(str(value))
    except ValueError:
        return None
