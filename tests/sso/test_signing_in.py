"""Coming in through an identity provider, and what a bad one cannot do."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.errors import NotFound
from crm_app.domains.accounts import organizations, service
from crm_app.domains.accounts.entry.entering import enter_with_password
from crm_app.domains.accounts.errors import SsoRequired
from crm_app.domains.accounts.factors import step_up
from crm_app.domains.accounts.factors.errors import ProofNeeded
from crm_app.domains.accounts.schemas import FactorNeeded, NewSession, SignedIn
from crm_app.domains.sso import oidc, signing_in
from crm_app.domains.sso.errors import SsoStale
from tests.conftest import PASSWORD, MakeActor, Tenant
from tests.fakes.oidc import FakeProvider, Person
from tests.plans.having import have_plan
from tests.sso.conftest import Walker, problem_of


async def who_is(token: str | None) -> SignedIn:
    assert token
    async with system_unit_of_work() as session:
        return await service.resolve_session(session, token)


async def rename(user_id: UUID | None, email: str) -> None:
    async with system_unit_of_work() as session:
        await session.execute(
            text("UPDATE app_user SET email = :email WHERE id = :id"), {"email": email, "id": user_id}
        )


async def test_a_new_person_joins_with_the_role_of_the_settings(
    walker: Walker, configure: Any, provider: FakeProvider
) -> None:
    await configure(joins_as="viewer")
    answer = await walker.arrive("/board")
    assert (answer.status_code, answer.headers["location"]) == (303, "/board")
    signed_in = await who_is(walker.session)
    assert (signed_in.user.email, signed_in.user.name, signed_in.actor.role) == (
        provider.person.email, "Ana Provedora", "viewer",
    )  # fmt: skip


async def test_a_member_is_known_by_their_address_and_then_by_their_subject(
    walker: Walker, configure: Any, make_actor: MakeActor, provider: FakeProvider
) -> None:
    await configure(joins=False)
    member = await make_actor()
    await rename(member.user_id, provider.person.email)
    await walker.arrive()
    assert (await who_is(walker.session)).actor.user_id == member.user_id
    provider.person.email = f"souza-{provider.person.email}"  # married meanwhile
    walker.client.cookies.clear()
    await walker.arrive()
    assert (await who_is(walker.session)).actor.user_id == member.user_id


async def test_who_is_not_invited_stays_out(walker: Walker, configure: Any) -> None:
    await configure(joins=False)
    assert problem_of(await walker.arrive()) == "errors.sso.not_invited"
    assert walker.session is None


async def test_somebody_elses_account_is_not_taken_on_a_providers_word(
    walker: Walker, configure: Any, other_tenant: Tenant, provider: FakeProvider
) -> None:
    await configure(domains=("exemplo.com.br",))
    provider.person = Person(email=other_tenant.owner_email)
    assert problem_of(await walker.arrive()) == "errors.sso.not_invited"
    assert walker.session is None


async def test_what_a_provider_opened_is_its_own_organization_alone(
    walker: Walker, configure: Any, tenant: Tenant, other_tenant: Tenant, provider: FakeProvider
) -> None:
    """An owner who runs a provider of their own names a member who also belongs elsewhere."""
    await configure(domains=("exemplo.com.br",))
    async with unit_of_work(tenant.owner) as session:
        await session.execute(
            text(
                "INSERT INTO membership (organization_id, id, created_at, user_id, role, is_active)"
                " VALUES (:organization_id, gen_random_uuid(), now(), :user_id, 'sales', true)"
            ),
            {"organization_id": tenant.organization.id, "user_id": other_tenant.owner.user_id},
        )
    provider.person = Person(email=other_tenant.owner_email)
    await walker.arrive()
    actor = (await who_is(walker.session)).actor
    assert (actor.user_id, actor.organization_id) == (other_tenant.owner.user_id, tenant.organization.id)

    async def go_home() -> None:
        async with system_unit_of_work() as session:
            await organizations.switch_organization(session, actor, organization_id=other_tenant.organization.id)

    with pytest.raises(NotFound):
        await go_home()
    async with unit_of_work(actor) as session:
        seen = await organizations.list_own_organizations(session, actor)
    assert [one.id for one in seen] == [tenant.organization.id]
    assert (await who_is(walker.session)).organization.id == tenant.organization.id
    async with unit_of_work(actor) as session:
        with pytest.raises(ProofNeeded):
            await step_up.require_proof(session, actor)


@pytest.mark.parametrize(
    ("lies", "expected"),
    [
        ({"iss": "https://elsewhere.example"}, "errors.sso.bad_token"),
        ({"aud": ["somebody-else"]}, "errors.sso.bad_token"),
        ({"aud": ["prumo", "somebody-else"]}, "errors.sso.bad_token"),
        ({"aud": ["prumo", "somebody-else"], "azp": "somebody-else"}, "errors.sso.bad_token"),
        ({"nonce": "of-another-sign-in"}, "errors.sso.bad_token"),
        ({"nonce": None}, "errors.sso.bad_token"),
        ({"exp": 1_600_000_000}, "errors.sso.bad_token"),
        ({"iat": 4_000_000_000}, "errors.sso.bad_token"),
        ({"sub": ""}, "errors.sso.bad_token"),
        ({"sub": "x" * 300}, "errors.sso.bad_token"),
        ({"email_verified": False}, "errors.sso.email_not_proven"),
        ({"email": ""}, "errors.sso.email_not_proven"),
        ({"email": "no address"}, "errors.sso.email_not_proven"),
        ({"email": "ana@elsewhere.example"}, "errors.sso.foreign_domain"),
        ({"email": "ana@agencia.example.evil.example"}, "errors.sso.foreign_domain"),
    ],
)
async def test_a_provider_that_lies_opens_nothing(
    walker: Walker, configure: Any, provider: FakeProvider, lies: dict[str, Any], expected: str
) -> None:
    await configure()
    provider.lies = lies
    assert problem_of(await walker.arrive()) == expected
    assert walker.session is None


async def test_several_audiences_are_fine_when_the_token_is_made_for_us(
    walker: Walker, configure: Any, provider: FakeProvider
) -> None:
    await configure()
    provider.lies = {"aud": ["prumo", "another"], "azp": "prumo"}
    await walker.arrive()
    assert walker.session


@pytest.mark.parametrize("trick", ["none", "another key", "our secret"])
async def test_a_forged_signature_opens_nothing(
    walker: Walker, configure: Any, provider: FakeProvider, trick: str
) -> None:
    await configure()
    if trick == "another key":
        provider.published = provider.key
        provider.new_key()
    else:
        provider.algorithm = "none" if trick == "none" else "HS256"
    answer = await walker.arrive()
    assert problem_of(answer) in {"errors.sso.bad_token", "errors.sso.provider_away"}
    assert walker.session is None


async def test_a_key_that_was_changed_is_asked_for_again(
    walker: Walker, configure: Any, provider: FakeProvider
) -> None:
    await configure()
    await walker.arrive()
    provider.new_key()
    walker.client.cookies.clear()
    await walker.arrive()
    assert walker.session
    assert provider.calls.count("jwks") == 2


async def test_a_state_serves_once(walker: Walker, configure: Any, provider: FakeProvider) -> None:
    await configure()
    back = await walker.ask(await walker.leave())
    cookies = dict(walker.client.cookies)
    await walker.client.get(back)
    assert walker.session
    walker.client.cookies.clear()
    walker.client.cookies.update(cookies)
    assert problem_of(await walker.client.get(back)) == "errors.sso.stale"
    assert provider.calls.count("token") == 1


async def test_a_code_that_was_used_elsewhere_opens_nothing(
    walker: Walker, configure: Any, provider: FakeProvider
) -> None:
    await configure()
    back = await walker.ask(await walker.leave())
    provider.codes.clear()
    assert problem_of(await walker.client.get(back)) == "errors.sso.stale"


async def test_another_browser_cannot_finish_what_one_began(
    walker: Walker, configure: Any, client_for: Any, provider: FakeProvider
) -> None:
    """Sign-in forgery: the attacker's way back is slipped to somebody else."""
    await configure()
    back = await walker.ask(await walker.leave())
    victim = Walker(await client_for(None), provider, walker.slug)
    assert problem_of(await victim.client.get(back)) == "errors.sso.stale"
    await victim.leave()
    assert problem_of(await victim.client.get(back)) == "errors.sso.stale"


