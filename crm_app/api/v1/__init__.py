"""Version 1 of the API: one module per resource, found by itself, each with a `router`."""

from importlib import import_module
from pkgutil import iter_modules

from fastapi.routing import APIRoute

PREFIX = "/api/v1"


def list_routes() -> list[APIRoute]:
    """Return the routes of all resources, each with its whole path.

    They go to the app in one flat list: FastAPI finds a route in a router within a router several times over,
    and that cost more than the database did for a small answer.
    """
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    routes = [route for module in modules for route in module.router.routes]
    astray = [route.path for route in routes if not route.path.startswith(f"{PREFIX}/")]
    if astray:
        raise ValueError(f"give these routers a prefix that begins with {PREFIX}: {astray}")
    return routes
