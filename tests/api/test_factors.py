"""Signing in with two factors, over HTTP: codes, recovery codes, passkeys, and everything that is none of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest
import pytest_asyncio
from sqlalchemy import text, update

from crm_app.core.clock import utc_now
from crm_app.core.database import set_scope, system_unit_of_work, unit_of_work
from crm_app.core.errors import NotFound
from crm_app.core.mail.outbox import list_demo_mail
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service
from crm_app.domains.accounts.factors import policy as factor_policy
from crm_app.domains.accounts.factors import second_step
from crm_app.domains.accounts.factors import service as own_factors
from crm_app.domains.accounts.factors.lost import forget_lost_factors
from crm_app.domains.accounts.factors.models import PasskeyChallenge, PendingEntry
from crm_app.domains.accounts.models import UserSession
from crm_app.domains.accounts.sessions import service as own_sessions
from crm_app.domains.accounts.trail.reading import list_entries
from crm_app.domains.accounts.trail.schemas import AuditFilter
from tests.api.clients import ClientFor
from tests.conftest import PASSWORD, Tenant
from tests.fakes.authenticator import BACKED_UP, BACKUP_ELIGIBLE, PRESENT, VERIFIED, Authenticator

IDLE = timedelta(hours=1)


def code_of(secret: str, moment: datetime | None = None) -> str:
    """Return what the app shows."""
    return pyotp.TOTP(secret).at(moment or utc_now())


class Person:
    """Somebody with a password, who may add factors."""

    def __init__(self, client_for: ClientFor, tenant: Tenant) -> None:
        self.client_for, self.tenant = client_for, tenant

    async def stranger(self) -> httpx.AsyncClient:
        return await self.client_for(None)

    async def knock(self, client: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
        return await client.post("/api/auth/login", json={"email": self.tenant.owner_email, "password": password})

    async def inside(self) -> httpx.AsyncClient:
        client = await self.stranger()
        assert (await self.knock(client)).status_code == 200
        return client

    async def actor_of(self, client: httpx.AsyncClient) -> Actor:
        async with system_unit_of_work() as session:
            return (await service.resolve_session(session, client.cookies["prumo_session"])).actor

    async def add_totp(self, client: httpx.AsyncClient) -> tuple[str, list[str]]:
        actor = await self.actor_of(client)
        async with unit_of_work(actor) as session:
            offer = await own_factors.begin_totp(session, actor)
        # One step back, so that the code of now is still good for signing in.
        code = code_of(offer.secret, utc_now() - timedelta(seconds=30))
        async with unit_of_work(actor) as session:
            codes = await own_factors.confirm_totp(session, actor, code=code)
        return offer.secret, codes

    async def add_passkey(self, client: httpx.AsyncClient, **traits: Any) -> Authenticator:
        device = Authenticator(**traits)
        asked = await client.post("/api/auth/passkeys/options")
        assert asked.status_code == 200, asked.text
        made = device.create(asked.json()["options"])
        kept = await client.post("/api/auth/passkeys", json={"credential": made, "name": "Celular da Bia"})
        assert kept.status_code == 204, kept.text
        return device


@pytest_asyncio.fixture
async def person(client_for: ClientFor, tenant: Tenant) -> AsyncIterator[Person]:
    """The owner of the test's organization."""
    yield Person(client_for, tenant)


def is_refused(response: httpx.Response, status: int, code: str) -> None:
    """Check a problem."""
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert "prumo_session" not in response.headers.get("set-cookie", "")


# ── codes ────────────────────────────────────────────────────────────────────────────────────────
async def test_the_password_alone_no_longer_opens(person: Person) -> None:
    secret, _ = await person.add_totp(await person.inside())
    client = await person.stranger()
    answer = await person.knock(client)
    is_refused(answer, 401, "second_factor_needed")
    assert (answer.json()["totp"], answer.json()["passkey"], answer.json()["recovery"]) == (True, False, True)
    assert (await client.get("/api/v1/me")).status_code == 401
    assert (await client.get("/api/auth/factor")).json() == {"totp": True, "passkey": False, "recovery": True}
    done = await client.post("/api/auth/factor", json={"kind": "totp", "code": code_of(secret)})
    assert done.status_code == 200, done.text
    assert (await client.get("/api/v1/me")).json()["user"]["email"] == person.tenant.owner_email


