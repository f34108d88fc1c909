"""Sealing of secrets at rest: AES-256-GCM under a key derived from the settings' secret.

Each sealed value remembers the id of its key, so that the secret can be rotated: put the new one in
`PRUMO_SECRET_KEY`, the old one in `PRUMO_OLD_SECRET_KEYS`; old seals stay readable and are renewed when
written. A seal is bound to its `context` (say "channel:<id>"): copied onto another row it does not open.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crm_app.config import get_settings

NONCE_BYTES = 12
PURPOSE = b"prumo/sealed-credentials/v1"


class SealBroken(Exception):
    """The value cannot be opened: unknown key, another context, or changed bytes."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed value: `data` is nonce, ciphertext and tag; `key_id` names the key, it is no secret."""

    key_id: str
    data: bytes


class Sealer:
    """Seals with the first of its secrets and opens with any of them."""

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("a sealer needs at least one secret")
        keys = [_derive(secret) for secret in secrets]
        self._ciphers = {_key_id(key): AESGCM(key) for key in reversed(keys)}
        self._current = _key_id(keys[0])

    @property
    def key_id(self) -> str:
        """The id of the key that new seals are made with."""
        return self._current

    def seal(self, plaintext: bytes, *, context: str) -> Sealed:
        """Seal `plaintext` for `context`."""
        nonce = os.urandom(NONCE_BYTES)
        body = self._ciphers[self._current].encrypt(nonce, plaintext, context.encode())
        return Sealed(self._current, nonce + body)

    def open(self, sealed: Sealed, *, context: str) -> bytes:
        """Return what was sealed; `SealBroken` when key, context or bytes do not fit."""
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise SealBroken(f"no key {sealed.key_id}")
        nonce, body = sealed.data[:NONCE_BYTES], sealed.data[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, body, context.encode())
        except (InvalidTag, ValueError) as broken:
            raise SealBroken("the sealed value was changed or belongs elsewhere") from broken


def _derive(secret: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"key-id" + key).hexdigest()[:12]


_sealers: dict[tuple[str, ...], Sealer] = {}


def get_sealer() -> Sealer:
    """Return the sealer for the present settings."""
    settings = get_settings()
    secrets = tuple(s.get_secret_value() for s in (settings.secret_key, *settings.old_secret_keys))
    if secrets not in _sealers:
        _sealers.clear()
        _sealers[secrets] = Sealer(secrets)
    return _sealers[secrets]
