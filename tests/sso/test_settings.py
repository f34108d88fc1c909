"""Setting an identity provider up, and closing the other ways in."""

from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import text

from crm_app.core.database import unit_of_work
from crm_app.core.errors import Forbidden, Invalid
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.sessions.known import known_sessions
from crm_app.domains.sso import oidc, settings
from crm_app.domains.sso.errors import OwnersChoose, ProviderAway
from crm_app.domains.sso.schemas import ProviderSettings
from tests.api.clients import ClientFor, begin_session
from tests.conftest import PASSWORD, MakeActor, Tenant
from tests.fakes.oidc import CLIENT_ID, CLIENT_SECRET, FakeProvider
from tests.sso.conftest import Walker


async def read(actor: Actor) -> Any:
    async with unit_of_work(actor) as session:
        return await settings.read_provider(session, actor)


async def test_the_secret_is_sealed_and_never_shown(tenant: Tenant, configure: Any, walker: Walker) -> None:
    view = await configure()
    assert CLIENT_SECRET not in view.model_dump_json()
    async with unit_of_work(tenant.owner) as session:
        kept = await session.scalar(text("SELECT client_secret FROM identity_provider"))
        told = (
            await session.scalars(text("SELECT after::text FROM audit_entry WHERE action = 'sso.configure'"))
        ).all()
    assert CLIENT_SECRET.encode() not in bytes(kept)
    assert told
    assert CLIENT_SECRET not in told
    await configure(client_secret=SecretStr(""), joins=True)
    await walker.arrive()
    assert walker.session, "an empty secret keeps the one that is there"


async def test_the_first_secret_is_needed(configure: Any) -> None:
    with pytest.raises(Invalid):
        await configure(client_secret=SecretStr(""))


@pytest.mark.parametrize("role", ["admin", "manager", "sales", "viewer"])
async def test_who_may_set_it_up(make_actor: MakeActor, provider: FakeProvider, role: str) -> None:
    actor = await make_actor(role)
    wanted = ProviderSettings(
        issuer=provider.issuer, client_id=CLIENT_ID, client_secret=SecretStr("x"), domains=("a.example",)
    )
    with pytest.raises(OwnersChoose if actor.can("sso.manage") else Forbidden):
        await settings.save_provider(actor, settings=wanted)
    if actor.can("sso.manage"):
        async with unit_of_work(actor) as session:
            with pytest.raises(OwnersChoose):
                await settings.remove_provider(session, actor)
        return
    with pytest.raises(Forbidden):
        await read(actor)
    assert provider.calls == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://login.example.com"},
        {"issuer": "ftp://login.example.com"},
        {"issuer": "https://user:pass@login.example.com"},
        {"issuer": "https://login.example.com/?a=b"},
        {"domains": ()},
        {"domains": ("  ",)},
        {"domains": ("no domain",)},
        {"domains": ("exa/mple.com",)},
        {"client_id": ""},
        {"joins_as": "owner"},
        {"joins_as": "king"},
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, Any]) -> None:
    fine: dict[str, Any] = {"issuer": "https://login.example.com", "client_id": "c", "domains": ("example.com",)}
    ProviderSettings(**fine)
    with pytest.raises(ValidationError):
        ProviderSettings(**fine | wrong)


def test_domains_are_written_in_one_way() -> None:
    wanted = ProviderSettings(client_id="c", domains=("@Ação.com.br", "EXAMPLE.com.", "example.com"))
    assert wanted.domains == ("xn--ao-siap.com.br", "example.com")


async def test_an_address_that_is_no_provider_is_refused(configure: Any, provider: FakeProvider) -> None:
    with pytest.raises(ProviderAway):
        await configure(issuer=provider.issuer + "/elsewhere")
    provider.metadata = {"issuer": "https://somebody-else.example"}
    oidc.forget_providers()
    with pytest.raises(ProviderAway):
        await configure()


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
async def test_no_browser_and_no_secret_is_sent_where_nothing_is_encrypted(
    name: str, configure: Any, provider: FakeProvider
) -> None:
    provider.metadata = {name: "http://accounts.example/somewhere"}
    with pytest.raises(ProviderAway):
        await configure()


async def test_a_private_address_is_not_asked(configure: Any) -> None:
    with pytest.raises(ProviderAway):
        await configure(issuer="https://169.254.169.254")


async def _password(client: httpx.AsyncClient, email: str) -> tuple[int, str]:
    answer = await client.post("/api/auth/login", json={"email": email, "password": PASSWORD})
    return answer.status_code, answer.json().get("code", "")


async def test_sso_alone_ends_other_sessions_and_closes_the_other_ways(
    tenant: Tenant, configure: Any, make_actor: MakeActor, client_for: ClientFor, provider: FakeProvider
) -> None:
    member = await make_actor()
    async with unit_of_work(tenant.owner) as session:
        email = await session.scalar(text("SELECT email FROM app_user WHERE id = :id"), {"id": member.user_id})
    theirs, owners = await begin_session(member), await begin_session(tenant.owner)
    stranger = await client_for(None)
    assert (await _password(stranger, email))[0] == 200
    await configure(only=True)
    assert await known_sessions.resolve(theirs) is None
    assert await known_sessions.resolve(owners) is not None
    stranger = await client_for(None)
    assert await _password(stranger, email) == (401, "sso_required")
    assert (await _password(stranger, tenant.owner_email))[0] == 200, "an owner is never locked out"
    await configure(only=False)
    assert (await _password(stranger, email))[0] == 200


async def test_without_a_provider_the_other_ways_are_open_again(tenant: Tenant, configure: Any) -> None:
    await configure(only=True)
    async with unit_of_work(tenant.owner) as session:
        await settings.remove_provider(session, tenant.owner)
    assert await read(tenant.owner) is None
    async with unit_of_work(tenant.owner) as session:
        assert await session.scalar(text("SELECT sso_only FROM organization")) is False


async def test_a_provider_that_is_switched_off_closes_nothing(tenant: Tenant, configure: Any) -> None:
    view = await configure(only=True, is_active=False)
    assert (view.only, view.is_active) == (False, False)