async def test_a_code_opens_once(person: Person) -> None:
    secret, _ = await person.add_totp(await person.inside())
    first, second = await person.stranger(), await person.stranger()
    await person.knock(first)
    await person.knock(second)
    code = {"kind": "totp", "code": code_of(secret)}
    answers = await asyncio.gather(*(one.post("/api/auth/factor", json=code) for one in (first, second)))
    assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_a_recovery_code_opens_once_and_is_kept_as_a_hash(person: Person, db: EmbeddedPostgres) -> None:
    _, codes = await person.add_totp(await person.inside())
    assert len(set(codes)) == 10
    first, second = await person.stranger(), await person.stranger()
    await person.knock(first)
    await person.knock(second)
    typed = {"kind": "recovery", "code": codes[3].upper().replace("-", " ")}
    assert (await first.post("/api/auth/factor", json=typed)).status_code == 200
    is_refused(await second.post("/api/auth/factor", json=typed), 422, "wrong_code")
    async with system_unit_of_work() as session:
        await set_scope(session, "user_id", str(person.tenant.owner.user_id))
        rows = (await session.execute(text("SELECT count(*), count(used_at) FROM recovery_code"))).one()
        kept = (await session.execute(text("SELECT string_agg(code_hash::text, '') FROM recovery_code"))).scalar()
    assert tuple(rows) == (10, 1)
    assert codes[0].encode().hex() not in str(kept)


async def test_who_has_lost_everything_is_helped_by_the_operator(
    person: Person, run_jobs: Callable[[], Awaitable[None]]
) -> None:
    client = await person.inside()
    _, codes = await person.add_totp(client)
    waiting = await person.stranger()
    await person.knock(waiting)
    async with system_unit_of_work() as session:
        assert await forget_lost_factors(session, email=person.tenant.owner_email.upper()) == {"totp", "recovery"}
    assert (await client.get("/api/v1/me")).status_code == 401
    answer = await waiting.post("/api/auth/factor", json={"kind": "recovery", "code": codes[0]})
    is_refused(answer, 401, "entry_over")
    await person.inside()  # the password alone opens again
    async with system_unit_of_work() as session:
        letters = await list_demo_mail(session)
    assert "factors_forgotten" in [one.kind for one in letters if one.recipient == person.tenant.owner_email]
    await run_jobs()
    async with unit_of_work(person.tenant.owner) as session:  # and the organization's trail tells it
        told = await list_entries(session, person.tenant.owner, criteria=AuditFilter(action="factor.forgotten"))
    assert [(one.user_id, one.entity_id) for one in told.items] == [(person.tenant.owner.user_id,) * 2]
    with pytest.raises(NotFound):
        async with system_unit_of_work() as session:
            await forget_lost_factors(session, email="ninguem@exemplo.com.br")


async def test_five_attempts_and_it_begins_anew(person: Person) -> None:
    secret, _ = await person.add_totp(await person.inside())
    client = await person.stranger()
    await person.knock(client)
    wrong = {"kind": "totp", "code": "000000" if code_of(secret) != "000000" else "111111"}
    for _ in range(5):
        is_refused(await client.post("/api/auth/factor", json=wrong), 422, "wrong_code")
    right = {"kind": "totp", "code": code_of(secret)}
    is_refused(await client.post("/api/auth/factor", json=right), 401, "entry_over")
    await person.knock(client)
    assert (await client.post("/api/auth/factor", json=right)).status_code == 200


async def test_guesses_from_elsewhere_do_not_lock_the_person_out(person: Person) -> None:
    """Somebody who knows the password uses up the tries of unknown addresses; one's own address has others."""
    secret, _ = await person.add_totp(await person.inside())  # signed in from 127.0.0.1
    thief = await person.stranger()
    thief.headers["x-forwarded-for"] = "203.0.113.66"
    statuses = []
    for _ in range(3):
        await person.knock(thief)
        wrong = {"kind": "recovery", "code": "nope"}
        statuses += [(await thief.post("/api/auth/factor", json=wrong)).status_code for _ in range(5)]
    assert 429 in statuses
    client = await person.stranger()
    await person.knock(client)
    right = {"kind": "totp", "code": code_of(secret)}
    assert (await client.post("/api/auth/factor", json=right)).status_code == 200


