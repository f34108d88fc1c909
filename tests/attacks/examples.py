"""Arguments for any use case, made from its signature: ids from a world, the rest as simple as it may be."""

import collections.abc
import types
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from enum import Enum
from inspect import Parameter, isclass, signature
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID, uuid4

from pydantic import BaseModel

from crm_app.core.tenancy import Actor
from crm_app.domains.channels.schemas import Identity, IdentityKind
from tests.attacks.world import World

Place = tuple[str, ...]
"""Where an id goes: the argument's name, then the fields below it."""

# What an id is called when that is not the name of its table.
TABLE_OF = {
    "user_id": "user",
    "owner_id": "user",
    "to_user_id": "user",
    "giver": "user",
    "receiver": "user",
    "assignee_id": "user",
    "author_id": "user",
    "event_id": "inbound_event",
    "grant_id": "module_grant",
    "record_id": "deal",
    "phone_id": "simulator_phone",
    "before": "deal",
    "after": "deal",
    "around": "message",
    "reply_to": "message",
    "for_contact": "contact",
}
# Texts and sizes that must look like something to be let through to the id.
WORDS: dict[str, Any] = {
    "phone": "+5541999990101",
    "number": "+5541999990101",
    "subject": "audit",
    "text": "x",
    "body": "x",
    "lines": ["x"],
    "idempotency_key": "00000000-0000-7000-8000-000000000001",
    "provider": "simulator",
    "identities": (Identity(kind=IdentityKind.TELEGRAM, value="4711"),),
}
# Ids that name nothing in the database.
FREE = {"entity_id", "on_behalf_of", "idempotency_key", "session_id"}


class UnknownId(AssertionError):
    """An id whose table nobody has told yet: add it to `TABLE_OF`, so that the attack knows what to put there."""


def id_places(function: Callable[..., Any]) -> list[Place]:
    """Return every place in the arguments of a use case where an id goes."""
    return [place for name, hint in _hints(function).items() for place in _places(hint, (name,))]


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    hints = get_type_hints(function, include_extras=True)
    skipped = {"session", "actor", "return"}
    return {name: hints[name] for name in signature(function).parameters if name not in skipped}


def _places(hint: Any, place: Place) -> Iterator[Place]:
    hint = _bare(hint)
    if hint is UUID:
        if place[-1] not in FREE:
            yield place
    elif isclass(hint) and issubclass(hint, BaseModel):
        for name, field in hint.model_fields.items():
            yield from _places(field.annotation, (*place, name))
    elif get_origin(hint) is not None:
        inner = {found for part in get_args(hint) for found in _places(part, place)}
        yield from inner


def _bare(hint: Any) -> Any:
    """Return a hint without `Annotated` and without `| None`."""
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in {Union, types.UnionType}:
        present = [part for part in get_args(hint) if part is not type(None)]
        return _bare(present[0]) if len(present) == 1 else hint
    return hint


class Arguments:
    """Builds the arguments of one call: ids of one's own world, but the one at `place` of another."""

    def __init__(self, own: World, other: World, place: Place) -> None:
        self._own = own
        self._other = other
        self._place = place

    def of(self, function: Callable[..., Any], actor: Actor) -> dict[str, Any]:
        """Return keyword arguments for `function`, without its session."""
        hints = _hints(function)
        built: dict[str, Any] = {}
        for name, parameter in signature(function).parameters.items():
            if name == "actor":
                built[name] = actor
            elif name in hints and (self._wanted((name,)) or parameter.default is Parameter.empty):
                built[name] = self._value(hints[name], (name,))
        return built

    def _wanted(self, place: Place) -> bool:
        return self._place[: len(place)] == place or place[-1] in WORDS

    def _id(self, place: Place) -> UUID:
        world = self._other if place == self._place else self._own
        name = place[-1].removesuffix("s")
        table = TABLE_OF.get(name, name.removesuffix("_id"))
        if place[-1] in FREE:
            return uuid4()
        if table == "user":
            return world.user_id
        if table == "organization":
            return world.tenant.organization.id
        if table not in world.ids:
            raise UnknownId(f"{place}: no table {table}")
        return world.ids[table]

    def _value(self, hint: Any, place: Place) -> Any:
        hint = _bare(hint)
        if place[-1] in WORDS and self._place != place:
            return WORDS[place[-1]]
        if isclass(hint) and issubclass(hint, BaseModel):
            return self._model(hint, place)
        origin = get_origin(hint)
        if hint is UUID:
            return self._id(place)
        if origin is Literal:
            return get_args(hint)[0]
        if origin in {Union, types.UnionType}:
            return self._value(get_args(hint)[0], place)
        if origin is tuple and get_args(hint)[-1] is not Ellipsis:
            return tuple(self._value(part, place) for part in get_args(hint))
        if origin in {collections.abc.Mapping, dict}:
            return {}
        if origin in {collections.abc.Sequence, collections.abc.Iterable, list, tuple, set, frozenset}:
            return [self._id(place)] if self._place == place else []
        return _plain(hint)

    def _model(self, model: type[BaseModel], place: Place) -> BaseModel:
        values = {}
        for name, field in model.model_fields.items():
            below = (*place, name)
            if field.is_required() or self._wanted(below):
                values[name] = self._value(field.annotation, below)
        return model.model_validate(values)


def _plain(hint: Any) -> Any:
    if isclass(hint) and issubclass(hint, Enum):
        return next(iter(hint))
    examples = {
        str: "x",
        int: 1,
        float: 1.0,
        bool: True,
        bytes: b"x",
        datetime: datetime(2026, 1, 6, tzinfo=UTC),
        date: date(2026, 1, 6),
        Any: None,
    }
    return examples[hint]
