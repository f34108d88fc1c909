"""What the tiles, the heat map and the ranking need, as plain values for vars."""

from collections.abc import Sequence
from typing import TypedDict

from crm_app.domains.analytics.schemas import DashboardView, Figure, HeatCell
from crm_app.pages.dashboard.figures import spark

USUAL_HOURS = range(8, 20)
WEEK = range(1, 7)
_RARE = 0.02
"""An hour outside the usual ones gets a column when it holds more than this share of the answers."""


class Tile(TypedDict):
    """A key figure. `tone` is "ok", "da" or "" for better, worse, or neither; `delta` is never negative."""

    value: float
    known: bool
    delta: float
    compared: bool
    up: bool
    tone: str
    line: str
    area: str
    x: str
    y: str


class HeatSquare(TypedDict):
    """A square of the heat map. `mix` is how much accent it has, in percent; 0 is a square without answers."""

    hour: int
    seconds: int
    label: str
    mix: int


class HeatRow(TypedDict):
    """A weekday (Monday is 1) of the heat map."""

    weekday: int
    squares: list[HeatSquare]


class PersonRow(TypedDict):
    """A line of the ranking. `part` is the share of the highest revenue."""

    id: str
    name: str
    place: int
    cents: int
    part: float
    won: int
    closed: int
    seconds: int
    answers: int


def tile(figure: Figure, *, relative: bool = False, less_is_better: bool = False) -> Tile:
    """Return a key figure with its distance to the period before: as a fraction of that, or as a difference."""
    known = figure.value is not None
    value, previous = figure.value or 0.0, figure.previous
    compared = known and previous is not None and (previous != 0 or not relative)
    delta = (value - (previous or 0.0)) if compared else 0.0
    if compared and relative and previous:
        delta /= previous
    better = (delta < 0) if less_is_better else (delta > 0)
    shape = spark(figure.trend)
    return Tile(
        value=value,
        known=known,
        delta=abs(delta),
        compared=compared,
        up=delta > 0,
        tone="" if delta == 0 else "ok" if better else "da",
        line=shape.get("line", ""),
        area=shape.get("area", ""),
        x=shape.get("x", ""),
        y=shape.get("y", ""),
    )


def heat_hours(cells: Sequence[HeatCell]) -> list[int]:
    """Return the hours that get a column: the usual ones, and what lies between them and other busy hours."""
    total = sum(cell.count for cell in cells) or 1
    per_hour: dict[int, int] = {}
    for cell in cells:
        per_hour[cell.hour] = per_hour.get(cell.hour, 0) + cell.count
    busy = [hour for hour, count in per_hour.items() if count / total > _RARE]
    return list(range(min([*busy, USUAL_HOURS[0]]), max([*busy, USUAL_HOURS[-1]]) + 1))


def heat_rows(cells: Sequence[HeatCell]) -> list[HeatRow]:
    """Return the heat map, Monday to Saturday, Sunday when somebody wrote on one."""
    hours = heat_hours(cells)
    known = {(cell.weekday, cell.hour): cell for cell in cells}
    low, high = heat_range(cells)
    days = [*WEEK, *([7] if any(cell.weekday == 7 for cell in cells) else [])]
    return [
        HeatRow(weekday=day, squares=[_square(hour, known.get((day, hour)), low, high) for hour in hours])
        for day in days
    ]


def heat_range(cells: Sequence[HeatCell]) -> tuple[int, int]:
    """Return the waits in seconds at which the colour begins and at which it is full: all but the longest 5%."""
    ordered = sorted(cell.seconds for cell in cells)
    if not ordered:
        return 0, 0
    return ordered[0], ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]


def _square(hour: int, cell: HeatCell | None, low: int, high: int) -> HeatSquare:
    if cell is None:
        return HeatSquare(hour=hour, seconds=0, label="", mix=0)
    level = min(1.0, (cell.seconds - low) / (high - low)) if high > low else 0.0
    return HeatSquare(hour=hour, seconds=cell.seconds, label=_short(cell.seconds), mix=round(6 + level * 70))


def _short(seconds: int) -> str:
    """Return minutes for a small square, whole hours from 100 minutes on."""
    minutes = round(seconds / 60)
    return str(minutes) if minutes < 100 else f"{round(minutes / 60)}h"


def people_rows(view: DashboardView) -> list[PersonRow]:
    """Return the ranking by revenue."""
    best = max((one.revenue_cents for one in view.people), default=0) or 1
    return [
        PersonRow(
            id=str(one.id),
            name=one.name,
            place=place,
            cents=one.revenue_cents,
            part=one.revenue_cents / best,
            won=one.won,
            closed=one.closed,
            seconds=one.response_seconds or 0,
            answers=one.answers,
        )
        for place, one in enumerate(view.people, 1)
    ]
