"""Who calls, from where, and whether the call may change something: what every route depends on."""

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie
from structlog.contextvars import bind_contextvars

from crm_app.config import get_settings
from crm_app.core.cookies import SESSION
from crm_app.core.errors import Forbidden, Unauthenticated
from crm_app.core.life_cycle import refusal_of
from crm_app.core.limits import Throttle
from crm_app.core.tenancy import Actor
from crm_app.core.visiting import ReadOnly
from crm_app.domains.accounts.factors.errors import FactorRequired
from crm_app.domains.accounts.schemas import SignedIn
from crm_app.domains.accounts.sessions.known import known_sessions

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_TOKEN = 200
API = "/api/v1/"

_by_session = Throttle("api-session", lambda: get_settings().api_rate)
_by_stranger = Throttle("api-stranger", "1200/minute")


def client_address(request: Request) -> str:
    """Return the address of the caller; `X-Forwarded-For` counts only as far as trusted proxies wrote it."""
    trusted = get_settings().trusted_proxies
    peer = request.client.host if request.client else ""
    chain = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    for hop in [peer, *reversed(chain)]:
        if not _is_trusted_proxy(trusted, hop):
            return hop[:64]
    return (chain[0] if chain else peer)[:64]


@lru_cache(maxsize=4096)
def _is_trusted_proxy(trusted: str, address: str) -> bool:
    try:
        known = ip_address(address)
    except ValueError:
        return False
    networks = (part.strip() for part in trusted.split(",") if part.strip())
    return any(known in ip_network(network, strict=False) for network in networks)


async def same_origin(request: Request) -> None:
    """Refuse a state-changing call that another site made the browser send. Raises `Forbidden`.

    Browsers tell on every such call where it comes from (`Origin`, `Sec-Fetch-Site`); programs tell neither.
    """
    bind_contextvars(ip=client_address(request))  # for whatever is audited before anybody is known
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


async def session_of(request: Request) -> SignedIn | None:
    """Return the session behind a call, None for a stranger's."""
    token = SESSION.read(request.cookies)
    return await known_sessions.resolve(token) if token and len(token) <= MAX_TOKEN else None


class _SessionCookie(APIKeyCookie):
    """The session behind the cookie. One dependency does it all: every level of them costs each call time."""

    def __init__(self, *, anyhow: bool = False, at_rest: bool = False, visiting: bool = False) -> None:
        super().__init__(name=SESSION.base, scheme_name="session", description="Set by `POST /api/auth/login`.")
        self._anyhow = anyhow
        self._at_rest = at_rest
        self._visiting = visiting

    async def __call__(self, request: Request) -> SignedIn:  # type: ignore[override]
        await same_origin(request)
        address = client_address(request)
        signed_in = await session_of(request)
        if signed_in is None:
            bind_contextvars(ip=address)
            await _by_stranger.hit(address)
            raise Unauthenticated
        refusal = None if self._at_rest else refusal_of(signed_in.organization.state)
        if refusal is not None:
            raise refusal
        if signed_in.nowhere and not (self._anyhow or self._at_rest):
            raise Forbidden
        if signed_in.must_set_factor and not self._anyhow:
            raise FactorRequired
        if signed_in.actor.visit is not None and not self._visiting:
            raise ReadOnly
        actor = signed_in.actor
        bind_contextvars(ip=address, organization_id=str(actor.organization_id), user_id=str(actor.user_id))
        await _by_session.hit(str(actor.session_id))
        return signed_in


class _ActorCookie(_SessionCookie):
    """The actor of that session; below `/api/v1`, of one who may use the API."""

    async def __call__(self, request: Request) -> Actor:  # type: ignore[override]
        signed_in = await super().__call__(request)
        # Whoever is let through although nothing works, goes elsewhere: where they may use it is asked there.
        if request.scope["path"].startswith(API) and not (signed_in.at_rest or signed_in.nowhere):
            signed_in.actor.require("api.use")
        return signed_in.actor


# Whoever looks through somebody else's eyes does so in the screens: every route refuses, but for the ways out.
CurrentSession = Annotated[SignedIn, Depends(_SessionCookie())]
"""Who is signed in. Raises `Unauthenticated`; `Forbidden` for a change that another site asked for;
`OrganizationSuspended` where the organization does no work; `TooManyRequests` for whoever guesses or hurries."""

AnySession = Annotated[SignedIn, Depends(_SessionCookie(anyhow=True))]
"""The same, also for a person who must set up a second factor before anything else: signing out, setting it up."""

HeldSession = Annotated[SignedIn, Depends(_SessionCookie(anyhow=True, at_rest=True))]
"""The same, also while the organization does no work: to leave, or to prove who one is."""

WayOut = Annotated[SignedIn, Depends(_SessionCookie(anyhow=True, at_rest=True, visiting=True))]
"""The same, also during a visit; who asks is `own_actor`. For ending the visit, and for signing out."""

CurrentActor = Annotated[Actor, Depends(_ActorCookie())]
"""The actor behind the call. Raises as `CurrentSession` does; below `/api/v1`, also `Forbidden` or `ModuleOff` for
whoever may not use the API."""

HeldActor = Annotated[Actor, Depends(_ActorCookie(at_rest=True))]
"""The same, also while the organization does no work: to go to another one."""


async def signed_in_user(request: Request) -> UUID | None:
    """Return who is signed in, as who they are also during a visit; for a route that is open to everybody."""
    signed_in = await session_of(request)
    return signed_in.own_actor.user_id if signed_in else None