async def test_a_stranger_without_the_password_guesses_nothing(person: Person) -> None:
    secret, _ = await person.add_totp(await person.inside())
    client = await person.stranger()
    right = {"kind": "totp", "code": code_of(secret)}
    is_refused(await client.post("/api/auth/factor", json=right), 401, "entry_over")
    for token in ("x", "0" * 43, "é" * 10):
        headers = {"cookie": f"prumo_entry={token}".encode()}
        is_refused(await client.post("/api/auth/factor", json=right, headers=headers), 401, "entry_over")


async def test_another_browser_or_a_late_one_finishes_nothing(person: Person) -> None:
    secret, _ = await person.add_totp(await person.inside())
    client = await person.stranger()
    await person.knock(client)
    right = {"kind": "totp", "code": code_of(secret)}
    other = {"user-agent": "Another/1.0"}
    is_refused(await client.post("/api/auth/factor", json=right, headers=other), 401, "entry_over")
    async with system_unit_of_work() as session:
        await session.execute(update(PendingEntry).values(expires_at=utc_now() - timedelta(seconds=1)))
    is_refused(await client.post("/api/auth/factor", json=right), 401, "entry_over")


async def test_what_nobody_finished_is_removed_in_time(person: Person) -> None:
    secret, _ = await person.add_totp(await person.inside())
    late, soon = await person.stranger(), await person.stranger()
    await person.knock(late)
    async with system_unit_of_work() as session:
        await session.execute(update(PendingEntry).values(expires_at=utc_now() - timedelta(seconds=1)))
    await person.knock(soon)
    await soon.post("/api/auth/passkey/options")
    async with system_unit_of_work() as session:
        assert await second_step.forget_waiting(session) >= 1
    async with system_unit_of_work() as session:
        assert await second_step.forget_waiting(session) == 0
    right = {"kind": "totp", "code": code_of(secret)}
    assert (await soon.post("/api/auth/factor", json=right)).status_code == 200


async def test_the_secret_is_sealed_and_bound_to_its_person(person: Person, db: EmbeddedPostgres) -> None:
    secret, _ = await person.add_totp(await person.inside())
    async with system_unit_of_work() as session:
        await set_scope(session, "user_id", str(person.tenant.owner.user_id))
        kept = (await session.execute(text("SELECT secret FROM totp_factor"))).scalar_one()
    assert secret.encode() not in bytes(kept)
    async with system_unit_of_work() as session:  # nobody's factors are seen without their person
        assert (await session.execute(text("SELECT count(*) FROM totp_factor"))).scalar_one() == 0


async def test_the_first_factor_ends_sessions_that_never_proved_one(person: Person) -> None:
    here, there = await person.inside(), await person.inside()
    await person.add_totp(here)
    assert (await here.get("/api/v1/me")).status_code == 200
    assert (await there.get("/api/v1/me")).status_code == 401


# ── passkeys ─────────────────────────────────────────────────────────────────────────────────────
async def enter_with(client: httpx.AsyncClient, device: Authenticator, **traits: Any) -> httpx.Response:
    """Sign in with a passkey alone."""
    options = (await client.post("/api/auth/passkey/options")).json()["options"]
    assert options["userVerification"] == "required"
    return await client.post("/api/auth/passkey", json={"credential": device.get(options, **traits)})


async def test_a_passkey_opens_alone(person: Person) -> None:
    device = await person.add_passkey(await person.inside())
    client = await person.stranger()
    answer = await enter_with(client, device)
    assert answer.status_code == 200, answer.text
    assert (await client.get("/api/v1/me")).json()["user"]["email"] == person.tenant.owner_email


async def test_a_passkey_is_a_second_factor(person: Person) -> None:
    device = await person.add_passkey(await person.inside())
    client = await person.stranger()
    is_refused(await person.knock(client), 401, "second_factor_needed")
    options = (await client.post("/api/auth/factor/passkey/options")).json()["options"]
    assert len(options["allowCredentials"]) == 1
    answer = await client.post("/api/auth/factor/passkey", json={"credential": device.get(options)})
    assert answer.status_code == 200, answer.text


async def test_counter_backup_and_last_use_are_kept(person: Person) -> None:
    flags = PRESENT | VERIFIED | BACKUP_ELIGIBLE
    inside = await person.inside()
    device = await person.add_passkey(inside, flags=flags, counter=7)
    device.flags |= BACKED_UP
    await enter_with(await person.stranger(), device, step=5)
    actor = await person.actor_of(inside)
    async with unit_of_work(actor) as session:
        (passkey,) = (await own_factors.read_factors(session, actor)).passkeys
        count = (await session.execute(text("SELECT sign_count FROM passkey"))).scalar_one()
    assert (passkey.name, passkey.backed_up, count) == ("Celular da Bia", True, 12)
    assert passkey.last_used_at is not None


