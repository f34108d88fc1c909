"""The catalogue on the Python side: sentences for API errors, e-mails and documents, and formats by locale.

The same JSON files feed i18next in the browser, so the rules are i18next's: `{{name}}` placeholders, and
the plural form chosen by `count` through the suffixes `_zero`, `_one`, `_other` and the other CLDR names.
"""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers

LANGUAGES: Final = ("pt-BR", "en")
DEFAULT_LANGUAGE: Final = "pt-BR"
LOCALES: Final = Path(__file__).resolve().parents[1] / "locales"

_PLACEHOLDER = re.compile(r"\{\{\s*-?\s*([\w.]+)(?:\s*,[^}]*)?\}\}")
_WEIGHT = re.compile(r"(0(\.\d{0,3})?|1(\.0{0,3})?)")
_MAX_HEADER = 500


def negotiate(accept_language: str | None) -> str:
    """Return the language of ours that an `Accept-Language` header (RFC 9110 section 12.5.4) likes best."""
    wanted = [_weighted(part) for part in (accept_language or "")[:_MAX_HEADER].split(",")]
    for _, tag in sorted((pair for pair in wanted if pair[0] > 0), key=lambda pair: -pair[0]):
        for language in LANGUAGES:
            if tag == language.lower() or tag.split("-")[0] == language.split("-")[0]:
                return language
    return DEFAULT_LANGUAGE


def _weighted(part: str) -> tuple[float, str]:
    tag, _, parameter = part.strip().partition(";")
    weight = parameter.strip().removeprefix("q=") if parameter else "1"
    return (float(weight) if _WEIGHT.fullmatch(weight) else 0.0), tag.strip().lower()


@cache
def _sentences(language: str) -> Mapping[str, str]:
    """Return every sentence of a language by its dotted key; the first part is the file's name."""
    flat: dict[str, str] = {}

    def add(prefix: str, tree: Mapping[str, Any]) -> None:
        for name, value in tree.items():
            if isinstance(value, dict):
                add(f"{prefix}{name}.", value)
            else:
                flat[prefix + name] = str(value)

    for path in sorted((LOCALES / language).glob("*.json")):
        add(f"{path.stem}.", json.loads(path.read_text(encoding="utf-8")))
    return flat


def has_sentence(key: str, language: str = DEFAULT_LANGUAGE) -> bool:
    """Tell whether the catalogue of a language knows this key (or a plural form of it)."""
    known = _sentences(language)
    return key in known or f"{key}_other" in known


def translate(key: str, language: str = DEFAULT_LANGUAGE, /, **data: Any) -> str:
    """Return the sentence under `key`, filled with `data`; in the default language if need be, else the key."""
    for candidate in dict.fromkeys((language, DEFAULT_LANGUAGE)):
        sentence = _choose(key, candidate, data.get("count"))
        if sentence is not None:
            return _fill(sentence, candidate, data)
    return key


def _choose(key: str, language: str, count: Any) -> str | None:
    known = _sentences(language)
    if isinstance(count, int | float) and not isinstance(count, bool):
        forms = (["zero"] if count == 0 else []) + [_plural(language, count), "other"]
        for form in forms:
            if f"{key}_{form}" in known:
                return known[f"{key}_{form}"]
    return known.get(key)


def _fill(sentence: str, language: str, data: Mapping[str, Any]) -> str:
    def value_of(match: re.Match[str]) -> str:
        value = data.get(match[1], "")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return format_number(value, language) if is_number else str(value)

    return _PLACEHOLDER.sub(value_of, sentence)


def _plural(language: str, count: float) -> str:
    return str(_locale(language).plural_form(abs(count)))


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language.replace("-", "_"))


def format_number(value: float | Decimal, language: str = DEFAULT_LANGUAGE) -> str:
    """Return a number with the language's separators, with at most three decimals."""
    return numbers.format_decimal(value, locale=_locale(language))


def format_money(cents: int, currency: str = "BRL", language: str = DEFAULT_LANGUAGE) -> str:
    """Return an amount of `cents`, always with its cents, as documents need it: `R$ 1.234,50`."""
    amount = Decimal(cents) / 100
    return numbers.format_currency(amount, currency, locale=_locale(language)).replace("\xa0", " ")


def format_percent(fraction: float, language: str = DEFAULT_LANGUAGE) -> str:
    """Return a fraction as a percentage with one decimal: 0.104 is `10,4%`."""
    return numbers.format_percent(fraction, format="#,##0.#%", locale=_locale(language))


def format_day(value: date | datetime, language: str = DEFAULT_LANGUAGE, time_zone: str = "UTC") -> str:
    """Return a day in words, `17 de julho de 2025`; a moment is first brought to the time zone."""
    local = value.astimezone(ZoneInfo(time_zone)) if isinstance(value, datetime) else value
    return dates.format_date(local, format="long", locale=_locale(language))


def format_moment(value: datetime, language: str = DEFAULT_LANGUAGE, time_zone: str = "UTC") -> str:
    """Return day and clock time in the time zone, in the language's short form."""
    return dates.format_datetime(
        value, format="short", tzinfo=ZoneInfo(time_zone), locale=_locale(language)
    ).replace("\u202f", " ")
