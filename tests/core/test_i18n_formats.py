"""Formats of documents, e-mails and API sentences: numbers, money and moments as each language writes them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from crm_app.core.i18n import (
    format_day,
    format_moment,
    format_money,
    format_number,
    format_percent,
    has_sentence,
    negotiate,
    translate,
)

EVENING_IN_UTC = datetime(2025, 7, 18, 1, 30, tzinfo=UTC)
"""Still the evening of the 17th in São Paulo."""


@pytest.mark.parametrize(
    ("cents", "currency", "portuguese", "english"),
    [
        (123450, "BRL", "R$ 1.234,50", "R$1,234.50"),
        (0, "BRL", "R$ 0,00", "R$0.00"),
        (-99, "BRL", "-R$ 0,99", "-R$0.99"),
        (100_000_000_01, "USD", "US$ 100.000.000,01", "$100,000,000.01"),
    ],
)
def test_money(cents: int, currency: str, portuguese: str, english: str) -> None:
    assert format_money(cents, currency) == portuguese
    assert format_money(cents, currency, "en") == english


@pytest.mark.parametrize(
    ("value", "portuguese", "english"),
    [
        (1234567, "1.234.567", "1,234,567"),
        (0.5, "0,5", "0.5"),
        (Decimal("1234.5678"), "1.234,568", "1,234.568"),
        (-3, "-3", "-3"),
    ],
)
def test_numbers(value: float | Decimal, portuguese: str, english: str) -> None:
    assert (format_number(value), format_number(value, "en")) == (portuguese, english)


@pytest.mark.parametrize(
    ("fraction", "portuguese", "english"),
    [(0.104, "10,4%", "10.4%"), (1, "100%", "100%"), (12.5, "1.250%", "1,250%")],
)
def test_percentages(fraction: float, portuguese: str, english: str) -> None:
    assert (format_percent(fraction), format_percent(fraction, "en")) == (portuguese, english)


def test_a_day_is_the_one_of_the_time_zone() -> None:
    assert format_day(EVENING_IN_UTC, "pt-BR", "America/Sao_Paulo") == "17 de julho de 2025"
    assert format_day(EVENING_IN_UTC, "en", "America/Sao_Paulo") == "July 17, 2025"
    assert format_day(EVENING_IN_UTC) == "18 de julho de 2025"


def test_a_day_without_a_clock_stays_what_it_is() -> None:
    assert format_day(date(2025, 1, 2), "pt-BR", "Pacific/Kiritimati") == "2 de janeiro de 2025"


def test_a_moment_is_told_in_the_time_zone() -> None:
    assert format_moment(EVENING_IN_UTC, "pt-BR", "America/Sao_Paulo") == "17/07/2025 22:30"
    assert format_moment(EVENING_IN_UTC, "en", "America/Sao_Paulo") == "7/17/25, 10:30 PM"
    assert format_moment(EVENING_IN_UTC, "pt-BR", "Asia/Tokyo") == "18/07/2025 10:30"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "pt-BR"),
        ("", "pt-BR"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("pt-PT", "pt-BR"),
        ("de, en;q=0.5, pt;q=0.4", "en"),
        ("en;q=0, pt-BR;q=0.1", "pt-BR"),
        ("en;q=nonsense", "pt-BR"),
        ("fr", "pt-BR"),
    ],
)
def test_the_language_that_a_caller_likes_best(header: str | None, language: str) -> None:
    assert negotiate(header) == language


@pytest.mark.parametrize(
    ("count", "portuguese", "english"),
    [
        (1, "1 conversa não lida", "1 unread conversation"),
        (2, "2 conversas não lidas", "2 unread conversations"),
        (1234, "1.234 conversas não lidas", "1,234 unread conversations"),
    ],
)
def test_plurals_with_numbers_of_the_language(count: int, portuguese: str, english: str) -> None:
    assert translate("shell.unread", count=count) == portuguese
    assert translate("shell.unread", "en", count=count) == english


def test_zero_is_singular_in_portuguese_and_plural_in_english() -> None:
    assert translate("shell.unread", count=0) == "0 conversa não lida"
    assert translate("shell.unread", "en", count=0) == "0 unread conversations"


def test_what_the_catalogue_does_not_know() -> None:
    assert translate("no.such.sentence", "en") == "no.such.sentence"
    assert not has_sentence("no.such.sentence")
    assert has_sentence("shell.unread", "en")
    assert translate("shell.theme.dark", "xx") == "Escuro"
