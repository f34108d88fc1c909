"""One address for every vendor's webhook. The answer comes after the event is durable, and never before.

200 stored or known already · 401 wrong signature · 404 no such channel · 413 larger than 10 MB · 503 try again.
What a body holds does not matter here: a signed call is kept whatever it says, and shown when nobody understands it.
"""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from crm_app.config import get_settings
from crm_app.core.errors import CrmError
from crm_app.domains.channels import intake
from crm_app.domains.channels.providers.base import InboundRequest

router = APIRouter(prefix="/hooks", tags=["hooks"])


class BodyTooLarge(CrmError):
    """The call carries more than we take."""

    code = "too_large"
    status = 413
    key = "errors.channels.body_too_large"


@router.post("/{provider}/{channel_id}")
async def receive(provider: str, channel_id: str, request: Request) -> Response:
    """Take a vendor's call."""
    try:
        call = await _read(request)
        receipt = await intake.receive(provider, _channel(channel_id), call)
    except CrmError as error:
        return _refusal(error)
    return JSONResponse({"status": receipt.value})


@router.get("/{provider}/{channel_id}")
async def challenge(provider: str, channel_id: str, request: Request) -> Response:
    """Answer a vendor's handshake, which comes before its first call."""
    try:
        call = InboundRequest(b"", _headers(request), _url(request), "GET", dict(request.query_params))
        return PlainTextResponse(await intake.challenge(provider, _channel(channel_id), call))
    except CrmError as error:
        return _refusal(error)


async def _read(request: Request) -> InboundRequest:
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
    return InboundRequest(b"".join(parts), _headers(request), _url(request), "POST", dict(request.query_params))


def _headers(request: Request) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.raw}


def _url(request: Request) -> str:
    """Return the public address that was called; proxies change host and scheme, some vendors sign them."""
    query = request.url.query
    return get_settings().address + request.url.path + (f"?{query}" if query else "")


def _channel(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise intake.UnknownChannel from error


def _refusal(error: CrmError) -> JSONResponse:
    """Answer with problem details (RFC 9457)."""
    headers = {"retry-after": "5"} if error.status == 503 else {}
    if error.status == 413:
        headers["connection"] = "close"
    problem = {"type": "about:blank", "title": error.code, "status": error.status, "detail": error.key}
    return JSONResponse(problem, error.status, headers, media_type="application/problem+json")
