"""What people see when a handler fails: a sentence that says what happened, in their language."""

from typing import Any

import reflex as rx
import structlog
from reflex_base.event import EventSpec
from structlog.contextvars import get_contextvars

from crm_app.core.errors import CrmError, Unauthenticated
from crm_app.pages.routes import LOGIN
from crm_app.pages.session.toasts import notify

log = structlog.get_logger(__name__)


def explain(exception: Exception) -> EventSpec:
    """Turn the failure of an event into what the tab does about it; Reflex calls this for every one."""
    if isinstance(exception, Unauthenticated):
        return rx.redirect(LOGIN, replace=True)
    if isinstance(exception, CrmError):
        log.info("event failed", code=exception.code, key=exception.key)
        return notify(exception.key, tone="error", **_plain(exception.data))
    log.error("event crashed", exc_info=exception)
    return notify("errors.unexpected", tone="error", reference=str(get_contextvars().get("trace_id", "")))


def _plain(data: Any) -> dict[str, Any]:
    """Keep what a sentence can show."""
    kept = {key: value for key, value in dict(data).items() if isinstance(value, str | int | float | bool)}
    return {key: value for key, value in kept.items() if key not in {"key", "tone", "undo"}}


def note_browser_failure(exception: Exception) -> None:
    """Log what broke in a browser; Reflex calls this."""
    log.warning("browser failure", error=str(exception)[:2000])
