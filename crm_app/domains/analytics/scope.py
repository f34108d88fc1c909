"""What one dashboard is about: whose rows, which days, and which days they are compared with."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from crm_app.core.sight import Sight
from crm_app.domains.analytics import rules
from crm_app.domains.analytics.repository import Window
from crm_app.domains.analytics.schemas import Span


@dataclass(frozen=True, slots=True)
class Scope:
    """Two spans of days in the organization's time zone, of the whole team or of one member."""

    organization_id: UUID
    owner_id: UUID | None
    zone: ZoneInfo
    span: Span
    previous: Span
    deals: Sight
    conversations: Sight

    def window(self, first: date, last: date) -> Window:
        """Return the window of the days from `first` to `last`, both included."""
        return Window(
            self.organization_id,
            self.owner_id,
            rules.starts(first, last, self.zone),
            self.deals,
            self.conversations,
        )

    @property
    def now(self) -> Window:
        """The period itself."""
        return self.window(self.span.start, self.span.end)

    @property
    def earlier(self) -> Window:
        """The period that it is compared with."""
        return self.window(self.previous.start, self.previous.end)

    @property
    def both(self) -> Window:
        """From the beginning of the earlier period to the end of this one, with what lies between them."""
        return self.window(self.previous.start, self.span.end)


Daily = dict[date, int]


def by_day(
    rows: Iterable[Any],
    first: date,
    value: Callable[[Any], int],
    wanted: Callable[[Any], bool] = lambda _row: True,
) -> Daily:
    """Add up `value` of the wanted rows by day; `first` is the day whose number is zero."""
    sums: Daily = defaultdict(int)
    for row in rows:
        if wanted(row):
            sums[first + timedelta(days=row.day)] += value(row)
    return sums


def within(daily: Daily, span: Span) -> tuple[int, ...]:
    """Return the values of a span's days, zeros where there is none."""
    return rules.fill(daily, rules.days_of(span))


def total(values: Sequence[int]) -> float:
    """Return the sum of a series as a key figure."""
    return float(sum(values))
