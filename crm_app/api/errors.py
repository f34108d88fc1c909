"""Every failure as a problem document (RFC 9457), in the caller's language, whatever went wrong and where."""

from collections.abc import Mapping
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Scope

from crm_app.core.errors import CrmError, Invalid, NotFound, TooManyRequests, Unauthenticated, Unavailable
from crm_app.core.i18n import has_sentence, negotiate, translate
from crm_app.core.trace import current_trace_id
from crm_app.core.validation import FieldError, read_errors

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
MAX_FIELDS = 50


class TooLarge(CrmError):
    """The body is larger than `limit` bytes."""

    code = "too_large"
    status = 413
    key = "errors.too_large"


class Malformed(CrmError):
    """The body could not be read at all."""

    code = "malformed"
    status = 400
    key = "errors.malformed"


class MethodNotAllowed(CrmError):
    """The address exists, but not for this method."""

    code = "method_not_allowed"
    status = 405
    key = "errors.method_not_allowed"


class Refused(CrmError):
    """An HTTP refusal that has no class of its own; `status` is set per instance."""

    code: ClassVar[str] = "refused"
    key = "errors.unexpected"

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status  # type: ignore[misc]


class ProblemField(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Dotted name; empty for the whole body.")
    code: str = Field(description="Stable name of what is wrong.")
    detail: str = Field(description="The same for people, in their language.")


class Problem(BaseModel):
    """Why a call failed (RFC 9457). `code` is for programs, `title` and `detail` are for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    trace_id: str = Field(description="Name it when you ask for help: it is in our logs.")
    fields: list[ProblemField] = []


def problem_response(scope: Scope, error: CrmError, fields: list[FieldError] | None = None) -> JSONResponse:
    """Return the answer to a failed call."""
    language = negotiate(Headers(scope=scope).get("accept-language"))
    wrong = fields if fields is not None else _fields_of(error)
    problem = Problem(
        type=f"urn:prumo:problem:{error.code}",
        title=_title(error, language),
        status=error.status,
        detail=translate(error.key, language, **error.data),
        code=error.code,
        trace_id=current_trace_id(),
        fields=[_field(entry, language) for entry in wrong[:MAX_FIELDS]],
    )
    headers = {"Content-Language": language, "Cache-Control": "no-store", **_extra_headers(error)}
    body = {**_extensions(error), **problem.model_dump()}
    return JSONResponse(body, error.status, headers, media_type=MEDIA_TYPE)


def _title(error: CrmError, language: str) -> str:
    """Return the title of this very problem when it has one (a 401 is not always a session), else its status'."""
    candidates = (f"errors.title.{error.code}", f"errors.status.{error.status}")
    return translate(next(filter(has_sentence, candidates), "errors.status.other"), language)


def _fields_of(error: CrmError) -> list[FieldError]:
    named = error.data.get("fields") or ({error.data["field"]: error.key} if error.data.get("field") else {})
    return [FieldError(field, key, error.data) for field, key in named.items()]


def _field(entry: FieldError, language: str) -> ProblemField:
    detail = translate(entry.key, language, **entry.data)
    return ProblemField(field=entry.field, code=entry.key.rpartition(".")[2], detail=detail)


def _extensions(error: CrmError) -> dict[str, Any]:
    """Return the plain values that came with the error (say the present `version`) as extension members."""
    plain = {name: value for name, value in error.data.items() if isinstance(value, str | int | float | bool)}
    return plain if isinstance(error, CrmError) and error.status != 500 else {}


def _extra_headers(error: CrmError) -> Mapping[str, str]:
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.data.get("retry_after", 1))}
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": 'Cookie realm="prumo"'}
    if isinstance(error, MethodNotAllowed):
        return {"Allow": str(error.data.get("allow", ""))}
    return {}


async def _on_crm_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CrmError)
    return problem_response(request.scope, error)


async def _on_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # The first part of each place is where it stood: body, query, path.
    return problem_response(request.scope, Invalid(), read_errors(error.errors(), skip=1))


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem_response(request.scope, _translated(request, error))


def _translated(request: Request, error: HTTPException) -> CrmError:
    if error.status_code == 413:
        return TooLarge(limit=error.detail)
    if error.status_code == 405:
        return MethodNotAllowed(method=request.method, allow=(error.headers or {}).get("Allow", ""))
    known: dict[int, CrmError] = {400: Malformed(), 404: NotFound(), 401: Unauthenticated(), 422: Invalid()}
    return known.get(error.status_code) or Refused(error.status_code)


async def _on_data_error(request: Request, error: Exception) -> JSONResponse:
    # The schemas should have refused it: a value that PostgreSQL cannot hold. The caller's fault all the same.
    log.warning("value refused by the database", error=str(getattr(error, "orig", error))[:300])
    return problem_response(request.scope, Invalid())


async def _on_outage(request: Request, error: Exception) -> JSONResponse:
    log.error("database out of reach", exc_info=error)
    return problem_response(request.scope, Unavailable())


async def _on_crash(request: Request, error: Exception) -> JSONResponse:
    log.error("request crashed", exc_info=error)
    return problem_response(request.scope, CrmError())


def add_error_handlers(app: FastAPI) -> None:
    """Make `app` answer every failure with a problem document."""
    app.add_exception_handler(CrmError, _on_crm_error)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(DataError, _on_data_error)
    app.add_exception_handler(OperationalError, _on_outage)
    app.add_exception_handler(PoolTimeout, _on_outage)
    app.add_exception_handler(Exception, _on_crash)
