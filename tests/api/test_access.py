"""Links by e-mail and sign-up over HTTP: whole journeys, and every way to abuse them."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import update

from crm_app.config import forget_settings, use_settings
from crm_app.core.clock import utc_now
from crm_app.core.cookies import SESSION
from crm_app.core.database import set_scope, system_unit_of_work
from crm_app.core.limits import forget_limits
from crm_app.core.mail.outbox import list_demo_mail
from crm_app.core.postgres import EmbeddedPostgres
from crm_app.domains.accounts.entry.links import MOST_LINKS
from crm_app.domains.accounts.factors import repository as factor_repository
from crm_app.domains.accounts.factors.models import PendingEntry
from crm_app.domains.accounts.models import AccessToken, User
from crm_app.domains.accounts.rules import hash_token
from tests.api.clients import ClientFor
from tests.conftest import PASSWORD, MakeActor, Tenant

RunJobs = Callable[[], Awaitable[None]]
GOOD = "abacaxi azul voador"
UNKNOWN, USED, EXPIRED = "unknown_token", "used_token", "expired_token"


@pytest.fixture(autouse=True)
def outbox() -> Iterator[None]:
    """Letters go to the demo's outbox, where a test reads them."""
    forget_limits()
    use_settings(demo=True, smtp_url=None, public_url="", host="127.0.0.1", signup="open")
    yield
    forget_settings()


def new_address() -> str:
    """Return an address that nobody has."""
    return f"nova-{time.time_ns()}@exemplo.com.br"


async def letters(address: str) -> list[Any]:
    """Return what was written to an address, newest first."""
    async with system_unit_of_work() as session:
        return [one for one in await list_demo_mail(session) if one.recipient == address]


async def newest_token(address: str) -> str:
    """Return the token in the newest letter to an address."""
    found = re.search(r"#([\w-]{43})", (await letters(address))[0].text)
    assert found
    return found[1]


async def ask(client: httpx.AsyncClient, run_jobs: RunJobs, kind: str, address: str) -> str:
    """Ask for a link as a stranger does, and return its token."""
    answer = await client.post(f"/api/access/{kind}", json={"email": address})
    assert (answer.status_code, answer.text) == (202, "null")
    await run_jobs()
    return await newest_token(address.lower())


def signup_form(token: str, **changes: str) -> dict[str, str]:
    """Return what somebody fills in."""
    slug = f"nova-{time.time_ns()}"
    return {"token": token, "name": "Nina", "password": GOOD, "organization": "Nova", "slug": slug, **changes}


async def age(token: str) -> None:
    """Let a link expire."""
    async with system_unit_of_work() as session:
        statement = update(AccessToken).where(AccessToken.token_hash == hash_token(token))  # type: ignore[arg-type]
        await session.execute(statement.values(expires_at=AccessToken.created_at))


async def test_a_lost_password(
    stranger: httpx.AsyncClient, client_for: ClientFor, tenant: Tenant, run_jobs: RunJobs
) -> None:
    elsewhere = await client_for(tenant.owner)
    assert (await elsewhere.get("/api/v1/me")).status_code == 200
    token = await ask(stranger, run_jobs, "forgot", tenant.owner_email.upper())
    looked = await stranger.post("/api/access/look", json={"kind": "reset", "token": token})
    assert looked.json() == {"email": tenant.owner_email}
    weak = await stranger.post("/api/access/reset", json={"token": token, "password": "mudar123"})
    assert (weak.status_code, weak.json()["fields"][0]["field"]) == (422, "password")
    answer = await stranger.post("/api/access/reset", json={"token": token, "password": GOOD})
    assert answer.status_code == 200, answer.text
    assert (await stranger.get("/api/v1/me")).status_code == 200
    assert (await elsewhere.get("/api/v1/me")).status_code == 401  # every other session has ended
    assert [one.kind for one in await letters(tenant.owner_email)] == ["password_changed", "reset"]
    for password, status in ((PASSWORD, 401), (GOOD, 200)):
        tried = await stranger.post("/api/auth/login", json={"email": tenant.owner_email, "password": password})
        assert tried.status_code == status
    again = await stranger.post("/api/access/reset", json={"token": token, "password": GOOD})
    assert (again.status_code, again.json()["code"]) == (410, USED)


