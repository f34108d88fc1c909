"""Who calls, from where, and whether the call may change something: what every route depends on."""

from ipaddress import ip_address, ip_network
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie
from structlog.contextvars import bind_contextvars

from crm_app.config import get_settings
from crm_app.core.errors import Forbidden, Unauthenticated
from crm_app.core.limits import Throttle
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.known_sessions import known_sessions
from crm_app.domains.accounts.schemas import SignedIn

SESSION_COOKIE = "prumo_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_TOKEN = 200

_cookie = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="Set by `POST /api/auth/login`.")
_by_session = Throttle("api-session", lambda: get_settings().api_rate)
_by_stranger = Throttle("api-stranger", "1200/minute")


def client_address(request: Request) -> str:
    """Return the address of the caller; `X-Forwarded-For` counts only as far as trusted proxies wrote it."""
    peer = request.client.host if request.client else ""
    chain = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    for hop in [peer, *reversed(chain)]:
        if not _is_trusted_proxy(hop):
            return hop[:64]
    return (chain[0] if chain else peer)[:64]


def _is_trusted_proxy(address: str) -> bool:
    try:
        known = ip_address(address)
    except ValueError:
        return False
    trusted = (part.strip() for part in get_settings().trusted_proxies.split(",") if part.strip())
    return any(known in ip_network(part, strict=False) for part in trusted)


async def same_origin(request: Request) -> None:
    """Refuse a state-changing call that another site made the browser send. Raises `Forbidden`.

    Browsers tell on every such call where it comes from (`Origin`, `Sec-Fetch-Site`); programs tell neither.
    """
    if request.method in SAFE_METHODS:
        return
    origin = request.headers.get("origin")
    if origin is not None:
        if not _is_own_origin(origin, request.headers.get("host", "")):
            raise Forbidden("errors.cross_site")
    elif request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        raise Forbidden("errors.cross_site")


def _is_own_origin(origin: str, host: str) -> bool:
    return origin in get_settings().allowed_origins or (bool(host) and urlsplit(origin).netloc == host)


async def current_session(request: Request, token: Annotated[str | None, Depends(_cookie)]) -> SignedIn:
    """Return who is signed in. Raises `Unauthenticated`, or `TooManyRequests` for whoever guesses."""
    address = client_address(request)
    bind_contextvars(ip=address)
    signed_in = await known_sessions.resolve(token) if token and len(token) <= MAX_TOKEN else None
    if signed_in is None:
        await _by_stranger.hit(address)
        raise Unauthenticated
    bind_contextvars(organization_id=str(signed_in.actor.organization_id), user_id=str(signed_in.actor.user_id))
    await _by_session.hit(str(signed_in.actor.session_id))
    return signed_in


CurrentSession = Annotated[SignedIn, Depends(current_session)]


async def current_actor(signed_in: CurrentSession) -> Actor:
    """Return the actor behind the call. Raises `Unauthenticated`."""
    return signed_in.actor


CurrentActor = Annotated[Actor, Depends(current_actor)]