async def test_a_forged_state_and_one_of_another_purpose_open_nothing(walker: Walker, configure: Any) -> None:
    await configure()
    for state in ("", "x", "a" * 3000):
        answer = await walker.client.get("/api/auth/sso/callback", params={"state": state, "code": "c"})
        assert problem_of(answer) == "errors.sso.stale"


async def test_a_state_grows_old(walker: Walker, configure: Any, provider: FakeProvider) -> None:
    await configure()
    back = await walker.ask(await walker.leave())
    async with system_unit_of_work() as session:
        late = utc_now() - timedelta(seconds=1)
        await session.execute(
            text("UPDATE access_token SET expires_at = :late WHERE purpose = 'sso'"), {"late": late}
        )
    assert problem_of(await walker.client.get(back)) == "errors.sso.stale"
    assert provider.calls.count("token") == 0


async def test_a_provider_that_says_no_is_believed(walker: Walker, configure: Any, provider: FakeProvider) -> None:
    await configure()
    provider.refuses = True
    assert problem_of(await walker.arrive()) == "errors.sso.denied"


async def test_the_other_way_to_authenticate_works(walker: Walker, configure: Any, provider: FakeProvider) -> None:
    provider.auth_method = "client_secret_post"
    await configure()
    await walker.arrive()
    assert walker.session


