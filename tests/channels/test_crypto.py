"""Seals open only with their key, in their context, unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.core.crypto import SealBroken, Sealed, Sealer

OLD, NEW = Sealer(["old secret"]), Sealer(["new secret", "old secret"])


@given(st.binary(max_size=2000), st.text(max_size=50))
def test_what_is_sealed_opens(plain: bytes, context: str) -> None:
    assert OLD.open(OLD.seal(plain, context=context), context=context) == plain


def test_rotation_reads_old_and_writes_new() -> None:
    old = OLD.seal(b"api key", context="channel:1")
    assert NEW.open(old, context="channel:1") == b"api key"
    assert NEW.seal(b"x", context="c").key_id == NEW.key_id != OLD.key_id
    with pytest.raises(SealBroken):
        OLD.open(NEW.seal(b"x", context="c"), context="c")


def test_the_same_words_never_look_the_same() -> None:
    assert OLD.seal(b"x", context="c").data != OLD.seal(b"x", context="c").data


@given(st.integers(min_value=0, max_value=30), st.integers(min_value=1, max_value=255))
def test_changed_bytes_do_not_open(position: int, change: int) -> None:
    sealed = OLD.seal(b"abc", context="c")
    data = bytearray(sealed.data)
    data[position % len(data)] ^= change
    with pytest.raises(SealBroken):
        OLD.open(Sealed(sealed.key_id, bytes(data)), context="c")


def test_another_context_does_not_open() -> None:
    with pytest.raises(SealBroken):
        OLD.open(OLD.seal(b"abc", context="channel:1"), context="channel:2")


@given(st.binary(max_size=20))
def test_rubbish_does_not_open(data: bytes) -> None:
    with pytest.raises(SealBroken):
        OLD.open(Sealed(OLD.key_id, data), context="c")
