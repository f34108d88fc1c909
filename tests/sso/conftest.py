"""An organization with an identity provider on loopback, and a browser that walks between them."""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from crm_app.config import forget_settings, get_settings, use_settings
from crm_app.core.cookies import SESSION
from crm_app.domains.sso import oidc, settings
from crm_app.domains.sso.schemas import ProviderSettings, ProviderView
from tests.api.clients import ClientFor, api_app, client_for
from tests.conftest import Tenant
from tests.fakes.oidc import CLIENT_ID, CLIENT_SECRET, FakeProvider

__all__ = ["api_app", "client_for"]


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    """A provider that the operator allows to be called."""
    callback = get_settings().address + "/api/auth/sso/callback"
    with FakeProvider([callback]) as running:
        use_settings(private_hosts=(urlsplit(running.issuer).netloc,))
        oidc.forget_providers()
        running.person.email = f"ana-{time.time_ns()}@agencia.example"
        yield running
        forget_settings()


@dataclass
class Walker:
    """A browser. `arrive` goes the whole way and returns the last answer of ours."""

    client: httpx.AsyncClient
    provider: FakeProvider
    slug: str

    async def leave(self, to: str = "/") -> str:
        """Ask us for the way out and return the provider's address."""
        answer = await self.client.get(f"/api/auth/sso/{self.slug}", params={"to": to})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def ask(self, address: str) -> str:
        """Let the provider answer; returns where it sends the browser."""
        async with httpx.AsyncClient(trust_env=False) as elsewhere:
            answer = await elsewhere.get(address)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def arrive(self, to: str = "/") -> httpx.Response:
        return await self.client.get(await self.ask(await self.leave(to)))

    @property
    def session(self) -> str | None:
        return self.client.cookies.get(SESSION.name)


def problem_of(answer: httpx.Response) -> str:
    """Return the sentence's key with which we sent the browser to the page that explains."""
    assert answer.status_code == 303, answer.text
    where = urlsplit(answer.headers["location"])
    return parse_qs(where.query)["problem"][0] if where.path == "/sso" else f"no problem: {where.path}"


@pytest.fixture
def configure(tenant: Tenant, provider: FakeProvider) -> Any:
    """Return a function that sets the organization's provider up."""

    async def save(**changes: Any) -> ProviderView:
        wanted: dict[str, Any] = {
            "issuer": provider.issuer,
            "client_id": CLIENT_ID,
            "client_secret": SecretStr(CLIENT_SECRET),
            "domains": ("agencia.example",),
            "joins": True,
        }
        return await settings.save_provider(tenant.owner, settings=ProviderSettings(**wanted | changes))

    return save


@pytest_asyncio.fixture
async def walker(tenant: Tenant, provider: FakeProvider, client_for: ClientFor) -> AsyncIterator[Walker]:
    """Somebody at the login page of the organization."""
    yield Walker(await client_for(None), provider, tenant.organization.slug)