@pytest.mark.parametrize("step", [0, -1, -5])
async def test_a_counter_that_stands_still_or_goes_back_is_a_copy(person: Person, step: int) -> None:
    device = await person.add_passkey(await person.inside(), counter=10)
    is_refused(await enter_with(await person.stranger(), device, step=step), 422, "bad_passkey")


@pytest.mark.parametrize(
    "traits",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:3000.evil.example"},
        {"origin": "http://127.0.0.1:3000"},
        {"rp_id": "evil.example"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"flags": PRESENT | VERIFIED | BACKUP_ELIGIBLE},
        {"user_handle": b""},
        {"user_handle": bytes(16)},
        {"credential_id": b"another"},
    ],
)
async def test_what_does_not_fit_is_refused(person: Person, traits: dict[str, Any]) -> None:
    device = await person.add_passkey(await person.inside())
    for name, value in traits.items():
        setattr(device, name, value)
    is_refused(await enter_with(await person.stranger(), device), 422, "bad_passkey")


async def test_an_answer_is_good_once_even_a_wrong_one(person: Person) -> None:
    device = await person.add_passkey(await person.inside())
    client = await person.stranger()
    options = (await client.post("/api/auth/passkey/options")).json()["options"]
    right = device.get(options)
    device.origin = "https://evil.example"
    wrong = device.get(options)
    is_refused(await client.post("/api/auth/passkey", json={"credential": wrong}), 422, "bad_passkey")
    is_refused(await client.post("/api/auth/passkey", json={"credential": right}), 422, "bad_passkey")
    device.origin = "http://localhost:3000"
    options = (await client.post("/api/auth/passkey/options")).json()["options"]
    right = device.get(options)
    assert (await client.post("/api/auth/passkey", json={"credential": right})).status_code == 200
    is_refused(
        await (await person.stranger()).post("/api/auth/passkey", json={"credential": right}), 422, "bad_passkey"
    )


async def test_a_challenge_is_for_one_purpose_and_soon(person: Person) -> None:
    inside = await person.inside()
    device = await person.add_passkey(inside)
    client = await person.stranger()
    options = (await client.post("/api/auth/passkey/options")).json()["options"]
    answer = {"credential": device.get(options)}
    is_refused(await inside.post("/api/auth/prove/passkey", json=answer), 422, "bad_passkey")
    forged = {"challenge": "Zm9yZ2Vk"}
    is_refused(await client.post("/api/auth/passkey", json={"credential": device.get(forged)}), 422, "bad_passkey")
    options = (await client.post("/api/auth/passkey/options")).json()["options"]
    async with system_unit_of_work() as session:
        await session.execute(update(PasskeyChallenge).values(expires_at=utc_now() - timedelta(seconds=1)))
    is_refused(
        await client.post("/api/auth/passkey", json={"credential": device.get(options)}), 422, "bad_passkey"
    )


async def test_the_passkey_of_somebody_else_is_no_second_factor(
    person: Person, client_for: ClientFor, other_tenant: Tenant
) -> None:
    await person.add_passkey(await person.inside())
    other = Person(client_for, other_tenant)
    theirs = await other.add_passkey(await other.inside())
    client = await person.stranger()
    await person.knock(client)
    options = (await client.post("/api/auth/factor/passkey/options")).json()["options"]
    answer = {"credential": theirs.get(options)}
    is_refused(await client.post("/api/auth/factor/passkey", json=answer), 422, "bad_passkey")


async def test_a_credential_belongs_to_one_person(
    person: Person, client_for: ClientFor, other_tenant: Tenant
) -> None:
    device = await person.add_passkey(await person.inside())
    other = Person(client_for, other_tenant)
    client = await other.inside()
    options = (await client.post("/api/auth/passkeys/options")).json()["options"]
    again = {"credential": device.create(options), "name": "x"}
    is_refused(await client.post("/api/auth/passkeys", json=again), 422, "bad_passkey")


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": "x"},
        {"response": {}},
        {"response": None},
        {"id": "x", "rawId": "x", "type": "public-key", "response": {"clientDataJSON": "x"}},
        {"id": 1, "rawId": [], "response": {"clientDataJSON": {}}},
        {"response": {"clientDataJSON": "bnVsbA", "userHandle": "eA"}, "rawId": "eA"},
        {"response": {"clientDataJSON": "e30"}, "rawId": "eA"},
    ],
)
async def test_what_is_no_answer_is_refused(person: Person, credential: dict[str, Any]) -> None:
    client = await person.stranger()
    is_refused(await client.post("/api/auth/passkey", json={"credential": credential}), 422, "bad_passkey")


