"""Codes of an authenticator app: time-based one-time passwords, RFC 6238 (SHA-1, 6 digits, 30 seconds)."""

import hmac
from datetime import datetime

import pyotp
import segno

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""How far the clock of a phone may be off (RFC 6238 section 5.2 recommends at most one step of delay)."""
ISSUER = "Prumo"


def new_secret() -> str:
    """Return a fresh shared secret of 160 bits (RFC 4226 section 4, R6) in Base32."""
    return pyotp.random_base32(32)


def provisioning_uri(secret: str, account: str) -> str:
    """Return the `otpauth:` address that authenticator apps read, with the person's e-mail as label."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def qr_code(text: str) -> str:
    """Return a QR code as a `data:` address of an SVG, drawn here: a secret must not travel to be drawn."""
    drawn: str = segno.make(text, error="m", micro=False).svg_data_uri(border=0, dark="#1c2024", unit="", scale=4)
    return drawn


def step_of(moment: datetime) -> int:
    """Return the number of the time step of a moment."""
    return int(moment.timestamp()) // STEP_SECONDS


def matching_step(secret: str, code: str, *, moment: datetime, after: int) -> int | None:
    """Return the time step that a code belongs to: now, one before, one later; None when it is none of them.

    Steps up to `after` are used up (RFC 6238 section 5.2: a code is accepted once). Every step is compared, in
    constant time.
    """
    digits = "".join(code.split())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    now = step_of(moment)
    generator = pyotp.TOTP(secret)
    found = None
    for step in range(max(0, now - DRIFT_STEPS), now + DRIFT_STEPS + 1):
        same = hmac.compare_digest(generator.generate_otp(step), digits)
        if same and step > after:
            found = step
    return found
