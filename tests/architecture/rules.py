"""The house rules that a tool can hold. Each yields `(line, what is wrong)` for one file."""

import ast
import re
from collections.abc import Iterator

from tests.architecture.source import Rule, Source

Found = Iterator[tuple[int, str]]
Function = ast.FunctionDef | ast.AsyncFunctionDef

LONGEST_FUNCTION = 60
LONGEST_FILE = 400
LONGEST_TEST_FILE = 600
PRODUCT = ("crm_app", "jobs")
SCREENS = ("crm_app/pages", "crm_app/ui")


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def _imports(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yield `(line, module, name)` of every import; the name is empty for `import module`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, node.module, alias.name) for alias in node.names)


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _length(function: Function) -> int:
    """Return how many lines a function has, without those of its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    words = function.body[0]
    return lines - ((words.end_lineno or words.lineno) - words.lineno + 1)


def only_core_commits(source: Source) -> Found:
    """A transaction belongs to the unit of work; nobody else ends one."""
    if not source.inside(*PRODUCT) or source.inside("crm_app/core"):
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.args:
            continue
        if node.func.attr in {"commit", "rollback"}:
            yield node.lineno, f".{node.func.attr}() outside core: let the unit of work end the transaction"


def services_open_no_transaction(source: Source) -> Found:
    """A service works in the caller's transaction."""
    if not re.match(r"crm_app/domains/\w+/(service|services/|rules|repository)", source.path):
        return
    for line, _module, name in _imports(source.tree):
        if name in {"unit_of_work", "system_unit_of_work", "raw_connection"}:
            yield line, f"{name} in a service: take the caller's session"


def environment_only_in_config(source: Source) -> Found:
    """`crm_app/config.py` alone reads environment variables."""
    if not source.inside(*PRODUCT) or source.path == "crm_app/config.py":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and _dotted(node) in {"os.environ", "os.getenv", "os.putenv"}:
            yield node.lineno, f"{_dotted(node)}: ask crm_app.config"
    for line, module, name in _imports(source.tree):
        if module == "os" and name in {"environ", "getenv"}:
            yield line, f"os.{name}: ask crm_app.config"


def screens_and_api_call_services(source: Source) -> Found:
    """Pages, components and API never touch tables or queries."""
    if not source.inside("crm_app/pages", "crm_app/ui", "crm_app/api"):
        return
    for line, module, name in _imports(source.tree):
        table = re.fullmatch(r"crm_app\.domains\.\w+\.(models|repository)", module)
        part = re.fullmatch(r"crm_app\.domains\.\w+", module) and name in {"models", "repository"}
        query = module.split(".")[0] in {"sqlalchemy", "sqlmodel", "psycopg"}
        harmless = name == "AsyncSession" or module == "sqlalchemy.exc"
        if table or part or (query and not harmless):
            yield line, f"{module} in a screen or the API: call a service"


def business_is_headless(source: Source) -> Found:
    """Domains, core and jobs know neither Reflex nor an HTTP framework."""
    if not source.inside("crm_app/domains", "crm_app/core", "jobs"):
        return
    for line, module, _name in _imports(source.tree):
        if module.split(".")[0] in {"reflex", "reflex_base", "fastapi", "starlette", "typer"}:
            yield line, f"{module} in the business"


def providers_touch_no_database(source: Source) -> Found:
    """A provider translates and calls; what it learns goes back as events."""
    if not re.match(r"crm_app/domains/\w+/providers/\w+/", source.path):
        return
    for line, module, name in _imports(source.tree):
        if module.split(".")[0] in {"sqlalchemy", "sqlmodel", "psycopg"} or module == "crm_app.core.database":
            yield line, f"{module} {name} in a provider"


def a_screen_knows_no_other(source: Source) -> Found:
    """Page folders are independent; what two of them need lies in pages/*.py, pages/session or ui."""
    match = re.match(r"crm_app/pages/(\w+)/", source.path)
    if match is None:
        return
    for line, module, name in _imports(source.tree):
        parts = [*module.split("."), name]
        if parts[:2] != ["crm_app", "pages"] or len(parts) < 4 or parts[2] in {match[1], "session"}:
            continue
        if any(part in {"page", "state", "components"} or part.endswith("_state") for part in parts[3:]):
            yield line, f"pages/{match[1]} imports pages/{parts[2]}"


def small_functions(source: Source) -> Found:
    """A function of over 60 lines is a defect."""
    for function in _functions(source.tree):
        length = _length(function)
        if length > LONGEST_FUNCTION and not source.inside("alembic/versions"):
            yield function.lineno, f"{function.name} has {length} lines"