async def test_the_secret_must_be_right(walker: Walker, configure: Any) -> None:
    await configure(client_secret="wrong")
    assert problem_of(await walker.arrive()) == "errors.sso.provider_away"


@pytest.mark.parametrize(
    "to", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
async def test_the_way_back_stays_in_the_house(walker: Walker, configure: Any, to: str) -> None:
    await configure()
    assert (await walker.arrive(to)).headers["location"] == "/"


async def test_an_unknown_organization_or_one_without_a_provider(walker: Walker, provider: FakeProvider) -> None:
    assert problem_of(await walker.client.get("/api/auth/sso/nobody-here")) == "errors.sso.unknown"
    assert problem_of(await walker.client.get(f"/api/auth/sso/{walker.slug}")) == "errors.sso.unknown"


async def test_a_provider_out_of_reach_is_named(walker: Walker, configure: Any, provider: FakeProvider) -> None:
    await configure()
    provider.metadata = {"issuer": "https://elsewhere.example"}
    oidc.forget_providers()
    answer = await walker.client.get(f"/api/auth/sso/{walker.slug}")
    assert problem_of(answer) == "errors.sso.provider_away"
    assert "host=127.0.0.1" in answer.headers["location"]


async def test_an_inactive_member_stays_out(
    walker: Walker, configure: Any, make_actor: MakeActor, tenant: Tenant, provider: FakeProvider
) -> None:
    await configure()
    member = await make_actor()
    await rename(member.user_id, provider.person.email)
    async with unit_of_work(tenant.owner) as session:
        await session.execute(
            text("UPDATE membership SET is_active = false WHERE user_id = :id"), {"id": member.user_id}
        )
    assert problem_of(await walker.arrive()) == "errors.accounts.no_organization"


async def test_the_service_itself_refuses_a_stranger(db: object) -> None:
    with pytest.raises(SsoStale):
        await signing_in.finish(state="x", code="y", problem="", verifier="z", ip="", user_agent="")


async def test_without_the_module_the_way_is_closed_and_nobody_locked_out(
    walker: Walker, configure: Any, tenant: Tenant, make_actor: MakeActor, provider: FakeProvider
) -> None:
    """What a plan no longer holds must not be the only way in."""
    member = await make_actor()
    await rename(member.user_id, provider.person.email)
    await configure(only=True)
    begun = await walker.ask(await walker.leave())
    with pytest.raises(SsoRequired):
        await enter_by_password(provider.person.email)
    await have_plan(tenant, modules=["analytics"])
    assert problem_of(await walker.client.get(begun)) == "errors.modules.sso"
    assert problem_of(await walker.client.get(f"/api/auth/sso/{walker.slug}")) == "errors.modules.sso"
    entered = await enter_by_password(provider.person.email)
    assert isinstance(entered, NewSession)
    assert (await who_is(entered.token)).actor.user_id == member.user_id


async def test_a_full_organization_says_so_to_whoever_comes_for_the_first_time(
    walker: Walker, configure: Any, tenant: Tenant, provider: FakeProvider
) -> None:
    await configure()
    await have_plan(tenant, limits={"members": 1})
    answer = await walker.arrive()
    assert problem_of(answer) == "errors.members.seats_taken"
    assert "limit=1" in answer.headers["location"]
    assert walker.session is None
    await have_plan(tenant, limits={"members": 2})
    await walker.arrive()
    assert (await who_is(walker.session)).user.email == provider.person.email


async def enter_by_password(email: str) -> NewSession | FactorNeeded:
    async with system_unit_of_work() as session:
        return await enter_with_password(session, email=email, password=PASSWORD, ip="", user_agent="")
