"""Invitations over HTTP: made, passed on, accepted with a new account or the one that is signed in."""

from collections.abc import Iterator
from typing import Any

import pytest

from crm_app.config import forget_settings, use_settings
from crm_app.core.cookies import SESSION
from tests.accounts.test_invitations import STRONG, address, invited, link_in_mail
from tests.api.clients import ClientFor
from tests.conftest import MakeActor, Tenant

INVITATIONS = "/api/v1/invitations"
PAGE = "/api/access/invitation"


@pytest.fixture(autouse=True)
def _mail_is_kept() -> Iterator[None]:
    use_settings(demo=True, smtp_url=None)
    yield
    forget_settings()


async def test_an_invitation_over_http(client: Any, stranger: Any, tenant: Tenant) -> None:
    email = address()
    made = await client.post(INVITATIONS, json={"emails": [email, "x"], "role": "sales"})
    assert made.status_code == 201
    assert [one["outcome"] for one in made.json()] == ["invited", "bad"]
    (listed,) = (await client.get(INVITATIONS)).json()
    one = f"{INVITATIONS}/{listed['id']}"
    assert (await client.post(f"{one}/resend")).json()["mailed"] is True
    url = (await client.post(f"{one}/link")).json()["url"]
    token = url.partition("#")[2]
    looked = (await stranger.post(f"{PAGE}/look", json={"token": token})).json()
    assert (looked["email"], looked["has_account"], looked["own"]) == (email, False, "")
    weak = await stranger.post(f"{PAGE}/accept", json={"token": token, "name": "Nova", "password": "123"})
    assert (weak.status_code, weak.json()["code"]) == (422, "weak_password")
    new = {"token": token, "name": "Nova", "password": STRONG}
    accepted = await stranger.post(f"{PAGE}/accept", json=new)
    assert accepted.status_code == 200
    assert stranger.cookies.get(SESSION.name)
    assert (await stranger.get("/api/v1/me")).json()["organization"]["id"] == str(tenant.organization.id)
    again = await stranger.post(f"{PAGE}/accept", json=new)
    assert (again.status_code, again.json()["code"]) == (410, "used_token")
    assert (await client.post(f"{one}/revoke")).json()["code"] == "invitation_accepted"


async def test_joining_with_the_signed_in_account(
    client_for: ClientFor, tenant: Tenant, other_tenant: Tenant
) -> None:
    await invited(tenant, other_tenant.owner_email)
    token = await link_in_mail(tenant, other_tenant.owner_email)
    right, wrong = await client_for(other_tenant.owner), await client_for(tenant.owner)
    refused = await wrong.post(f"{PAGE}/join", json={"token": token}, headers={"Accept-Language": "en"})
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_address")
    assert other_tenant.owner_email in refused.json()["detail"]
    assert (await right.post(f"{PAGE}/look", json={"token": token})).json()["own"] == other_tenant.owner_email
    assert (await right.post(f"{PAGE}/join", json={"token": token})).status_code == 204
    assert (await right.get("/api/v1/me")).json()["organization"]["id"] == str(tenant.organization.id)


async def test_nobody_joins_signed_out_or_from_another_site(stranger: Any, client: Any, tenant: Tenant) -> None:
    await invited(tenant, address())
    held = {"token": "x" * 43}
    assert (await stranger.post(f"{PAGE}/join", json=held)).status_code == 401
    assert (await stranger.post(f"{PAGE}/look", json=held)).status_code == 410
    evil = {"Origin": "https://evil.example"}
    assert (await client.post(f"{PAGE}/join", json=held, headers=evil)).status_code == 403


async def test_guessing_is_throttled(stranger: Any) -> None:
    answers = [(await stranger.post(f"{PAGE}/look", json={"token": f"t{n}"})).status_code for n in range(41)]
    assert answers[:40] == [410] * 40
    assert answers[40] == 429


@pytest.mark.parametrize("role", ["manager", "sales", "viewer"])
async def test_lower_roles_are_kept_out(
    client_for: ClientFor, make_actor: MakeActor, tenant: Tenant, role: str
) -> None:
    invitation_id = await invited(tenant, address())
    low = await client_for(await make_actor(role))
    assert (await low.get(INVITATIONS)).status_code == 403
    assert (await low.post(INVITATIONS, json={"emails": [address()], "role": "viewer"})).status_code == 403
    for act in ("resend", "link", "revoke"):
        assert (await low.post(f"{INVITATIONS}/{invitation_id}/{act}")).status_code == 403
