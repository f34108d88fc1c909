"""What every page of the site is sent with: rules for the browser, caching, and no needless redirect."""

import base64
import hashlib
import re
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_app.config import Settings, get_settings

BUILT = Path(".web") / "build" / "client"
_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
_YEAR = 31_536_000
_NO_PAGE = {"application/json", "application/problem+json", "text/csv", "text/plain"}
"""What a browser may show when somebody opens its address, and must never run or frame."""
_PERMISSIONS = "camera=(), geolocation=(), payment=(), usb=(), microphone=(self)"


def inline_script_hashes(built: Path) -> list[str]:
    """Return the CSP source of every inline script in the built pages, so that no other may run."""
    found = set()
    for page in built.rglob("*.html"):
        for script in _INLINE_SCRIPT.findall(page.read_text(encoding="utf-8")):
            digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            found.add(f"'sha256-{digest}'")
    return sorted(found)


def content_policy(hashes: list[str], settings: Settings) -> str:
    """Return the Content-Security-Policy of the pages. Why styles may be inline: see docs/adr/0007."""
    sockets = settings.address.replace("http", "ws", 1)
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", *hashes]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' blob:",
        "font-src": "'self'",
        "connect-src": f"'self' {sockets}",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class Surface:
    """ASGI middleware around the whole site."""

    def __init__(self, app: ASGIApp, built: Path = BUILT) -> None:
        self._app = app
        self._built = built
        self._headers: dict[str, str] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]

        async def send_with_rules(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_rules(MutableHeaders(scope=message), path)
            await send(message)

        await self._app(self._without_redirect(scope), receive, send_with_rules)

    def _without_redirect(self, scope: Scope) -> Scope:
        """Let `/board` find `board/index.html` at once, instead of being sent to `/board/` first."""
        path: str = scope["path"]
        plain = not path.endswith("/") and ".." not in path and "\x00" not in path
        page = self._built / path.lstrip("/") / "index.html"
        if scope["method"] in {"GET", "HEAD"} and plain and page.is_file():
            return {**scope, "path": f"{path}/", "raw_path": f"{path}/".encode()}
        return scope

    def _add_rules(self, headers: MutableHeaders, path: str) -> None:
        if self._headers is None:
            self._headers = _site_headers(self._built, get_settings())
        kind = headers.get("content-type", "").partition(";")[0].strip()
        for name, value in self._headers.items():
            if name != "content-security-policy" or kind == "text/html":
                headers.setdefault(name, value)
        if kind in _NO_PAGE:
            headers.setdefault("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
        if path.startswith("/api/"):
            headers.setdefault("cache-control", "no-store")
        if path.startswith("/assets/"):
            headers["cache-control"] = f"public, max-age={_YEAR}, immutable"
        elif headers.get("content-type", "").startswith("text/html"):
            headers.setdefault("cache-control", "no-cache")


def _site_headers(built: Path, settings: Settings) -> dict[str, str]:
    headers = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": _PERMISSIONS,
    }
    if built.is_dir():
        headers["content-security-policy"] = content_policy(inline_script_hashes(built), settings)
    if settings.secure_cookies:
        headers["strict-transport-security"] = f"max-age={_YEAR}"
    return headers
