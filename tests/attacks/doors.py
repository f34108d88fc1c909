"""Every handler that a client can name, and what a client could send to it: read from the app, not from a list.

Arguments are made from a handler's signature: ids of a world wherever an id goes, the words that the screens
themselves send wherever a word goes. So a new handler is attacked the day it is written.
"""

import ast
import inspect
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from reflex.state import State
from reflex_base.registry import RegistrationContext

from crm_app.crm_app import app
from crm_app.pages.base import pages
from crm_app.pages.guard import FRAMEWORK_EVENTS
from crm_app.pages.policy import declared_permission
from tests.attacks.examples import TABLE_OF
from tests.attacks.world import World

PAGES = Path(__file__).resolve().parents[2] / "crm_app" / "pages"
MOST_VARIANTS = 8
UNKNOWN = ""
"""The id of what is not in a world."""

WORDS: dict[str, Any] = {
    "version": [1, 2, 3, 4, 5, 6],
    "title": "Invadido",
    "name": "Invadido",
    "text": "Invadido",
    "words": "segredo",
    "value": "10,00",
    "written": "10,00",
    "day": "2026-02-01",
    "start": "2026-01-01",
    "end": "2026-02-01",
    "token": "00000000-0000-7000-8000-000000000002",
    "key": "manager",
    "role": "viewer",
    "permission": "contacts.read",
    "reach": "own",
    "code": "000000",
    "current": "senha-errada",
    "answer": "senha-errada",
    "new": "outra senha comprida",
    "password": "outra senha comprida",
    "emails": "invadido@exemplo.com.br",
    "email": "invadido@exemplo.com.br",
    "phone": "+5541999990199",
    "number": "+5541999990198",
    "provider": "simulator",
    "_text": "Invadido",
    "kind": "7d",
    "mode": "dark",
    "order": "name",
    "act": "deal",
    "undo_payload": {},
    "data": {},
    "vars": {},
}
"""What to say where a word is wanted; a list holds one for each variant."""
HERE: dict[tuple[str, str], list[str]] = {
    ("keep_language", "code"): ["en"],
    ("toggle_table", "name"): ["revenue"],
    ("start_script", "key"): ["clinic"],
    ("send_sample", "name"): ["photo"],
    ("ask_role", "role"): ["viewer"],
}
"""What else a word means to one handler."""
OWN_IDS = {
    "owner": "user",
    "member": "user",
    "conversation": "conversation",
    "mail_id": "mail",
    "entry_id": "audit_entry",
}
"""What an argument or a field of a form is about, where its name does not say so as `examples.TABLE_OF` does."""


@dataclass(frozen=True)
class Door:
    """One event that a client can name. `permission` is None when its handler declares none."""

    name: str
    function: Callable[..., Any]
    permission: str | None
    state: type[State]

    @property
    def short(self) -> str:
        """Return its name as a person would say it."""
        return f"{self.state.__name__}.{self.name.rpartition('.')[2]}"


@cache
def doors() -> tuple[Door, ...]:
    """Return every event of the app and of Reflex itself; those of tests are left out."""
    known = RegistrationContext.ensure_context().event_handlers
    root = app._state
    assert root is not None
    found = []
    for name, entry in sorted(known.items()):
        if "tests___" in name:
            continue
        state = root.get_class_substate(name.rpartition(".")[0])
        found.append(Door(name, entry.handler.fn, declared_permission(entry.handler.fn), state))
    return tuple(found)


def by_state() -> dict[str, list[Door]]:
    """Return the doors by state: first those that open something, then those that act on what is open."""
    groups: dict[str, list[Door]] = defaultdict(list)
    for door in doors():
        groups[_label(door.state)].append(door)
    return {name: sorted(group, key=_order) for name, group in groups.items()}


def _label(state: type[State]) -> str:
    parts = state.__module__.split(".")
    return f"{parts[2]}.{state.__name__}" if parts[:2] == ["crm_app", "pages"] else state.__name__


def _order(door: Door) -> tuple[int, str]:
    names = set(_arguments(door.function))
    verbs = ("load", "open", "choose", "ask", "begin", "edit", "show", "find")
    verb = door.name.rpartition(".")[2]
    first = verb.startswith(verbs)
    if verb == "view_as":  # from then on the tab looks through other eyes, and nothing it does has effect
        return 4, door.name
    return (0 if first and names else 1 if first else 2 if names else 3), door.name


def public(door: Door) -> bool:
    """Tell whether a stranger may pass."""
    return door.permission == "public" or door.name in FRAMEWORK_EVENTS


