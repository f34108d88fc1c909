"""WebAuthn Level 3, the server's half: what authenticators are asked for, and whether their answer holds.

The relying party is the host of the public address; origins are those of the settings that lie on it. The library
does the cryptography (sections 7.1 and 7.2 of the specification); the single use of a challenge is ours.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from crm_app.config import get_settings
from crm_app.domains.accounts.factors.errors import BadPasskey
from crm_app.domains.accounts.factors.models import Passkey

NAME = "Prumo"
TIMEOUT_MS = 120_000
MOST_BYTES = 64_000
_BROKEN = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What the library raises at answers that no authenticator gives."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What can be read from an authenticator's answer before it is believed."""

    credential: dict[str, Any]
    challenge: bytes
    credential_id: bytes
    user_id: UUID | None


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A verified new passkey."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    transports: list[str]


def relying_party() -> str:
    """Return the id of the relying party: the host of the public address."""
    return urlsplit(get_settings().address).hostname or "localhost"


def origins() -> list[str]:
    """Return the allowed origins on which a passkey of this relying party may be used."""
    host = relying_party()
    known = [(origin, urlsplit(origin).hostname or "") for origin in get_settings().allowed_origins]
    return [origin for origin, name in known if name == host or name.endswith(f".{host}")]


def registration_options(user_id: UUID, email: str, name: str, known: Sequence[Passkey]) -> tuple[bytes, Any]:
    """Return a new challenge and the options for `navigator.credentials.create`."""
    options = webauthn.generate_registration_options(
        rp_id=relying_party(),
        rp_name=NAME,
        user_id=user_id.bytes,
        user_name=email,
        user_display_name=name,
        timeout=TIMEOUT_MS,
        exclude_credentials=_descriptors(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return options.challenge, json.loads(webauthn.options_to_json(options))


def authentication_options(known: Sequence[Passkey]) -> tuple[bytes, Any]:
    """Return a new challenge and the options for `navigator.credentials.get`; without `known`, any passkey may."""
    options = webauthn.generate_authentication_options(
        rp_id=relying_party(),
        timeout=TIMEOUT_MS,
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options.challenge, json.loads(webauthn.options_to_json(options))


def _descriptors(known: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=one.credential_id, transports=_transports(one.transports))
        for one in known
    ]


def _transports(names: Sequence[str]) -> list[AuthenticatorTransport]:
    return [AuthenticatorTransport(name) for name in names if name in set(AuthenticatorTransport)]


def read_answer(credential: Any) -> Answer:
    """Read what an answer says about itself. Raises `BadPasskey` for anything that is none."""
    try:
        response = credential["response"]
        if len(json.dumps(credential)) > MOST_BYTES:
            raise BadPasskey
        client = json.loads(base64url_to_bytes(response["clientDataJSON"]))
        handle = response.get("userHandle")
        return Answer(
            credential,
            base64url_to_bytes(client["challenge"]),
            base64url_to_bytes(credential["rawId"]),
            UUID(bytes=base64url_to_bytes(handle)) if handle else None,
        )
    except (*_BROKEN, RecursionError) as error:
        raise BadPasskey from error


def verify_registration(answer: Answer) -> NewCredential:
    """Return the new credential in an answer. Raises `BadPasskey`."""
    try:
        found = webauthn.verify_registration_response(
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=relying_party(),
            expected_origin=origins(),
            require_user_verification=True,
        )
    except _BROKEN as error:
        raise BadPasskey from error
    named = answer.credential["response"].get("transports")
    transports = [one.value for one in _transports(named if isinstance(named, list) else [])]
    return NewCredential(
        found.credential_id,
        found.credential_public_key,
        found.sign_count,
        found.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        found.credential_backed_up,
        transports,
    )


def verify_authentication(answer: Answer, passkey: Passkey) -> tuple[int, bool]:
    """Return the new counter and whether the passkey is backed up by now.

    Raises `BadPasskey`, also for a counter that does not go forward: then there is a copy of the key (section 7.2,
    step 22).
    """
    try:
        found = webauthn.verify_authentication_response(
            credential=answer.credential,
            expected_challenge=answer.challenge,
            expected_rp_id=relying_party(),
            expected_origin=origins(),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except _BROKEN as error:
        raise BadPasskey from error
    # Section 7.2, step 20: whether a key may be copied is settled when it is made.
    if (found.credential_device_type is CredentialDeviceType.MULTI_DEVICE) != passkey.backup_eligible:
        raise BadPasskey
    return found.new_sign_count, found.credential_backed_up
