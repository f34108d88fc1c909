"""Plotly figures about the stages of a funnel; written as `figures` says."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from crm_app.domains.analytics.schemas import StageFigures
from crm_app.pages.dashboard.figures import Figure, Trace

_BAR_HEIGHT = 0.3
_LABEL_ABOVE = 0.4
_STAGE_COLORS = 6


def _color(stage: StageFigures, shade: str = "") -> str:
    return f"@stage{stage.color % _STAGE_COLORS}{shade}"


def funnel(stages: Sequence[StageFigures]) -> Figure:
    """Centred bars of how many new deals reached each stage, with number and share at the right."""
    widest = max((stage.reached for stage in stages), default=0) or 1
    bars: Trace = {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(stages))),
        "x": [stage.reached for stage in stages],
        "base": [-stage.reached / 2 for stage in stages],
        "width": 0.78,
        "marker": {"color": [_color(stage) for stage in stages]},
        "customdata": [stage.name for stage in stages],
        "hovertemplate": "%{customdata}: %{x}<extra></extra>",
    }
    sleeves = [
        _sleeve(place, earlier.reached, stage.reached, _color(stage, "-soft"))
        for place, (earlier, stage) in enumerate(pairwise(stages))
    ]
    notes = [
        {
            **_note(place, 1, "right"),
            "text": {"$join": ["<b>", {"$": "number", "v": stage.reached}, "</b><br>", _share(stage.share)]},
        }
        for place, stage in enumerate(stages)
    ]
    return {
        "data": [*sleeves, bars],
        "layout": {
            "xaxis": {"visible": False, "range": [-widest / 2, widest / 2]},
            "yaxis": {**_names(stages), "automargin": True, "range": [len(stages) - 0.5, -0.5]},
            "margin": {"l": 8, "r": 48, "t": 2, "b": 2},
            "annotations": notes,
            "hovermode": "closest",
        },
    }


def _names(stages: Sequence[StageFigures]) -> dict[str, Any]:
    return {
        "tickvals": list(range(len(stages))),
        "ticktext": [stage.name for stage in stages],
        "showgrid": False,
        "tickfont": {"size": 12, "color": "@muted"},
        "ticklabelstandoff": 8,
    }


def _sleeve(place: int, above: int, below: int, color: str) -> Trace:
    top, bottom = place + 0.39, place + 0.61
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [-above / 2, above / 2, below / 2, -below / 2, -above / 2],
        "y": [top, top, bottom, bottom, top],
        "fill": "toself",
        "fillcolor": color,
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def _share(fraction: float | None) -> Any:
    return "–" if fraction is None else {"$": "percent", "v": fraction, "a": [0]}


def _note(y: float, x: float, anchor: str) -> dict[str, Any]:
    return {
        "xref": "paper",
        "x": x,
        "y": y,
        "xanchor": "left" if anchor == "right" and x >= 1 else anchor,
        "align": "right",
        "showarrow": False,
        "xshift": 10 if x >= 1 else 0,
        "font": {"size": 12, "color": "@text"},
    }


def _label(y: float, text: Any, *, right: bool = False, strong: bool = False) -> dict[str, Any]:
    """A line of text above a horizontal bar, at its left or right end."""
    return {
        "xref": "paper",
        "x": 1 if right else 0,
        "xanchor": "right" if right else "left",
        "y": y - _LABEL_ABOVE,
        "yanchor": "middle",
        "showarrow": False,
        "text": text,
        "font": {"size": 12, "color": "@text" if strong else "@muted"},
    }


def _bars(
    values: Sequence[float],
    top: float,
    *,
    color: Sequence[str] | str,
    width: float = _BAR_HEIGHT,
    hover: Any = None,
) -> Trace:
    trace: Trace = {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(values))),
        "x": [min(value, top) for value in values],
        "width": width,
        "marker": {"color": color if isinstance(color, str) else list(color)},
        "hoverinfo": "skip",
    }
    if hover is not None:
        trace |= {"hoverinfo": "text", "hovertext": hover}
    return trace


def _stacked_rows(count: int, top: float, notes: list[dict[str, Any]]) -> dict[str, Any]:
    """Layout of horizontal bars that have their words above them."""
    return {
        "xaxis": {"visible": False, "range": [0, top]},
        "yaxis": {"visible": False, "range": [count - 0.62, -0.72]},
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "barmode": "overlay",
        "annotations": notes,
        "hovermode": "closest",
    }


def conversion(stages: Sequence[StageFigures]) -> Figure:
    """Share of deals that went on from each stage, a mark where it stood in the period before."""
    pairs = list(pairwise(stages))
    notes: list[dict[str, Any]] = []
    for place, (earlier, stage) in enumerate(pairs):
        notes.append(
            _label(place, {"$t": "dashboard.conversion.step", "values": {"from": earlier.name, "to": stage.name}})
        )
        notes.append(_label(place, _change(stage), right=True, strong=True))
    marks: Trace = {
        "type": "scatter",
        "mode": "markers",
        "hoverinfo": "skip",
        "y": [place for place, (_, stage) in enumerate(pairs) if stage.previous_conversion is not None],
        "x": [stage.previous_conversion for _, stage in pairs if stage.previous_conversion is not None],
        "marker": {"symbol": "line-ns", "size": 16, "line": {"width": 2, "color": "@text"}},
    }
    values = [stage.conversion or 0.0 for _, stage in pairs]
    hover = {"$each": "percent", "v": values}
    data = [
        _bars([1.0] * len(pairs), 1, color="@track"),
        _bars(values, 1, color=[_color(stage) for _, stage in pairs], hover=hover),
        marks,
    ]
    return {"data": data, "layout": _stacked_rows(len(pairs), 1, notes)}


def _change(stage: StageFigures) -> Any:
    shown = _share(stage.conversion)
    if stage.conversion is None or stage.previous_conversion is None:
        return {"$join": ["<b>", shown, "</b>"]}
    points = round((stage.conversion - stage.previous_conversion) * 100)
    return {"$join": ["<b>", shown, "</b>  ", {"$": "signed", "v": points}]}


def stage_value(stages: Sequence[StageFigures]) -> Figure:
    """Open value per stage: the whole bar pale, what is expected of it by probability solid."""
    standing = [stage for stage in stages if stage.kind == "open"]
    top = max((stage.open_cents for stage in standing), default=0) or 1
    notes: list[dict[str, Any]] = []
    for place, stage in enumerate(standing):
        label = {"$join": [stage.name, "  ", {"$": "number", "v": stage.open_count}]}
        notes.append(_label(place, label))
        notes.append(
            _label(
                place, {"$join": ["<b>", {"$": "money", "v": stage.open_cents}, "</b>"]}, right=True, strong=True
            )
        )
    whole = [stage.open_cents for stage in standing]
    weighted = [stage.open_cents * stage.probability / 100 for stage in standing]
    data = [
        _bars(whole, top, color=[_color(stage, "-faint") for stage in standing]),
        _bars(
            weighted,
            top,
            color=[_color(stage) for stage in standing],
            hover={"$each": "money", "v": [round(value) for value in weighted]},
        ),
    ]
    return {"data": data, "layout": _stacked_rows(len(standing), top, notes)}