def places_of(state: type[State], world: World) -> list[str]:
    """Return the addresses of a state's screens, with a world's ids in them; the start for what has none."""
    own = state.__module__.split(".")[:3]
    found = [page.route for page in pages() if page.content.__module__.split(".")[:3] == own] or ["/"]
    return [_address(route, world) for route in found]


def _address(route: str, world: World) -> str:
    path = "/".join(
        str(world.ids.get(part[1:-1].strip("[]").removesuffix("_id"), "")) if part.startswith("[") else part
        for part in route.split("/")
    )
    return f"{path}?deal={world.ids['deal']}" if path == "/board" else path


def payloads(door: Door, world: World) -> list[dict[str, Any]]:
    """Return what to send to a door: its arguments in a few variants."""
    arguments = _arguments(door.function)
    said = (door.state.__module__.split(".")[2:3] or [""])[0], door.name.rpartition(".")[2]
    choices = {
        name: list(_values((*said, position), name, hint, world))
        for position, (name, hint) in enumerate(arguments.items())
    }
    most = max([len(values) for values in choices.values()], default=1)
    return [
        {name: values[index % len(values)] for name, values in choices.items() if name != "hashes"}
        for index in range(min(most, MOST_VARIANTS))
    ]


@cache
def _arguments(function: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        hints = get_type_hints(function)
    except NameError:  # Reflex's own, with names that exist for the type checker alone
        hints = {}
    return {name: hints.get(name, str) for name in list(inspect.signature(function).parameters)[1:]}


def _values(said: tuple[str, str, int], name: str, hint: Any, world: World) -> Iterator[Any]:
    if (said[1], name) in HERE:
        yield from HERE[said[1], name]
    elif isinstance(WORDS.get(name), list):
        yield from WORDS[name]
    elif hint is bool:
        yield from (True, False)
    elif name == "form":
        yield {field: _word(field, world) for field in form_fields()}
    elif name == "draft":
        yield from drafts(world)
    elif _table(name):
        yield str(_id(name, world))
    else:
        known = [word for word in vocabulary().get(said, []) if word]
        yield from [*known, *([] if known and name not in WORDS else [_word(name, world)])]


def drafts(world: World) -> Iterator[dict[str, Any]]:
    """Yield what the composer could hand over."""
    base = {"conversation": str(world.ids["conversation"]), "text": "Invadido"}
    yield {**base, "key": "00000000-0000-7000-8000-00000000000a"}
    yield {**base, "key": "00000000-0000-7000-8000-00000000000b", "note": True}
    yield {**base, "key": "00000000-0000-7000-8000-00000000000c", "reply_to": str(world.ids["message"])}


def _table(name: str) -> str:
    if name in OWN_IDS:
        return OWN_IDS[name]
    known = TABLE_OF.get(name.removesuffix("s"))
    return known or (name.removesuffix("_id") if name.endswith("_id") else "")


def _id(name: str, world: World) -> Any:
    table = _table(name)
    if table == "user":
        return world.user_id
    if table == "organization":
        return world.tenant.organization.id
    if table == "session":
        return world.ids.get("user_session", UNKNOWN)
    return world.ids.get(table, UNKNOWN)


def _word(name: str, world: World) -> Any:
    if name == "address":
        return f"/contacts/{world.ids['contact']}"
    return str(_id(name, world)) if _table(name) else WORDS.get(name, "x")


@cache
def vocabulary() -> dict[tuple[str, str, int], list[str]]:
    """Return the words that the screens send: by screen, handler's name and an argument's position."""
    found: dict[tuple[str, str, int], dict[str, None]] = defaultdict(dict)
    for screen, call in _calls():
        if isinstance(call.func, ast.Attribute):
            for position, argument in enumerate(call.args):
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    found[screen, call.func.attr, position][argument.value] = None
    return {place: list(words) for place, words in found.items()}


@cache
def form_fields() -> tuple[str, ...]:
    """Return the name of every field that stands in a form, or that a handler reads from one."""
    named = (
        keyword.value.value
        for _, call in _calls()
        for keyword in call.keywords
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant)
    )
    read = (
        call.args[0].value
        for _, call in _calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "get"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    )
    return tuple(sorted({str(one) for one in itertools.chain(named, read)}))


@cache
def _calls() -> tuple[tuple[str, ast.Call], ...]:
    trees = (
        (path.parent.name, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(PAGES.rglob("*.py"))
    )
    return tuple((screen, node) for screen, tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
