"""The dialog in which a number is connected: a form for a new one, then the QR code."""

from typing import Any

import reflex as rx

from crm_app.domains.channels.registry import PROVIDERS
from crm_app.pages.channels.components import copied
from crm_app.pages.channels.connect_state import ConnectState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import phone
from crm_app.ui.i18n import t

FORM = "channel-form"
_ORDER = ("waha", "simulator")


def connect_dialog() -> rx.Component:
    """Both steps; the second one is the wide dialog with the code at the right."""
    return rx.fragment(_form_dialog(), _pair_dialog())


def _form_dialog() -> rx.Component:
    ways = [(key, PROVIDERS[key].title) for key in _ORDER]
    chooser = q.tabs(ways, ConnectState.provider, ConnectState.choose, label=t("channels.form.provider"))
    create = p.button(t("channels.form.create"), kind="pri", size="m", type="submit", form=FORM)
    cancel = p.button(t("common.action.cancel"), size="m", on_click=ConnectState.close(False))
    return q.dialog(
        chooser,
        rx.el.form(
            _field("name", max_length=80, required=True, placeholder="Comercial 01", auto_focus=True),
            rx.cond(ConnectState.provider == "waha", _waha_fields(), _simulator_note()),
            id=FORM, on_submit=ConnectState.create, class_name="chn-form",
        ),
        title=t("channels.form.title"),
        description=t("channels.form.lead"),
        open=ConnectState.shown & (ConnectState.step == "form"),
        on_open_change=ConnectState.close,
        footer=rx.fragment(cancel, create),
        width=480,
    )  # fmt: skip


def _waha_fields() -> rx.Component:
    return rx.fragment(
        _field("base_url", type="url", required=True, placeholder="https://waha.exemplo.com.br", max_length=300),
        _field("api_key", type="password", auto_complete="off", max_length=200),
        _field("session", default_value="default", max_length=64),
        rx.el.div(q.notice(t("channels.form.waha_note"), tone="nf"), class_name="chn-note"),
    )


def _simulator_note() -> rx.Component:
    return rx.el.div(q.notice(t("channels.form.simulator_note"), tone="nf"), class_name="chn-note")


def _field(name: str, **props: Any) -> rx.Component:
    error = ConnectState.errors[name]
    control = p.text_input(name=name, error=error != "", **props)
    return p.field(t(f"channels.form.{name}"), control, hint=t(f"channels.form.hint.{name}"), error=error)


def _pair_dialog() -> rx.Component:
    left = rx.el.div(
        rx.el.ol(
            _step("1", t("channels.pair.step1")), _step("2", t("channels.pair.step2")),
            _step("3", t("channels.pair.step3")),
        ),
        _code(),
        rx.el.div(q.notice(t("channels.pair.note"), tone="nf"), class_name="chn-note"),
        class_name="chn-steps",
    )  # fmt: skip
    connected = ConnectState.status == "connected"
    wait = p.button(p.spinner(14), t("channels.pair.waiting"), size="m", disabled=True, class_name="chn-wait")
    done = p.button(
        t("channels.pair.done"), kind="pri", size="m", icon_name="check", on_click=ConnectState.close(False)
    )
    return q.dialog(
        rx.el.div(left, _right(), class_name="chn-pair"),
        title=t("channels.pair.title", name=ConnectState.channel_name),
        description=t("channels.pair.lead"),
        open=ConnectState.shown & (ConnectState.step == "pair"),
        on_open_change=ConnectState.close,
        footer=rx.fragment(
            p.button(t("common.action.close"), size="m", on_click=ConnectState.close(False)),
            rx.el.span(class_name="f1"),
            rx.cond(connected, done, rx.cond(ConnectState.problem != "", _retry(), wait)),
        ),
        width=728,
    )


def _step(mark: str, words: Any) -> rx.Component:
    return rx.el.li(rx.el.b(mark, class_name="n", aria_hidden="true"), rx.el.span(words))


def _code() -> rx.Component:
    told = p.row(
        rx.el.span(
            rx.foreach(
                ConnectState.code,
                lambda one: rx.cond(one == "-", rx.el.span("–", class_name="fnt"), rx.el.b(one)),
            ),
            class_name="chn-code",
        ),
        p.icon_button("copy", t("channels.pair.copy_code"), on_click=copied(ConnectState.code.join(""))),
    )
    ask = rx.el.form(
        p.row(
            p.text_input(
                name="phone", type="tel", placeholder="(41) 99999-0142", aria_label=t("channels.pair.phone"),
                max_length=40, error=ConnectState.code_error != "",
            ),
            p.button(t("channels.pair.ask_code"), kind="out", size="m", type="submit"),
        ),
        rx.cond(
            ConnectState.code_error != "",
            rx.el.p(t(ConnectState.code_error), class_name="msg da", role="alert"),
            rx.fragment(),
        ),
        on_submit=ConnectState.ask_code,
    )  # fmt: skip
    offer = rx.el.div(
        rx.el.p(t("channels.pair.without_camera"), class_name="lbl"),
        rx.cond(ConnectState.code.length() > 0, told, ask),
    )
    return rx.cond(ConnectState.status == "waiting_qr", offer, rx.fragment())


def _right() -> rx.Component:
    return rx.el.div(
        rx.cond(
            ConnectState.problem != "",
            _problem(),
            rx.match(
                ConnectState.status,
                ("connected", _connected()),
                ("waiting_qr", rx.cond(ConnectState.qr != "", _qr(), _waiting())),
                _waiting(),
            ),
        ),
        class_name="chn-qr",
        aria_live="polite",
    )


def _qr() -> rx.Component:
    asleep = p.button(t("channels.pair.look_again"), kind="out", size="m", on_click=ConnectState.follow)
    fresh = p.row(p.spinner(16), t("channels.pair.fresh"), gap="g6", class_name="mut")
    return rx.fragment(
        rx.el.div(
            rx.el.img(src=ConnectState.qr, alt=t("channels.pair.qr"), width="204", height="204"),
            class_name="chn-code-box",
        ),
        rx.el.div(rx.cond(ConnectState.asleep, asleep, fresh), class_name="chn-under"),
    )


def _waiting() -> rx.Component:
    opening = p.row(p.spinner(16), t("channels.pair.starting"), gap="g6", class_name="mut")
    return rx.fragment(
        rx.el.div(p.skeleton("204px", 204, radius=8), class_name="chn-code-box"),
        rx.el.div(opening, class_name="chn-under"),
    )


def _connected() -> rx.Component:
    return p.column(
        rx.el.span(p.icon("check", 28), class_name="chn-ok"),
        rx.el.h3(t("channels.pair.connected")),
        rx.el.p(phone(ConnectState.own_address), class_name="mut num"),
        class_name="chn-result",
    )


def _retry() -> rx.Component:
    return p.button(
        t("common.action.retry"), kind="pri", size="m", icon_name="refresh-cw", on_click=ConnectState.follow,
        loading=ConnectState.busy,
    )  # fmt: skip


def _problem() -> rx.Component:
    return p.column(
        rx.el.span(p.icon("cloud-off", 24), class_name="empty-i"),
        rx.el.h3(t("channels.pair.problem")),
        rx.el.p(t(ConnectState.problem), class_name="mut"),
        class_name="chn-result",
        role="alert",
    )
