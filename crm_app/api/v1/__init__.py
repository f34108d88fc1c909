"""Version 1 of the API: one module per resource, found by itself, each with a `router`."""

from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter, Depends

from crm_app.api.deps import same_origin

router = APIRouter(prefix="/api/v1", dependencies=[Depends(same_origin)])
for _resource in sorted(module.name for module in iter_modules(__path__)):
    router.include_router(import_module(f"{__name__}.{_resource}").router)