async def test_a_reset_is_written_down_where_the_person_is_a_member(
    db: EmbeddedPostgres, stranger: httpx.AsyncClient, tenant: Tenant, run_jobs: RunJobs
) -> None:
    token = await ask(stranger, run_jobs, "forgot", tenant.owner_email)
    await stranger.post("/api/access/reset", json={"token": token, "password": GOOD})
    await run_jobs()
    with psycopg.connect(db.admin_url) as connection:
        rows = connection.execute(
            "SELECT user_id FROM audit_entry WHERE organization_id = %s AND action = 'password.reset'",
            (tenant.organization.id,),
        ).fetchall()
    assert rows == [(tenant.owner.user_id,)]


async def test_a_link_lets_in_once_and_only_by_post(
    stranger: httpx.AsyncClient, tenant: Tenant, run_jobs: RunJobs
) -> None:
    token = await ask(stranger, run_jobs, "magic", tenant.owner_email)
    for _ in range(3):  # a mail scanner opens the link, and even runs the page's script
        assert (await stranger.get("/api/access/enter")).status_code == 404
        assert (await stranger.post("/api/access/look", json={"kind": "magic", "token": token})).status_code == 200
    answer = await stranger.post("/api/access/enter", json={"token": token})
    assert answer.status_code == 200
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert (await stranger.get("/api/v1/me")).status_code == 200
    assert (await stranger.post("/api/access/enter", json={"token": token})).json()["code"] == USED


async def test_of_two_who_use_a_link_at_once_one_gets_in(
    client_for: ClientFor, tenant: Tenant, run_jobs: RunJobs
) -> None:
    both = [await client_for(None) for _ in range(4)]
    token = await ask(both[0], run_jobs, "magic", tenant.owner_email)
    answers = await asyncio.gather(*(one.post("/api/access/enter", json={"token": token}) for one in both))
    assert sorted(one.status_code for one in answers) == [200, 410, 410, 410]


@pytest.mark.parametrize("path", ["/api/access/enter", "/api/access/reset"])
async def test_the_second_factor_is_asked_for_all_the_same(
    path: str,
    stranger: httpx.AsyncClient,
    tenant: Tenant,
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def has_totp(session: object, user_id: object) -> frozenset[str]:
        return frozenset({"totp"})

    monkeypatch.setattr("crm_app.domains.accounts.factors.repository.list_kinds", has_totp)
    token = await ask(stranger, run_jobs, "magic" if "enter" in path else "forgot", tenant.owner_email)
    body = {"token": token} if "enter" in path else {"token": token, "password": GOOD}
    answer = await stranger.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "second_factor_needed")
    assert SESSION.name not in stranger.cookies
    assert (await stranger.get("/api/v1/me")).status_code == 401


async def test_a_reset_ends_sign_ins_that_wait_for_their_second_factor(
    db: EmbeddedPostgres, stranger: httpx.AsyncClient, tenant: Tenant, run_jobs: RunJobs
) -> None:
    """Whoever knew the old password stands in the doorway no longer."""
    assert tenant.owner.user_id
    async with system_unit_of_work() as session:
        waiting = PendingEntry(
            token_hash=hash_token(new_address()),
            user_id=tenant.owner.user_id,
            method="password",
            ip="",
            user_agent="",
        )
        session.add(waiting)
    token = await ask(stranger, run_jobs, "forgot", tenant.owner_email)
    await stranger.post("/api/access/reset", json={"token": token, "password": GOOD})
    with psycopg.connect(db.admin_url) as connection:
        left = connection.execute("SELECT 1 FROM pending_entry WHERE user_id = %s", (tenant.owner.user_id,))
        assert left.fetchall() == []


async def test_an_address_is_confirmed(client: httpx.AsyncClient, tenant: Tenant, run_jobs: RunJobs) -> None:
    assert (await client.post("/api/access/verify/send")).status_code == 202
    await run_jobs()
    token = await newest_token(tenant.owner_email)
    answer = await client.post("/api/access/verify", json={"token": token})
    assert answer.json() == {"email": tenant.owner_email}
    async with system_unit_of_work() as session:
        user = await session.get_one(User, tenant.owner.user_id)
        assert user.email_verified_at
    assert (await client.post("/api/access/verify", json={"token": token})).json()["code"] == USED


