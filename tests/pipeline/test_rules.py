"""Ranks keep every order that people make; money is read as people write it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.core.errors import Invalid
from crm_app.domains.pipeline import rules


@given(st.lists(st.integers(min_value=0, max_value=10_000), max_size=120))
def test_any_sequence_of_insertions_keeps_the_order(places):
    column: list[str] = []
    for place in places:
        index = place % (len(column) + 1)
        before = column[index - 1] if index > 0 else None
        after = column[index] if index < len(column) else None
        rank = rules.rank_between(before, after)
        assert before is None or before < rank
        assert after is None or rank < after
        column.insert(index, rank)
    assert column == sorted(column)
    assert len(set(column)) == len(column)


@given(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 999)), max_size=80))
def test_any_sequence_of_moves_keeps_the_order_of_the_others(moves):
    cards = list(range(12))
    ranks = dict(zip(cards, rules.ranks_for(len(cards)), strict=True))
    for taken, place in moves:
        card = cards.pop(taken % len(cards))
        index = place % (len(cards) + 1)
        before = ranks[cards[index - 1]] if index > 0 else None
        after = ranks[cards[index]] if index < len(cards) else None
        ranks[card] = rules.rank_between(before, after)
        cards.insert(index, card)
        assert sorted(ranks, key=ranks.__getitem__) == cards


def test_the_same_gap_can_be_halved_again_and_again():
    low, high = rules.ranks_for(2)
    for _ in range(400):
        middle = rules.rank_between(low, high)
        assert low < middle < high
        high = middle
    assert rules.needs_rebalance(high)


def test_neighbours_out_of_order_are_refused():
    with pytest.raises(ValueError, match="order"):
        rules.rank_between("a2", "a1")
    with pytest.raises(ValueError, match="order"):
        rules.rank_between("a1", "a1")


@given(st.integers(0, 300))
def test_fresh_ranks_are_short_and_in_order(count):
    ranks = rules.ranks_for(count)
    assert len(ranks) == count
    assert ranks == sorted(set(ranks))
    assert not any(rules.needs_rebalance(rank) for rank in ranks)


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        ("", 0),
        ("0", 0),
        ("18400", 1_840_000),
        ("18.400", 1_840_000),
        ("18,400", 1_840_000),
        ("18 400", 1_840_000),
        ("R$ 1.234,56", 123_456),
        ("R$1.234,5", 123_450),
        ("1,234.56", 123_456),
        ("$1,234.56", 123_456),
        ("1234,56", 123_456),
        ("1234.5", 123_450),
        ("1.234.567,89", 123_456_789),
        ("R$ 0,99", 99),
        ("250 reais", 25_000),
        ("R$\u00a01.000", 100_000),
    ],
)
def test_money_as_people_write_it(written, cents):
    assert rules.parse_money(written) == cents


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("-10", "value_negative"),
        ("R$ -10", "value_negative"),
        ("(10)", "value_negative"),
        ("\u221210", "value_negative"),
        ("dez", "value_not_a_number"),
        ("1e9", "value_not_a_number"),
        ("NaN", "value_not_a_number"),
        ("1.23.456", "value_not_a_number"),
        ("1,234,56", "value_not_a_number"),
        ("12.3456", "value_not_a_number"),
        ("١٢٣", "value_not_a_number"),
        ("10\x00", "value_not_a_number"),
        ("9" * 39, "value_too_large"),
        ("9" * 4000, "value_not_a_number"),
        ("100.000.000.000,01", "value_too_large"),
    ],
)
def test_money_that_is_none(written, key):
    with pytest.raises(Invalid) as refused:
        rules.parse_money(written)
    assert refused.value.key == f"errors.pipeline.{key}"


@given(st.integers(0, rules.MAX_VALUE_CENTS))
def test_money_survives_both_ways_of_writing(cents):
    whole, rest = divmod(cents, 100)
    english = f"{whole:,}.{rest:02d}"
    assert rules.parse_money(english) == cents
    assert rules.parse_money(english.translate(str.maketrans(",.", ".,"))) == cents


@given(st.text(max_size=60))
def test_any_text_is_an_amount_or_a_clear_refusal(written):
    with contextlib.suppress(Invalid):
        assert 0 <= rules.parse_money(written) <= rules.MAX_VALUE_CENTS


def test_the_forecast_rounds_half_up_and_adds_up():
    assert rules.weighted_cents(4_890_000, 10) == 489_000
    assert rules.weighted_cents(5, 10) == 1
    assert rules.weighted_cents(4, 10) == 0
    assert rules.forecast_cents([(4_890_000, 10), (7_140_000, 25)]) == 489_000 + 1_785_000


def test_folding_matches_what_sql_folds():
    assert rules.fold("Clínica AÇÃO Über") == "clinica acao uber"
    assert len(rules.FOLD_FROM) == len(rules.FOLD_TO)
