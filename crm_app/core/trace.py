"""One id that follows a cause from the webhook through the job to the browser; it stands in every log line."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from structlog.contextvars import bound_contextvars, get_contextvars


def current_trace_id() -> str:
    """Return the id of what is going on in this task, or an empty string."""
    return str(get_contextvars().get("trace_id", ""))


@contextmanager
def trace(trace_id: str | None = None, **context: str) -> Iterator[str]:
    """Bind a trace id (a new one when none is given) and further context to all log lines inside."""
    bound = trace_id or uuid4().hex
    with bound_contextvars(trace_id=bound, **context):
        yield bound
