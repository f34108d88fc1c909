"""Recovery codes: for the day on which the phone is gone. Shown once, kept as hashes, each good for one time."""

import hashlib
import secrets
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.domains.accounts.factors import repository as factor_repository

CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike on paper: i, l, o, 0, 1."""
_GROUPS, _GROUP = 4, 4


def new_code() -> str:
    """Return a code of 16 letters and digits (79 bits), in groups that can be read aloud."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def hash_code(code: str) -> bytes:
    """Return the SHA-256 under which a code is kept, whatever blanks, hyphens and capitals it was typed with."""
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return hashlib.sha256(b"recovery:" + plain.encode("utf-8", "surrogatepass")).digest()


async def replace_codes(session: AsyncSession, user_id: UUID) -> list[str]:
    """Give the person new codes in place of the old ones, and return them for the only time."""
    codes = [new_code() for _ in range(CODES)]
    await factor_repository.replace_codes(session, user_id, [hash_code(code) for code in codes])
    return codes


async def use_code(session: AsyncSession, user_id: UUID, code: str) -> bool:
    """Use up one of the person's codes; False when it is none, or was used before."""
    if len(code) > 100:
        return False
    return await factor_repository.use_code(session, user_id, hash_code(code), utc_now())
