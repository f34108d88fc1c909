"""One address for every vendor's webhook. The answer comes after the event is durable, and never before.

200 stored or known already · 401 wrong signature · 404 no such channel · 410 its organization was closed
413 larger than 10 MB · 429 too many calls of strangers · 503 try again.

What a body holds does not matter here: a signed call is kept whatever it says, and shown when nobody understands
it.
"""

import json
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from crm_app.api.deps import client_address
from crm_app.api.errors import problem_response
from crm_app.config import get_settings
from crm_app.core.errors import CrmError, TooManyRequests
from crm_app.core.limits import Throttle
from crm_app.domains.channels import intake
from crm_app.domains.channels.providers.base import InboundRequest

router = APIRouter()
_strangers = Throttle("hooks-strangers", "600/minute")
_ANSWERS = {receipt: json.dumps({"status": receipt.value}).encode() for receipt in intake.Receipt}


class BodyTooLarge(CrmError):
    """The call carries more than we take."""

    code = "too_large"
    status = 413
    key = "errors.channels.body_too_large"


async def receive(request: Request) -> Response:
    """Take a vendor's call."""
    provider, channel_id = request.path_params["provider"], request.path_params["channel_id"]
    try:
        call = InboundRequest(await _body(request), _headers(request), _url(request), "POST", _query(request))
        receipt = await intake.receive(provider, _channel(channel_id), call)
    except (intake.UnknownChannel, intake.BadSignature) as stranger:
        return _refusal(request, await _worn_out(request) or stranger)
    except CrmError as error:
        return _refusal(request, error)
    return Response(_ANSWERS[receipt], media_type="application/json")


async def challenge(request: Request) -> Response:
    """Answer a vendor's handshake, which comes before its first call."""
    provider, channel_id = request.path_params["provider"], request.path_params["channel_id"]
    try:
        call = InboundRequest(b"", _headers(request), _url(request), "GET", _query(request))
        return PlainTextResponse(await intake.challenge(provider, _channel(channel_id), call))
    except CrmError as error:
        return _refusal(request, error)


async def _worn_out(request: Request) -> CrmError | None:
    """Count a call by somebody who knows no secret; too many of them from one address are told to stop."""
    try:
        await _strangers.hit(client_address(request))
    except TooManyRequests as limit:
        return limit
    return None


async def _body(request: Request) -> bytes:
    """Read the raw body, and stop as soon as it is too large, whatever length it declared."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > intake.MAX_BODY:
        raise BodyTooLarge(limit=intake.MAX_BODY)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > intake.MAX_BODY:
            raise BodyTooLarge(limit=intake.MAX_BODY)
        parts.append(part)
    return b"".join(parts)


def _headers(request: Request) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}


def _query(request: Request) -> dict[str, str]:
    return dict(request.query_params) if request.scope["query_string"] else {}


def _url(request: Request) -> str:
    """Return the public address that was called; proxies change host and scheme, some vendors sign them."""
    query = request.scope["query_string"].decode("latin-1")
    path: str = request.scope["path"]
    return get_settings().address + path + (f"?{query}" if query else "")


def _channel(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise intake.UnknownChannel from error


def _refusal(request: Request, error: CrmError) -> JSONResponse:
    """Answer with problem details (RFC 9457) in the caller's language."""
    answer = problem_response(request.scope, error)
    if isinstance(error, intake.BadSignature):
        # No cookie helps here: what is asked for is the vendor's signature.
        answer.headers["www-authenticate"] = 'Signature realm="prumo-hooks"'
    if error.status == 503:
        answer.headers["retry-after"] = "5"
    if error.status == 413:
        answer.headers["connection"] = "close"
    return answer


class _PlainRoute(Route):
    """Starlette's own route: vendors need no parsed parameters, and that work would cost a third of a call.

    It names itself in the scope as FastAPI's routes do, for the measurements.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match as ever, and tell which route it was."""
        match, child = super().matches(scope)
        return match, {**child, "route": self}


router.routes.append(_PlainRoute("/hooks/{provider}/{channel_id}", receive, methods=["POST"]))
router.routes.append(_PlainRoute("/hooks/{provider}/{channel_id}", challenge, methods=["GET"]))
