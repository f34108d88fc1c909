"""The dashboard's state: which period and whose figures, and the figures themselves."""

import time
from datetime import date
from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import BaseModel, ConfigDict, ValidationError

from crm_app.core.errors import Invalid
from crm_app.domains.analytics import service
from crm_app.domains.analytics.schemas import DashboardView, PeriodKind
from crm_app.pages.base import PageState, handler
from crm_app.pages.dashboard import figures, looks, stage_figures
from crm_app.pages.dashboard.tables import TABLES, Table
from crm_app.pages.dashboard.tiles import (
    HeatRow,
    PersonRow,
    Tile,
    heat_hours,
    heat_range,
    heat_rows,
    people_rows,
    tile,
)
from crm_app.pages.session.state import Session

REFRESH = "dashboard.refresh"
REFRESH_AFTER = 1.5
"""Seconds in which facts gather before the figures are read again."""
REST = 10
"""How many times as long as the last reading took the next one waits at least, for the database's sake."""
ENOUGH_DEALS = 10
"""New deals below which a conversion says nothing."""
_EMPTY_TILE = Tile(value=0, known=False, delta=0, compared=False, up=False, tone="", line="", area="", x="", y="")


_CHOICE = ("kind", "start", "end", "owner_id", "pipeline_id")


class _Days(BaseModel):
    model_config = ConfigDict(extra="ignore")

    start: date
    end: date