async def test_a_stranger_with_the_link_confirms_nothing(
    client: httpx.AsyncClient, stranger: httpx.AsyncClient, tenant: Tenant, make_actor: MakeActor,
    client_for: ClientFor, run_jobs: RunJobs,
) -> None:  # fmt: skip
    await client.post("/api/access/verify/send")
    await run_jobs()
    body = {"token": await newest_token(tenant.owner_email)}
    colleague = await client_for(await make_actor("sales"))
    for other in (stranger, colleague):
        answer = await other.post("/api/access/verify", json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_your_account")
    assert (await client.post("/api/access/verify", json=body)).status_code == 200  # it was not used up


async def test_signing_up(stranger: httpx.AsyncClient, run_jobs: RunJobs) -> None:
    address = new_address()
    token = await ask(stranger, run_jobs, "signup", address)
    suggested = (await stranger.post("/api/access/slug", json={"name": "Agência São João"})).json()["slug"]
    assert suggested.startswith("agencia-sao-joao")
    form = signup_form(token, organization="Agência São João", time_zone="America/Manaus", currency="USD")
    answer = await stranger.post("/api/access/signup/finish", json=form)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert made["role"] == "owner"
    assert made["organization"]["slug"] == form["slug"]
    assert (made["organization"]["time_zone"], made["organization"]["currency"]) == ("America/Manaus", "USD")
    (pipeline,) = (await stranger.get("/api/v1/pipelines")).json()
    assert pipeline["is_default"]
    again = await stranger.post("/api/access/signup/finish", json=signup_form(token))
    assert (again.status_code, again.json()["code"]) == (410, USED)


async def test_two_sign_ups_of_one_address_make_one_account(client_for: ClientFor, run_jobs: RunJobs) -> None:
    address, both = new_address(), [await client_for(None) for _ in range(2)]
    tokens = [await ask(one, run_jobs, "signup", address) for one in both]
    answers = await asyncio.gather(
        *(
            one.post("/api/access/signup/finish", json=signup_form(token))
            for one, token in zip(both, tokens, strict=True)
        )
    )
    assert sorted(one.status_code for one in answers)[0] == 200
    assert sorted(one.status_code for one in answers)[1] in {409, 410}


async def test_a_short_name_belongs_to_the_first(client_for: ClientFor, run_jobs: RunJobs, tenant: Tenant) -> None:
    stranger = await client_for(None)
    token = await ask(stranger, run_jobs, "signup", new_address())
    for slug, status in ((tenant.organization.slug, 409), ("admin", 409), ("horizontе", 422)):
        answer = await stranger.post("/api/access/signup/finish", json=signup_form(token, slug=slug))
        assert (answer.status_code, answer.json()["fields"][0]["field"]) == (status, "slug")
    assert (await stranger.post("/api/access/signup/finish", json=signup_form(token))).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("currency", "XTS"),
        ("name", "\x00"),
        ("organization", "   "),
        ("password", "mudar123"),
        ("role", "owner"),
    ],
)
async def test_bad_input_to_a_sign_up_is_refused_and_the_link_goes_on_working(
    name: str, value: str, stranger: httpx.AsyncClient, run_jobs: RunJobs
) -> None:
    token = await ask(stranger, run_jobs, "signup", new_address())
    answer = await stranger.post("/api/access/signup/finish", json=signup_form(token, **{name: value}))
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, name)
    assert (await stranger.post("/api/access/look", json={"kind": "signup", "token": token})).status_code == 200


