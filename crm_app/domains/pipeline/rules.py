"""Pure decisions of the funnel: where a card goes, what a column is worth, how people write money."""

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from fractional_indexing import generate_key_between, generate_n_keys_between

from crm_app.core.errors import Invalid

MAX_VALUE_CENTS = 100_000_000_000_00
"""R$ 100 billion: far above any deal, far below what JavaScript counts exactly."""

LONGEST_RANK = 48
"""A rank that has grown longer asks for a rebalanced column."""

_RANK = re.compile(r"[0-9A-Za-z]{1,500}")
_SIGNS = re.compile(r"^[-−–(]")
_CURRENCY = re.compile(r"^(?:R\$|US\$|BRL|USD|EUR|€|\$)\s*|\s*(?:BRL|USD|EUR|€|reais)$", re.IGNORECASE)
_WHOLE = r"[0-9]{1,3}(?:[.][0-9]{3})+|[0-9]{1,3}(?:[,][0-9]{3})+|[0-9]{1,3}(?: [0-9]{3})+|[0-9]+"
_AMOUNT = re.compile(rf"({_WHOLE})(?:([.,])([0-9]{{1,2}}))?")


def rank_between(before: str | None, after: str | None) -> str:
    """Return a rank strictly between two neighbours; None stands for the end of the column.

    Ranks are fractional indices in base 62, ordered as ASCII. Raises `ValueError` when `before >= after`.
    """
    if before is not None and after is not None and before >= after:
        raise ValueError("the neighbours are not in order")
    return str(generate_key_between(before, after))


def check_rank(rank: str) -> str:
    """Return a rank that came from outside. Raises `Invalid` for a text that can be none."""
    if not _RANK.fullmatch(rank):
        raise Invalid("errors.cursor")
    return rank


def ranks_for(count: int) -> list[str]:
    """Return `count` short ranks in order, to fill or to rebalance a column."""
    return [str(rank) for rank in generate_n_keys_between(None, None, count)]


def needs_rebalance(rank: str) -> bool:
    """Tell whether a rank has grown so long that its column should get fresh ones."""
    return len(rank) > LONGEST_RANK


def weighted_cents(amount_cents: int, probability: int) -> int:
    """Return the forecast of an amount at `probability` percent, rounded half up to the cent."""
    return int((Decimal(amount_cents) * probability / 100).quantize(Decimal(1), ROUND_HALF_UP))


def forecast_cents(columns: Iterable[tuple[int, int]]) -> int:
    """Return the weighted forecast over `(amount_cents, probability)` pairs."""
    return sum(weighted_cents(amount, probability) for amount, probability in columns)


def parse_money(text: str) -> int:
    """Read an amount as people type it, in Brazilian or English writing, and return cents.

    `R$ 1.234,56`, `1,234.56`, `1.234`, `1234,5` and `18 400` are all understood; a single separator before
    three digits groups thousands, since money has no third decimal. An empty text is zero.
    Raises `Invalid` with a key that says what is wrong: negative, not a number, or too large.
    """
    written = text.replace("\u00a0", " ").replace("\u202f", " ").strip()
    if not written:
        return 0
    bare = _CURRENCY.sub("", written).strip()
    if _SIGNS.match(bare) or _SIGNS.match(written):
        raise Invalid("errors.pipeline.value_negative", field="value")
    match = _AMOUNT.fullmatch(bare)
    if match is None or len(bare) > 40:
        raise Invalid("errors.pipeline.value_not_a_number", field="value")
    whole, separator, cents = match.groups()
    if separator is not None and separator in whole:
        raise Invalid("errors.pipeline.value_not_a_number", field="value")
    amount = int(re.sub(r"[., ]", "", whole)) * 100 + int((cents or "").ljust(2, "0") or 0)
    if amount > MAX_VALUE_CENTS:
        raise Invalid("errors.pipeline.value_too_large", field="value")
    return amount


def fold(text: str) -> str:
    """Return text in lower case without the accents of Portuguese, as `FOLD_FROM`/`FOLD_TO` do in SQL."""
    return text.lower().translate(_FOLD)


FOLD_FROM = "áàâãäéèêëíìîïóòôõöúùûüçñ"
FOLD_TO = "aaaaaeeeeiiiiooooouuuucn"
_FOLD = str.maketrans(FOLD_FROM, FOLD_TO)


DEFAULT_STAGES: Sequence[tuple[str, str, int, int | None]] = (
    ("lead", "open", 10, 3),
    ("contact", "open", 25, 5),
    ("proposal", "open", 50, 7),
    ("negotiation", "open", 70, 7),
    ("won", "won", 100, None),
    ("lost", "lost", 0, None),
)
"""Stages of a new funnel: catalogue name, kind, probability in percent, days until a deal counts as stalled."""
