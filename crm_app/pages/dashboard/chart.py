"""A card with a Plotly chart: its words, the figure dressed for language and theme, and the same as a table."""

from typing import Any

import reflex as rx
from reflex_base.vars import VarData
from reflex_base.vars.base import LiteralVar, Var

from crm_app.pages.dashboard.state import DashboardState
from crm_app.pages.dashboard.tables import Cell
from crm_app.pages.session.state import Session
from crm_app.ui import primitives as p
from crm_app.ui.client import imported
from crm_app.ui.format import day_short, money, number, percent
from crm_app.ui.i18n import LOCALE, t


def _dressed(figure: Any) -> Var[Any]:
    look = rx.color_mode_cond(light=DashboardState.light, dark=DashboardState.dark)
    parts = [LiteralVar.create(one) for one in (figure, look, Session.currency)]
    data = VarData.merge(imported("charts", "dress"), LOCALE, *(one._get_all_var_data() for one in parts))
    script = f"dress({', '.join(str(one) for one in parts)}, prumo)"
    return Var(_js_expr=script, _var_type=Any, _var_data=data)


def _config() -> Var[Any]:
    data = VarData.merge(imported("charts", "chartConfig"), LOCALE)
    return Var(_js_expr="chartConfig(prumo)", _var_type=dict, _var_data=data)


def plot(figure: Any, sentence: Any) -> rx.Component:
    """A chart that fills its box. `sentence` says in words what it shows."""
    # `template=None`: the template comes with the figure, so that equal figures stay the same object.
    drawing = rx.plotly.basic(data=_dressed(figure), config=_config(), template=None, class_name="plot")
    return rx.el.div(drawing, role="img", aria_label=sentence, class_name="plot-box")


def _cell(cell: rx.Var[Cell]) -> rx.Component:
    words = rx.match(
        cell["kind"],
        ("day", day_short(cell["text"])),
        ("key", t(cell["text"])),
        ("number", number(cell["value"])),
        ("money", money(cell["value"], currency=Session.currency)),
        ("percent", percent(cell["value"])),
        cell["text"],
    )
    return rx.el.td(words, class_name=rx.cond(cell["kind"] == "text", "", "num"))


def figures_table(name: str) -> rx.Component:
    """The chart's figures in rows."""
    table = DashboardState.tables[name]
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(rx.foreach(table["head"], lambda key: rx.el.th(t(key), scope="col")))),
            rx.el.tbody(rx.foreach(table["rows"], lambda row: rx.el.tr(rx.foreach(row, _cell)))),
            class_name="tb",
        ),
        class_name="scroll fig-table",
        tab_index=0,
    )


def legend(*entries: tuple[str, Any]) -> rx.Component:
    """Words beside the marks of the series: `legend(("solid", t(…)), ("dotted", t(…)))`."""
    return rx.el.span(
        *[rx.el.span(rx.el.i(class_name=look), words, class_name="lg") for look, words in entries],
        class_name="lgs",
    )


def card(
    name: str,
    figure: Any,
    *,
    span: str,
    sentence: Any,
    note: Any = None,
    empty: Any = None,
    empty_words: Any = None,
) -> rx.Component:
    """A titled chart. With `empty` true, `empty_words` stand in its place; the switch shows it as a table."""
    shown = DashboardState.tables.contains(name)
    switch = p.icon_button(
        "table-2", t("dashboard.action.as_table"), size="xs", on=shown, on_click=DashboardState.toggle_table(name)
    )
    body = rx.cond(shown, figures_table(name), plot(figure, sentence))
    if empty is not None:
        body = rx.cond(empty, rx.el.div(empty_words, class_name="fig-none"), body)
    head = rx.el.div(
        rx.el.h3(t(f"dashboard.{name}.title")),
        rx.el.span(note if note is not None else "", class_name="ml r g3 mi fnt"),
        switch,
        class_name="pn-h",
    )
    return rx.el.section(head, rx.el.div(body, class_name=f"fig {name}"), class_name=f"pn {span}")
