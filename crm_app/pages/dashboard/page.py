"""Análises: key figures and charts over a chosen period."""

import reflex as rx

from crm_app.pages.base import app_page
from crm_app.pages.dashboard import components as c
from crm_app.pages.dashboard.chart import card, legend
from crm_app.pages.dashboard.state import DashboardState as State
from crm_app.pages.routes import DASHBOARD
from crm_app.pages.session.state import Session
from crm_app.ui import patterns as q
from crm_app.ui.format import day, duration, money, number, percent
from crm_app.ui.i18n import t


def _period() -> dict[str, rx.Var[str]]:
    return {"start": day(State.start), "end": day(State.end)}


def _revenue_card() -> rx.Component:
    closed = legend(("solid", t("dashboard.revenue.closed")))
    earlier = legend(("dotted", t("dashboard.revenue.previous")))
    marks = rx.fragment(closed, rx.cond(State.revenue["compared"], earlier, rx.fragment()))
    expected = legend(("dashed", t("dashboard.revenue.forecast")), ("band", t("dashboard.revenue.band")))
    has_forecast = State.forecast.length() > 0
    total = money(State.revenue["value"], currency=Session.currency)
    plain = t("dashboard.revenue.sentence", **_period(), total=total)
    ahead = t(
        "dashboard.revenue.sentence_forecast",
        **_period(),
        total=total,
        day=day(State.forecast["day"]),
        expected=money(State.forecast["cents"], currency=Session.currency),
        low=money(State.forecast["low"], currency=Session.currency),
        high=money(State.forecast["high"], currency=Session.currency),
    )
    return card(
        "revenue",
        State.revenue_figure,
        span="s6",
        sentence=rx.cond(has_forecast, ahead, plain),
        note=rx.fragment(marks, rx.cond(has_forecast, expected, rx.fragment())),
    )


def _funnel_cards() -> list[rx.Component]:
    too_few = State.missing_deals > 0
    missing = t("dashboard.few_deals", count=State.missing_deals)
    return [
        card(
            "funnel",
            State.funnel_figure,
            span="s3",
            sentence=t(
                "dashboard.funnel.sentence", **_period(), pipeline=State.pipeline_name,
                share=percent(State.conversion["value"]),
            ),
            note=State.pipeline_name,
            empty=State.conversion["known"] == False,  # noqa: E712 (a var)
            empty_words=t("dashboard.funnel.none"),
        ),
        card(
            "conversion",
            State.conversion_figure,
            span="s3",
            sentence=t("dashboard.conversion.sentence", pipeline=State.pipeline_name),
            note=rx.cond(
                State.conversion["compared"],
                legend(("tick", t("dashboard.conversion.before"))),
                rx.fragment(),
            ),
            empty=too_few,
            empty_words=missing,
        ),
    ]  # fmt: skip


def _small_cards() -> list[rx.Component]:
    return [
        card(
            "stage_value",
            State.stage_value_figure,
            span="s3",
            sentence=t(
                "dashboard.stage_value.sentence", pipeline=State.pipeline_name,
                count=State.open_deals["count"],
            ),
            note=legend(("block", t("dashboard.stage_value.weighted"))),
        ),
        card(
            "new_deals",
            State.new_deals_figure,
            span="s4",
            sentence=t("dashboard.new_deals.sentence", **_period(), count=State.new_deals["value"]),
        ),
        card(
            "messages",
            State.messages_figure,
            span="s4",
            sentence=t(
                "dashboard.messages.sentence", **_period(), total=number(State.messages["value"])
            ),
            note=legend(("first", t("dashboard.messages.received")), ("block", t("dashboard.messages.sent"))),
        ),
        card(
            "waits",
            State.waits_figure,
            span="s4",
            sentence=t("dashboard.waits.sentence", median=duration(State.response["value"])),
            note=rx.cond(
                State.response["compared"],
                legend(("level", t("dashboard.conversion.before"))),
                rx.fragment(),
            ),
            empty=State.response["known"] == False,  # noqa: E712 (a var)
            empty_words=t("dashboard.waits.none"),
        ),
    ]  # fmt: skip


def _board() -> rx.Component:
    stage_value, *rest = _small_cards()
    return rx.el.div(
        c.kpis(), _revenue_card(), *_funnel_cards(), c.heat_card(), c.team_card(), stage_value, *rest,
        class_name="dash",
    )  # fmt: skip


@app_page(DASHBOARD, title_key="dashboard.title", permission="analytics.read", on_load=State.load)
def page() -> rx.Component:
    """The dashboard."""
    header = q.page_header(t("dashboard.title"), c.period_choice(), c.owner_choice(), c.pipeline_choice())
    nothing = q.empty_state(t("dashboard.empty.title"), t("dashboard.empty.body"), icon_name="chart-column")
    return rx.fragment(
        header,
        rx.el.div(
            c.usual_periods("dash-phone"),
            q.pane(
                State.loading, State.failed, State.empty,
                skeleton=c.skeletons(), error=q.error_state(State.load), nothing=nothing, content=_board(),
            ),
            class_name="scroll dash-scroll",
        ),
    )  # fmt: skip