@pytest.mark.parametrize("kind", ["forgot", "magic", "signup"])
async def test_nobody_learns_whether_an_account_exists(
    kind: str, client_for: ClientFor, tenant: Tenant, run_jobs: RunJobs
) -> None:
    answers = []
    for address in (tenant.owner_email, new_address()):
        stranger = await client_for(None)
        answers.append(await stranger.post(f"/api/access/{kind}", json={"email": address}))
    first, second = answers
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert dict(first.headers) == dict(second.headers)
    await run_jobs()
    if kind == "signup":  # who has an account gets a way in, not a second account
        letter = (await letters(tenant.owner_email))[0]
        assert (letter.kind, "/magic#" in letter.text) == ("signup_known", True)


async def test_an_address_in_another_spelling_writes_to_the_owner(
    stranger: httpx.AsyncClient, tenant: Tenant, run_jobs: RunJobs
) -> None:
    local, _, domain = tenant.owner_email.partition("@")
    spelled = f"{local.upper()}＠{domain}"
    answer = await stranger.post("/api/access/forgot", json={"email": spelled})
    assert answer.status_code == 202
    await run_jobs()
    assert len(await letters(tenant.owner_email)) == 1


async def test_strangers_cannot_fill_a_mailbox_nor_lock_its_owner_out(
    client_for: ClientFor, tenant: Tenant, run_jobs: RunJobs
) -> None:
    stranger = await client_for(None)
    for _ in range(MOST_LINKS + 4):
        assert (await stranger.post("/api/access/forgot", json={"email": tenant.owner_email})).status_code == 202
    await run_jobs()
    written = await letters(tenant.owner_email)
    assert len(written) == MOST_LINKS
    oldest = re.search(r"#([\w-]{43})", written[-1].text)
    assert oldest
    owner = await client_for(None)
    body = {"token": oldest[1], "password": GOOD}
    assert (await owner.post("/api/access/reset", json=body)).status_code == 200


async def test_asking_too_often_is_the_callers_own_trouble(client_for: ClientFor, tenant: Tenant) -> None:
    stranger = await client_for(None)
    statuses = [
        (await stranger.post("/api/access/magic", json={"email": new_address()})).status_code for _ in range(12)
    ]
    assert statuses[:10] == [202] * 10
    assert statuses[10:] == [429, 429]
    login = {"email": tenant.owner_email, "password": PASSWORD}
    assert (await stranger.post("/api/auth/login", json=login)).status_code == 200  # another door, another counter


@pytest.mark.parametrize("used_at", ["look", "reset", "enter", "verify", "signup/finish"])
async def test_forged_and_foreign_and_expired_links_open_nothing(
    used_at: str, client_for: ClientFor, tenant: Tenant, run_jobs: RunJobs
) -> None:
    stranger = await client_for(None)
    own = {
        "look": "forgot",
        "reset": "forgot",
        "enter": "magic",
        "verify": "",
        "signup/finish": "signup",
    }

    def body(token: str) -> dict[str, str]:
        extra = {"look": {"kind": "reset"}, "reset": {"password": GOOD}}
        return signup_form(token) if "signup" in used_at else {"token": token, **extra.get(used_at, {})}

    for forged in ("", "x" * 43, "\x00", "0" * 200):
        answer = await stranger.post(f"/api/access/{used_at}", json=body(forged))
        assert (answer.status_code, answer.json()["code"]) == (410, UNKNOWN)
    foreign = "magic" if own[used_at] == "forgot" else "forgot"
    token = await ask(stranger, run_jobs, foreign, tenant.owner_email)
    answer = await stranger.post(f"/api/access/{used_at}", json=body(token))
    assert (answer.status_code, answer.json()["code"]) == (410, UNKNOWN)
    if used_at == "verify":
        signed_in = await client_for(tenant.owner)
        await signed_in.post("/api/access/verify/send")
        await run_jobs()
        late = await newest_token(tenant.owner_email)
    else:
        address = new_address() if "signup" in used_at else tenant.owner_email
        late = await ask(stranger, run_jobs, own[used_at], address)
    await age(late)
    answer = await stranger.post(f"/api/access/{used_at}", json=body(late))
    assert (answer.status_code, answer.json()["code"]) == (410, EXPIRED)
    english = await stranger.post(f"/api/access/{used_at}", json=body(late), headers={"accept-language": "en"})
    assert "expired" in english.json()["detail"]