# ── a fresh proof ────────────────────────────────────────────────────────────────────────────────
async def grow_old(actor: Actor) -> None:
    """Let a session's proof be an hour old."""
    async with system_unit_of_work() as session:
        await session.execute(
            update(UserSession).where(UserSession.id == actor.session_id).values(proven_at=utc_now() - IDLE)
        )


async def test_what_is_delicate_wants_a_fresh_proof(person: Person) -> None:
    client = await person.inside()
    await grow_old(await person.actor_of(client))
    is_refused(await client.post("/api/auth/passkeys/options"), 403, "proof_needed")
    wrong = {"kind": "password", "answer": "errada"}
    is_refused(await client.post("/api/auth/prove", json=wrong), 422, "wrong_code")
    right = {"kind": "password", "answer": PASSWORD}
    assert (await client.post("/api/auth/prove", json=right)).status_code == 204
    device = await person.add_passkey(client)
    await grow_old(await person.actor_of(client))
    # With a second factor, the password is no proof any more.
    is_refused(await client.post("/api/auth/prove", json=right), 422, "wrong_code")
    options = (await client.post("/api/auth/prove/passkey/options")).json()["options"]
    signed = {"credential": device.get(options)}
    assert (await client.post("/api/auth/prove/passkey", json=signed)).status_code == 204
    assert (await client.post("/api/auth/passkeys/options")).status_code == 200


async def test_proofs_are_guessed_ten_times(person: Person) -> None:
    client = await person.inside()
    wrong = {"kind": "password", "answer": "errada"}
    statuses = [(await client.post("/api/auth/prove", json=wrong)).status_code for _ in range(12)]
    assert statuses == [422] * 10 + [429] * 2


# ── the organization asks ────────────────────────────────────────────────────────────────────────
async def test_who_lacks_a_factor_sets_one_up_before_anything_else(
    person: Person, make_actor: Any, client_for: ClientFor
) -> None:
    seller = await client_for(await make_actor("sales"))
    assert (await seller.get("/api/v1/me")).status_code == 200
    client = await person.inside()
    actor = await person.actor_of(client)
    async with unit_of_work(actor) as session:
        await factor_policy.require_factors(session, actor, roles=["sales", "viewer"])
    for path in ("/api/v1/me", "/api/v1/contacts", "/api/v1/deals"):  # the session was open already
        is_refused(await seller.get(path), 403, "factor_required")
    assert (await client.get("/api/v1/me")).status_code == 200
    held = await person.actor_of(seller)
    assert held.permissions == frozenset()
    async with system_unit_of_work() as session:
        await session.execute(
            update(UserSession).where(UserSession.id == held.session_id).values(proven_at=utc_now())
        )
    await person.add_passkey(seller)
    assert (await seller.get("/api/v1/contacts")).status_code == 200


async def test_sessions_are_listed_and_ended_by_their_own_person_only(
    person: Person, client_for: ClientFor, other_tenant: Tenant
) -> None:
    here, there = await person.inside(), await person.inside()
    actor = await person.actor_of(here)
    async with unit_of_work(actor) as session:
        listed = await own_sessions.list_sessions(session, actor)
    assert [one.is_current for one in listed] == [True, False]
    assert {one.network for one in listed} == {"127.0.x.x"}
    stranger = Person(client_for, other_tenant)
    outside = await stranger.inside()
    intruder = await stranger.actor_of(outside)

    with pytest.raises(NotFound):
        async with unit_of_work(intruder) as session:
            await own_sessions.end_session(session, intruder, user_session_id=listed[1].id)
    assert (await there.get("/api/v1/me")).status_code == 200
    async with unit_of_work(actor) as session:
        await own_sessions.end_session(session, actor, user_session_id=listed[1].id)
    assert (await there.get("/api/v1/me")).status_code == 401
    assert (await here.get("/api/v1/me")).status_code == 200
