"""Members over HTTP."""

from typing import Any

import pytest

from crm_app.domains.accounts.models import Role
from tests.api.clients import ClientFor
from tests.conftest import MakeActor, Tenant

MEMBERS = "/api/v1/members"


async def test_a_member_from_role_to_removal_and_back(client: Any, make_actor: MakeActor) -> None:
    seller = await make_actor()
    one = f"{MEMBERS}/{seller.user_id}"
    assert (await client.patch(one, json={"role": "manager"})).json()["role"] == "manager"
    assert (await client.post(f"{one}/deactivate")).json()["is_active"] is False
    assert (await client.post(f"{one}/activate")).json()["is_active"] is True
    counts = (await client.get(f"{one}/holdings")).json()["counts"]
    assert counts == {"contacts": 0, "conversations": 0, "deals": 0}
    assert (await client.post(f"{one}/hand-over", json={"to_user_id": None})).status_code == 200
    removed = (await client.post(f"{one}/remove", json={"to_user_id": None})).json()
    assert removed["removed"] is True
    assert str(seller.user_id) not in (await client.get(MEMBERS)).text
    back = await client.post(f"{MEMBERS}/hand-overs/{removed['id']}/undo")
    assert back.status_code == 200
    assert str(seller.user_id) in (await client.get(MEMBERS)).text
    again = await client.post(f"{MEMBERS}/hand-overs/{removed['id']}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_undo")


async def test_ownership_over_http(
    client: Any, client_for: ClientFor, make_actor: MakeActor, tenant: Tenant
) -> None:
    heir = await make_actor()
    theirs = await client_for(heir)
    for answer, who in (("withdraw", client), ("decline", theirs), ("accept", theirs)):
        made = await client.post(f"{MEMBERS}/{heir.user_id}/offer-ownership", json={})
        assert made.status_code == 201
        assert (await theirs.get(f"{MEMBERS}/ownership/offer")).json()["id"] == made.json()["id"]
        assert (await who.post(f"{MEMBERS}/ownership/{made.json()['id']}/{answer}")).status_code == 204
    roles = {one["user_id"]: one["role"] for one in (await client.get(MEMBERS)).json()}
    assert roles == {str(heir.user_id): "owner", str(tenant.owner.user_id): "admin"}


async def test_what_must_not_be_is_refused_in_words(client: Any, make_actor: MakeActor, tenant: Tenant) -> None:
    own = f"{MEMBERS}/{tenant.owner.user_id}"
    refused = await client.patch(own, json={"role": "viewer"}, headers={"Accept-Language": "en"})
    assert (refused.status_code, refused.json()["code"]) == (409, "last_owner")
    assert "owner" in refused.json()["detail"]
    seller = await make_actor()
    made = await client.patch(f"{MEMBERS}/{seller.user_id}", json={"role": "owner"})
    assert made.json()["code"] == "owner_stays"
    assert (await client.patch(f"{MEMBERS}/{seller.user_id}", json={"role": "x"})).status_code == 404


@pytest.mark.parametrize("role", [Role.MANAGER, Role.VIEWER])
async def test_lower_roles_are_kept_out(client_for: ClientFor, make_actor: MakeActor, role: Role) -> None:
    low, victim = await client_for(await make_actor(role)), await make_actor()
    one = f"{MEMBERS}/{victim.user_id}"
    assert (await low.get(MEMBERS)).status_code == 403
    assert (await low.patch(one, json={"role": "viewer"})).status_code == 403
    assert (await low.post(f"{one}/remove", json={"to_user_id": None})).status_code == 403
    assert (await low.post(f"{one}/offer-ownership", json={})).status_code == 403
