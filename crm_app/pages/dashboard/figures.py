"""Plotly figures from the dashboard's view, free of language and theme: the browser fills in both.

`"@accent"` names a colour of `looks.colors`. `{"$": "money", "v": 1200}` is a text that the browser writes with
the locale's method of that name, `{"$each": "money", "v": [...]}` a list of them, `{"$t": "dashboard.x"}` a
sentence of the catalogue, `{"$join": [...]}` parts of a text, `{"$days": "2026-07-01", "n": 30}` the ISO dates
from a day on. So a change of language or theme needs no new figure from the server, and what is sent stays small.
"""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from crm_app.domains.analytics.schemas import DashboardView, Forecast

Figure = dict[str, Any]
Trace = dict[str, Any]


def nice_ticks(top: float, count: int = 4, *, whole: bool = False) -> list[float]:
    """Return round values from 0 to at least `top`, about `count` steps of 1, 2, 2.5 or 5 times a power of ten."""
    if top <= 0:
        return [0.0, 1.0]
    rough = top / count
    power = 10.0 ** math.floor(math.log10(rough))
    steps = (1, 2, 5, 10) if whole and power <= 1 else (1, 2, 2.5, 5, 10)
    step = next(power * factor for factor in steps if power * factor >= rough * 0.999)
    step = max(1.0, round(step)) if whole else step
    return [step * place for place in range(max(1, math.ceil(top / step - 1e-9)) + 1)]


def _axis(top: float, write: str, *, whole: bool = False, unit: int = 1) -> dict[str, Any]:
    """An axis from 0 with round ticks, written in `unit`s (100: cents as whole money)."""
    ticks = nice_ticks(top, whole=whole)
    return {
        "tickvals": ticks,
        "ticktext": {"$each": write, "v": [tick / unit for tick in ticks]},
        "range": [0, ticks[-1] * 1.04],
        "automargin": True,
    }


def _days(view: DashboardView) -> dict[str, Any]:
    return {"$days": view.days[0].isoformat(), "n": len(view.days)}


def _time_axis(first: str, last: str) -> dict[str, Any]:
    return {
        "type": "date",
        "tickformat": {"$t": "dashboard.format.tick"},
        "hoverformat": {"$t": "dashboard.format.day"},
        "range": [first, last],
    }


def revenue(view: DashboardView) -> Figure:
    """Cumulated revenue as steps, the period before dotted, and for this month what is expected."""
    closed = _running(view.revenue_cents)
    earlier = _running(view.previous_revenue_cents)[: len(closed)]
    last = view.forecast.days[-1] if view.forecast else view.days[-1]
    top = max([*closed, *earlier, *(view.forecast.high_cents if view.forecast else ())], default=0)
    days = _days(view)
    traces: list[Trace] = []
    if any(earlier):
        past = {**days, "n": len(earlier)}
        traces.append(_line(past, earlier, "dashboard.revenue.previous", color="@series5", dash="dot", width=1.5))
    if view.forecast:
        traces += _forecast_traces(view.forecast)
    traces += [
        {
            **_line(days, closed, "dashboard.revenue.closed", shape="hv", width=2),
            "fill": "tozeroy",
            "fillcolor": "@accent-soft",
            "cliponaxis": False,
        },
        {
            "x": [view.days[-1].isoformat()],
            "y": closed[-1:],
            "mode": "markers",
            "type": "scatter",
            "hoverinfo": "skip",
            "marker": {"size": 9, "color": "@accent", "line": {"width": 2, "color": "@raised"}},
            "cliponaxis": False,
        },
    ]
    xaxis = _time_axis(view.days[0].isoformat(), last.isoformat())
    return {"data": traces, "layout": {"xaxis": xaxis, "yaxis": _axis(top, "compact", unit=100)}}


def _running(values: Sequence[int]) -> list[int]:
    total, sums = 0, []
    for value in values:
        total += value
        sums.append(total)
    return sums


def _line(
    days: dict[str, Any],
    cents: Sequence[int],
    name: str,
    *,
    color: str = "@accent",
    dash: str = "solid",
    shape: str = "linear",
    width: float = 2,
) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": {"$t": name},
        "x": days,
        "y": list(cents),
        "customdata": {"$each": "money", "v": list(cents)},
        "hovertemplate": "%{customdata}",
        "line": {"color": color, "dash": dash, "shape": shape, "width": width},
    }


