"""Looking through somebody else's eyes and changing nothing: what holds in a task in which a visitor acts.

The guard of the screens marks the task, and so does the unit of work of a visiting actor. From then on every
transaction of the task is read-only in PostgreSQL, and nothing leaves the house: no call to a vendor, no file, no
job, no fact to other screens. Whoever writes a new use case need not think of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import psycopg

from crm_app.core.errors import Forbidden

_read_only: ContextVar[bool] = ContextVar("prumo_read_only", default=False)


class ReadOnly(Forbidden):
    """Somebody who only looks wanted to change something, or to see what belongs to a person's own account."""

    code = "read_only"
    key = "errors.read_only"


class VisitOver(Forbidden):
    """The time of the visit is up."""

    code = "visit_over"
    key = "errors.visit_over"


def bind_read_only(value: bool) -> None:
    """Say for the rest of this task whether it may change something."""
    _read_only.set(value)


def is_read_only() -> bool:
    """Tell whether this task may change nothing."""
    return _read_only.get()


def refuse_read_only() -> None:
    """Raise `ReadOnly` in a task that may change nothing; whatever reaches out of the house asks first."""
    if _read_only.get():
        raise ReadOnly


@contextmanager
def reading_only(value: bool = True) -> Iterator[None]:
    """Say for the block whether the task may change something.

    With False it is what the house itself does beside a visit: noting that a session was used, ending the visit.
    `tests/architecture/test_visiting.py` knows every place that does so.
    """
    before = _read_only.get()
    _read_only.set(value)
    try:
        yield
    finally:
        _read_only.set(before)  # not by token: a test's fixture may end in another context


@contextmanager
def explained() -> Iterator[None]:
    """Raise `ReadOnly` for what PostgreSQL refused to write, however deep it lies in the failure."""
    try:
        yield
    except Exception as failure:
        if _refused(failure):
            raise ReadOnly from failure
        raise


def _refused(failure: BaseException | None) -> bool:
    seen = 0
    while failure is not None and seen < 8:
        if isinstance(failure, psycopg.errors.ReadOnlySqlTransaction):
            return True
        origin = getattr(failure, "orig", None)
        failure = origin if isinstance(origin, BaseException) else failure.__cause__
        seen += 1
    return False
