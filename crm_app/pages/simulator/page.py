"""The simulator: play the customer of the agency on a phone in the browser."""

import reflex as rx

from crm_app.pages.base import app_page
from crm_app.pages.routes import SIMULATOR
from crm_app.pages.session.state import allowed
from crm_app.pages.simulator.phone import (
    customer,
    new_customer,
    phone_face,
    script_button,
    script_notice,
    switches,
)
from crm_app.pages.simulator.state import SimulatorState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t


def _customers() -> rx.Component:
    add = p.icon_button("plus", t("simulator.new"), size="xs", on_click=SimulatorState.show_form(True))
    return rx.el.aside(
        rx.el.div(
            rx.el.h2(t("simulator.customers")),
            rx.el.span(class_name="f1"),
            rx.cond(allowed("messages.send"), add, rx.fragment()),
            class_name="sim-h",
        ),
        rx.cond(SimulatorState.adding, new_customer(), rx.fragment()),
        rx.el.div(rx.foreach(SimulatorState.phones, customer), class_name="sim-people"),
        rx.el.div(rx.el.h2(t("simulator.scripts")), class_name="sim-h"),
        rx.el.p(t("simulator.scripts_hint"), class_name="mut sm", style={"padding": "0 14px 8px"}),
        rx.el.div(rx.foreach(SimulatorState.scripts, script_button), class_name="sim-scripts"),
        class_name="sim-list",
        aria_label=t("simulator.customers"),
    )


def _behaviour() -> rx.Component:
    return rx.el.div(
        rx.el.div(rx.el.h3(t("simulator.behaviour"))),
        switches(),
        script_notice(),
        rx.el.p(t("simulator.hint"), class_name="mut sm"),
        class_name="sim-side",
    )


@app_page(SIMULATOR, title_key="simulator.title", permission="simulator.use", on_load=SimulatorState.load)
def page() -> rx.Component:
    """Customers and scripts on the left, the phone in the middle, the customer's behaviour beside it."""
    none = q.empty_state(t("simulator.empty.title"), t("simulator.empty.body"), icon_name="smartphone")
    whole = rx.el.div(
        _customers(),
        rx.el.div(
            phone_face(),
            rx.cond(SimulatorState.phone["id"] != "", _behaviour(), rx.fragment()),
            class_name="sim-stage",
        ),
        class_name="sim",
    )
    return rx.fragment(
        q.page_header(t("simulator.title")),
        q.pane(
            SimulatorState.loading,
            False,
            SimulatorState.channel_id == "",
            skeleton=q.skeleton_rows(),
            error=rx.fragment(),
            nothing=none,
            content=whole,
        ),
    )
