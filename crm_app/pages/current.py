"""Who acts in the event that is running: set by the guard (or the live bridge), read by every page state."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from crm_app.core.errors import Unauthenticated
from crm_app.core.tenancy import Actor
from crm_app.core.visiting import bind_read_only, reading_only

_actor: ContextVar[Actor | None] = ContextVar("prumo_actor", default=None)


def current_actor() -> Actor:
    """Return the actor of the event that is running. Raises `Unauthenticated` when nobody is signed in."""
    actor = _actor.get()
    if actor is None:
        raise Unauthenticated
    return actor


def bind_actor(actor: Actor | None) -> None:
    """Make `actor` the one who acts in the rest of this task (each event runs in a task of its own)."""
    _actor.set(actor)
    bind_read_only(actor is not None and actor.visit is not None)


@contextmanager
def acting_as(actor: Actor | None) -> Iterator[None]:
    """Make `actor` the one who acts inside the block."""
    token = _actor.set(actor)
    try:
        with reading_only(actor is not None and actor.visit is not None):
            yield
    finally:
        _actor.reset(token)
