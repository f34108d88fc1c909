"""What every route has in common: problems, languages, origins, limits, sessions."""

import re
from collections.abc import Iterator

import httpx
import pytest

from crm_app.api import deps
from crm_app.api.errors import MEDIA_TYPE
from crm_app.config import Settings, forget_settings, use_settings
from crm_app.core.limits import Throttle
from crm_app.pages.session.known import session_token
from tests.api.clients import ClientFor
from tests.conftest import PASSWORD, Tenant

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"
JSON = {"content-type": "application/json"}


def is_problem(response: httpx.Response, status: int, code: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    problem = response.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"urn:prumo:problem:{code}")
    assert problem["title"]
    assert problem["detail"]
    assert not problem["detail"].startswith("errors.")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/", 404, "not_found"),
        ("GET", "/api/v1/contacts/", 404, "not_found"),
        ("GET", f"/api/v1/contacts/{UNKNOWN}", 404, "not_found"),
        ("GET", "/api/v1/contacts/1", 422, "invalid"),
        ("DELETE", "/api/v1/contacts", 405, "method_not_allowed"),
        ("PUT", f"/api/v1/contacts/{UNKNOWN}", 405, "method_not_allowed"),
        ("TRACE", "/api/v1/me", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    response = await client.request(method, path)
    is_problem(response, status, code)
    if status == 405:
        assert response.headers["allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"name": "\x00"}',
        b"nul",
        b"[1]",
        b'"x"',
        b'{"name": "\\ud800"}',
        b'{"name": NaN}',
    ],
)
async def test_a_body_that_is_no_sound_object(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/api/v1/contacts", content=body, headers=JSON)
    assert response.status_code in {400, 422}, response.text
    is_problem(response, response.status_code, response.json()["code"])


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b'{"name": 1' + b"0" * 10_000 + b"}"])
async def test_a_body_that_is_a_trap(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/api/v1/contacts", content=body, headers=JSON)
    assert response.status_code in {400, 422}


async def test_a_body_that_is_not_json(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/v1/contacts", data={"name": "x"})
    is_problem(response, 422, "invalid")


async def test_a_body_that_is_too_large(client: httpx.AsyncClient) -> None:
    body = b'{"name": "' + b"x" * 1_100_000 + b'"}'
    is_problem(await client.post("/api/v1/contacts", content=body, headers=JSON), 413, "too_large")

    async def pieces():  # type: ignore[no-untyped-def]
        for _ in range(11):
            yield b"x" * 100_000

    is_problem(await client.post("/api/v1/contacts", content=pieces(), headers=JSON), 413, "too_large")


@pytest.mark.parametrize(
    ("header", "language", "detail"),
    [
        (None, "pt-BR", "Entre na sua conta"),
        ("en-GB,en;q=0.9", "en", "Sign in"),
        ("pt", "pt-BR", "Entre na sua conta"),
        ("fr, en;q=0.3, pt;q=0.2", "en", "Sign in"),
        ("en;q=0, *;q=x", "pt-BR", "Entre na sua conta"),
        (";;;,,,=" * 400, "pt-BR", "Entre na sua conta"),
    ],
)
async def test_problems_speak_the_callers_language(
    stranger: httpx.AsyncClient, header: str | None, language: str, detail: str
) -> None:
    headers = {"accept-language": header} if header else {}
    response = await stranger.get("/api/v1/me", headers=headers)
    is_problem(response, 401, "unauthenticated")
    assert response.headers["content-language"] == language
    assert response.json()["detail"].startswith(detail)


@pytest.fixture
def over_https() -> Iterator[None]:
    """People reach Prumo over HTTPS."""
    use_settings(public_url="https://crm.example.com")
    yield
    forget_settings()


@pytest.mark.parametrize("token", ["", "x", "x" * 5000, "0" * 43, "é"])
async def test_a_session_that_is_none(stranger: httpx.AsyncClient, token: str) -> None:
    response = await stranger.get("/api/v1/me", headers={"cookie": f"prumo_session={token}".encode()})
    is_problem(response, 401, "unauthenticated")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"origin": "http://localhost:3000"}, 201),
        ({"origin": "http://localhost:3000", "sec-fetch-site": "same-origin"}, 201),
        ({"sec-fetch-site": "same-origin"}, 201),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://localhost:3000.evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": ""}, 403),
    ],
)
async def test_other_sites_change_nothing(client: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    response = await client.post("/api/v1/contacts", json={"name": "x"}, headers=headers)
    assert response.status_code == status
    assert (await client.get("/api/v1/contacts", headers=headers)).status_code == 200


async def test_signing_in_and_out(stranger: httpx.AsyncClient, tenant: Tenant) -> None:
    credentials = {"email": tenant.owner_email, "password": PASSWORD}
    response = await stranger.post("/api/auth/login", json=credentials)
    assert response.status_code == 200, response.text
    assert "HttpOnly" in response.headers["set-cookie"]
    assert "samesite=lax" in response.headers["set-cookie"].lower()
    me = (await stranger.get("/api/v1/me")).json()
    assert (me["user"]["email"], me["role"]) == (tenant.owner_email, "owner")
    token = stranger.cookies["prumo_session"]
    assert (await stranger.post("/api/auth/logout")).status_code == 204
    stranger.cookies.set("prumo_session", token)
    is_problem(await stranger.get("/api/v1/me"), 401, "unauthenticated")


@pytest.mark.usefixtures("over_https")
async def test_over_https_the_cookie_is_this_hosts_alone(stranger: httpx.AsyncClient, tenant: Tenant) -> None:
    credentials = {"email": tenant.owner_email, "password": PASSWORD}
    response = await stranger.post("/api/auth/login", json=credentials)
    given = {one.partition("=")[0]: one for one in response.headers.get_list("set-cookie")}
    attributes = {part.strip().lower() for part in given["__Host-prumo_session"].split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes
    assert not any(part.startswith("domain") for part in attributes)
    assert "Secure" in given["__Secure-prumo_browser"]
    token = given["__Host-prumo_session"].partition("=")[2].partition(";")[0]
    for name, status in (("__Host-prumo_session", 200), ("prumo_session", 401)):  # the bare name could be planted
        answer = await stranger.get("/api/v1/me", headers={"cookie": f"{name}={token}"})
        assert answer.status_code == status
        assert session_token(f"theme=dark; {name}={token}") == (token if status == 200 else "")
    out = await stranger.post("/api/auth/logout", headers={"cookie": f"__Host-prumo_session={token}"})
    assert "__Host-prumo_session=" in out.headers["set-cookie"]
    assert "Secure" in out.headers["set-cookie"]  # a browser heeds no other


async def test_a_wrong_password_and_then_too_many(stranger: httpx.AsyncClient, tenant: Tenant) -> None:
    credentials = {"email": tenant.owner_email, "password": "errada"}
    statuses = [(await stranger.post("/api/auth/login", json=credentials)).status_code for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    response = await stranger.post("/api/auth/login", json=credentials)
    is_problem(response, 429, "too_many_requests")
    assert 0 < int(response.headers["retry-after"]) <= 60


async def test_a_session_that_hurries_is_told_to_wait_and_others_are_not(
    client_for: ClientFor, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings.model_fields["api_rate"].default == "6000/minute"
    monkeypatch.setattr(deps, "_by_session", Throttle("api-session-of-this-test", "3/minute"))
    hasty, calm = await client_for(tenant.owner), await client_for(tenant.owner)
    assert [(await hasty.get("/api/v1/me")).status_code for _ in range(4)] == [200, 200, 200, 429]
    response = await hasty.get("/api/v1/me")
    is_problem(response, 429, "too_many_requests")
    assert 0 < int(response.headers["retry-after"]) <= 60
    assert (await calm.get("/api/v1/me")).status_code == 200


async def test_the_address_of_the_caller(client_for: ClientFor, tenant: Tenant) -> None:
    """Only what a trusted proxy wrote counts: a forged first hop does not give a fresh throttle."""
    client = await client_for(None)
    credentials = {"email": tenant.owner_email, "password": "errada"}
    for number in range(11):
        forged = {"x-forwarded-for": f"10.0.0.{number}, 203.0.113.9"}
        response = await client.post("/api/auth/login", json=credentials, headers=forged)
    assert response.status_code == 429


async def test_the_description(stranger: httpx.AsyncClient) -> None:
    response = await stranger.get("/api/openapi.json")
    document = response.json()
    assert document["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("description") or operation.get("summary"), (method, path)
            assert MEDIA_TYPE in operation["responses"]["default"]["content"]
            if path.startswith("/api/v1"):
                assert operation["security"], (method, path)


async def test_every_route_wants_a_session(stranger: httpx.AsyncClient) -> None:
    document = (await stranger.get("/api/openapi.json")).json()
    open_routes = {
        ("post", "/api/auth/login"),
        ("post", "/api/auth/factor"),
        ("post", "/api/auth/factor/passkey"),
        ("post", "/api/auth/passkey"),
        ("post", "/api/auth/passkey/options"),
    }
    for path, operations in document["paths"].items():
        for method in set(operations) - {m for m, p in open_routes if p == path}:
            address = re.sub(r"\{\w+\}", UNKNOWN, path)
            response = await stranger.request(method, address, json={} if method != "get" else None)
            assert response.status_code == 401, (method, path, response.text)
