"""The caller's organizations over HTTP."""

from typing import Any

from crm_app.core.database import unit_of_work
from crm_app.domains.accounts.models import Membership
from tests.conftest import Tenant


async def test_the_session_goes_to_another_organization(client: Any, tenant: Tenant, other_tenant: Tenant) -> None:
    async with unit_of_work(other_tenant.owner) as session:
        assert tenant.owner.user_id
        session.add(Membership(organization_id=other_tenant.organization.id, user_id=tenant.owner.user_id))
    assert (await client.get("/api/v1/me")).json()["organization"]["id"] == str(tenant.organization.id)
    listed = (await client.get("/api/v1/me/organizations")).json()
    assert [one["is_current"] for one in listed] == [True, False]
    wanted = {"organization_id": str(other_tenant.organization.id)}
    entered = await client.post("/api/v1/me/organization", json=wanted)
    assert entered.status_code == 200
    now = (await client.get("/api/v1/me")).json()
    assert (now["organization"]["id"], now["role"]) == (str(other_tenant.organization.id), "sales")


async def test_an_organization_of_others_does_not_exist(client: Any, other_tenant: Tenant) -> None:
    wanted = {"organization_id": str(other_tenant.organization.id)}
    assert (await client.post("/api/v1/me/organization", json=wanted)).status_code == 404