def _forecast_traces(forecast: Forecast) -> list[Trace]:
    days = {"$days": forecast.days[0].isoformat(), "n": len(forecast.days)}
    edge = {"type": "scatter", "mode": "lines", "x": days, "hoverinfo": "skip", "line": {"width": 0}}
    expected = _line(days, forecast.expected_cents, "dashboard.revenue.forecast", dash="5px,4px")
    return [
        {**edge, "y": list(forecast.low_cents)},
        {**edge, "y": list(forecast.high_cents), "fill": "tonexty", "fillcolor": "@accent-soft"},
        expected,
        {
            "x": [forecast.days[-1].isoformat()],
            "y": [forecast.expected_cents[-1]],
            "type": "scatter",
            "mode": "markers",
            "hoverinfo": "skip",
            "cliponaxis": False,
            "marker": {"size": 8, "color": "@raised", "line": {"width": 2, "color": "@accent"}},
        },
    ]


def new_deals(view: DashboardView) -> Figure:
    """New deals per day."""
    bars = _daily_bars(view, view.created, "dashboard.new_deals.name", "@accent")
    return _daily(view, [bars], max(view.created, default=0))


def messages(view: DashboardView) -> Figure:
    """Messages per day, received and sent on top of each other."""
    received = _daily_bars(view, view.received, "dashboard.messages.received", "@series1")
    sent = _daily_bars(view, view.sent, "dashboard.messages.sent", "@accent")
    top = max((one + other for one, other in zip(view.received, view.sent, strict=True)), default=0)
    figure = _daily(view, [sent, received], top)
    figure["layout"]["barmode"] = "stack"
    return figure


def _daily_bars(view: DashboardView, values: Sequence[int], name: str, color: str) -> Trace:
    return {
        "type": "bar",
        "name": {"$t": name},
        "x": _days(view),
        "y": list(values),
        "marker": {"color": color},
        "hovertemplate": "%{y}",
    }


def _daily(view: DashboardView, traces: list[Trace], top: int) -> Figure:
    # Bars stand on the beginning of their day: half a day more on both sides.
    before = view.days[0] - timedelta(days=1)
    xaxis = _time_axis(f"{before.isoformat()} 12:00", f"{view.days[-1].isoformat()} 12:00")
    return {"data": traces, "layout": {"xaxis": xaxis, "yaxis": _axis(top, "number", whole=True)}}


def waits(view: DashboardView) -> Figure:
    """How answers are spread over classes of waiting time, a mark where each class stood before."""
    places = list(range(len(view.waits)))
    shares = [one.share for one in view.waits]
    names = {"$ts": [f"dashboard.waits.class_{place}" for place in places]}
    bars: Trace = {
        "type": "bar",
        "x": places,
        "y": shares,
        "marker": {"color": "@accent"},
        "customdata": {"$each": "number", "v": [one.count for one in view.waits]},
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    marks: Trace = {
        "type": "scatter",
        "mode": "markers",
        "hoverinfo": "skip",
        "x": places,
        "y": [one.previous_share for one in view.waits],
        "marker": {"symbol": "line-ew", "size": 22, "line": {"width": 2, "color": "@text"}},
    }
    top = max([*shares, *(one.previous_share for one in view.waits)], default=0) or 1
    notes = [
        {
            "x": place,
            "y": 1,
            "yref": "paper",
            "yanchor": "top",
            "showarrow": False,
            "text": {"$join": ["<b>", {"$": "percent", "v": share, "a": [0]}, "</b>"]},
            "font": {"size": 12, "color": "@text"},
        }
        for place, share in enumerate(shares)
    ]
    return {
        "data": [bars, marks] if any(marks["y"]) else [bars],
        "layout": {
            "xaxis": {"tickvals": places, "ticktext": names},
            "yaxis": {"visible": False, "range": [0, top * 1.2]},
            "margin": {"l": 4, "r": 4, "t": 2, "b": 24},
            "annotations": notes,
            "hovermode": "closest",
        },
    }


def spark(values: Sequence[float]) -> dict[str, str]:
    """Return the paths of a sparkline in a box of 72 by 28: the line, the area below it, and its last point."""
    points = _thinned(values)
    if len(points) < 2:
        return {}
    low, high = min(points), max(points)
    spread = (high - low) or 1
    step = 66 / (len(points) - 1)
    places = [
        (2 + place * step, 25 - (value - low) / spread * 21 if high > low else 25)
        for place, value in enumerate(points)
    ]
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    end_x, end_y = places[-1]
    return {
        "line": line,
        "area": f"{line}L{end_x:.1f} 28L2 28Z",
        "x": f"{end_x:.1f}",
        "y": f"{end_y:.1f}",
    }


def _thinned(values: Sequence[float], most: int = 15) -> list[float]:
    """Return at most `most` of the values, evenly spaced, the last one always."""
    if len(values) <= most:
        return list(values)
    step = (len(values) - 1) / (most - 1)
    return [values[round(place * step)] for place in range(most)]
