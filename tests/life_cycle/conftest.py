"""An administrator of the platform, and a way to put this test's organization anywhere."""

from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio

from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor
from tests.api.clients import api_app, client_for
from tests.conftest import MakeOrganization, Tenant
from tests.life_cycle.operators import grant, open_session, put
from tests.pages.conftest import open_tab

__all__ = ["api_app", "client_for", "open_tab"]

Put = Callable[[str], Awaitable[None]]


@pytest_asyncio.fixture
async def operator(db: EmbeddedPostgres, make_organization: MakeOrganization) -> Actor:
    """Somebody who runs the platform and has just proven who they are."""
    elsewhere = await make_organization("De quem opera")
    grant(db, elsewhere.owner.user_id)
    return await open_session(elsewhere.owner)


@pytest.fixture
def put_into(db: EmbeddedPostgres, operator: Actor, tenant: Tenant) -> Put:
    """Return a function that puts this test's organization into a state."""

    async def into(state: str) -> None:
        await put(db, operator, tenant.organization.id, state)

    return into
