"""Reads from the sources which functions of the domains leave an audit entry, and under which actions."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from crm_app.domains.accounts.permissions import ALL_PERMISSIONS
from tests.architecture.source import Source

_ACTION = re.compile(r"[a-z_]+\.[a-z_]+")
_READS = re.compile(r".+\.(read|reassign|pickup)|\?(permission|name|READ)")
"""Permissions that change nothing by themselves, and names that only the run knows (checks of a grant)."""
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Act:
    """A function of a domain: what it calls, what it demands, and the names of actions in it."""

    name: str
    module: str
    public: bool
    calls: frozenset[str]
    demands: frozenset[str]
    words: frozenset[str]


def acts(sources: tuple[Source, ...]) -> list[Act]:
    """Return every function of the domains."""
    return [act for source in sources if source.inside("crm_app/domains") for act in _acts(source)]


def _acts(source: Source) -> Iterator[Act]:
    module = source.path.removeprefix("crm_app/domains/").removesuffix(".py").replace("/", ".")
    constants = {
        target.id: node.value.value
        for node in source.tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    modules = _imported(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, Definition):
            yield _act(node, module, constants, modules)


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return what each imported module of the domains is called here, with its path below `crm_app/domains`."""
    return {
        one.asname or one.name: f"{node.module}.{one.name}".removeprefix("crm_app.domains.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("crm_app.domains.")
        for one in node.names
    }


def _act(function: Definition, module: str, constants: dict[str, object], modules: dict[str, str]) -> Act:
    calls, demands, words = set(), set(), set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            base, name = _called(node.func)
            calls.add(f"{modules.get(base, base)}.{name}")
            if name in {"require", "can"} and node.args:
                demands |= {str(one) for one in _texts(node.args[0], constants)}
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ACTION.fullmatch(node.value):
            words.add(node.value)
    return Act(
        function.name, module, not function.name.startswith("_"), frozenset(calls), frozenset(demands),
        frozenset(words - demands - ALL_PERMISSIONS),
    )  # fmt: skip


def _texts(node: ast.AST, constants: dict[str, object]) -> Iterator[object]:
    if isinstance(node, ast.Constant):
        yield node.value
    elif isinstance(node, ast.Name):
        yield constants.get(node.id, f"?{node.id}")
    elif isinstance(node, ast.Attribute):
        yield f"?{node.attr}"
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, constants)
        yield from _texts(node.orelse, constants)


def _called(node: ast.AST) -> tuple[str, str]:
    """Return what a call is made on (empty for a plain name) and its name."""
    if isinstance(node, ast.Attribute):
        return (node.value.id if isinstance(node.value, ast.Name) else "?"), node.attr
    return "", node.id if isinstance(node, ast.Name) else ""


def auditing(found: list[Act]) -> set[tuple[str, str]]:
    """Return (module, function) of everything that audits, by itself or through what it calls in its domain."""
    known = {("", "audit")}
    grown = True
    while grown:
        before = len(known)
        for act in found:
            if any(_leads(act, callee, known) for callee in act.calls):
                known.add((act.module, act.name))
        grown = len(known) > before
    return known


def demanding(found: list[Act]) -> set[tuple[str, str]]:
    """Return (module, function) of everything that demands a permission to write, also through a helper."""
    known = {
        (act.module, act.name) for act in found if any(not _READS.fullmatch(demand) for demand in act.demands)
    }
    grown = True
    while grown:
        before = len(known)
        known |= {(act.module, act.name) for act in found if any(_leads(act, one, known) for one in act.calls)}
        grown = len(known) > before
    return known


def words_written(found: list[Act]) -> set[str]:
    """Return the actions that stand in the code of whatever audits."""
    notes = auditing(found)
    words = {word for act in found if (act.module, act.name) in notes for word in act.words}
    return {word for word in words if not word.startswith("errors.")}


def _leads(act: Act, callee: str, known: set[tuple[str, str]]) -> bool:
    """Tell whether a call leads to a function that is known: in the same module, or in another of the domain."""
    base, _, name = callee.rpartition(".")
    if name == "audit" and ("", "audit") in known:
        return True
    for module, other in known:
        if other != name:
            continue
        if not base and (module == act.module or (not name.startswith("_") and _is_near(module, act.module))):
            return True
        if base == module and _is_near(module, act.module):
            return True
    return False


def _is_near(module: str, other: str) -> bool:
    return module.partition(".")[0] == other.partition(".")[0]
