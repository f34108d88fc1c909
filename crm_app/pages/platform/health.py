"""The parts of the screen of the house's health."""

from typing import Any

import reflex as rx

from crm_app.pages.platform.health_state import NUMBERS, HealthState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import duration, number
from crm_app.ui.i18n import t

CHECKS = ("database", "migrations", "clock", "queue", "storage", "redis")


def health() -> rx.Component:
    """Whether all is well, each thing that the house stands on, and the queue."""
    well = q.notice(t("platform.health.well"), tone="ok", icon_name="circle-check")
    ill = q.notice(t("platform.health.ill"), tone="da", icon_name="circle-alert")
    tiles = [
        rx.el.div(
            rx.el.span(t(f"platform.health.{name}"), class_name="mut sm"),
            rx.el.span(number(HealthState.numbers[name]), class_name="num plt-total"),
            class_name="pn plt-tile",
        )
        for name in NUMBERS
    ]
    lag = rx.el.div(
        rx.el.span(t("platform.health.lag"), class_name="mut sm"),
        rx.el.span(duration(HealthState.lag_seconds), class_name="num plt-total"),
        class_name="pn plt-tile",
    )
    return rx.fragment(
        rx.cond(HealthState.sound, well, ill),
        rx.el.div(
            rx.el.ul(rx.foreach(HealthState.checks, _check), _leader(), class_name="plt-checks"), class_name="pn"
        ),
        rx.el.div(*tiles, lag, class_name="plt-tiles"),
    )


def _check(one: Any) -> rx.Component:
    name = rx.match(one["name"], *[(known, t(f"platform.check.{known}")) for known in CHECKS], one["name"].to(str))
    what_to_do = t(one["remedy_key"].to(str), one["data"])
    remedy = rx.cond(one["remedy_key"] != "", rx.el.p(what_to_do, class_name="sm"), rx.fragment())
    detail = rx.cond(one["ok"], t("platform.health.ok"), t(one["key"].to(str), one["data"]))
    return _line(one["ok"].to(bool), name, rx.el.span(detail), remedy)


def _leader() -> rx.Component:
    words = rx.cond(HealthState.scheduled, t("platform.health.leads"), t("platform.health.no_leader"))
    return _line(HealthState.scheduled, t("platform.check.scheduler"), rx.el.span(words), rx.fragment())


def _line(ok: Any, name: Any, detail: rx.Component, remedy: rx.Component) -> rx.Component:
    mark = rx.cond(
        ok,
        rx.el.span(p.icon("circle-check", 18), p.hidden_text(t("platform.health.ok")), class_name="plt-ok"),
        rx.el.span(p.icon("circle-alert", 18), p.hidden_text(t("platform.health.bad")), class_name="plt-bad"),
    )
    return rx.el.li(
        mark, rx.el.b(name, class_name="plt-check"), rx.el.div(rx.el.span(detail, class_name="mut"), remedy)
    )
