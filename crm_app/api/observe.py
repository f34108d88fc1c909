"""Around every request: its id in each log line and in the answer, one log line, one measurement."""

import re
import time
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_app.core import metrics
from crm_app.core.trace import trace

log = structlog.get_logger(__name__)

HEADER = b"x-request-id"
_ACCEPTED = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_QUIET = ("/healthz", "/readyz", "/metrics", "/ping", "/_health", "/assets/", "/css/", "/fonts/")
_SLOW_SECONDS = 1.0


class Observed:
    """ASGI middleware; the id comes from `X-Request-ID` when a proxy has set a sound one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "websocket":
            with metrics.websockets.track_inprogress():
                await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500
        begun = time.perf_counter()
        with trace(_given_id(scope)) as trace_id:

            async def send_with_id(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    message["headers"] = [*message.get("headers", ()), (HEADER, trace_id.encode())]
                await send(message)

            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                log.exception("request failed", method=scope["method"], path=scope["path"])
                raise
            finally:
                _tell(scope, status, time.perf_counter() - begun)


def _given_id(scope: Scope) -> str | None:
    value: bytes = dict(scope["headers"]).get(HEADER, b"")
    return value.decode() if _ACCEPTED.fullmatch(value) else None


def _tell(scope: Scope, status: int, seconds: float) -> None:
    metrics.http_seconds.labels(_method(scope), _route(scope), f"{status // 100}xx").observe(seconds)
    if scope["path"].startswith(_QUIET) and status < 500 and seconds < _SLOW_SECONDS:
        return
    write = log.warning if status >= 500 or seconds >= _SLOW_SECONDS else log.info
    write(
        "request", method=scope["method"], path=scope["path"], status=status, milliseconds=round(seconds * 1000, 1)
    )


def _method(scope: Scope) -> str:
    known = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
    return scope["method"] if scope["method"] in known else "other"


def _route(scope: dict[str, Any] | Any) -> str:
    """Return the template of the matched API route; everything else counts as the front end."""
    template = getattr(scope.get("route"), "path", "")
    return template if template.startswith(("/api", "/hooks", "/media")) else "other"
