"""What the dialog about a plan holds: what was typed, the draft that it makes, and what that changes. No I/O."""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from crm_app.core.clock import utc_now
from crm_app.core.text import hyphenated
from crm_app.domains.plans.registry import EVERYTHING, LIMITS, MODULES, Access, Module
from crm_app.domains.plans.rules import ForWhom, state_of
from crm_app.domains.platform.plan_schemas import (
    LONGEST_KEY,
    MOST,
    PlanColumn,
    PlanDraft,
    PlanTitle,
    is_plan_key,
)

OFFERED = tuple(module for module in MODULES if module.access is not Access.BASIC)
"""What a plan can hold or not; everybody has the others."""
BASIC = tuple(module for module in MODULES if module.access is Access.BASIC)
UNLIMITED = -1
LAST_PLACE = 1000
_NAME: TypeAdapter[str] = TypeAdapter(PlanTitle)

Typed = dict[str, Any]
Row = dict[str, Any]


def row_of(plan: PlanColumn) -> Row:
    """Return a plan as a column of the table."""
    return {
        **plan.model_dump(mode="json", exclude={"modules", "limits"}),
        "retirable": plan.retirable,
        "everything": EVERYTHING in plan.modules,
        "modules": [module.key for module in OFFERED if module.key in plan.modules],
        "for_whom": {module.key: _for_whom(module, plan.modules).name.lower() for module in MODULES},
        "limits": {name: plan.limits.get(name, UNLIMITED) for name in LIMITS},
    }


def new_row(position: int) -> Row:
    """Return the row of a plan that is not there yet: nothing but what everybody has, without limits."""
    empty = PlanColumn(
        key="", name="", modules=(), limits={}, position=position, is_default=False, version=0, organizations=0,
        fixed=False,
    )  # fmt: skip
    return {**row_of(empty), "retirable": False}


def typed_of(row: Row) -> Typed:
    """Return what stands in the fields when the dialog about a plan opens."""
    return {
        "name": row["name"],
        "key": row["key"],
        "everything": row["everything"],
        "modules": list(row["modules"]),
        "limits": {name: "" if most == UNLIMITED else str(most) for name, most in row["limits"].items()},
        "position": str(row["position"]),
        "is_default": row["is_default"],
    }


def typed_in(form: Any, row: Row) -> Typed:
    """Return what the form of a plan says. What is fixed, or a plan keeps once it has it, comes from the plan."""
    given: Mapping[str, Any] = form if isinstance(form, dict) else {}
    before = typed_of(row)
    typed = {
        "name": _text(given, "name"),
        "key": before["key"] if row["version"] else _text(given, "key").strip(),
        "everything": bool(given.get("everything")),
        "modules": [module.key for module in OFFERED if given.get(f"module_{module.key}")],
        "limits": {name: _text(given, f"limit_{name}").strip() for name in LIMITS},
        "position": _text(given, "position").strip(),
        "is_default": row["is_default"] or bool(given.get("is_default")),
    }
    kept = ("everything", "modules", "limits") if row["fixed"] else ()
    return typed | {name: before[name] for name in kept}


def _text(given: Mapping[str, Any], name: str) -> str:
    return str(given.get(name, ""))[:200]


def wrong_fields(typed: Typed, row: Row, taken: Collection[str]) -> dict[str, str]:
    """Return the fields that cannot stay as they are, each with the key of its sentence."""
    wrong: dict[str, str] = {}
    try:
        _NAME.validate_python(typed["name"])
    except ValidationError:
        wrong["name"] = "platform.plans.name_wrong"
    if not row["version"]:
        if not is_plan_key(typed["key"]):
            wrong["key"] = "errors.platform.plan_key"
        elif typed["key"] in taken:
            wrong["key"] = "errors.platform.plan_key_taken"
    for name, most in typed["limits"].items():
        if most and not _is_number(most, MOST):
            wrong[f"limit_{name}"] = "platform.plans.limit_wrong"
    if not _is_number(typed["position"], LAST_PLACE):
        wrong["position"] = "platform.plans.position_wrong"
    return wrong


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most


def draft_of(typed: Typed) -> PlanDraft:
    """Return the draft that these fields make; none of them is wrong."""
    return PlanDraft(
        name=typed["name"],
        modules=[EVERYTHING] if typed["everything"] else typed["modules"],
        limits={name: int(most) for name, most in typed["limits"].items() if most},
        position=int(typed["position"]),
        is_default=typed["is_default"],
    )


def changes_between(row: Row, draft: PlanDraft) -> list[dict[str, Any]]:
    """Return what saving the draft changes, one entry for each thing: `kind`, `subject`, `before`, `after`."""
    found = [
        _change("name", "", row["name"], draft.name),
        _change("everything", "", row["everything"], EVERYTHING in draft.modules),
        *[
            _change(
                "module", module.key, row["for_whom"][module.key], _for_whom(module, draft.modules).name.lower()
            )
            for module in OFFERED
        ],
        *[_change("limit", name, row["limits"][name], draft.limits.get(name, UNLIMITED)) for name in LIMITS],
        _change("position", "", row["position"] if row["version"] else draft.position, draft.position),
        _change("is_default", "", row["is_default"], draft.is_default),
    ]
    return [one for one in found if one["before"] != one["after"]]


def takes_away(changes: list[dict[str, Any]]) -> bool:
    """Tell whether somebody who has the plan may do less afterwards."""
    return any(_is_less(one["kind"], one["before"], one["after"]) for one in changes)


def _is_less(kind: str, before: Any, after: Any) -> bool:
    if kind == "module":
        return ForWhom[after.upper()] < ForWhom[before.upper()]
    if kind == "limit":
        return after != UNLIMITED and (before == UNLIMITED or after < before)
    return False


def suggest_key(name: str) -> str:
    """Return a key for a plan of this name; an empty one when nothing of the name can stand in it."""
    found = hyphenated(name)[:LONGEST_KEY].strip("-")
    return found if is_plan_key(found) else ""


def _change(kind: str, subject: str, before: Any, after: Any) -> dict[str, Any]:
    return {"kind": kind, "subject": subject, "before": before, "after": after}


def _for_whom(module: Module, modules: Collection[str]) -> ForWhom:
    return state_of(module, modules, (), utc_now()).for_whom
