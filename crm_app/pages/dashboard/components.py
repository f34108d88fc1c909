"""The parts of the dashboard that are not charts: choices, tiles, heat map, ranking, waiting."""

from typing import Any

import reflex as rx
from reflex_base.vars import VarData

from crm_app.pages.dashboard.state import DashboardState
from crm_app.pages.dashboard.tiles import HeatRow, HeatSquare, PersonRow, Tile
from crm_app.pages.session.state import Session
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.client import call, imported
from crm_app.ui.format import duration, money, number, percent
from crm_app.ui.i18n import LOCALE, t

PERIODS = ("7d", "30d", "90d", "month")


def _range() -> rx.Var[str]:
    """The days that are shown: `1 a 17 de julho`."""
    writer = VarData.merge(imported("charts", "dayRange"), LOCALE)
    ends = (DashboardState.start, DashboardState.end)
    return call("dayRange", *ends, data=writer, locale=rx.Var("prumo"))


def period_choice() -> rx.Component:
    """The usual periods side by side, and days of one's own."""
    own = q.popover(
        p.button(
            _words(
                rx.cond(
                    DashboardState.start != "",
                    _range(),
                    t("dashboard.period.choose"),
                )
            ),
            kind="out",
            icon_name="calendar",
            class_name="num",
        ),
        _days_form(),
        open=DashboardState.choosing,
        on_open_change=DashboardState.show_days,
        width=280,
    )
    return rx.fragment(usual_periods("dash-usual"), own)


def usual_periods(css: str) -> rx.Component:
    """The usual periods side by side; above the tiles on a phone, in the header elsewhere."""
    choices = q.tabs(
        [(kind, t(f"dashboard.period.{kind}")) for kind in PERIODS],
        DashboardState.kind,
        DashboardState.choose_period,
        label=t("dashboard.period.label"),
    )
    return rx.el.div(choices, class_name=css)


def _words(words: Any) -> rx.Component:
    """Words of a button that shows its icon alone on a phone."""
    return rx.el.span(words, class_name="words")


def _days_form() -> rx.Component:
    def box(name: str, value: Any) -> rx.Component:
        return p.field(
            t(f"dashboard.period.{name}"),
            p.text_input(
                type="date", name=name, default_value=value, max=DashboardState.today, required=True, key=value
            ),
        )

    return rx.el.form(
        box("start", DashboardState.start),
        box("end", DashboardState.end),
        rx.cond(
            DashboardState.period_error != "",
            rx.el.p(t(DashboardState.period_error, days=366), class_name="msg da", role="alert"),
            rx.fragment(),
        ),
        p.button(t("dashboard.period.apply"), kind="pri", type="submit", full=True, class_name="mt"),
        on_submit=DashboardState.choose_days,
        class_name="days-form",
    )


def owner_choice() -> rx.Component:
    """Whose figures are shown."""
    choices = rx.foreach(
        DashboardState.members,
        lambda one: q.menu_item(one["name"], on_select=DashboardState.choose_owner(one["id"])),
    )
    words = rx.cond(DashboardState.owner_id != "", DashboardState.owner_name, t("dashboard.owner.all"))
    return q.menu(
        p.button(_words(words), p.icon("chevron-down", 14), kind="out", icon_name="users"),
        q.menu_item(t("dashboard.owner.all"), on_select=DashboardState.choose_owner("")),
        q.menu_line(),
        choices,
    )


def pipeline_choice() -> rx.Component:
    """Which funnel the funnel's cards are about."""
    choices = rx.foreach(
        DashboardState.pipelines,
        lambda one: q.menu_item(one["name"], on_select=DashboardState.choose_pipeline(one["id"])),
    )
    return q.menu(
        p.button(_words(DashboardState.pipeline_name), p.icon("chevron-down", 14), kind="out", icon_name="filter"),
        choices,
    )


def _spark(tile: rx.Var[Tile]) -> rx.Component:
    def path(**looks: Any) -> rx.Component:
        return rx.el.svg.path(**looks)

    drawing = rx.el.svg(
        path(d=tile["area"], fill="var(--pr-viz-1)", opacity="0.1"),
        path(
            d=tile["line"],
            fill="none",
            stroke="var(--pr-viz-1)",
            stroke_width="1.5",
            stroke_linejoin="round",
            stroke_linecap="round",
            custom_attrs={"vectorEffect": "non-scaling-stroke"},
        ),
        view_box="0 0 72 28",
        custom_attrs={"aria-hidden": "true", "preserveAspectRatio": "none"},
        class_name="spark",
    )
    return rx.cond(tile["line"] != "", drawing, rx.fragment())


