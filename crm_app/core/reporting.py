"""Unexpected errors go to Sentry when an address is set, with the trace id and without personal data."""

from typing import Any

import sentry_sdk

from crm_app.config import Settings
from crm_app.core.logging import hide_secrets
from crm_app.core.trace import current_trace_id


def start_reporting(settings: Settings) -> bool:
    """Report this process's unexpected errors from now on; return whether an address is set."""
    if settings.sentry_dsn is None:
        return False
    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        environment=settings.environment,
        include_local_variables=False,  # they hold messages and tokens
        max_request_body_size="never",
        before_send=_prepare,
    )
    return True


def _prepare(event: Any, _hint: dict[str, Any]) -> Any:
    event.setdefault("tags", {})["trace_id"] = current_trace_id()
    for part in ("request", "extra", "contexts"):
        if isinstance(event.get(part), dict):
            event[part] = hide_secrets(None, "", event[part])
    return event
