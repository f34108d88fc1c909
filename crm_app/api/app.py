"""The HTTP side of the house: one FastAPI app, mounted before the front end."""

from fastapi import FastAPI

from crm_app.api import health
from crm_app.api.hooks import receive


def build_api() -> FastAPI:
    """Return the API with every router. Everything that it does not know falls through to the front end."""
    api = FastAPI(title="Prumo", version="1", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    api.include_router(health.router)
    api.include_router(receive.router)
    return api
