"""The demo phone at the right edge of the app, so that one sees both sides of a conversation at once."""

import reflex as rx

from crm_app.pages.routes import SIMULATOR
from crm_app.pages.session.state import Session, allowed
from crm_app.pages.simulator.phone import phone_face, script_notice, switches
from crm_app.pages.simulator.rows import PhoneRow, ScriptRow
from crm_app.pages.simulator.state import SimulatorState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t


def _choose(row: PhoneRow) -> rx.Component:
    return q.menu_item(
        row["name"],
        on_select=SimulatorState.choose(row["id"]),
        after=rx.cond(row["unread"] > 0, p.count(row["unread"], "ac"), rx.fragment()),
    )


def _start(row: ScriptRow) -> rx.Component:
    return q.menu_item(row["name"], icon_name="bot", on_select=SimulatorState.start_script(row["key"]))


def _head() -> rx.Component:
    face = p.button(
        rx.el.span(
            rx.cond(SimulatorState.phone["id"] != "", SimulatorState.phone["name"], t("simulator.customers")),
            class_name="tr",
            style={"maxWidth": "150px"},
        ),
        p.icon("chevron-down", 14),
        kind="out",
        aria_label=t("simulator.customers"),
    )
    customers = q.menu(face, rx.foreach(SimulatorState.phones, _choose), align="start", width=260)
    scripts = q.menu(
        p.button(t("simulator.start"), icon_name="bot"),
        q.menu_label(t("simulator.scripts")),
        rx.foreach(SimulatorState.scripts, _start),
        width=260,
    )
    whole = p.link(
        p.icon("maximize-2", 15),
        href=SIMULATOR,
        class_name="btn ico",
        aria_label=t("simulator.open_page"),
        title=t("simulator.open_page"),
    )
    close = p.icon_button("x", t("common.action.close"), on_click=SimulatorState.dock(False))
    return rx.el.div(customers, scripts, rx.el.span(class_name="f1"), whole, close, class_name="dock-h")


def beside(content: rx.Component, *, route: str) -> rx.Component:
    """Put the docked phone, or the tab that opens it, beside a page of the demonstration."""
    if route == SIMULATOR:
        return content
    open_it = rx.el.button(
        p.icon("smartphone", 15),
        t("simulator.dock"),
        type="button",
        class_name="dock-tab",
        on_click=SimulatorState.dock(True),
    )
    panel = rx.el.aside(
        _head(),
        phone_face(),
        rx.el.div(switches(), style={"width": "348px", "maxWidth": "100%"}),
        script_notice(),
        class_name="dock-p",
        aria_label=t("simulator.phone"),
    )
    able = Session.is_demo & allowed("messages.send") & allowed("simulator.use")
    return rx.el.div(
        rx.el.div(content, class_name="docked-page"),
        rx.cond(able, rx.cond(SimulatorState.docked, panel, open_it), rx.fragment()),
        class_name="with-dock",
    )