def small_files(source: Source) -> Found:
    """A file of over 400 lines (600 of tests) has more than one idea."""
    most = LONGEST_TEST_FILE if source.inside("tests") else LONGEST_FILE
    if len(source.lines) > most and not source.inside("alembic/versions"):
        yield 1, f"{len(source.lines)} lines"


def telling_names(source: Source) -> Found:
    """A file is named after its idea."""
    name = source.path.rsplit("/", 1)[-1].removesuffix(".py")
    if name in {"utils", "util", "helpers", "helper", "manager", "misc", "common", "tools"}:
        yield 1, f"{name}.py names no idea"


def public_parts_have_docstrings(source: Source) -> Found:
    """Public functions, classes and modules say what they do."""
    if not source.inside(*PRODUCT):
        return
    if source.text.strip() and ast.get_docstring(source.tree) is None:
        yield 1, "the module has no docstring"
    for node in source.tree.body:
        public = isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")
        if public and ast.get_docstring(node) is None:
            yield node.lineno, f"{node.name} has no docstring"


def nothing_unfinished(source: Source) -> Found:
    """No notes to self, no empty bodies, in the product."""
    marks = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"))  # apart: this file obeys, too
    words = re.compile(rf"#.*\b({marks})\b")
    for number, line in enumerate(source.lines, start=1):
        if words.search(line):
            yield number, "an unfinished thought"
    if source.inside(*PRODUCT):
        for node in ast.walk(source.tree):
            if (
                isinstance(node, ast.Raise)
                and node.exc is not None
                and "NotImplementedError" in ast.dump(node.exc)
            ):
                yield node.lineno, "not implemented"


def no_sleeps_in_tests(source: Source) -> Found:
    """A test waits for something, never for time; inside `while` a sleep is a poll."""
    if not source.inside("tests"):
        return
    polls = {
        id(inner) for node in ast.walk(source.tree) if isinstance(node, ast.While) for inner in ast.walk(node)
    }
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or id(node) in polls:
            continue
        gives_way = node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
        if _dotted(node.func) in {"time.sleep", "asyncio.sleep", "sleep"} and not gives_way:
            yield node.lineno, "a sleep in a test: poll with `eventually`"


def handlers_declare_a_permission(source: Source) -> Found:
    """`@handler(permission)` instead of `@rx.event`, and never a name that `setvar` could mean."""
    if not source.inside("crm_app/pages"):
        return
    for function in _functions(source.tree):
        for decorator in function.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if _dotted(called) in {"rx.event", "event", "reflex.event"}:
                yield function.lineno, f"{function.name}: use @handler with a permission"
            if _dotted(called).endswith("handler") and function.name.startswith("set_"):
                yield function.lineno, f"{function.name}: a handler is not named set_*"


def states_hide_their_other_methods(source: Source) -> Found:
    """Every public method of a State can be called by any client, so all but handlers and vars start with `_`."""
    if not source.inside("crm_app/pages"):
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ClassDef) or not any(_dotted(base).endswith("State") for base in node.bases):
            continue
        for function in node.body:
            if isinstance(function, Function) and not function.name.startswith("_"):
                marks = {_dotted(d.func if isinstance(d, ast.Call) else d) for d in function.decorator_list}
                if not any(mark.split(".")[-1] in {"handler", "var", "staticmethod"} for mark in marks):
                    yield function.lineno, f"{node.name}.{function.name}: a public method without @handler"


def words_come_from_the_catalogue(source: Source) -> Found:
    """Nothing that people read is written in a component."""
    if not source.inside(*SCREENS):
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not _dotted(node.func).startswith(
            ("rx.el.", "rx.text", "rx.heading")
        ):
            continue
        spoken = [*node.args, *(k.value for k in node.keywords if k.arg in {"placeholder", "title", "aria_label"})]
        for argument in spoken:
            words = argument.value if isinstance(argument, ast.Constant) else None
            if isinstance(words, str) and re.search(r"[^\W\d_]{2}", words) and words != "Prumo":
                yield argument.lineno, f"{words!r}: take it from the catalogue with t()"


RULES: dict[str, Rule] = {
    "commit": only_core_commits,
    "transaction": services_open_no_transaction,
    "environment": environment_only_in_config,
    "services-only": screens_and_api_call_services,
    "headless": business_is_headless,
    "provider": providers_touch_no_database,
    "page": a_screen_knows_no_other,
    "function-size": small_functions,
    "file-size": small_files,
    "name": telling_names,
    "docstring": public_parts_have_docstrings,
    "unfinished": nothing_unfinished,
    "sleep": no_sleeps_in_tests,
    "permission": handlers_declare_a_permission,
    "public-method": states_hide_their_other_methods,
    "words": words_come_from_the_catalogue,
}
