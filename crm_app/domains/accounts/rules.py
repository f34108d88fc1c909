"""Pure rules about addresses, names and passwords."""

import hashlib
import re
import secrets
import unicodedata
from datetime import timedelta

import idna

from crm_app.core.text import hyphenated
from crm_app.domains.accounts.errors import BadEmail, BadSlug, SlugTaken, WeakPassword

SESSION_LIFETIME = timedelta(days=30)
SESSION_IDLE = timedelta(days=7)
"""A session that nobody has used for so long is over, whatever is left of its life."""
SEEN_EVERY = timedelta(minutes=1)
"""How stale a session's `last_seen_at` may get before it is written again."""
MINIMUM_PASSWORD = 10
MAXIMUM_PASSWORD = 1024
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TOKEN_BYTES = 32
SHORTEST_SLUG, LONGEST_SLUG = 3, 50
RESERVED_SLUGS = frozenset(
    {
        "about", "admin", "api", "app", "assets", "auth", "billing", "blog", "board", "channels", "contacts",
        "dashboard", "demo", "docs", "forgot", "health", "help", "hooks", "inbox", "login", "logout", "magic",
        "mail", "me", "organizacao", "outbox", "plans", "platform", "prumo", "reset", "root", "security",
        "settings", "signup", "static", "status", "support", "verify", "www",
    }
)  # fmt: skip


def normalize_email(text: str) -> str:
    """Return an address in the one form in which it is stored: NFKC, small letters, the domain in ASCII (IDNA).

    Two spellings of a mailbox become one; two mailboxes never do, so what only looks like another address stays
    apart: invisible characters are refused, letters of other alphabets too before the `@`, and are visible as
    `xn--` behind it. Raises `BadEmail` (RFC 5321: at most 64 characters before the `@`, 254 in all).
    """
    address = unicodedata.normalize("NFKC", text.strip())
    local, separator, domain = address.rpartition("@")
    if not separator or not address.isprintable() or any(_is_invisible(character) for character in text.strip()):
        raise BadEmail(field="email")
    local = local.lower()
    if len(local) > 64 or not _LOCAL.fullmatch(local):
        raise BadEmail(field="email")
    normal = f"{local}@{_ascii_domain(domain)}"
    if len(normal) > 254:
        raise BadEmail(field="email")
    return normal


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in {"Cf", "Cc", "Cs", "Zl", "Zp"} or character == "\u034f"


def _ascii_domain(domain: str) -> str:
    """Return a domain as the name servers know it (IDNA 2008 after UTS 46). Raises `BadEmail`."""
    try:
        name = idna.encode(domain.lower(), uts46=True, std3_rules=True).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise BadEmail(field="email") from error
    if "." not in name or name.endswith(".") or name.rpartition(".")[2].isdigit():
        raise BadEmail(field="email")
    return name


def check_password(password: str) -> None:
    """Raise `WeakPassword` when the password is too short, too long, or one character repeated."""
    if not MINIMUM_PASSWORD <= len(password) <= MAXIMUM_PASSWORD or len(set(password)) < 4:
        raise WeakPassword(field="password", minimum=MINIMUM_PASSWORD)


def slugify(name: str) -> str:
    """Return a name in the form used in addresses: ASCII letters, digits and hyphens, at most 50 characters."""
    return hyphenated(name)[:50].strip("-") or "organizacao"


def check_slug(text: str) -> str:
    """Return a slug that somebody chose. Raises `BadSlug` for other than ASCII letters, digits and single hyphens,
    fewer than 3 or more than 50, and `SlugTaken` for names that the house needs itself."""
    slug = unicodedata.normalize("NFKC", text).strip().lower()
    if not SHORTEST_SLUG <= len(slug) <= LONGEST_SLUG or not _SLUG.fullmatch(slug):
        raise BadSlug(field="slug")
    if slug in RESERVED_SLUGS:
        raise SlugTaken(field="slug")
    return slug


def new_token() -> str:
    """Return an unguessable session token of 256 random bits, URL-safe."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_token(token: str) -> bytes:
    """Return the SHA-256 under which a token is stored, so that a copy of the table opens no session."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
