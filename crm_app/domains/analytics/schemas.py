"""What the dashboard shows; the only objects of this domain that cross into pages and API.

Money is in cents of the organization's currency, times in seconds, shares are fractions (0.104), days are
calendar days of the organization's time zone. Series have one value per day of `days`.
"""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """A value for reading: unchangeable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PeriodKind(StrEnum):
    """How a period was chosen."""

    WEEK = "7d"
    MONTH_ROLLING = "30d"
    QUARTER = "90d"
    THIS_MONTH = "month"
    CUSTOM = "custom"


class Span(View):
    """Calendar days from `start` to `end`, both included."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days the span has."""
        return (self.end - self.start).days + 1


class Figure(View):
    """A key figure beside that of the previous period. None: nothing to count it from."""

    value: float | None
    previous: float | None
    trend: tuple[float, ...] = ()


class OpenDeals(View):
    """What is open at this moment, in all funnels."""

    count: int
    cents: int
    weighted_cents: int


class Forecast(View):
    """Expected cumulated revenue on each of `days`, with a band that holds it four times out of five."""

    days: tuple[date, ...]
    expected_cents: tuple[int, ...]
    low_cents: tuple[int, ...]
    high_cents: tuple[int, ...]


class StageFigures(View):
    """A stage of the chosen funnel: how many of the period's new deals reached it, and what stands in it now.

    `conversion` is the share of those who reached the stage before; None for the first one.
    """

    id: UUID
    name: str
    kind: str
    color: int
    probability: int
    reached: int
    share: float | None
    conversion: float | None
    previous_conversion: float | None
    open_count: int
    open_cents: int


class HeatCell(View):
    """The median wait of customers who wrote on this weekday (1 is Monday) in this hour."""

    weekday: int
    hour: int
    seconds: int
    count: int


class WaitBucket(View):
    """How many answers took no longer than `up_to` seconds (None: longer than all others)."""

    up_to: int | None
    count: int
    share: float
    previous_share: float


class PersonFigures(View):
    """What a member did in the period."""

    id: UUID
    name: str
    revenue_cents: int
    won: int
    closed: int
    response_seconds: int | None
    answers: int


class PipelineOption(View):
    """A funnel that can be chosen."""

    id: UUID
    name: str


class MemberOption(View):
    """A person who can be chosen."""

    id: UUID
    name: str


class DashboardView(View):
    """Everything on the dashboard for one period, and the same for the equal period before it."""

    kind: PeriodKind
    period: Span
    previous: Span
    today: date
    currency: str
    time_zone: str
    pipeline_id: UUID | None
    owner_id: UUID | None
    pipelines: tuple[PipelineOption, ...]
    members: tuple[MemberOption, ...]

    revenue: Figure
    open_deals: OpenDeals
    new_deals: Figure
    conversion: Figure
    response: Figure
    messages: Figure
    within_goal: Figure
    unassigned: int

    days: tuple[date, ...]
    revenue_cents: tuple[int, ...]
    previous_revenue_cents: tuple[int, ...]
    forecast: Forecast | None
    created: tuple[int, ...]
    previous_created: tuple[int, ...]
    received: tuple[int, ...]
    sent: tuple[int, ...]
    stages: tuple[StageFigures, ...]
    heat: tuple[HeatCell, ...]
    waits: tuple[WaitBucket, ...]
    people: tuple[PersonFigures, ...]
