"""The figures of the funnel: revenue, new deals, how far they came, what is open."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.domains.analytics import repository, rules
from crm_app.domains.analytics.schemas import Figure, Forecast, OpenDeals, PeriodKind, Span, StageFigures
from crm_app.domains.analytics.scope import Scope, by_day, total, within

_WON = "won"


@dataclass(frozen=True, slots=True)
class Closings:
    """What was won and lost. `won`, `closed` and `revenue` are by member."""

    revenue: Figure
    revenue_cents: tuple[int, ...]
    previous_revenue_cents: tuple[int, ...]
    forecast: Forecast | None
    won: Mapping[UUID | None, int]
    closed: Mapping[UUID | None, int]
    earned: Mapping[UUID | None, int]


async def read_closings(session: AsyncSession, scope: Scope, kind: PeriodKind) -> Closings:
    """Count what was won and lost in both periods, and far enough back for a forecast."""
    span = scope.span
    history_start = span.end - timedelta(days=rules.FORECAST_HISTORY_DAYS - 1)
    first = min(scope.previous.start, history_start)
    rows = await repository.count_closed(session, scope.window(first, span.end))
    earned = by_day(rows, first, lambda row: row.cents, _is_won)
    deals = by_day(rows, first, lambda row: row.deals, _is_won)
    current, earlier = within(earned, span), within(earned, scope.previous)
    past = Span(start=history_start, end=span.end)
    forecast = None
    if kind == PeriodKind.THIS_MONTH:
        forecast = rules.forecast(span, sum(current), within(earned, past), sum(within(deals, past)))
    inside = [row for row in rows if first + timedelta(days=row.day) >= span.start]
    return Closings(
        revenue=Figure(value=total(current), previous=total(earlier), trend=_rising(current)),
        revenue_cents=current,
        previous_revenue_cents=earlier,
        forecast=forecast,
        won=_by_owner(inside, "deals", won_only=True),
        closed=_by_owner(inside, "deals", won_only=False),
        earned=_by_owner(inside, "cents", won_only=True),
    )


def _is_won(row: Any) -> bool:
    return bool(row.kind == _WON)


def _rising(values: Sequence[int]) -> tuple[float, ...]:
    return tuple(float(value) for value in rules.cumulate(values))


def _by_owner(rows: Sequence[Any], column: str, *, won_only: bool) -> Mapping[UUID | None, int]:
    sums: dict[UUID | None, int] = defaultdict(int)
    for row in rows:
        if not won_only or _is_won(row):
            sums[row.owner_id] += getattr(row, column)
    return sums


@dataclass(frozen=True, slots=True)
class NewDeals:
    """New deals of all funnels."""

    figure: Figure
    created: tuple[int, ...]
    previous_created: tuple[int, ...]


async def read_new_deals(session: AsyncSession, scope: Scope) -> NewDeals:
    """Count the deals that were created in both periods."""
    rows = await repository.count_created(session, scope.both)
    daily = by_day(rows, scope.previous.start, lambda row: row.deals)
    current, earlier = within(daily, scope.span), within(daily, scope.previous)
    figure = Figure(value=total(current), previous=total(earlier), trend=tuple(map(float, current)))
    return NewDeals(figure, current, earlier)


@dataclass(frozen=True, slots=True)
class Funnel:
    """The stages of one funnel, the share of new deals that were won, and what is open in all funnels."""

    stages: tuple[StageFigures, ...]
    conversion: Figure
    open_deals: OpenDeals


async def read_funnel(session: AsyncSession, scope: Scope, pipeline_id: UUID | None) -> Funnel:
    """Count how far the new deals of both periods came in a funnel, and what stands in its stages."""
    standing = {row.stage_id: row for row in await repository.sum_open(session, scope.now)}
    weighted = sum(row.cents * row.probability for row in standing.values())
    open_deals = OpenDeals(
        count=sum(row.deals for row in standing.values()),
        cents=sum(row.cents for row in standing.values()),
        weighted_cents=(weighted + 50) // 100,
    )
    if pipeline_id is None:
        return Funnel((), Figure(value=None, previous=None), open_deals)
    stages = await repository.list_stages(session, scope.now, pipeline_id)
    cohort = await repository.count_cohort(session, scope.both, pipeline_id)
    way = [stage for stage in stages if stage.kind != "lost"]
    current = _reached(cohort, scope, scope.span, way)
    earlier = _reached(cohort, scope, scope.previous, way)
    return Funnel(
        tuple(_stages(way, current, earlier, standing)),
        _conversion(cohort, scope, way, current, earlier),
        open_deals,
    )


def _day(row: Any, scope: Scope) -> date:
    return scope.previous.start + timedelta(days=row.day)


def _reached(cohort: Sequence[Any], scope: Scope, span: Span, way: Sequence[Any]) -> list[int]:
    furthest: Counter[int] = Counter()
    for row in cohort:
        if span.start <= _day(row, scope) <= span.end:
            furthest[row.furthest] += row.deals
    return rules.reached(furthest, [stage.position for stage in way])


def _stages(
    way: Sequence[Any], current: Sequence[int], earlier: Sequence[int], standing: Mapping[UUID, Any]
) -> list[StageFigures]:
    pairs = zip(rules.conversions(current), rules.conversions(earlier), strict=True)
    figures = []
    for stage, count, (conversion, previous) in zip(way, current, pairs, strict=True):
        here = standing.get(stage.id)
        figures.append(
            StageFigures(
                id=stage.id,
                name=stage.name,
                kind=stage.kind,
                color=stage.color,
                probability=stage.probability,
                reached=count,
                share=rules.ratio(count, current[0]),
                conversion=conversion,
                previous_conversion=previous,
                open_count=here.deals if here else 0,
                open_cents=here.cents if here else 0,
            )
        )
    return figures


def _conversion(
    cohort: Sequence[Any], scope: Scope, way: Sequence[Any], current: Sequence[int], earlier: Sequence[int]
) -> Figure:
    """Return the share of a period's new deals that are won by now, and how it built up over the days."""
    won_at = next((place for place, stage in enumerate(way) if stage.kind == _WON), None)
    if won_at is None:
        return Figure(value=None, previous=None)
    position = way[won_at].position
    first = scope.previous.start
    born = within(by_day(cohort, first, lambda row: row.deals), scope.span)
    won = within(by_day(cohort, first, lambda row: row.deals, lambda row: row.furthest >= position), scope.span)
    return Figure(
        value=rules.ratio(current[won_at], current[0]),
        previous=rules.ratio(earlier[won_at], earlier[0]),
        trend=rules.running_share(won, born),
    )
