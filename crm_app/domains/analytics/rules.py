"""Pure rules of the figures: which days count, what they are compared with, what may be forecast."""

import calendar
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from statistics import fmean, pstdev
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crm_app.core.errors import Invalid
from crm_app.domains.analytics.schemas import Forecast, PeriodKind, Span, WaitBucket

LONGEST_DAYS = 366
ANSWER_GOAL = 15 * 60
"""Seconds within which a customer should be answered."""
WAIT_LIMITS = (5 * 60, ANSWER_GOAL, 60 * 60, 4 * 60 * 60)
"""Upper ends, in seconds, of the classes of the distribution of waits; the last class has none."""
FORECAST_HISTORY_DAYS = 90
FEWEST_CLOSED = 10
"""Closed deals without which a forecast would be a guess."""
_BAND = 1.2816
"""Standard deviations that hold four fifths of a normal distribution between them."""
_ROLLING = {PeriodKind.WEEK: 7, PeriodKind.MONTH_ROLLING: 30, PeriodKind.QUARTER: 90}
_EARLIEST = date(2000, 1, 1)


def time_zone(name: str) -> ZoneInfo:
    """Return the zone of that IANA name, UTC for a name that nobody knows."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def resolve(kind: PeriodKind, today: date, start: date | None = None, end: date | None = None) -> Span:
    """Return the days of a period that is looked at on `today`; `start` and `end` count for a custom one.

    Raises `Invalid` for a custom period that is missing an end, runs backwards, lies in the future, begins
    before 2000 or is longer than a year.
    """
    if kind in _ROLLING:
        return Span(start=today - timedelta(days=_ROLLING[kind] - 1), end=today)
    if kind == PeriodKind.THIS_MONTH:
        return Span(start=today.replace(day=1), end=today)
    if start is None or end is None:
        raise Invalid("errors.analytics.period_missing", field="period")
    if end < start:
        raise Invalid("errors.analytics.period_backwards", field="period")
    if start > today or start < _EARLIEST:
        raise Invalid("errors.analytics.period_outside", field="period")
    span = Span(start=start, end=min(end, today))
    if span.days > LONGEST_DAYS:
        raise Invalid("errors.analytics.period_too_long", field="period", days=LONGEST_DAYS)
    return span


def before(kind: PeriodKind, span: Span) -> Span:
    """Return what a period is compared with: as many days just before it.

    This month is compared with the same days of the month before, which may have fewer.
    """
    if kind != PeriodKind.THIS_MONTH:
        return Span(start=span.start - timedelta(days=span.days), end=span.start - timedelta(days=1))
    last = span.start - timedelta(days=1)
    return Span(start=last.replace(day=1), end=last.replace(day=min(span.end.day, last.day)))


def days_of(span: Span) -> list[date]:
    """Return the days of a span in order."""
    return [span.start + timedelta(days=offset) for offset in range(span.days)]


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment in UTC at which a day begins there; where clocks skip midnight, the first moment after."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def starts(first: date, last: date, zone: ZoneInfo) -> list[datetime]:
    """Return the beginning of each day from `first` to `last`, and of the day after."""
    return [day_start(first + timedelta(days=offset), zone) for offset in range((last - first).days + 2)]


def fill(counted: Mapping[date, int], days: Sequence[date]) -> tuple[int, ...]:
    """Return one value per day; a day on which nothing was counted is zero."""
    return tuple(counted.get(day, 0) for day in days)


def cumulate(values: Sequence[int]) -> tuple[int, ...]:
    """Return running totals."""
    total, sums = 0, []
    for value in values:
        total += value
        sums.append(total)
    return tuple(sums)


def ratio(part: float, whole: float) -> float | None:
    """Return `part` of `whole` as a fraction, None when there is no whole."""
    return part / whole if whole else None


def reached(furthest: Mapping[int, int], positions: Sequence[int]) -> list[int]:
    """Return how many deals came at least as far as each of `positions` (in order).

    `furthest` counts deals by the furthest position that each has entered: who came further has passed here,
    even if a stage was skipped.
    """
    return [sum(count for place, count in furthest.items() if place >= position) for position in positions]


def conversions(counts: Sequence[int]) -> list[float | None]:
    """Return for each stage the share of the deals of the stage before that reached it; None for the first."""
    later = [ratio(now, earlier) for earlier, now in pairwise(counts)]
    return [None, *later][: len(counts)]


def running_share(parts: Sequence[int], wholes: Sequence[int]) -> tuple[float, ...]:
    """Return the share of all so far at the end of each day, zero before there is anything."""
    pairs = zip(cumulate(parts), cumulate(wholes), strict=True)
    return tuple(ratio(part, whole) or 0.0 for part, whole in pairs)


def apart(within: Sequence[int], whole: int) -> list[int]:
    """Return how many fall into each class, the last one open, from how many are within each of rising limits."""
    bounds = [0, *within, whole]
    return [upper - lower for lower, upper in pairwise(bounds)]


def wait_classes(current: Sequence[int], previous: Sequence[int]) -> tuple[WaitBucket, ...]:
    """Return the classes of waits from their counts, shortest first, beside the previous period's shares."""
    whole, whole_before = sum(current), sum(previous)
    return tuple(
        WaitBucket(
            up_to=limit,
            count=count,
            share=ratio(count, whole) or 0.0,
            previous_share=ratio(count_before, whole_before) or 0.0,
        )
        for limit, count, count_before in zip((*WAIT_LIMITS, None), current, previous, strict=True)
    )


def within_goal(counts: Sequence[int]) -> float | None:
    """Return the share of answers within the goal, from the counts of `wait_classes`."""
    return ratio(sum(counts[: WAIT_LIMITS.index(ANSWER_GOAL) + 1]), sum(counts))


def forecast(span: Span, closed_cents: int, history: Sequence[int], closed_deals: int) -> Forecast | None:
    """Return the expected revenue for the rest of the month in which `span` ends.

    `closed_cents` is what the span has brought so far, `history` the revenue of each past day up to its end.
    Days are taken as independent draws from that history; the band never goes below what is closed. None
    when fewer than `FEWEST_CLOSED` deals were closed or no day is left.
    """
    last = calendar.monthrange(span.end.year, span.end.month)[1]
    ahead = last - span.end.day
    if closed_deals < FEWEST_CLOSED or ahead == 0 or not history:
        return None
    mean, deviation = fmean(history), pstdev(history)
    steps = range(ahead + 1)
    expected = [closed_cents + mean * step for step in steps]
    width = [_BAND * deviation * math.sqrt(step) for step in steps]
    return Forecast(
        days=tuple(span.end + timedelta(days=step) for step in steps),
        expected_cents=tuple(round(value) for value in expected),
        low_cents=tuple(max(closed_cents, round(value - by)) for value, by in zip(expected, width, strict=True)),
        high_cents=tuple(round(value + by) for value, by in zip(expected, width, strict=True)),
    )
