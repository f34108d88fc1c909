"""The HTTP side of the house: one FastAPI app with the API, the webhooks, signing in, media and health."""

from fastapi import FastAPI, Request
from starlette.routing import compile_path

from crm_app.api import access, auth, factors, health, invite, media, simulator, sso, v1
from crm_app.api.body_limit import BodyLimit
from crm_app.api.errors import MethodNotAllowed, add_error_handlers
from crm_app.api.hooks import receive
from crm_app.api.openapi import describe
from crm_app.core.errors import NotFound

MEGABYTE = 1024 * 1024
BODY_LIMITS = {
    "/api/media": 26 * MEGABYTE,
    "/api/simulator": 17 * MEGABYTE,
    "/hooks": 11 * MEGABYTE,
    "/_": 10 * MEGABYTE,
}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def build_api() -> FastAPI:
    """Return the app. Reflex mounts its own backend and the front end behind the routes of this one."""
    app = FastAPI(
        title="Prumo",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
    )
    add_error_handlers(app)
    app.add_middleware(BodyLimit, limits=BODY_LIMITS)
    app.router.routes.extend(v1.list_routes())
    for router in (auth.router, factors.router, media.router):
        app.include_router(router)
    for router in (access.router, invite.router, sso.router, health.router, receive.router, simulator.router):
        app.include_router(router, include_in_schema=False)
    app.add_api_route("/api/{rest:path}", _nowhere, methods=METHODS, include_in_schema=False)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


async def _nowhere(request: Request) -> None:
    """Answer whatever no route of ours takes, so that the front end's page is never served for an API call."""
    allowed = sorted(
        method.upper()
        for path, operations in request.app.openapi()["paths"].items()
        if compile_path(path)[0].fullmatch(request.url.path)
        for method in operations
    )
    if allowed:
        raise MethodNotAllowed(method=request.method, allow=", ".join(allowed))
    raise NotFound
