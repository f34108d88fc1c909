"""Pure rules about addresses, names and passwords."""

import hashlib
import re
import secrets
import unicodedata
from datetime import timedelta

from crm_app.domains.accounts.errors import BadEmail, WeakPassword

SESSION_LIFETIME = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=1)
"""How stale a session's `last_seen_at` may get before it is written again."""
MINIMUM_PASSWORD = 10
MAXIMUM_PASSWORD = 1024
_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s.\x00-\x1f]+")
_TOKEN_BYTES = 32


def normalize_email(text: str) -> str:
    """Return an address in the form in which it is stored: NFKC, without outer blanks, case folded.

    Raises `BadEmail` when it cannot be one (structure only; at most 254 characters, RFC 5321 section 4.5.3).
    """
    address = unicodedata.normalize("NFKC", text).strip().casefold()
    if len(address) > 254 or not _EMAIL.fullmatch(address):
        raise BadEmail(field="email")
    return address


def check_password(password: str) -> None:
    """Raise `WeakPassword` when the password is too short, too long, or one character repeated."""
    if not MINIMUM_PASSWORD <= len(password) <= MAXIMUM_PASSWORD or len(set(password)) < 4:
        raise WeakPassword(field="password", minimum=MINIMUM_PASSWORD)


def slugify(name: str) -> str:
    """Return a name in the form used in addresses: ASCII letters, digits and hyphens, at most 50 characters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].strip("-") or "organizacao"


def new_token() -> str:
    """Return an unguessable session token of 256 random bits, URL-safe."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_token(token: str) -> bytes:
    """Return the SHA-256 under which a token is stored, so that a copy of the table opens no session."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
