"""Codes of authenticator apps: the vectors of RFC 6238, drift, replay, and texts that are no codes."""

import base64
from datetime import UTC, datetime

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.domains.accounts.factors import recovery, totp

# RFC 6238, appendix B, SHA-1: the secret is ASCII "12345678901234567890"; the last six of its eight digits.
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


def at(seconds: int) -> datetime:
    """Return the moment so many seconds after 1970."""
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "digits"), RFC_VECTORS)
def test_the_vectors_of_the_rfc(seconds: int, digits: str) -> None:
    assert totp.matching_step(RFC_SECRET, digits[-6:], moment=at(seconds), after=0) == seconds // 30


@pytest.mark.parametrize(("off", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off(off: int, accepted: bool) -> None:
    found = totp.matching_step(RFC_SECRET, "050471", moment=at(1111111111 + off), after=0)
    assert (found is not None) is accepted


def test_a_step_is_used_up_with_all_before_it() -> None:
    moment, step = at(1111111111), 1111111111 // 30
    assert totp.matching_step(RFC_SECRET, "050471", moment=moment, after=step - 1) == step
    assert totp.matching_step(RFC_SECRET, "050471", moment=moment, after=step) is None
    assert totp.matching_step(RFC_SECRET, "050471", moment=moment, after=step + 1) is None


@given(st.text(max_size=20))
def test_no_text_breaks_it(text: str) -> None:
    step = totp.matching_step(RFC_SECRET, text, moment=at(59), after=0)
    assert step is None or "".join(text.split()) in {"287082", "755224", "359152"}


@given(st.integers(min_value=0, max_value=2**33), st.integers(min_value=-90, max_value=90))
def test_what_is_accepted_is_near_and_after(seconds: int, off: int) -> None:
    code = pyotp.TOTP(RFC_SECRET).at(seconds)
    now = max(0, seconds + off)
    step = totp.matching_step(RFC_SECRET, code, moment=at(now), after=0)
    if abs(now // 30 - seconds // 30) <= 1 and seconds >= 30:
        assert step is not None
        assert abs(step - now // 30) <= 1


def test_a_code_may_be_typed_in_groups() -> None:
    assert totp.matching_step(RFC_SECRET, " 050 471 ", moment=at(1111111111), after=0)


def test_the_address_for_apps_and_its_drawing() -> None:
    secret = totp.new_secret()
    assert len(base64.b32decode(secret)) == 20
    uri = totp.provisioning_uri(secret, "bia@exemplo.com.br")
    assert uri.startswith("otpauth://totp/Prumo:bia%40exemplo.com.br?secret=")
    assert "issuer=Prumo" in uri
    assert totp.qr_code(uri).startswith("data:image/svg+xml")


def test_recovery_codes_are_read_with_any_blanks_and_capitals() -> None:
    code = recovery.new_code()
    assert recovery.hash_code(code) == recovery.hash_code(f" {code.upper().replace('-', ' ')}\n")
    assert len({recovery.new_code() for _ in range(1000)}) == 1000
