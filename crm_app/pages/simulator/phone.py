"""The phone: what the customer sees. Pure functions from vars to components."""

from typing import Any

import reflex as rx
from reflex_base.vars.base import Var

from crm_app.pages.session.state import Session
from crm_app.pages.simulator.browser import Attach, Fleeting
from crm_app.pages.simulator.rows import BubbleRow, PhoneRow, ScriptRow
from crm_app.pages.simulator.state import SimulatorState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import NOW, clock, file_size, phone
from crm_app.ui.i18n import t

_NOW = Var(_js_expr="(new Date(Math.max(prumoNow, Date.now())).toISOString())", _var_type=str, _var_data=NOW)


def _ticks(row: BubbleRow) -> rx.Component:
    read = row["state"] == "read"
    look = rx.cond(read, "tick read", "tick")
    words = rx.cond(read, t("simulator.read"), t("simulator.delivered"))
    return rx.el.span(p.icon("check-check", 14), class_name=look, role="img", aria_label=words)


def _file(row: BubbleRow) -> rx.Component:
    document = rx.el.a(
        p.icon("file-text", 18),
        rx.el.span(row["file_name"], class_name="tr"),
        rx.el.span(file_size(row["size"]), class_name="mi"),
        href=row["file_url"],
        custom_attrs={"download": row["file_name"]},
    )
    audio = rx.el.audio(src=row["file_url"], controls=True, preload="none")
    return rx.match(
        row["kind"],
        ("text", rx.fragment()),
        ("image", rx.el.img(src=row["file_url"], alt=row["file_name"], loading="lazy")),
        ("sticker", rx.el.img(src=row["file_url"], alt=row["file_name"], loading="lazy")),
        ("voice", audio),
        ("audio", audio),
        document,
    )


def _bubble(row: BubbleRow) -> rx.Component:
    return rx.el.div(
        _file(row),
        row["text"],
        rx.el.span(clock(row["at"]), rx.cond(row["mine"], _ticks(row), rx.fragment()), class_name="meta num"),
        class_name=rx.cond(row["mine"], "ph-b me", "ph-b"),
        dir="auto",
        custom_attrs={"data-state": row["state"], "data-mine": row["mine"]},
        key=row["id"],
    )


def _typing() -> rx.Component:
    dots = rx.el.span(rx.el.i(), rx.el.i(), rx.el.i(), class_name="dots", aria_label=t("simulator.typing"))
    return Fleeting.create(rx.el.div(dots, class_name="ph-b tp"), stamp=SimulatorState.business_typing, seconds=8)


def _composer() -> rx.Component:
    def sample(name: str, icon_name: str) -> rx.Component:
        return q.menu_item(
            t(f"simulator.sample.{name}"), icon_name=icon_name, on_select=SimulatorState.send_sample(name)
        )

    attach = q.menu(
        p.icon_button("plus", t("simulator.attach")),
        q.menu_label(t("simulator.sample.title")),
        sample("photo", "image"),
        sample("voice", "mic"),
        sample("document", "file-text"),
        side="top",
        align="start",
    )
    return rx.el.form(
        attach,
        rx.el.input(
            type="text",
            name="text",
            placeholder=t("simulator.placeholder"),
            aria_label=t("simulator.placeholder"),
            auto_complete="off",
            max_length=4096,
            on_change=SimulatorState.type_something,
            custom_attrs={"data-testid": "phone-text"},
        ),
        Attach.create(phone=SimulatorState.phone["id"]),
        rx.el.button(p.icon("send", 18), type="submit", class_name="go", aria_label=t("simulator.send")),
        on_submit=SimulatorState.say,
        reset_on_submit=True,
        class_name="ph-cmp",
    )


def _status_bar() -> rx.Component:
    away = p.icon("signal-zero", 15)
    return rx.el.div(
        rx.el.span(clock(_NOW), class_name="num"),
        p.row(rx.cond(SimulatorState.phone["reachable"], p.icon("signal", 15), away), p.icon("battery-full", 18)),
        class_name="ph-st",
        aria_hidden="true",
    )


def _header() -> rx.Component:
    return rx.el.div(
        p.avatar(Session.organization_name, size=36, company=True),
        p.column(
            rx.el.b(Session.organization_name, class_name="tr"),
            rx.el.span(t("simulator.as", name=SimulatorState.phone["name"]), class_name="sm tr"),
        ),
        class_name="ph-hd",
    )


