"""For load balancers and monitoring: alive, ready, and numbers."""

import hmac

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from crm_app.config import get_settings
from crm_app.core import metrics
from crm_app.core.checks import queue_state, run_checks

router = APIRouter(tags=["health"], include_in_schema=False)


class CheckView(BaseModel):
    """One thing that the process needs, and whether it is there."""

    name: str
    ok: bool
    detail: str


class Readiness(BaseModel):
    """Whether this process can serve, and what is not ready."""

    ready: bool
    not_ready: list[str]
    checks: list[CheckView]


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Answer as long as the process lives; asks nothing of others."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(response: Response) -> Readiness:
    """Answer 200 when requests can be served, else 503 with the names of what is missing."""
    checks = await run_checks(get_settings())
    missing = [check.name for check in checks if not check.ok]
    response.status_code = 503 if missing else 200
    response.headers["Cache-Control"] = "no-store"
    # an operator reads remedies with 'prumo doctor'; strangers get no addresses or paths
    views = [CheckView(name=c.name, ok=c.ok, detail="ok" if c.ok else "not ready") for c in checks]
    return Readiness(ready=not missing, not_ready=missing, checks=views)


@router.get("/metrics")
async def prometheus(request: Request) -> Response:
    """Return the numbers of the web processes and of the queue in Prometheus' text format."""
    token = get_settings().metrics_token
    if token is not None:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {token.get_secret_value()}".encode()):
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
    await _read_queue()
    return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


async def _read_queue() -> None:
    try:
        state = await queue_state()
    except (SQLAlchemyError, OSError):
        return  # the other numbers still count, and /readyz tells about the database
    for status in ("todo", "doing", "failed"):
        metrics.queue_jobs.labels(status).set(state.jobs.get(status, 0))
    metrics.queue_lag_seconds.set(state.lag_seconds)