class DashboardState(PageState, rx.State):
    """Figures of a period. What is drawn here knows neither language nor theme: the browser fills both in."""

    loading: bool = True
    failed: bool = False
    empty: bool = False
    choosing: bool = False
    period_error: str = ""

    kind: str = PeriodKind.MONTH_ROLLING.value
    start: str = ""
    end: str = ""
    today: str = ""
    owner_id: str = ""
    owner_name: str = ""
    pipeline_id: str = ""
    pipeline_name: str = ""
    members: list[dict[str, str]] = []
    pipelines: list[dict[str, str]] = []

    revenue: Tile = _EMPTY_TILE
    new_deals: Tile = _EMPTY_TILE
    conversion: Tile = _EMPTY_TILE
    response: Tile = _EMPTY_TILE
    messages: Tile = _EMPTY_TILE
    within_goal: Tile = _EMPTY_TILE
    open_deals: dict[str, int] = {"count": 0, "cents": 0, "weighted_cents": 0}
    unassigned: int = 0
    missing_deals: int = 0
    forecast: dict[str, Any] = {}

    revenue_figure: dict[str, Any] = {}
    funnel_figure: dict[str, Any] = {}
    conversion_figure: dict[str, Any] = {}
    stage_value_figure: dict[str, Any] = {}
    new_deals_figure: dict[str, Any] = {}
    messages_figure: dict[str, Any] = {}
    waits_figure: dict[str, Any] = {}
    heat: list[HeatRow] = []
    hours: list[int] = []
    heat_low: int = 0
    heat_high: int = 0
    people: list[PersonRow] = []
    tables: dict[str, Table] = {}

    light: dict[str, Any] = {}
    dark: dict[str, Any] = {}

    _view: DashboardView | None = None
    _due: bool = False
    _took: float = 0

    @handler("analytics.read")
    async def load(self) -> None:
        """Read the figures; runs on load and on retry."""
        self.loading = self._view is None
        await self._dress()
        await self._read()
        self._watch("deal.", "message.created", "conversation.created", "conversation.updated")

    @handler("analytics.read")
    async def choose_period(self, kind: str) -> None:
        """Look at another period: 7d, 30d, 90d or month."""
        if kind in {one.value for one in PeriodKind} - {PeriodKind.CUSTOM.value}:
            await self._read(kind=kind)

    @handler("analytics.read")
    async def show_days(self, wish: bool) -> None:
        """Open or close the choice of days."""
        self.choosing = bool(wish)
        self.period_error = ""

    @handler("analytics.read")
    async def choose_days(self, form: dict[str, Any]) -> None:
        """Look at the days from `start` to `end` of the form, both included."""
        try:
            days = _Days.model_validate(form)
            await self._read(kind=PeriodKind.CUSTOM.value, start=days.start.isoformat(), end=days.end.isoformat())
        except ValidationError:
            self.period_error = "errors.analytics.period_missing"
        except Invalid as refused:
            self.period_error = refused.key
        else:
            self.choosing, self.period_error = False, ""

    @handler("analytics.read")
    async def choose_owner(self, owner_id: str) -> None:
        """Look at one member's figures, or with an empty id at everybody's."""
        await self._read(owner_id=owner_id)

    @handler("analytics.read")
    async def choose_pipeline(self, pipeline_id: str) -> None:
        """Look at another funnel."""
        await self._read(pipeline_id=pipeline_id)

    @handler("analytics.read")
    async def toggle_table(self, name: str) -> None:
        """Show or hide a chart's figures as a table."""
        if name in self.tables:
            self.tables = {key: table for key, table in self.tables.items() if key != name}
        elif name in TABLES and self._view is not None:
            self.tables = {**self.tables, name: TABLES[name](self._view)}

    async def _on_fact(self, fact: dict[str, Any]) -> None:
        """Read again, once for all the facts of a moment."""
        if fact["name"] == REFRESH:
            self._due = False
            await self._read()
        elif not self._due:
            self._due = True
            self._remind(REFRESH, max(REFRESH_AFTER, REST * self._took))

    async def _read(self, **wish: str) -> None:
        """Read the figures, of what `wish` changes of the present choice; when refused, nothing changes."""
        wanted = {name: wish.get(name, getattr(self, name)) for name in _CHOICE}
        begun = time.monotonic()
        try:
            async with self._work() as (session, actor):
                view = await service.dashboard(
                    session,
                    actor,
                    kind=PeriodKind(wanted["kind"]),
                    start=_date(wanted["start"]),
                    end=_date(wanted["end"]),
                    owner_id=_uuid(wanted["owner_id"]),
                    pipeline_id=_uuid(wanted["pipeline_id"]),
                )
        except Exception:
            self.loading, self.failed = False, self._view is None
            raise
        self._took = time.monotonic() - begun
        self.kind, self.owner_id = wanted["kind"], wanted["owner_id"]
        self._show(view)

    def _show(self, view: DashboardView) -> None:
        self._view = view
        self.loading = self.failed = False
        self._show_choices(view)
        self._show_tiles(view)
        self._draw(view)
        self.tables = {name: TABLES[name](view) for name in self.tables}

    def _show_choices(self, view: DashboardView) -> None:
        self.start, self.end = view.period.start.isoformat(), view.period.end.isoformat()
        self.today = view.today.isoformat()
        self.members = [{"id": str(one.id), "name": one.name} for one in view.members]
        self.pipelines = [{"id": str(one.id), "name": one.name} for one in view.pipelines]
        self.pipeline_id = str(view.pipeline_id or "")
        self.pipeline_name = next((one.name for one in view.pipelines if one.id == view.pipeline_id), "")
        self.owner_name = next((one.name for one in view.members if one.id == view.owner_id), "")

    def _show_tiles(self, view: DashboardView) -> None:
        self.revenue = tile(view.revenue, relative=True)
        self.new_deals = tile(view.new_deals, relative=True)
        self.conversion = tile(view.conversion)
        self.response = tile(view.response, less_is_better=True)
        self.messages = tile(view.messages, relative=True)
        self.within_goal = tile(view.within_goal)
        self.open_deals = view.open_deals.model_dump()
        self.unassigned = view.unassigned
        talked = (view.messages.value or 0) + (view.messages.previous or 0)
        self.empty = not (talked or view.open_deals.count or view.new_deals.value or view.revenue.value)
        self.missing_deals = max(0, ENOUGH_DEALS - view.stages[0].reached) if view.stages else 0
        ahead = view.forecast
        self.forecast = {} if ahead is None else {
            "day": ahead.days[-1].isoformat(),
            "cents": ahead.expected_cents[-1],
            "low": ahead.low_cents[-1],
            "high": ahead.high_cents[-1],
        }  # fmt: skip

    def _draw(self, view: DashboardView) -> None:
        self.revenue_figure = figures.revenue(view)
        self.funnel_figure = stage_figures.funnel(view.stages)
        self.conversion_figure = stage_figures.conversion(view.stages)
        self.stage_value_figure = stage_figures.stage_value(view.stages)
        self.new_deals_figure = figures.new_deals(view)
        self.messages_figure = figures.messages(view)
        self.waits_figure = figures.waits(view)
        self.heat, self.hours = heat_rows(view.heat), heat_hours(view.heat)
        self.heat_low, self.heat_high = heat_range(view.heat)
        self.people = people_rows(view)

    async def _dress(self) -> None:
        """Give the tenant's colours to the browser, once for each theme."""
        session = await self.get_state(Session)
        hue, chroma = session.brand_hue, session.brand_chroma
        self.light = {
            "template": looks.template(hue, chroma, dark=False),
            "colors": looks.colors(hue, chroma, dark=False),
        }
        self.dark = {
            "template": looks.template(hue, chroma, dark=True),
            "colors": looks.colors(hue, chroma, dark=True),
        }


def _uuid(text: str) -> UUID | None:
    """Return the id in `text`, None for an empty text. Raises `Invalid` for anything else."""
    if not text:
        return None
    try:
        return UUID(str(text))
    except ValueError as error:
        raise Invalid("errors.invalid") from error


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
