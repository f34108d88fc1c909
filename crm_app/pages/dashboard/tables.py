"""The same figures as tables, for who cannot or would rather not read a chart."""

from collections.abc import Callable, Sequence
from typing import TypedDict

from crm_app.domains.analytics.schemas import DashboardView


class Cell(TypedDict):
    """A value of a table; `kind` says how it is written: text, key, day, number, money, percent."""

    kind: str
    text: str
    value: float


class Table(TypedDict):
    """A table whose headings are keys of the catalogue."""

    head: list[str]
    rows: list[list[Cell]]


def _text(words: str) -> Cell:
    return Cell(kind="text", text=words, value=0)


def _key(key: str) -> Cell:
    return Cell(kind="key", text=key, value=0)


def _value(kind: str, value: float | None) -> Cell:
    return Cell(kind="text", text="–", value=0) if value is None else Cell(kind=kind, text="", value=value)


def _daily(view: DashboardView, head: Sequence[str], kind: str, *series: Sequence[int]) -> Table:
    rows = [
        [Cell(kind="day", text=day.isoformat(), value=0), *(_value(kind, one) for one in values)]
        for day, *values in zip(view.days, *series, strict=True)
    ]
    return Table(head=["dashboard.table.day", *head], rows=rows)


def _revenue(view: DashboardView) -> Table:
    count = len(view.days)
    earlier = [*view.previous_revenue_cents[:count], *([0] * (count - len(view.previous_revenue_cents)))]
    head = ("dashboard.revenue.closed", "dashboard.revenue.previous")
    return _daily(view, head, "money", view.revenue_cents, earlier)


def _funnel(view: DashboardView) -> Table:
    rows = [[_text(one.name), _value("number", one.reached), _value("percent", one.share)] for one in view.stages]
    return Table(head=["dashboard.table.stage", "dashboard.table.deals", "dashboard.table.share"], rows=rows)


def _conversion(view: DashboardView) -> Table:
    rows = [
        [_text(one.name), _value("percent", one.conversion), _value("percent", one.previous_conversion)]
        for one in view.stages[1:]
    ]
    return Table(head=["dashboard.table.stage", "dashboard.table.now", "dashboard.table.before"], rows=rows)


def _stage_value(view: DashboardView) -> Table:
    rows = [
        [
            _text(one.name),
            _value("number", one.open_count),
            _value("money", one.open_cents),
            _value("money", round(one.open_cents * one.probability / 100)),
        ]
        for one in view.stages
        if one.kind == "open"
    ]
    head = ["dashboard.table.stage", "dashboard.table.deals", "dashboard.table.value", "dashboard.table.weighted"]
    return Table(head=head, rows=rows)


def _new_deals(view: DashboardView) -> Table:
    return _daily(view, ["dashboard.new_deals.name"], "number", view.created)


def _messages(view: DashboardView) -> Table:
    head = ("dashboard.messages.received", "dashboard.messages.sent")
    return _daily(view, head, "number", view.received, view.sent)


def _waits(view: DashboardView) -> Table:
    rows = [
        [
            _key(f"dashboard.waits.class_{place}"),
            _value("number", one.count),
            _value("percent", one.share),
            _value("percent", one.previous_share),
        ]
        for place, one in enumerate(view.waits)
    ]
    head = [
        "dashboard.table.wait",
        "dashboard.table.answers",
        "dashboard.table.share",
        "dashboard.table.before",
    ]
    return Table(head=head, rows=rows)


TABLES: dict[str, Callable[[DashboardView], Table]] = {
    "revenue": _revenue,
    "funnel": _funnel,
    "conversion": _conversion,
    "stage_value": _stage_value,
    "new_deals": _new_deals,
    "messages": _messages,
    "waits": _waits,
}
