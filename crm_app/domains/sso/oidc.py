"""The protocol: OpenID Connect Core 1.0, authorization code with PKCE (RFC 7636), metadata by Discovery 1.0.

Everything goes through the guarded client: the address of the provider comes from a tenant. Only signatures by
keys that the provider publishes count; `none` and shared-secret algorithms do not exist here.
"""

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crm_app.core.clock import utc_now
from crm_app.core.http import TooLarge, read_at_most, shared_client
from crm_app.domains.sso.errors import BadIdToken, ProviderAway, SsoStale

log = structlog.get_logger(__name__)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
SCOPE = "openid email profile"
LEEWAY = 60
"""Seconds by which the provider's clock may differ from ours."""
KEPT_SECONDS = 3600.0
MAX_ANSWER = 512 * 1024
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Metadata(BaseModel):
    """What a provider says about itself."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Claims(BaseModel):
    """What the provider vouches for. `hd` is Google's name for the customer to whom the account belongs."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sub: str = Field(min_length=1, max_length=255)
    email: str = ""
    email_verified: bool = False
    name: str = ""
    hd: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are at a provider."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str


_known: dict[str, tuple[float, Any]] = {}
_MOST_KNOWN = 500


def forget_providers() -> None:
    """Ask every provider anew."""
    _known.clear()


async def discover(issuer: str) -> Metadata:
    """Return the provider's metadata. Raises `ProviderAway`, also when it calls itself by another name."""
    address = issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        found = Metadata.model_validate(await _get(address))
    except ValidationError as error:
        raise ProviderAway(host=_host(issuer)) from error
    if not all(map(is_safe, (found.authorization_endpoint, found.token_endpoint, found.jwks_uri))):
        log.warning("an identity provider names an address without encryption", issuer=issuer)
        raise ProviderAway(host=_host(issuer))
    if found.issuer != issuer:
        log.warning("an identity provider calls itself by another name", issuer=issuer, found=found.issuer[:300])
        raise ProviderAway(host=_host(issuer))
    return found


def authorization_url(metadata: Metadata, client: Client, *, state: str, nonce: str, verifier: str) -> str:
    """Return where to send the person. `verifier` stays with their browser (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": SCOPE,
        "state": state,
        "nonce": nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    separator = "&" if urlsplit(metadata.authorization_endpoint).query else "?"
    return f"{metadata.authorization_endpoint}{separator}{urlencode(asked)}"


async def exchange(metadata: Metadata, client: Client, *, code: str, verifier: str, nonce: str) -> Claims:
    """Trade the code for what the provider says about the person, and check every word of it.

    Raises `SsoStale` for a code that is used, forged or another browser's, `BadIdToken`, `ProviderAway`.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": verifier,
    }
    auth: httpx.BasicAuth | None = None
    if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
        auth = httpx.BasicAuth(client.client_id, client.client_secret)
    else:
        form |= {"client_id": client.client_id, "client_secret": client.client_secret}
    answer = await _post(metadata.token_endpoint, form, auth)
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise BadIdToken
    return await _read(token, metadata, client.client_id, nonce)


async def _read(token: str, metadata: Metadata, client_id: str, nonce: str) -> Claims:
    try:
        claims = await _verified(token, metadata)
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(utc_now().timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": metadata.issuer},
            aud={"essential": True, "value": client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        registry.validate(dict(claims))
        # With several audiences the token must have been made for us (Core 3.1.3.7, points 4 and 5).
        if claims.get("azp", client_id) != client_id or (_several(claims["aud"]) and "azp" not in claims):
            raise BadIdToken
        return Claims.model_validate(claims)
    except (JoseError, ValidationError, ValueError, TypeError) as error:
        log.warning("an id token was refused", issuer=metadata.issuer, why=type(error).__name__)
        raise BadIdToken from error


def _several(audience: Any) -> bool:
    return isinstance(audience, list) and len(audience) > 1


async def _verified(token: str, metadata: Metadata) -> Mapping[str, Any]:
    """Return the claims under a good signature; keys that are not known yet are asked for once more."""
    try:
        return jwt.decode(token, KeySet.import_key_set(await _get(metadata.jwks_uri)), ALGORITHMS).claims
    except (JoseError, ValueError):
        _known.pop(metadata.jwks_uri, None)
        return jwt.decode(token, KeySet.import_key_set(await _get(metadata.jwks_uri)), ALGORITHMS).claims


async def _get(address: str) -> Any:
    kept = _known.get(address)
    if kept is not None and kept[0] > time.monotonic():
        return kept[1]
    answer = await _call("GET", address)
    while len(_known) >= _MOST_KNOWN:
        _known.pop(next(iter(_known)))
    _known[address] = time.monotonic() + KEPT_SECONDS, answer
    return answer


async def _post(address: str, form: Mapping[str, str], auth: httpx.BasicAuth | None) -> Mapping[str, Any]:
    answer = await _call("POST", address, data=form, auth=auth)
    if not isinstance(answer, Mapping):
        raise ProviderAway(host=_host(address))
    return answer


async def _call(method: str, address: str, **options: Any) -> Any:
    """Return the provider's JSON. A refusal of the code (400, RFC 6749 section 5.2) is `SsoStale`."""
    if not is_safe(address):
        raise ProviderAway(host=_host(address))
    headers = {"Accept": "application/json"}
    try:
        async with shared_client().stream(method, address, headers=headers, **options) as response:
            body = await read_at_most(response, MAX_ANSWER)
            if method == "POST" and response.status_code == 400 and b"invalid_grant" in body:
                raise SsoStale
            response.raise_for_status()
        return json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, TooLarge, ValueError) as error:
        log.warning(
            "an identity provider failed", host=_host(address), why=f"{type(error).__name__}: {error}"[:300]
        )
        raise ProviderAway(host=_host(address)) from error


def is_safe(address: str) -> bool:
    """Tell whether codes and secrets may travel to this address: encrypted, or without leaving this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "")[:100]
