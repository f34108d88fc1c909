"""Passwords are judged by how soon they would be guessed, in both languages, and by nothing else."""

import inspect
import re

import pytest
import zxcvbn.feedback
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_app.core.i18n import LANGUAGES, has_sentence
from crm_app.domains.accounts.entry import passwords
from crm_app.domains.accounts.entry.strength import ENOUGH, WARNINGS, judge, require_strong
from crm_app.domains.accounts.errors import WeakPassword
from crm_app.domains.accounts.rules import MAXIMUM_PASSWORD

ANA = ("Ana Clara Horizonte", "anaclara@horizonte.com.br", "Agência Prumada")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "short"),
        ("k#9Q!z", "short"),
        ("12345678", "common"),
        ("Senha@123", "common"),
        ("mudar123", "common"),
        ("flamengo2019", "common"),
        ("aaaaaaaaaaaa", "repeat"),
        ("anaclara-horizonte", "personal"),
        ("Horizonte@Prumada", "personal"),
        ("PRUMADA-clara", "personal"),
        ("x" * (MAXIMUM_PASSWORD + 1), "long"),
    ],
)
def test_what_is_soon_guessed_is_refused_with_its_reason(password: str, reason: str) -> None:
    judgement = judge(password, ANA)
    assert (judgement.good, judgement.reason) == (False, reason)


@pytest.mark.parametrize(
    "password",
    [
        "abacaxi azul voador",  # no capitals, no digits, no signs
        "горячий шоколад зимой",
        "k#9Qvz!2wLp",
        "quatro gatos no telhado de zinco",
        "p" * 3 + "abacaxi voador sem asas" * 30,
        "🦜🌵 cacto falante 🛵",
    ],
)
def test_what_is_hard_to_guess_is_welcome_whatever_it_is_made_of(password: str) -> None:
    assert judge(password, ANA).good


def test_every_warning_of_the_library_has_words_in_both_languages() -> None:
    source = inspect.getsource(zxcvbn.feedback)
    warnings = {
        "".join(re.findall(r"'([^']*)'|\"([^\"]*)\"", found)[0])
        for found in re.findall(r"warning'?\s*[:=]\s*_\(([^)]*)\)", source)
    }
    assert len(warnings) >= 10
    known = {text.split(" than ")[0] for text in WARNINGS} | set(WARNINGS)
    for text in warnings:
        assert any(text[:20] in one or one.startswith(text[:12]) for one in known), text
    for reason in {*WARNINGS.values(), "short", "long", "personal", "guessable"}:
        assert all(has_sentence(f"errors.password.{reason}", language) for language in LANGUAGES)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=120))
def test_any_text_gets_a_judgement(password: str) -> None:
    judgement = judge(password, ANA)
    assert 0 <= judgement.score <= 4
    assert judgement.good == (judgement.score >= ENOUGH and not judgement.reason)


async def test_the_refusal_names_the_reason() -> None:
    with pytest.raises(WeakPassword) as refused:
        await require_strong("mudar123", ANA)
    assert refused.value.key == "errors.password.common"
    await require_strong("abacaxi azul voador", ANA)


async def test_a_password_counts_whole() -> None:
    """What is longer than any password may be is not cut until it fits."""
    longest = "a" * MAXIMUM_PASSWORD
    stored = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(longest)
    assert await passwords.verify_password(stored, longest)
    assert not await passwords.verify_password(stored, longest + "a")
    assert not await passwords.verify_password(stored, longest.upper())
