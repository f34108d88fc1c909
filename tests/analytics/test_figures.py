"""The figures that go to the browser: valid for Plotly, small, free of language and theme."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.core.i18n import LANGUAGES, LOCALES
from crm_app.domains.analytics import rules
from crm_app.domains.analytics.schemas import (
    DashboardView,
    Figure,
    Forecast,
    HeatCell,
    OpenDeals,
    PeriodKind,
    PersonFigures,
    Span,
    StageFigures,
)
from crm_app.pages.dashboard import figures, looks, stage_figures, tiles
from crm_app.pages.dashboard.tables import TABLES

LOOK = looks.colors(284, 1, dark=False)


def stage(place: int, reached: int, **more: Any) -> StageFigures:
    plain = {
        "name": f"Etapa {place}", "kind": "open", "color": place, "probability": 20 * place, "share": 0.5,
        "conversion": 0.5, "previous_conversion": 0.25, "open_count": 3, "open_cents": 1000_00,
    }  # fmt: skip
    return StageFigures(id=uuid4(), reached=reached, **{**plain, **more})


def view(count: int = 30, *, busy: bool = True) -> DashboardView:
    end = date(2026, 7, 17)
    span = Span(start=end - timedelta(days=count - 1), end=end)
    some = tuple(range(count)) if busy else (0,) * count
    figure = Figure(value=12.0 if busy else None, previous=6.0 if busy else None, trend=tuple(map(float, some)))
    ahead = Forecast(
        days=(end, end + timedelta(days=1)), expected_cents=(5, 6), low_cents=(5, 5), high_cents=(5, 9)
    )
    return DashboardView(
        kind=PeriodKind.CUSTOM, period=span, previous=rules.before(PeriodKind.WEEK, span), today=end,
        currency="BRL", time_zone="America/Sao_Paulo", pipeline_id=None, owner_id=None, pipelines=(), members=(),
        revenue=figure, open_deals=OpenDeals(count=1, cents=2, weighted_cents=1), new_deals=figure,
        conversion=figure, response=figure, messages=figure, within_goal=figure, unassigned=1,
        days=tuple(rules.days_of(span)), revenue_cents=some, previous_revenue_cents=some,
        forecast=ahead if busy else None, created=some, previous_created=some, received=some, sent=some,
        stages=(stage(0, 9, conversion=None), stage(1, 5), stage(2, 0, kind="won")) if busy else (),
        heat=(HeatCell(weekday=1, hour=9, seconds=300, count=2),) if busy else (),
        waits=rules.wait_classes([1, 2, 3, 4, 5] if busy else [0] * 5, [0] * 5),
        people=(
            PersonFigures(
                id=uuid4(), name="Bruna", revenue_cents=5, won=1, closed=2, response_seconds=60, answers=3
            ),
        ),
    )  # fmt: skip


def drawn(shown: DashboardView) -> dict[str, figures.Figure]:
    """Return all figures of a view by name."""
    return {
        "revenue": figures.revenue(shown),
        "funnel": stage_figures.funnel(shown.stages),
        "conversion": stage_figures.conversion(shown.stages),
        "stage_value": stage_figures.stage_value(shown.stages),
        "new_deals": figures.new_deals(shown),
        "messages": figures.messages(shown),
        "waits": figures.waits(shown),
    }


def dressed(node: Any) -> Any:
    """Do as `charts.js`: put words and colours in their places."""
    if isinstance(node, str):
        return LOOK[node[1:]] if node.startswith("@") else node
    if isinstance(node, list):
        return [dressed(one) for one in node]
    if not isinstance(node, dict):
        return node
    if "$days" in node:
        first = date.fromisoformat(node["$days"])
        return [(first + timedelta(days=number)).isoformat() for number in range(node["n"])]
    if "$each" in node:
        return [str(value) for value in node["v"]]
    if "$ts" in node:
        return list(node["$ts"])
    if "$join" in node:
        return "".join(str(dressed(one)) for one in node["$join"])
    if "$t" in node or "$" in node:
        return "palavras"
    return {key: dressed(value) for key, value in node.items()}


@pytest.mark.parametrize("name", list(drawn(view())))
@pytest.mark.parametrize("busy", [True, False])
def test_plotly_takes_every_figure(name: str, busy: bool) -> None:
    figure = dressed(drawn(view(busy=busy))[name])
    template = looks.template(284, 1, dark=False)
    made = go.Figure({**figure, "layout": {**figure["layout"], "template": template}})
    assert {trace.type for trace in made.data} <= {"bar", "scatter"}, "the basic bundle knows no others"


def words_of(node: Any) -> set[str]:
    """Return the catalogue keys that a figure names."""
    if isinstance(node, dict):
        own = {node["$t"]} if "$t" in node else set(node.get("$ts", ()))
        return own.union(*(words_of(value) for value in node.values()))
    return set().union(*(words_of(one) for one in node)) if isinstance(node, list) else set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_figure_is_in_the_catalogue(language: str) -> None:
    catalogue = json.loads((LOCALES / language / "dashboard.json").read_text(encoding="utf-8"))
    keys = set().union(*(words_of(figure) for figure in drawn(view()).values()))
    keys |= {key for name in TABLES for key in TABLES[name](view())["head"]}
    for key in keys:
        place: Any = {"dashboard": catalogue}
        for part in key.split("."):
            place = place[part]
        assert isinstance(place, str)


def test_all_figures_of_ninety_days_are_sent_in_few_bytes() -> None:
    assert len(json.dumps(drawn(view(90)))) < 16_000


@pytest.mark.parametrize("name", list(TABLES))
@pytest.mark.parametrize("busy", [True, False])
def test_every_chart_has_a_table_with_as_many_cells_as_headings(name: str, busy: bool) -> None:
    table = TABLES[name](view(busy=busy))
    assert all(len(row) == len(table["head"]) for row in table["rows"])


def test_every_chart_has_a_table() -> None:
    assert set(TABLES) == set(drawn(view()))


@given(st.floats(0, 1e13, allow_subnormal=False), st.integers(2, 8), st.booleans())
def test_ticks_are_round_and_reach_the_top(top: float, count: int, whole: bool) -> None:
    ticks = figures.nice_ticks(top, count, whole=whole)
    assert ticks[0] == 0
    assert ticks == sorted(set(ticks))
    assert ticks[-1] >= top * 0.999
    assert len(ticks) <= 3 * count + 2
    if whole:
        assert all(float(tick).is_integer() for tick in ticks)


@given(st.lists(st.floats(-1e9, 1e9), max_size=120))
def test_a_sparkline_stays_in_its_box(values: list[float]) -> None:
    shape = figures.spark(values)
    if len(values) < 2:
        assert shape == {}
        return
    points = shape["line"][1:].split("L")
    assert len(points) <= 15
    for point in points:
        x, y = map(float, point.split())
        assert 0 <= x <= 72
        assert 0 <= y <= 28


def test_better_is_less_for_waiting_and_more_for_money() -> None:
    rising = Figure(value=12, previous=6)
    assert tiles.tile(rising, relative=True)["tone"] == "ok"
    assert tiles.tile(rising, less_is_better=True)["tone"] == "da"
    assert tiles.tile(Figure(value=6, previous=6))["tone"] == ""
    assert tiles.tile(rising, relative=True)["delta"] == 1
    assert not tiles.tile(Figure(value=6, previous=0), relative=True)["compared"]
    assert not tiles.tile(Figure(value=None, previous=6))["known"]


def test_the_heat_map_has_the_usual_hours_and_busy_ones_besides() -> None:
    cells = [
        HeatCell(weekday=1, hour=9, seconds=60, count=90),
        HeatCell(weekday=7, hour=21, seconds=6000, count=9),
    ]
    rows = tiles.heat_rows(cells)
    assert [row["weekday"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert tiles.heat_hours(cells) == list(range(8, 22))
    monday = {square["hour"]: square for square in rows[0]["squares"]}
    assert (monday[9]["label"], monday[9]["mix"]) == ("1", 6)
    assert (monday[10]["label"], monday[10]["mix"]) == ("", 0)
    assert rows[6]["squares"][-1]["label"] == "2h"
    rare = [HeatCell(weekday=1, hour=9, seconds=60, count=999), HeatCell(weekday=2, hour=3, seconds=60, count=1)]
    assert tiles.heat_hours(rare) == list(range(8, 20))


@pytest.mark.parametrize(
    ("lightness", "chroma", "hue", "expected"), [(0.535, 0.188, 284, "#6554d4"), (0.635, 0.108, 205, "#039daa")]
)
def test_colours_are_those_of_the_design(lightness: float, chroma: float, hue: float, expected: str) -> None:
    mine, wanted = looks.hex_of(lightness, chroma, hue), expected
    distance = [abs(int(mine[at : at + 2], 16) - int(wanted[at : at + 2], 16)) for at in (1, 3, 5)]
    assert max(distance) <= 2, mine


@given(st.floats(0, 360), st.floats(0, 1), st.booleans())
def test_every_tenant_gets_colours_that_plotly_reads(hue: float, chroma: float, dark: bool) -> None:
    for color in looks.colors(hue, chroma, dark=dark).values():
        assert color.startswith(("#", "rgba("))
    go.layout.Template(looks.template(hue, chroma, dark=dark))
