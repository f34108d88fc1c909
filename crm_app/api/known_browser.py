"""Browsers from which somebody has signed in before: their password form cannot be throttled by strangers.

Passwords are counted by the caller's address, and an office shares one. A browser that has once given the right
password carries a signed cookie that says for which account (OWASP calls it a device cookie), and is counted by
itself from then on. It opens nothing.
"""

import hashlib
import secrets
from datetime import timedelta

from fastapi import Request, Response

from crm_app.api.cookies import put
from crm_app.core.clock import utc_now
from crm_app.core.cookies import HouseCookie
from crm_app.core.signing import sign, verify

COOKIE = HouseCookie("prumo_browser", path="/api/auth/login")
LIFETIME = timedelta(days=365)
_LONGEST = 400


def known_browser(request: Request, account: str) -> str | None:
    """Return the name of a browser that has given this account's password before, None for any other."""
    token = COOKIE.read(request.cookies)
    claims = verify("browser", token) if 0 < len(token) <= _LONGEST else None
    return str(claims["name"]) if claims and claims.get("account") == _digest(account) else None


def remember_browser(response: Response, account: str) -> None:
    """Let the browser carry that it has given this account's password."""
    expires_at = int((utc_now() + LIFETIME).timestamp())
    claims = {"account": _digest(account), "name": secrets.token_urlsafe(12)}
    put(response, COOKIE, sign("browser", claims, expires_at=expires_at), seconds=LIFETIME.total_seconds())


def _digest(account: str) -> str:
    return hashlib.sha256(account.encode("utf-8", "surrogatepass")).hexdigest()[:32]
