"""The permission that each event handler demands, declared on the handler itself. No declaration, no entry."""

from collections.abc import Callable, Mapping
from typing import Any

import reflex as rx
from reflex_base.registry import RegistrationContext

PUBLIC = "public"
"""Anybody may call it, signed in or not."""
SIGNED_IN = "signed_in"
"""Anybody who is signed in may call it."""

ANY_SESSION = "any_session"
"""Anybody who is signed in may call it, also one who must set up a second factor before anything else."""

HELD = "held"
"""Anybody who is signed in may call it, also while their organization does no work: say to leave."""

ANY_TAB = "any_tab"
"""The same, and a visitor too: what concerns this very tab and nothing else."""

VISITING = "visiting"
"""Only who looks through somebody else's eyes may call it."""

PLATFORM = "platform"
"""Who runs the platform may call it. It opens nothing in any organization."""

_MARK = "_prumo_permission"
_QUIET = "_prumo_quiet"


def handler(permission: str, *, quiet: bool = False, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare a State method as an event handler that demands `permission` (or `PUBLIC`, `SIGNED_IN`).

    A `quiet` one is called by the screen itself, not by the person: a visitor is refused it without a word.
    `options` go to `rx.event`: `background`, `supersedes`, `throttle`, `debounce`, `temporal`,
    `stop_propagation`, `prevent_default`.
    """

    def declare(function: Callable[..., Any]) -> Any:
        if function.__name__.startswith("set_"):
            raise ValueError(f"{function.__qualname__}: a handler must not be named set_*")
        setattr(function, _MARK, permission)
        setattr(function, _QUIET, quiet)
        return rx.event(function, **options) if options else rx.event(function)

    return declare


def declared_permission(function: Callable[..., Any]) -> str | None:
    """Return what `@handler` declared on a handler's function, or None."""
    return getattr(function, _MARK, None)


def registered_handlers() -> Mapping[str, str | None]:
    """Return every event that a client can name, with the permission declared on its handler."""
    known = RegistrationContext.ensure_context().event_handlers
    return {name: declared_permission(entry.handler.fn) for name, entry in known.items()}


def registered_permission(event_name: str) -> str | None:
    """Return the permission declared on the handler behind an event's name, or None when there is none."""
    entry = RegistrationContext.ensure_context().event_handlers.get(event_name)
    return None if entry is None else declared_permission(entry.handler.fn)


def is_quiet(event_name: str) -> bool:
    """Tell whether an event is one that a screen sends by itself."""
    entry = RegistrationContext.ensure_context().event_handlers.get(event_name)
    return entry is not None and bool(getattr(entry.handler.fn, _QUIET, False))
