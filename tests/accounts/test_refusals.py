"""Wrong passwords: a slip leaves no trace, one after the other is written down, once, with the address."""

from typing import Any

import httpx
import pytest

from crm_app.api.known_browser import COOKIE
from crm_app.core.database import unit_of_work
from crm_app.core.sql import fetch_all
from crm_app.domains.accounts.entry.refusals import SLIPS
from tests.api.clients import ClientFor, api_app, client_for, stranger
from tests.conftest import PASSWORD, Tenant

__all__ = ["ClientFor", "api_app", "client_for", "stranger"]


async def refused(tenant: Tenant) -> list[dict[str, Any]]:
    """Return what stands in the trail."""
    async with unit_of_work(tenant.owner) as session:
        return await fetch_all(
            session,
            "SELECT action, user_id, entity_id, ip FROM audit_entry WHERE organization_id = %(id)s "
            "AND action IN ('session.refused', 'session.begin') ORDER BY sequence",
            {"id": tenant.organization.id},
        )


async def try_password(client: httpx.AsyncClient, email: str, password: str) -> int:
    """Try to sign in; return the status."""
    response = await client.post("/api/auth/login", json={"email": email, "password": password})
    return response.status_code


async def test_the_fourth_wrong_password_is_written_down_once(
    stranger: httpx.AsyncClient, tenant: Tenant, other_tenant: Tenant
) -> None:
    for _ in range(SLIPS):
        assert await try_password(stranger, tenant.owner_email, "errada-errada") == 401
    assert await refused(tenant) == []
    for _ in range(3):
        assert await try_password(stranger, f" {tenant.owner_email.upper()}", "errada-errada") == 401
    (entry,) = await refused(tenant)
    assert (entry["action"], entry["user_id"], entry["entity_id"]) == (
        "session.refused", None, tenant.owner.user_id,
    )  # fmt: skip
    assert entry["ip"]
    assert await refused(other_tenant) == []
    assert await try_password(stranger, tenant.owner_email, PASSWORD) == 200
    assert [one["action"] for one in await refused(tenant)] == ["session.refused", "session.begin"]


async def test_who_shares_an_address_with_an_attacker_still_gets_in(
    client_for: ClientFor, tenant: Tenant, other_tenant: Tenant
) -> None:
    """An office has one address; a browser that was here before is counted by itself."""
    owner, colleague, attacker = [await client_for(None) for _ in range(3)]
    assert await try_password(owner, tenant.owner_email, PASSWORD) == 200
    assert await try_password(colleague, other_tenant.owner_email, PASSWORD) == 200
    for _ in range(30):
        await try_password(attacker, tenant.owner_email, "errada-errada")
    assert await try_password(attacker, tenant.owner_email, PASSWORD) == 429
    assert await try_password(owner, tenant.owner_email, PASSWORD) == 200
    # The cookie speaks for one account and cannot be made by oneself; who carries it guesses no faster.
    assert await try_password(colleague, tenant.owner_email, PASSWORD) == 429
    attacker.cookies.set(COOKIE.name, "e30.AAAA", domain="localhost.local", path=COOKIE.path)
    assert await try_password(attacker, tenant.owner_email, PASSWORD) == 429
    tries = [await try_password(owner, tenant.owner_email, "errada-errada") for _ in range(12)]
    assert 429 in tries[8:]


@pytest.mark.parametrize("email", ["ninguem@exemplo.com.br", "no address"])
async def test_nobodys_address_is_answered_alike(stranger: httpx.AsyncClient, email: str) -> None:
    assert {await try_password(stranger, email, "errada-errada") for _ in range(SLIPS + 2)} == {401}
