"""The figures of the inbox: how much is written, and how long customers wait for an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.domains.analytics import repository, rules
from crm_app.domains.analytics.schemas import Figure, HeatCell, WaitBucket
from crm_app.domains.analytics.scope import Scope, by_day, total, within


@dataclass(frozen=True, slots=True)
class Messages:
    """Messages per day, both ways; internal notes do not count."""

    figure: Figure
    received: tuple[int, ...]
    sent: tuple[int, ...]


async def read_messages(session: AsyncSession, scope: Scope) -> Messages:
    """Count the messages of both periods."""
    rows = await repository.count_messages(session, scope.both)
    first = scope.previous.start
    heard = by_day(rows, first, lambda row: row.received)
    said = by_day(rows, first, lambda row: row.sent)
    received, sent = within(heard, scope.span), within(said, scope.span)
    together = [float(one + other) for one, other in zip(received, sent, strict=True)]
    earlier = total(within(heard, scope.previous)) + total(within(said, scope.previous))
    return Messages(Figure(value=sum(together), previous=earlier, trend=tuple(together)), received, sent)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long customers waited. `by_author` holds the median in seconds and the number of answers."""

    figure: Figure
    within_goal: Figure
    heat: tuple[HeatCell, ...]
    classes: tuple[WaitBucket, ...]
    by_author: Mapping[UUID, tuple[int, int]]


async def read_waits(session: AsyncSession, scope: Scope) -> Waits:
    """Measure the waits that ended in both periods."""
    rows = await repository.median_waits(session, scope.now, scope.zone.key)
    current = await repository.classify_waits(session, scope.now, rules.WAIT_LIMITS)
    earlier = await repository.classify_waits(session, scope.earlier, rules.WAIT_LIMITS)
    counts, counts_before = (rules.apart(one.within, one.answers) for one in (current, earlier))
    return Waits(
        figure=Figure(value=current.median, previous=earlier.median, trend=_trend(rows, scope)),
        within_goal=Figure(value=rules.within_goal(counts), previous=rules.within_goal(counts_before)),
        heat=_heat(rows),
        classes=rules.wait_classes(counts, counts_before),
        by_author={row.author_id: (row.median, row.answers) for row in rows if row.by_author and row.author_id},
    )


def _trend(rows: Sequence[Any], scope: Scope) -> tuple[float, ...]:
    """Return the median of each day's questions; a day without answers has that of the day before."""
    medians = {row.day: row.median for row in rows if row.by_day}
    known: list[float] = []
    for day in rules.days_of(scope.span):
        if day in medians:
            known.append(float(medians[day]))
        elif known:
            known.append(known[-1])
    return tuple(known)


def _heat(rows: Sequence[Any]) -> tuple[HeatCell, ...]:
    cells = [
        HeatCell(weekday=row.weekday, hour=row.hour, seconds=row.median, count=row.answers)
        for row in rows
        if not (row.by_day or row.by_author)
    ]
    return tuple(sorted(cells, key=lambda cell: (cell.weekday, cell.hour)))
