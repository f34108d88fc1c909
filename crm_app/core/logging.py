"""Structured logs of the whole process: our own lines and those of every library, in one form, without secrets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor

LogFormat = Literal["auto", "console", "json"]

_SECRET_NAMES = re.compile(
    r"passw|secret|token|api_?key|authorization|cookie|credential|dsn|database_url|signature", re.IGNORECASE
)
_URL_PASSWORD = re.compile(r"(?P<scheme>\w+://[^:/@\s]+):[^@/\s]+@")
_QUIET = {
    "uvicorn.access": logging.CRITICAL,  # our own middleware logs requests, with their trace id
    "uvicorn.error": logging.WARNING,
    "procrastinate": logging.WARNING,
    "apscheduler": logging.WARNING,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "alembic": logging.WARNING,
    "sqlalchemy.engine": logging.WARNING,
    "socketio": logging.ERROR,
    "engineio": logging.ERROR,
}


def configure_logging(log_format: LogFormat = "auto", level: str = "info") -> None:
    """Send everything to standard error: coloured lines on a terminal, one JSON object per line elsewhere."""
    as_json = log_format == "json" or (log_format == "auto" and not sys.stderr.isatty())
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        hide_secrets,
    ]
    structlog.configure(
        processors=[
            *before,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    _replace_root_handler(before, _renderers(as_json), level)


def hide_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace the values of telling names (password, token, …) and passwords inside addresses."""
    for name, value in event.items():
        event[name] = _hidden(name, value)
    return event


def _hidden(name: str, value: Any) -> Any:
    if _SECRET_NAMES.search(name) and value not in (None, ""):
        return "***"
    if isinstance(value, str):
        return _URL_PASSWORD.sub(r"\g<scheme>:***@", value)
    if isinstance(value, MutableMapping):
        return {key: _hidden(str(key), inner) for key, inner in value.items()}
    return value


def _renderers(as_json: bool) -> list[Processor]:
    if as_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    # Never with the values of local variables: passwords, tokens and customers' words are among them.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]


def _replace_root_handler(before: list[Processor], renderers: list[Processor], level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name, quiet_level in _QUIET.items():
        logger = logging.getLogger(name)
        logger.setLevel(quiet_level)
        logger.handlers = []
        logger.propagate = True