def _delta(tile: rx.Var[Tile], words: Any, more: str, less: str) -> rx.Component:
    arrow = rx.cond(tile["up"], p.icon("arrow-up-right", 12), p.icon("arrow-down-right", 12))
    compared = rx.el.span(
        rx.el.span(arrow, words, class_name=p.classes("r", tile["tone"])),
        rx.el.span(rx.cond(tile["up"], t(more), t(less)), class_name="tr"),
        class_name="x num",
    )
    same = rx.el.span(t("dashboard.kpi.same"), class_name="x")
    return rx.cond(
        tile["compared"],
        rx.cond(tile["delta"] == 0, same, compared),
        rx.el.span(t("dashboard.kpi.no_previous"), class_name="x"),
    )


def kpi(name: str, tile: Any, value: Any, delta: Any, *, judged: bool = False) -> rx.Component:
    """A key figure: its name, value, sparkline, and how far it is from the period before."""
    group = "judged" if judged else "plain"
    return rx.el.div(
        rx.el.span(t(f"dashboard.kpi.{name}"), class_name="l"),
        rx.el.span(rx.cond(tile["known"], value, "–"), class_name="v num"),
        _delta(tile, delta, f"dashboard.kpi.{group}_more", f"dashboard.kpi.{group}_less"),
        _spark(tile),
        class_name="pn kpi",
    )


def _open_tile() -> rx.Component:
    deals = DashboardState.open_deals
    part = rx.cond(deals["cents"] > 0, deals["weighted_cents"] / deals["cents"], 0)
    return rx.el.div(
        rx.el.span(t("dashboard.kpi.weighted"), class_name="l"),
        rx.el.span(money(deals["weighted_cents"], currency=Session.currency), class_name="v num"),
        rx.el.span(
            t(
                "dashboard.kpi.open",
                count=deals["count"],
                cents=money(deals["cents"], currency=Session.currency),
            ),
            class_name="x num",
        ),
        rx.el.span(p.meter(part, t("dashboard.kpi.weighted"), color="var(--pr-viz-1)"), class_name="spark bare"),
        class_name="pn kpi",
    )


def kpis() -> rx.Component:
    """The row of key figures."""
    state = DashboardState
    return rx.el.div(
        kpi(
            "revenue",
            state.revenue,
            money(state.revenue["value"], currency=Session.currency),
            percent(state.revenue["delta"], digits=0),
        ),
        _open_tile(),
        kpi(
            "new_deals",
            state.new_deals,
            number(state.new_deals["value"]),
            percent(state.new_deals["delta"], digits=0),
        ),
        kpi(
            "conversion",
            state.conversion,
            percent(state.conversion["value"]),
            t("dashboard.kpi.points", points=number(state.conversion["delta"] * 100, digits=1)),
        ),
        kpi(
            "response",
            state.response,
            duration(state.response["value"]),
            duration(state.response["delta"]),
            judged=True,
        ),
        kpi(
            "messages",
            state.messages,
            number(state.messages["value"]),
            percent(state.messages["delta"], digits=0),
        ),
        class_name="kpis",
    )


def _square(square: rx.Var[HeatSquare]) -> rx.Component:
    filled = rx.el.td(
        square["label"],
        style={"--k": square["mix"].to_string() + "%"},
        title=duration(square["seconds"]),
        class_name="sq",
    )
    return rx.cond(square["mix"] > 0, filled, rx.el.td(class_name="sq none"))


def _heat_row(row: rx.Var[HeatRow]) -> rx.Component:
    name = rx.match(
        row["weekday"], *[(number_, t(f"dashboard.heat.day_{number_}")) for number_ in range(1, 7)],
        t("dashboard.heat.day_7"),
    )  # fmt: skip
    return rx.el.tr(rx.el.th(name, scope="row"), rx.foreach(row["squares"], _square))


