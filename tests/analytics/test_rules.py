"""Which days count, what they are compared with, what may be forecast."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.core.errors import Invalid
from crm_app.domains.analytics import rules
from crm_app.domains.analytics.schemas import PeriodKind, Span

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
ZONES = [
    SAO_PAULO,
    ZoneInfo("UTC"),
    ZoneInfo("Europe/Lisbon"),
    ZoneInfo("Asia/Kathmandu"),
    ZoneInfo("America/Noronha"),
]
KINDS = [kind for kind in PeriodKind if kind != PeriodKind.CUSTOM]
days = st.dates(date(2001, 3, 1), date(2100, 1, 1))


@pytest.mark.parametrize(
    ("kind", "today", "start"),
    [
        (PeriodKind.WEEK, date(2026, 7, 17), date(2026, 7, 11)),
        (PeriodKind.MONTH_ROLLING, date(2026, 7, 17), date(2026, 6, 18)),
        (PeriodKind.QUARTER, date(2026, 7, 17), date(2026, 4, 19)),
        (PeriodKind.THIS_MONTH, date(2026, 7, 17), date(2026, 7, 1)),
        (PeriodKind.THIS_MONTH, date(2026, 7, 1), date(2026, 7, 1)),
    ],
)
def test_a_period_ends_today(kind: PeriodKind, today: date, start: date) -> None:
    assert rules.resolve(kind, today) == Span(start=start, end=today)


@pytest.mark.parametrize(
    ("start", "end", "key"),
    [
        (None, date(2026, 7, 1), "errors.analytics.period_missing"),
        (date(2026, 7, 1), None, "errors.analytics.period_missing"),
        (date(2026, 7, 2), date(2026, 7, 1), "errors.analytics.period_backwards"),
        (date(2026, 7, 18), date(2026, 7, 19), "errors.analytics.period_outside"),
        (date(1999, 12, 31), date(2026, 7, 1), "errors.analytics.period_outside"),
        (date(2025, 7, 1), date(2026, 7, 17), "errors.analytics.period_too_long"),
    ],
)
def test_impossible_days_are_refused(start: date | None, end: date | None, key: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.resolve(PeriodKind.CUSTOM, date(2026, 7, 17), start, end)
    assert refused.value.key == key


def test_days_of_the_future_are_cut_off() -> None:
    span = rules.resolve(PeriodKind.CUSTOM, date(2026, 7, 17), date(2026, 7, 10), date(2026, 8, 1))
    assert span == Span(start=date(2026, 7, 10), end=date(2026, 7, 17))


@pytest.mark.parametrize(
    ("today", "start", "end"),
    [
        (date(2026, 7, 17), date(2026, 6, 1), date(2026, 6, 17)),
        (date(2026, 7, 31), date(2026, 6, 1), date(2026, 6, 30)),
        (date(2026, 3, 31), date(2026, 2, 1), date(2026, 2, 28)),
        (date(2028, 3, 29), date(2028, 2, 1), date(2028, 2, 29)),
        (date(2026, 1, 5), date(2025, 12, 1), date(2025, 12, 5)),
    ],
)
def test_this_month_is_compared_with_the_same_days_of_the_last(today: date, start: date, end: date) -> None:
    span = rules.resolve(PeriodKind.THIS_MONTH, today)
    assert rules.before(PeriodKind.THIS_MONTH, span) == Span(start=start, end=end)


@given(st.sampled_from(KINDS), days)
def test_the_compared_period_lies_before_and_is_no_longer(kind: PeriodKind, today: date) -> None:
    span = rules.resolve(kind, today)
    earlier = rules.before(kind, span)
    assert earlier.end < span.start
    assert earlier.days <= span.days
    if kind != PeriodKind.THIS_MONTH:
        assert earlier.days == span.days
        assert earlier.end + timedelta(days=1) == span.start


@given(st.sampled_from(ZONES), days, st.integers(0, 400))
def test_the_days_of_a_zone_follow_each_other_without_gap(zone: ZoneInfo, first: date, count: int) -> None:
    moments = rules.starts(first, first + timedelta(days=count), zone)
    assert len(moments) == count + 2
    assert moments == sorted(set(moments))
    for day, moment in zip((first + timedelta(days=n) for n in range(count + 2)), moments, strict=True):
        assert moment.astimezone(zone).date() == day
        assert (moment - timedelta(microseconds=1)).astimezone(zone).date() < day


def test_where_clocks_skip_midnight_the_day_begins_after_the_gap() -> None:
    # On 4 November 2018 the clocks of São Paulo went from 0:00 to 1:00; in February the day had 25 hours.
    assert rules.day_start(date(2018, 11, 4), SAO_PAULO) == datetime(2018, 11, 4, 3, tzinfo=UTC)
    first, second = rules.starts(date(2018, 2, 17), date(2018, 2, 17), SAO_PAULO)
    assert second - first == timedelta(hours=25)


def test_an_unknown_time_zone_is_utc() -> None:
    assert rules.time_zone("Mars/Olympus").key == "UTC"
    assert rules.time_zone("../etc/passwd").key == "UTC"
    assert rules.time_zone("America/Sao_Paulo").key == "America/Sao_Paulo"


def test_days_without_anything_are_zero() -> None:
    span = Span(start=date(2026, 2, 27), end=date(2026, 3, 2))
    assert rules.fill({date(2026, 3, 1): 4}, rules.days_of(span)) == (0, 0, 4, 0)


@given(st.lists(st.integers(0, 10**12)))
def test_running_totals_never_fall_and_end_in_the_sum(values: list[int]) -> None:
    totals = rules.cumulate(values)
    assert list(totals) == sorted(totals)
    assert (totals[-1] if totals else 0) == sum(values)


def test_a_deal_that_skips_a_stage_has_passed_it() -> None:
    assert rules.reached({0: 5, 1: 3, 4: 2}, [0, 1, 2, 4]) == [10, 5, 2, 2]


@given(st.dictionaries(st.integers(0, 8), st.integers(0, 1000)), st.lists(st.integers(0, 8), unique=True))
def test_a_funnel_only_narrows(furthest: dict[int, int], positions: list[int]) -> None:
    counts = rules.reached(furthest, sorted(positions))
    assert counts == sorted(counts, reverse=True)
    assert all(share is None or 0 <= share <= 1 for share in rules.conversions(counts))
    assert len(rules.conversions(counts)) == len(counts)


def test_conversion_is_the_share_of_the_stage_before() -> None:
    assert rules.conversions([10, 5, 0, 0]) == [None, 0.5, 0.0, None]
    assert rules.conversions([]) == []


def test_a_share_builds_up_over_days() -> None:
    assert rules.running_share([0, 1, 1], [0, 2, 2]) == (0.0, 0.5, 0.5)


@given(st.lists(st.integers(0, 1000), min_size=1))
def test_classes_are_the_steps_between_running_counts(counts: list[int]) -> None:
    running = list(rules.cumulate(counts))
    assert rules.apart(running[:-1], running[-1]) == counts


def test_classes_of_waits_add_up_to_one() -> None:
    classes = rules.wait_classes([1, 1, 2, 0, 0], [0, 0, 0, 0, 0])
    assert [one.up_to for one in classes] == [300, 900, 3600, 14400, None]
    assert [one.share for one in classes] == [0.25, 0.25, 0.5, 0, 0]
    assert {one.previous_share for one in classes} == {0}
    assert rules.within_goal([1, 1, 2, 0, 0]) == 0.5
    assert rules.within_goal([0, 0, 0, 0, 0]) is None


def test_a_forecast_needs_enough_closed_deals_and_days_ahead() -> None:
    span = Span(start=date(2026, 7, 1), end=date(2026, 7, 17))
    assert rules.forecast(span, 100, [10] * 90, rules.FEWEST_CLOSED - 1) is None
    assert rules.forecast(span, 100, [], 50) is None
    end = Span(start=date(2026, 7, 1), end=date(2026, 7, 31))
    assert rules.forecast(end, 100, [10] * 90, 50) is None


def test_a_steady_history_is_continued_without_doubt() -> None:
    span = Span(start=date(2026, 7, 1), end=date(2026, 7, 29))
    ahead = rules.forecast(span, 1000, [10] * 90, 20)
    assert ahead is not None
    assert ahead.days == (date(2026, 7, 29), date(2026, 7, 30), date(2026, 7, 31))
    assert ahead.expected_cents == (1000, 1010, 1020)
    assert ahead.low_cents == ahead.high_cents == ahead.expected_cents


@given(st.integers(1, 27), st.integers(0, 10**9), st.lists(st.integers(0, 10**8), min_size=1, max_size=90))
def test_the_band_of_a_forecast_holds_what_is_expected(day: int, closed: int, history: list[int]) -> None:
    span = Span(start=date(2026, 2, 1), end=date(2026, 2, day))
    ahead = rules.forecast(span, closed, history, rules.FEWEST_CLOSED)
    assert ahead is not None
    assert ahead.days[-1] == date(2026, 2, 28)
    for low, expected, high in zip(ahead.low_cents, ahead.expected_cents, ahead.high_cents, strict=True):
        assert closed <= low <= expected <= high
