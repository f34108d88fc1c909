"""Links that open one thing, once: 256 random bits in a letter, of which only the SHA-256 is stored.

A token is bound to its purpose: one made for a lost password joins no organization. Whoever redeems it holds its
row until the end of the transaction, so that of two who come at once one succeeds; when that transaction fails,
the token still works.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.errors import CrmError
from crm_app.core.ids import new_id
from crm_app.core.sql import Row, fetch_one, fetch_value, run
from crm_app.domains.accounts.rules import hash_token, new_token

Purpose = Literal["reset", "magic", "verify", "signup", "invitation", "sso"]

LONGEST_TOKEN = 200
KEPT = timedelta(days=30)
"""How long a used or expired token is remembered, so that its holder can be told which of the two it is."""

_INSERT = """
INSERT INTO access_token (id, purpose, token_hash, subject, data, created_at, expires_at)
VALUES (%(id)s, %(purpose)s, %(token_hash)s, %(subject)s, %(data)s, %(now)s, %(expires_at)s)"""
_FIND = """
SELECT subject, data, expires_at, used_at FROM access_token
WHERE token_hash = %(token_hash)s AND purpose = %(purpose)s"""
_USE = "UPDATE access_token SET used_at = %(now)s WHERE token_hash = %(token_hash)s"
_REVOKE = """
DELETE FROM access_token WHERE purpose = %(purpose)s AND subject = %(subject)s AND used_at IS NULL"""
_LOCK_SUBJECT = "SELECT pg_advisory_xact_lock(hashtextextended(%(purpose)s || ':' || %(subject)s, 0))"
_COUNT = """
SELECT count(*) FROM access_token
WHERE purpose = %(purpose)s AND subject = %(subject)s AND used_at IS NULL AND expires_at > %(now)s
  AND created_at > %(since)s"""
_FORGET = "DELETE FROM access_token WHERE expires_at < %(before)s"


class BadToken(CrmError):
    """The link does not work. Subclasses tell why, as far as its holder may know."""

    code = "bad_token"
    status = 410
    key = "errors.tokens.unknown"


class UnknownToken(BadToken):
    """No such link was ever sent for this purpose, or it was taken back."""

    code = "unknown_token"


class UsedToken(BadToken):
    """The link has been used."""

    code = "used_token"
    key = "errors.tokens.used"


class ExpiredToken(BadToken):
    """The link is too old."""

    code = "expired_token"
    key = "errors.tokens.expired"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token stands for."""

    subject: str
    data: Mapping[str, Any]


async def issue_token(
    session: AsyncSession,
    purpose: Purpose,
    subject: str,
    lifetime: timedelta,
    data: Mapping[str, Any] | None = None,
) -> str:
    """Return a new token for `subject` (a user's id, an address, an invitation's id); it is seen only here.

    `data` must be plain JSON. Earlier tokens of the subject go on working: see `revoke_tokens`.
    """
    token, now = new_token(), utc_now()
    values = {
        "id": new_id(),
        "purpose": purpose,
        "token_hash": hash_token(token),
        "subject": subject,
        "data": Jsonb(dict(data or {})),
        "now": now,
        "expires_at": now + lifetime,
    }
    await run(session, _INSERT, values)
    return token


async def redeem_token(session: AsyncSession, purpose: Purpose, token: str) -> Opened:
    """Use up a token, and hold its row until the transaction ends: another who redeems it waits, then fails.

    Whoever redeems another token of the same subject waits, too, so that each may revoke the other's.
    Raises `UnknownToken` (forged, or made for another purpose), `UsedToken` or `ExpiredToken`.
    """
    known = await peek_token(session, purpose, token)
    await fetch_value(session, _LOCK_SUBJECT, {"purpose": purpose, "subject": known.subject})
    opened = await _open(session, f"{_FIND} FOR UPDATE", purpose, token)
    await run(session, _USE, {"token_hash": hash_token(token), "now": utc_now()})
    return opened


async def peek_token(session: AsyncSession, purpose: Purpose, token: str) -> Opened:
    """Return what a token stands for without using it up. Raises like `redeem_token`."""
    return await _open(session, _FIND, purpose, token)


async def _open(session: AsyncSession, statement: str, purpose: Purpose, token: str) -> Opened:
    if len(token) > LONGEST_TOKEN:
        raise UnknownToken
    row = await fetch_one(session, statement, {"token_hash": hash_token(token), "purpose": purpose})
    return _checked(row)


def _checked(row: Row | None) -> Opened:
    if row is None:
        raise UnknownToken
    if row["used_at"] is not None:
        raise UsedToken
    if row["expires_at"] <= utc_now():
        raise ExpiredToken
    return Opened(row["subject"], row["data"])


async def revoke_tokens(session: AsyncSession, purpose: Purpose, subject: str) -> int:
    """Take back every unused token of the subject; returns how many there were."""
    return await run(session, _REVOKE, {"purpose": purpose, "subject": subject})


async def count_tokens(session: AsyncSession, purpose: Purpose, subject: str, *, within: timedelta) -> int:
    """Return how many working tokens the subject was given in the time `within`.

    Others who count (and issue) for the same subject wait until this transaction ends.
    """
    now = utc_now()
    which = {"purpose": purpose, "subject": subject, "now": now, "since": now - within}
    await fetch_value(session, _LOCK_SUBJECT, which)
    counted: int = await fetch_value(session, _COUNT, which)
    return counted


async def forget_tokens(session: AsyncSession) -> int:
    """Remove tokens that ended a month ago; returns how many."""
    return await run(session, _FORGET, {"before": utc_now() - KEPT})