def heat_card() -> rx.Component:
    """How long customers waited by weekday and hour: a table by nature, tinted by its values."""
    state = DashboardState
    ramp = rx.el.span(
        duration(state.heat_low), rx.el.i(class_name="ramp"), duration(state.heat_high), "+",
        class_name="ml r g6 mi fnt num",
    )  # fmt: skip
    head = rx.el.div(
        rx.el.h3(t("dashboard.heat.title")), rx.el.span(t("dashboard.heat.unit"), class_name="fnt sm unit"), ramp,
        class_name="pn-h",
    )  # fmt: skip
    hours = rx.el.tr(
        rx.el.td(), rx.foreach(state.hours, lambda hour: rx.el.th(hour, rx.el.span("h"), scope="col"))
    )
    table = rx.el.table(
        rx.el.caption(t("dashboard.heat.sentence"), class_name="vh"),
        rx.el.tbody(rx.foreach(state.heat, _heat_row)),
        rx.el.tfoot(hours),
        class_name="heat num",
    )
    none = rx.el.div(t("dashboard.waits.none"), class_name="fig-none")
    body = rx.el.div(rx.cond(state.response["known"], table, none), class_name="fig heat-box")
    return rx.el.section(head, body, class_name="pn s5")


def _person(row: rx.Var[PersonRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(row["place"], class_name="fnt num"),
        rx.el.td(
            rx.el.span(
                p.avatar(row["name"], seed=row["id"], size=24), rx.el.span(row["name"], class_name="tr mw")
            ),
            class_name="person",
        ),
        rx.el.td(rx.cond(row["answers"] > 0, duration(row["seconds"]), "–"), class_name="e mut num"),
        rx.el.td(t("dashboard.team.won_of", won=row["won"], closed=row["closed"]), class_name="e mut num"),
        rx.el.td(
            rx.el.span(money(row["cents"], currency=Session.currency), class_name="mw"),
            p.meter(row["part"], t("dashboard.team.revenue"), color="var(--pr-viz-1)"),
            class_name="e num",
        ),
    )


def team_card() -> rx.Component:
    """Who sold what, and how fast each answers."""
    state = DashboardState
    head = rx.el.tr(
        rx.el.td(),
        rx.el.th(t("dashboard.team.person"), scope="col"),
        rx.el.th(t("dashboard.team.response"), scope="col", class_name="e"),
        rx.el.th(t("dashboard.team.won"), scope="col", class_name="e"),
        rx.el.th(t("dashboard.team.revenue"), scope="col", class_name="e"),
    )
    goal = rx.el.div(
        rx.el.span(t("dashboard.team.goal"), class_name="mut"),
        rx.el.span(
            rx.cond(state.within_goal["known"], percent(state.within_goal["value"], digits=0), "–"),
            class_name="mw num ml",
        ),
        class_name="r fact",
    )
    queue = rx.el.div(
        rx.el.span(t("dashboard.team.unassigned"), class_name="mut"),
        rx.el.span(
            t("dashboard.team.in_queue", count=state.unassigned),
            class_name=rx.cond(state.unassigned > 0, "mw num ml wa", "mw num ml"),
        ),
        class_name="r fact",
    )
    return rx.el.section(
        rx.el.div(
            rx.el.h3(t("dashboard.team.title")),
            rx.el.span(t("dashboard.team.order"), class_name="ml mi fnt"),
            class_name="pn-h",
        ),
        rx.el.div(
            rx.el.table(rx.el.thead(head), rx.el.tbody(rx.foreach(state.people, _person)), class_name="rank"),
            goal,
            queue,
            class_name="fig team",
        ),
        class_name="pn s4",
    )


def skeletons() -> rx.Component:
    """The shapes of tiles and cards while the figures are read."""

    def block(css: str) -> rx.Component:
        return rx.el.div(p.skeleton("40%"), p.skeleton("100%", 120, radius=8), class_name=f"pn blank {css}")

    tiles = rx.el.div(
        *[rx.el.div(p.skeleton("60%"), p.skeleton("45%", 24), class_name="pn kpi blank") for _ in range(6)],
        class_name="kpis",
    )
    return rx.el.div(
        tiles, *[block(css) for css in ("s6", "s3", "s3", "s5", "s4", "s3")],
        class_name="dash", role="status", aria_label=t("common.state.loading"),
    )  # fmt: skip
