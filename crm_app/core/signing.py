"""Tokens that we hand out and later believe: readable, unchangeable, for one purpose, until a moment.

`<claims>.<signature>`, both URL-safe base64: JSON, and HMAC-SHA256 (first 16 bytes) under a key derived from the
secret for that purpose. Not secret: never put into one what its holder may not know.
"""

import base64
import functools
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crm_app.config import get_settings
from crm_app.core.clock import utc_now

SIGNATURE_BYTES = 16
_EXPIRES = "exp"


def sign(purpose: str, claims: dict[str, Any], *, expires_at: int) -> str:
    """Return a token that carries `claims` (plain JSON) until `expires_at` (Unix seconds)."""
    body = json.dumps({**claims, _EXPIRES: expires_at}, separators=(",", ":"), ensure_ascii=False).encode()
    secret = get_settings().secret_key.get_secret_value()
    return f"{_encode(body)}.{_encode(_signature(secret, purpose, body))}"


def verify(purpose: str, token: str) -> dict[str, Any] | None:
    """Return the claims of a token made for this purpose, or None when it is forged, broken or expired."""
    first, separator, second = token.partition(".")
    try:
        body, signature = _decode(first), _decode(second)
    except ValueError:
        return None
    if not separator or not any(
        hmac.compare_digest(_signature(secret, purpose, body), signature) for secret in _secrets()
    ):
        return None
    claims: dict[str, Any] = json.loads(body)
    return claims if claims.pop(_EXPIRES) > utc_now().timestamp() else None


def _secrets() -> list[str]:
    settings = get_settings()
    return [key.get_secret_value() for key in (settings.secret_key, *settings.old_secret_keys)]


def _signature(secret: str, purpose: str, body: bytes) -> bytes:
    return hmac.new(_key(secret, purpose), body, hashlib.sha256).digest()[:SIGNATURE_BYTES]


@functools.lru_cache(maxsize=64)
def _key(secret: str, purpose: str) -> bytes:
    info = f"prumo/signing/{purpose}/v1".encode()
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(secret.encode())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
