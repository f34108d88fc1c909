"""The parts of the modules' screen: the plan with its meters, and one line for each module."""

from typing import Any

import reflex as rx

from crm_app.domains.plans.registry import LIMITS, MODULES
from crm_app.pages.modules.state import ModulesState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import day, number
from crm_app.ui.i18n import t

People = list[dict[str, str]]
_ICONS = {
    "inbox": "messages-square",
    "sending": "send",
    "pipeline": "square-kanban",
    "contacts": "users",
    "channels": "signal",
    "organization": "building-2",
    "analytics": "chart-column",
    "teams": "users-round",
    "roles": "shield-check",
    "audit": "scroll-text",
    "sso": "key-round",
    "api": "braces",
    "simulator": "smartphone",
}
_COLORS = {"da": "var(--pr-danger)", "wa": "var(--pr-warning)"}


def plan_panel() -> rx.Component:
    """Which plan it is, and how much of its limits is used."""
    name = p.row(
        p.icon("package", 20, class_name="fnt"),
        rx.el.span(
            rx.el.span(t("modules.plan"), class_name="mut sm"),
            rx.el.span(ModulesState.plan, class_name="mdl-plan", dir="auto"),
            class_name="c",
        ),
        gap="g3",
    )
    meters = rx.el.div(rx.foreach(ModulesState.limits, _meter), class_name="mdl-meters")
    return rx.el.section(name, meters, class_name="pn mdl-top", aria_label=t("modules.plan"))


def _meter(limit: Any) -> rx.Component:
    label = rx.match(limit["name"], *[(name, t(f"modules.limit.{name}")) for name in LIMITS], "")
    most = rx.cond(limit["limited"], number(limit["most"].to(int)), t("modules.unlimited"))
    tone = limit["tone"].to(str)
    color = rx.match(tone, *_COLORS.items(), "var(--pr-accent)")
    bar = rx.cond(
        limit["limited"],
        p.meter(limit["fraction"].to(float), label, color=color),
        rx.el.div(class_name="mdl-open", aria_hidden="true"),
    )
    full = rx.cond(tone == "da", rx.el.p(t("modules.full"), class_name="msg da"), rx.fragment())
    return rx.el.div(
        p.row(
            rx.el.span(label, class_name="f1"),
            rx.el.span(rx.el.b(number(limit["used"].to(int))), " / ", most, class_name="mut num"),
        ),
        bar,
        full,
        class_name="mdl-meter",
    )


def module_list() -> rx.Component:
    """Every module, those that are there first."""
    return rx.el.ul(rx.foreach(ModulesState.rows, _module), class_name="pn mdl-list")


def _module(row: Any) -> rx.Component:
    off = row["for_whom"] == "nobody"
    key = row["key"]
    symbol = rx.match(key, *[(name, p.icon(icon, 18)) for name, icon in _ICONS.items()], p.icon("puzzle", 18))
    words = rx.el.div(
        rx.el.h3(_name(key)),
        rx.el.p(_about(key), class_name="mut sm"),
        rx.el.p(_reason(row), class_name="sm fnt mdl-why"),
        class_name="f1",
    )
    line = p.row(rx.el.span(symbol, class_name="mdl-i"), words, _state(row), gap="g3", class_name="mdl-line")
    people = rx.cond(row["for_whom"] == "chosen", _people(row), rx.fragment())
    return rx.el.li(line, people, class_name=rx.cond(off, "mdl-row off", "mdl-row"))


def _name(key: Any) -> rx.Var:
    return rx.match(key, *[(one.key, t(f"modules.name.{one.key}")) for one in MODULES], "")


def _about(key: Any) -> rx.Var:
    return rx.match(key, *[(one.key, t(f"modules.about.{one.key}")) for one in MODULES], "")


def _state(row: Any) -> rx.Component:
    return rx.match(
        row["for_whom"],
        ("everybody", p.chip(t("modules.for.everybody"), tone="ok", icon_name="check")),
        ("chosen", p.chip(t("modules.for.chosen"), tone="nf", icon_name="users")),
        p.chip(t("modules.for.nobody"), tone="ln", icon_name="lock"),
    )


def _reason(row: Any) -> rx.Component:
    """Why the module is there, or how it would be."""
    ends = row["until"] != ""
    until = day(row["until"])
    elsewhere = rx.cond(
        row["plans"] != "", t("modules.why.in_plans", plans=row["plans"]), t("modules.why.by_request")
    )
    return rx.match(
        row["why"],
        ("basic", t("modules.why.basic")),
        (
            "plan",
            rx.cond(row["access"] == "credit", t("modules.why.credit"), t("modules.why.plan")),
        ),
        (
            "add_on",
            rx.cond(ends, t("modules.why.add_on_until", day=until), t("modules.why.add_on")),
        ),
        ("grant", rx.cond(ends, t("modules.why.grant_until", day=until), t("modules.why.grant"))),
        elsewhere,
    )


def _people(row: Any) -> rx.Component:
    """Who was chosen, and choosing one more."""
    key = row["key"].to(str)
    others = rx.foreach(row["others"].to(People), lambda one: rx.el.option(one["name"], value=one["id"]))
    add = p.select(
        rx.el.option(t("modules.add"), value=""), others,
        size="s", value="", aria_label=t("modules.add_to", module=_name(row["key"])),
        on_change=lambda user_id: ModulesState.choose(key, user_id),
    )  # fmt: skip
    nobody = rx.el.span(t("modules.nobody"), class_name="mut sm")
    chosen = row["chosen"].to(People)
    return rx.el.div(
        rx.cond(chosen.length() > 0, rx.foreach(chosen, lambda one: _person(key, one)), nobody),
        add,
        class_name="mdl-people",
    )


def _person(key: Any, one: Any) -> rx.Component:
    return rx.el.span(
        p.avatar(one["name"], seed=one["id"], size=20),
        rx.el.span(one["name"], class_name="tr", dir="auto"),
        p.icon_button(
            "x", t("modules.take", name=one["name"]), size="xs", on_click=ModulesState.unchoose(key, one["id"])
        ),
        class_name="chip ln mdl-one",
    )


def intro() -> rx.Component:
    """Whom to ask for more."""
    return q.notice(t("modules.whom"), icon_name="info")
