"""Version 1 of the API: one module per resource, each with a `router`."""

from fastapi import APIRouter, Depends

from crm_app.api.deps import same_origin
from crm_app.api.v1 import contacts, me

router = APIRouter(prefix="/api/v1", dependencies=[Depends(same_origin)])
for _resource in (me, contacts):
    router.include_router(_resource.router)
