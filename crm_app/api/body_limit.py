"""How large a request's body may be, by address; the answer to more is a problem like any other (413)."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_app.api.errors import TooLarge, problem_response

DEFAULT_LIMIT = 1024 * 1024


class BodyLimit:
    """ASGI middleware. `limits` maps the beginning of a path to bytes; the longest beginning that fits counts."""

    def __init__(self, app: ASGIApp, limits: Mapping[str, int], default: int = DEFAULT_LIMIT) -> None:
        self._app = app
        self._limits = sorted(limits.items(), key=lambda item: -len(item[0]))
        self._default = default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it at once when it announces too much."""
        limit = self._limit_of(scope["path"]) if scope["type"] == "http" else None
        if limit is None:
            await self._app(scope, receive, send)
        elif _announced(scope) > limit:
            await problem_response(scope, TooLarge(limit=limit))(scope, receive, send)
        else:
            await self._app(scope, _counted(receive, limit), send)

    def _limit_of(self, path: str) -> int:
        return next((limit for start, limit in self._limits if path.startswith(start)), self._default)


def _announced(scope: Scope) -> int:
    value: bytes = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(value) if value.isdigit() and len(value) < 20 else 0


def _counted(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            # The framework lets only its own exception pass while it reads a body.
            raise HTTPException(413, detail=str(limit))
        return message

    return counted