@pytest.mark.parametrize("way", ["magic", "forgot"])
async def test_what_a_stranger_left_in_an_account_goes_when_the_mailboxs_owner_comes(
    way: str, db: EmbeddedPostgres, client_for: ClientFor, tenant: Tenant, run_jobs: RunJobs
) -> None:
    """An invitation passed on by hand lets the inviter make somebody else's account, and wait for them in it."""
    assert tenant.owner.user_id
    thief, owner = await client_for(tenant.owner), await client_for(None)
    await store_code(tenant.owner.user_id)
    token = await ask(owner, run_jobs, way, tenant.owner_email)
    if way == "magic":
        answer = await owner.post("/api/access/enter", json={"token": token})
    else:
        answer = await owner.post("/api/access/reset", json={"token": token, "password": GOOD})
    assert answer.status_code == 200, answer.text
    assert (await owner.get("/api/v1/me")).status_code == 200
    assert (await thief.get("/api/v1/me")).status_code == 401
    login = {"email": tenant.owner_email, "password": PASSWORD}
    assert (await (await client_for(None)).post("/api/auth/login", json=login)).status_code == 401
    with psycopg.connect(db.admin_url) as connection:
        left = connection.execute("SELECT 1 FROM recovery_code WHERE user_id = %s", (tenant.owner.user_id,))
        assert left.fetchall() == []


async def test_an_address_proven_before_keeps_its_password(
    stranger: httpx.AsyncClient, tenant: Tenant, run_jobs: RunJobs
) -> None:
    async with system_unit_of_work() as session:
        (await session.get_one(User, tenant.owner.user_id)).email_verified_at = utc_now()
    token = await ask(stranger, run_jobs, "magic", tenant.owner_email)
    assert (await stranger.post("/api/access/enter", json={"token": token})).status_code == 200
    login = {"email": tenant.owner_email, "password": PASSWORD}
    assert (await stranger.post("/api/auth/login", json=login)).status_code == 200


async def store_code(user_id: UUID) -> None:
    """Give somebody a recovery code, as one who has set up a second factor has."""
    async with system_unit_of_work() as session:
        await set_scope(session, "user_id", str(user_id))
        await factor_repository.replace_codes(session, user_id, [b"x" * 32])


async def test_a_link_to_an_old_address_dies_with_it(
    stranger: httpx.AsyncClient, tenant: Tenant, run_jobs: RunJobs
) -> None:
    token = await ask(stranger, run_jobs, "magic", tenant.owner_email)
    async with system_unit_of_work() as session:
        (await session.get_one(User, tenant.owner.user_id)).email = new_address()
    assert (await stranger.post("/api/access/enter", json={"token": token})).json()["code"] == UNKNOWN


async def test_other_sites_cannot_ask(stranger: httpx.AsyncClient) -> None:
    for path in ("forgot", "magic", "signup", "enter", "reset", "look", "strength"):
        answer = await stranger.post(f"/api/access/{path}", json={}, headers={"origin": "https://evil.example"})
        assert answer.status_code == 403


async def test_a_closed_installation_says_so(stranger: httpx.AsyncClient, run_jobs: RunJobs) -> None:
    token = await ask(stranger, run_jobs, "signup", new_address())
    use_settings(signup="closed")
    for answer in (
        await stranger.post("/api/access/signup", json={"email": new_address()}),
        await stranger.post("/api/access/signup/finish", json=signup_form(token)),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "signup_closed")
    use_settings(signup="open", public_url="https://crm.example.com")  # not a demo of one's own any more
    answer = await stranger.post("/api/access/signup", json={"email": new_address()})
    assert (answer.status_code, answer.json()["code"]) == (503, "mail_off")


async def test_a_password_is_judged_in_the_callers_language(stranger: httpx.AsyncClient) -> None:
    body = {"password": "nina-nova-9", "personal": ["Nina", "nina@nova.com"]}
    answer = await stranger.post("/api/access/strength", json=body, headers={"accept-language": "en"})
    assert answer.json()["good"] is False
    assert "first guesses" in answer.json()["reason"]
    good = await stranger.post("/api/access/strength", json={"password": GOOD})
    assert good.json() == {"score": 4, "good": True, "reason": ""}
