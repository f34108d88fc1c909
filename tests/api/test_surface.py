"""The rules that travel with every page: no foreign script, no frame, no needless redirect."""

import base64
import hashlib
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from crm_app.api.surface import Surface, inline_script_hashes

PAGE = '<html><script>let a = 1</script><script src="/boot.js"></script><script type="module">go()</script></html>'


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A built site of one page."""
    (tmp_path / "board").mkdir()
    (tmp_path / "board" / "index.html").write_text(PAGE)
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a-1.js").write_text("go()")
    return tmp_path


@pytest.fixture
def client(built: Path) -> httpx.AsyncClient:
    """A client of that site, with an API beside it."""
    routes = [
        Route("/api/thing", lambda _: JSONResponse({})),
        Route("/own", lambda _: HTMLResponse("", headers={"content-security-policy": "sandbox"})),
        Route("/text", lambda _: PlainTextResponse("")),
        Mount("/", StaticFiles(directory=built, html=True)),
    ]
    site = Surface(Starlette(routes=routes), built)
    return httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://localhost:3000")


def test_only_the_inline_scripts_of_the_build_are_hashed(built: Path) -> None:
    digest = base64.b64encode(hashlib.sha256(b"let a = 1").digest()).decode()
    hashes = inline_script_hashes(built)
    assert f"'sha256-{digest}'" in hashes
    assert len(hashes) == 2


async def test_pages_carry_the_policy(client: httpx.AsyncClient) -> None:
    answer = await client.get("/board")
    policy = answer.headers["content-security-policy"]
    script = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in script
    assert "sha256-" in script
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_page_is_found_without_a_redirect(client: httpx.AsyncClient) -> None:
    assert (await client.get("/board")).status_code == 200
    assert (await client.get("/board/")).status_code == 200
    assert (await client.get("/../board")).status_code in {200, 404}
    assert (await client.get("/nothing")).status_code == 404


async def test_what_others_set_stays(client: httpx.AsyncClient) -> None:
    assert (await client.get("/own")).headers["content-security-policy"] == "sandbox"


async def test_what_is_no_page_is_neither_run_nor_framed_nor_kept(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/thing")
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in (await client.get("/text")).headers["content-security-policy"]
    assert "content-security-policy" not in (await client.get("/assets/a-1.js")).headers


async def test_hashed_assets_are_kept_for_a_year(client: httpx.AsyncClient) -> None:
    assert "immutable" in (await client.get("/assets/a-1.js")).headers["cache-control"]