def phone_face() -> rx.Component:
    """The phone with the conversation of the chosen customer."""
    away = rx.el.div(p.icon("signal-zero", 14), t("simulator.away"), class_name="ph-off", role="status")
    nothing = rx.el.div(
        p.icon("message-circle", 26),
        rx.el.b(t("simulator.no_phone")),
        t("simulator.no_phone_hint"),
        class_name="ph-none",
    )
    messages = rx.el.div(
        rx.el.div(rx.foreach(SimulatorState.bubbles, _bubble), _typing(), class_name="ph-tl-in"),
        class_name="ph-tl",
        role="log",
        tab_index=0,
        aria_label=t("simulator.messages"),
    )
    inside = rx.fragment(
        _header(), rx.cond(SimulatorState.phone["reachable"], rx.fragment(), away), messages, _composer()
    )
    return rx.el.section(
        rx.el.div(_status_bar(), rx.cond(SimulatorState.phone["id"] != "", inside, nothing), class_name="ph-in"),
        class_name="ph",
        aria_label=t("simulator.phone"),
    )


def customer(row: PhoneRow) -> rx.Component:
    """A customer whose phone can be taken."""
    return rx.el.button(
        p.avatar(row["name"], seed=row["number"], size=32),
        p.column(
            rx.el.span(row["name"], class_name="tr mw"),
            rx.el.span(
                rx.cond(row["preview"] != "", row["preview"], phone(row["number"])), class_name="tr sm fnt"
            ),
        ),
        rx.cond(row["unread"] > 0, p.count(row["unread"], "ac"), rx.fragment()),
        type="button",
        class_name=rx.cond(row["id"] == SimulatorState.phone["id"], "sim-who on", "sim-who"),
        on_click=SimulatorState.choose(row["id"]),
        key=row["id"],
    )


def script_button(row: ScriptRow) -> rx.Component:
    """A customer who starts a conversation by themselves."""
    return rx.el.button(
        p.avatar(row["name"], size=26),
        p.column(rx.el.span(row["name"], class_name="tr mw"), rx.el.span(t(row["topic"]), class_name="tr sm fnt")),
        type="button",
        class_name="sim-script",
        on_click=SimulatorState.start_script(row["key"]),
        key=row["key"],
    )


def new_customer() -> rx.Component:
    """The form that gives a new customer a phone."""
    return rx.el.form(
        p.field(
            t("simulator.name"),
            p.text_input(name="name", required=True, max_length=80, auto_complete="off", size="s"),
        ),
        p.field(
            t("simulator.number"),
            p.text_input(
                name="number",
                required=True,
                max_length=20,
                placeholder="+55 41 99999-0101",
                auto_complete="off",
                size="s",
            ),
            error=SimulatorState.number_error,
        ),
        p.row(
            p.button(t("simulator.create"), kind="pri", type="submit"),
            p.button(t("common.action.cancel"), on_click=SimulatorState.show_form(False)),
        ),
        on_submit=SimulatorState.add_phone,
        class_name="sim-form",
    )


def switches() -> rx.Component:
    """How the customer behaves: leaves messages unread, is out of reach, plays by a script."""

    def switch(name: str, checked: Any, on_change: Any) -> list[rx.Component]:
        return [
            rx.el.span(t(f"simulator.{name}"), class_name="mw"),
            p.switch(t(f"simulator.{name}"), checked=checked, on_change=on_change),
        ]

    return rx.el.div(
        *switch("unread", ~SimulatorState.phone["reads"], SimulatorState.switch_reading),
        *switch("no_signal", ~SimulatorState.phone["reachable"], SimulatorState.switch_signal),
        class_name="sim-sw",
    )


def script_notice() -> rx.Component:
    """Says that a script answers for the customer, and lets one take over."""
    return rx.cond(
        SimulatorState.phone["script"] != "",
        p.row(
            p.chip(t("simulator.by_script"), tone="ac", icon_name="bot"),
            p.button(t("simulator.take_over"), size="xs", on_click=SimulatorState.stop_script),
        ),
        rx.fragment(),
    )
