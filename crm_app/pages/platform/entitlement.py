"""The part of an organization's sheet that says which plan it has, and what beside it."""

from typing import Any

import reflex as rx

from crm_app.domains.plans.registry import LIMITS, MODULES, Access
from crm_app.pages.platform.entitlement_state import EntitlementState
from crm_app.pages.session.proof_dialog import alert
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import day, number
from crm_app.ui.i18n import t

_OFFERED = [module for module in MODULES if module.access is not Access.BASIC]


def entitlement_panel() -> rx.Component:
    """The plan, the modules that come of it, and what was given."""
    opening = ~EntitlementState.is_hydrated | EntitlementState.loading  # which closes what was asked before
    head = p.row(
        p.button(
            t("platform.plan.change"),
            kind="out",
            size="s",
            disabled=opening,
            on_click=EntitlementState.ask("plan"),
        ),
        p.button(
            t("platform.plan.give"),
            kind="out",
            size="s",
            icon_name="plus",
            disabled=opening,
            on_click=EntitlementState.ask("grant"),
        ),
        gap="g1",
        class_name="wrap",
    )
    given = rx.cond(
        EntitlementState.grants.length() > 0,
        rx.el.ul(rx.foreach(EntitlementState.grants, _grant), class_name="plt-people"),
        rx.el.p(t("platform.plan.nothing"), class_name="mut sm"),
    )
    content = q.pane(
        EntitlementState.loading, EntitlementState.failed, EntitlementState.plan_key == "",
        skeleton=q.skeleton_rows(2), error=q.error_state(EntitlementState.load), nothing=rx.fragment(),
        content=rx.el.div(
            rx.el.p(rx.el.b(EntitlementState.plan_name), class_name="plt-value"),
            p.row(rx.foreach(EntitlementState.modules, _module), gap="g1", class_name="wrap"),
            rx.el.h4(t("platform.plan.beside"), class_name="mut sm"),
            given,
            class_name="c g3",
        ),
    )  # fmt: skip
    return q.panel(t("platform.plan.title"), content, actions=head, class_name="plt-wide")


def _module(one: Any) -> rx.Component:
    name = _subject(one["key"])
    return rx.match(
        one["for_whom"],
        ("everybody", p.chip(name, tone="ok", icon_name="check")),
        ("chosen", p.chip(name, tone="nf", icon_name="users")),
        p.chip(name, tone="ln", icon_name="lock"),
    )


def _subject(key: Any) -> rx.Var:
    words = [
        *[(one.key, t(f"modules.name.{one.key}")) for one in MODULES],
        *[(name, t(f"modules.limit.{name}")) for name in LIMITS],
    ]
    return rx.match(key, *words, "")


def _grant(one: Any) -> rx.Component:
    amount = rx.cond(one["amount"].to(int) > 0, rx.fragment(" +", number(one["amount"].to(int))), rx.fragment())
    ends = rx.cond(one["until"] != "", rx.fragment(" · ", t("platform.plan.until", day=day(one["until"]))), "")
    kind = rx.cond(one["kind"] == "add_on", t("platform.plan.add_on"), t("platform.plan.grant"))
    return rx.el.li(
        rx.el.span(
            rx.el.span(_subject(one["subject"]), amount, class_name="mw"),
            rx.el.span(kind, ends, " · ", one["by"].to(str), class_name="fnt sm"),
            rx.el.span(one["reason"].to(str), class_name="mut sm", dir="auto"),
            class_name="c f1",
        ),
        p.button(t("platform.plan.take_back"), size="s", on_click=EntitlementState.take_back(one["id"].to(str))),
    )


def entitlement_dialogs() -> rx.Component:
    """Choosing another plan, and giving something beside it."""
    reason = p.field(
        t("platform.plan.reason"), p.text_input(name="reason", required=True, max_length=300, auto_complete="off")
    )
    options = rx.foreach(EntitlementState.plans, lambda one: rx.el.option(one["name"], value=one["key"]))
    plan = p.field(
        t("platform.plan.plan"), p.select(options, name="plan", default_value=EntitlementState.plan_key)
    )
    return rx.fragment(
        _dialog("plan", t("platform.plan.change"), EntitlementState.change, plan, reason),
        _dialog("grant", t("platform.plan.give"), EntitlementState.give, *_what(), reason),
    )


def _what() -> list[rx.Component]:
    modules = [rx.el.option(t(f"modules.name.{one.key}"), value=one.key) for one in _OFFERED]
    limits = [rx.el.option(t(f"modules.limit.{name}"), value=name) for name in LIMITS]
    kinds = [rx.el.option(t(f"platform.plan.{kind}"), value=kind) for kind in ("grant", "add_on")]
    return [
        p.field(t("platform.plan.what"), p.select(*modules, *limits, name="subject")),
        p.field(
            t("platform.plan.amount"),
            p.text_input(name="amount", type="number", min=1, max=1_000_000),
            hint=t("platform.plan.amount_hint"),
        ),
        p.field(t("platform.plan.kind"), p.select(*kinds, name="kind")),
        p.field(
            t("platform.plan.last_day"),
            p.text_input(name="until", type="date"),
            hint=t("platform.plan.last_day_hint"),
        ),
        p.checkbox(t("platform.plan.chosen_only"), name="chosen_only"),
    ]


def _dialog(what: str, title: Any, act: Any, *fields: rx.Component) -> rx.Component:
    form = f"plan-{what}"
    return q.dialog(
        rx.el.form(*fields, alert(EntitlementState.problem), id=form, on_submit=act, class_name="c g3"),
        title=title,
        open=EntitlementState.asking == what,
        on_open_change=EntitlementState.close,
        footer=rx.fragment(
            p.button(t("common.action.cancel"), size="m", on_click=EntitlementState.close(False)),
            p.button(t("platform.plan.save"), kind="pri", size="m", type="submit", form=form),
        ),
        width=460,
    )
