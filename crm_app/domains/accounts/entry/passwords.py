"""Password hashes: Argon2id with the library's parameters (RFC 9106), off the event loop."""

import asyncio
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from crm_app.domains.accounts.rules import MAXIMUM_PASSWORD

_hasher = PasswordHasher()


async def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password, with its parameters and salt inside."""
    return await asyncio.to_thread(_hasher.hash, password)


@cache
def _decoy() -> str:
    return _hasher.hash("no user has this password")


def _verify(stored: str | None, password: str) -> bool:
    try:
        return _hasher.verify(stored or _decoy(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


async def verify_password(stored: str | None, password: str) -> bool:
    """Tell whether the password, whole as it was typed, belongs to the stored hash.

    Takes as long when there is none stored. What is longer than any password of ours belongs to none.
    """
    if len(password) > MAXIMUM_PASSWORD:
        stored, password = None, ""
    return await asyncio.to_thread(_verify, stored, password)


def needs_rehash(stored: str) -> bool:
    """Tell whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)
