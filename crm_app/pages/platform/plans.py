"""All plans side by side: a column for each, a row for each module and limit; on a phone a card for each plan."""

from typing import Any

import reflex as rx

from crm_app.domains.plans.registry import LIMITS, MODULES, Module
from crm_app.pages.platform.plan_draft import BASIC, OFFERED
from crm_app.pages.platform.plans_state import PlansState
from crm_app.ui import primitives as p
from crm_app.ui.format import number
from crm_app.ui.i18n import t

Words = dict[str, str]
Numbers = dict[str, int]


def new_button() -> rx.Component:
    """The way to another plan, once the others are known."""
    return p.button(
        t("platform.plans.new"), kind="pri", icon_name="plus", on_click=PlansState.begin,
        disabled=~PlansState.is_hydrated | PlansState.loading | PlansState.failed,
    )  # fmt: skip


def plans_table() -> rx.Component:
    """The table, and the cards that stand in its place on a narrow screen."""
    head = rx.el.tr(
        rx.el.td(_legend()),
        rx.foreach(PlansState.rows, lambda plan: rx.el.th(_head(plan), scope="col")),
    )
    modules = rx.el.tbody(
        _group("platform.plans.modules", names=False), *[_module(module) for module in MODULES], _everything()
    )
    limits = rx.el.tbody(_group("platform.plans.limits", names=True), *[_limit(name) for name in LIMITS])
    table = rx.el.table(rx.el.thead(head), modules, limits, class_name="plp-table")
    return rx.fragment(
        rx.el.section(
            rx.el.div(
                table, class_name="plp-scroll", tab_index=0, role="region", aria_label=t("platform.plans.title")
            ),
            class_name="pn plp-wide",
        ),
        rx.el.div(rx.foreach(PlansState.rows, _card), class_name="plp-cards"),
    )


def _legend() -> rx.Component:
    """What the marks mean, for eyes; others are told at every mark."""
    marks = [
        p.row(_symbol(whom), rx.el.span(t(f"modules.for.{whom}")), gap="g1")
        for whom in ("everybody", "chosen", "nobody")
    ]
    return rx.el.div(*marks, class_name="plp-legend", aria_hidden="true")


def _symbol(for_whom: str) -> rx.Component:
    looks = {"everybody": ("check", "plt-ok"), "chosen": ("users", "plp-chosen"), "nobody": ("minus", "fnt")}
    name, look = looks[for_whom]
    return p.icon(name, 16, class_name=look)


def _mark(for_whom: Any) -> rx.Component:
    marks = {
        whom: rx.fragment(_symbol(whom), p.hidden_text(t(f"modules.for.{whom}")))
        for whom in ("everybody", "chosen")
    }
    nobody = rx.fragment(_symbol("nobody"), p.hidden_text(t("modules.for.nobody")))
    return rx.match(for_whom, *marks.items(), nobody)


def _head(plan: Any) -> rx.Component:
    """Which plan it is, who has it, and the way to change it."""
    held = plan["organizations"].to(int)
    who = rx.cond(
        held > 0,
        rx.el.span(t("platform.plans.organizations", count=held), class_name="num"),
        t("platform.plans.nobody"),
    )
    edit = p.button(
        t("platform.plans.change"), kind="out", size="s", on_click=PlansState.edit(plan["key"].to(str)),
        disabled=~PlansState.is_hydrated, aria_label=t("platform.plans.edit", name=plan["name"].to(str)),
    )  # fmt: skip
    begins = rx.cond(plan["is_default"].to(bool), p.chip(t("platform.plans.default"), tone="ac"), rx.fragment())
    return rx.el.div(
        rx.el.span(plan["name"].to(str), class_name="plp-name", dir="auto"),
        rx.el.code(plan["key"].to(str), class_name="fnt sm"),
        rx.el.span(who, class_name="mut sm"),
        p.row(edit, begins, gap="g1", class_name="plp-acts"),
        class_name="plp-head",
    )


def _group(key: str, *, names: bool) -> rx.Component:
    """The line above a group; with `names` it repeats the plans', whose heads are far above."""
    return rx.el.tr(
        rx.el.th(t(key), scope="rowgroup", class_name="plp-group"),
        rx.foreach(
            PlansState.rows,
            lambda plan: rx.el.td(
                plan["name"].to(str) if names else "", class_name="plp-group", aria_hidden="true"
            ),
        ),
    )


def _module(module: Module) -> rx.Component:
    words = rx.el.div(
        p.row(rx.el.span(t(f"modules.name.{module.key}"), class_name="mw"), access_chip(module), gap="g1"),
        rx.el.span(t(f"modules.about.{module.key}"), class_name="mut sm plp-about"),
        class_name="c",
    )
    return _line(words, lambda plan: _mark(plan["for_whom"].to(Words)[module.key]))


def access_chip(module: Module) -> rx.Component:
    """How one comes to a module, in a word."""
    tones: Any = {"basic": "", "premium": "ac", "credit": "wa", "invitation": "nf"}
    return p.chip(t(f"modules.access.{module.access}"), tone=tones[module.access.value])


def _everything() -> rx.Component:
    words = rx.el.div(
        rx.el.span(t("platform.plans.everything"), class_name="mw"),
        rx.el.span(t("platform.plans.everything_about"), class_name="mut sm plp-about"),
        class_name="c",
    )
    return _line(words, lambda plan: _mark(rx.cond(plan["everything"].to(bool), "everybody", "nobody")))


def _limit(name: str) -> rx.Component:
    return _line(t(f"modules.limit.{name}"), lambda plan: _most(plan["limits"].to(Numbers)[name]))


def _most(most: Any) -> rx.Component:
    unlimited = rx.el.span(t("modules.unlimited"), class_name="mut")
    return rx.cond(most < 0, unlimited, rx.el.span(number(most), class_name="num mw"))


def _line(words: Any, cell: Any) -> rx.Component:
    return rx.el.tr(rx.el.th(words, scope="row"), rx.foreach(PlansState.rows, lambda plan: rx.el.td(cell(plan))))


def _card(plan: Any) -> rx.Component:
    """A plan on a narrow screen."""
    modules = [
        rx.el.li(
            _mark(plan["for_whom"].to(Words)[module.key]),
            rx.el.span(t(f"modules.name.{module.key}"), class_name="f1"),
            rx.cond(
                plan["for_whom"].to(Words)[module.key] == "chosen",
                rx.el.span(t("modules.for.chosen"), class_name="fnt sm", aria_hidden="true"),
                rx.fragment(),
            ),
        )
        for module in OFFERED
    ]
    limits = [
        rx.el.div(rx.el.dt(t(f"modules.limit.{name}")), rx.el.dd(_most(plan["limits"].to(Numbers)[name])))
        for name in LIMITS
    ]
    return rx.el.section(
        _head(plan),
        rx.el.p(always(), class_name="mut sm"),
        rx.el.ul(
            *modules,
            rx.cond(
                plan["everything"].to(bool),
                rx.el.li(_symbol("everybody"), t("platform.plans.everything")),
                rx.fragment(),
            ),
            class_name="plp-has",
        ),
        rx.el.dl(*limits, class_name="plp-most"),
        class_name="pn plp-card",
        aria_label=plan["name"].to(str),
    )


def always() -> Any:
    """The sentence that names the modules which every plan has."""
    names: list[Any] = []
    for module in BASIC:
        names += [", "] if names else []
        names.append(t(f"modules.name.{module.key}"))
    return rx.fragment(t("platform.plans.always"), " ", *names, ".")
