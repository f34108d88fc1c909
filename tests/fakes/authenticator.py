"""An authenticator in software: makes passkeys and signs with them, rightly or, where a test wants, wrongly."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


@dataclass
class Authenticator:
    """One passkey. `origin` and `rp_id` are what the browser would put in."""

    origin: str = "http://localhost:3000"
    rp_id: str = "localhost"
    counter: int = 0
    flags: int = PRESENT | VERIFIED
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    user_handle: bytes = b""

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def _client_data(self, kind: str, challenge: str) -> bytes:
        data = {"type": f"webauthn.{kind}", "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(data).encode()

    def _authenticator_data(self, *, attested: bool = False) -> bytes:
        flags = self.flags | (ATTESTED if attested else 0)
        head = hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")
        if not attested:
            return head
        numbers = self._key.public_key().public_numbers()
        key = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        return (
            head + bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(key)
        )

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Answer `navigator.credentials.create`."""
        self.user_handle = base64url_to_bytes(options["user"]["id"])
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._authenticator_data(attested=True)}
        response = {
            "clientDataJSON": self._client_data("create", options["challenge"]),
            "attestationObject": cbor2.dumps(attestation),
        }
        return self._credential(response) | {"clientExtensionResults": {}}

    def get(self, options: dict[str, Any], *, step: int = 1) -> dict[str, Any]:
        """Answer `navigator.credentials.get`; the counter moves by `step`."""
        self.counter += step
        client_data = self._client_data("get", options["challenge"])
        data = self._authenticator_data()
        signed = self._key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": data,
            "signature": signed,
            "userHandle": self.user_handle,
        }
        return self._credential(response)

    def _credential(self, response: dict[str, bytes]) -> dict[str, Any]:
        own = bytes_to_base64url(self.credential_id)
        encoded: dict[str, Any] = {name: bytes_to_base64url(value) for name, value in response.items()}
        return {"id": own, "rawId": own, "type": "public-key", "response": encoded}
