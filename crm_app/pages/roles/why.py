"""The panel that answers: why does somebody see this, or not?"""

from typing import Any

import reflex as rx

from crm_app.pages.roles.why_state import LONGEST_ADDRESS, WhyState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t

RULES = (
    "no_permission",
    "reach_all",
    "pickup",
    "no_pickup",
    "own",
    "leads",
    "team",
    "not_team",
    "not_own",
    "through_deal",
    "no_deal",
    "through_conversation",
    "no_conversation",
)


def why_panel() -> rx.Component:
    """The question and its answer."""
    people = rx.foreach(WhyState.people, lambda one: rx.el.option(one["name"], value=one["id"]))
    member = p.select(
        rx.el.option(t("roles.why.choose"), value=""), people, name="member", default_value="", required=True
    )
    address = p.text_input(
        name="address", required=True, max_length=LONGEST_ADDRESS, placeholder="/inbox/…", auto_complete="off"
    )
    form = rx.el.form(
        p.field(t("roles.why.member"), member),
        p.field(t("roles.why.address"), address),
        p.button(t("roles.why.do"), kind="out", size="m", type="submit"),
        class_name="why",
        on_submit=WhyState.ask,
    )
    problem = rx.el.p(t(WhyState.problem), class_name="msg da why-a", role="alert")
    return q.panel(
        t("roles.why.title"),
        rx.el.p(t("roles.why.body"), class_name="mut sm why-a"),
        form,
        rx.cond(WhyState.problem != "", problem, rx.fragment()),
        rx.cond(WhyState.rules.length() > 0, _answer(), rx.fragment()),
    )


def _answer() -> rx.Component:
    who = {"name": WhyState.answer["member"].to(str), "title": WhyState.answer["title"].to(str)}
    sentence = rx.cond(WhyState.answer["visible"], t("roles.why.sees", **who), t("roles.why.hidden", **who))
    return rx.el.div(
        rx.el.p(sentence, class_name="mw"),
        rx.el.ul(rx.foreach(WhyState.rules, _rule)),
        class_name="why-a",
        role="status",
    )


def _rule(rule: Any) -> rx.Component:
    symbol = rx.cond(rule["shows"], p.icon("check", 15), p.icon("minus", 15, class_name="fnt"))
    name = rule["name"].to(str)
    words = rx.match(rule["key"], *[(key, t(f"roles.why.rule.{key}", name=name)) for key in RULES], "")
    return rx.el.li(symbol, rx.el.span(words))
