"""The screen /settings/sso: the organization's identity provider."""

from typing import Any

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.base import app_page, notify
from crm_app.pages.sso_settings.state import MANAGE, SsoSettings
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.client import run
from crm_app.ui.i18n import t

FORM = "sso-settings"
JOINING = ("admin", "manager", "sales", "viewer")


@app_page(routes.SSO_SETTINGS, title_key="sso.nav", permission=MANAGE, on_load=SsoSettings.load)
def page() -> rx.Component:
    """One form: where the members sign in, who enters, and whether there is another way."""
    form = rx.el.form(
        rx.el.p(t("sso.settings.lead"), class_name="mut"),
        _provider(),
        _people(),
        _problem(),
        _buttons(),
        id=FORM,
        on_submit=SsoSettings.save,
        key=SsoSettings.edition,
        class_name="sso-form",
    )
    return rx.fragment(
        q.page_header(t("sso.nav"), crumbs=[t("shell.nav.settings")]),
        rx.el.div(
            q.pane(
                SsoSettings.loading, SsoSettings.failed, False,
                skeleton=rx.el.div(q.skeleton_rows(5), class_name="pn"),
                error=q.error_state(SsoSettings.load), nothing=rx.fragment(), content=form,
            ),
            class_name="set-page scroll",
        ),
        _removal(),
    )  # fmt: skip


def _provider() -> rx.Component:
    preset = p.select(
        *[rx.el.option(t(f"sso.settings.{one}"), value=one) for one in ("google", "other")],
        name="preset", value=SsoSettings.preset, on_change=SsoSettings.choose_preset,
    )  # fmt: skip
    issuer = _text("issuer", hint=t("sso.settings.issuer_hint"), input_mode="url", placeholder="https://")
    secret = p.field(
        t("sso.settings.client_secret"),
        p.text_input(
            name="client_secret", type="password", max_length=500, auto_complete="off",
            placeholder=rx.cond(SsoSettings.exists, t("sso.settings.secret_kept"), ""),
            error=SsoSettings.wrong_field == "client_secret",
        ),
        hint=t("sso.settings.secret_hint"),
    )  # fmt: skip
    return q.panel(
        t("sso.settings.provider"),
        p.checkbox(t("sso.settings.is_active"), name="is_active", default_checked=SsoSettings.is_active),
        p.field(t("sso.settings.preset"), preset),
        rx.cond(SsoSettings.preset == "other", issuer, rx.fragment()),
        _text("client_id"),
        secret,
        _address(t("sso.settings.callback"), SsoSettings.callback),
    )


def _people() -> rx.Component:
    domains = p.field(
        t("sso.settings.domains"),
        p.text_area(
            name="domains", rows=3, default_value=SsoSettings.values["domains"], spell_check=False,
            error=SsoSettings.wrong_field == "domains", placeholder="agencia.com.br",
        ),
        hint=t("sso.settings.domains_hint"),
    )  # fmt: skip
    role = p.select(
        *[rx.el.option(t(f"shell.role.{one}"), value=one) for one in JOINING],
        name="joins_as", default_value=SsoSettings.values["joins_as"],
    )  # fmt: skip
    only = p.column(
        p.checkbox(t("sso.settings.only"), name="only", default_checked=SsoSettings.only),
        rx.el.p(t("sso.settings.only_hint"), class_name="msg fnt"),
        gap="g1",
    )
    return q.panel(
        t("sso.settings.people"),
        domains,
        p.checkbox(t("sso.settings.joins"), name="joins", default_checked=SsoSettings.joins),
        p.field(t("sso.settings.joins_as"), role),
        only,
        _address(t("sso.settings.entrance"), SsoSettings.entrance),
    )


def _text(name: str, *, hint: Any = None, **props: Any) -> rx.Component:
    control = p.text_input(
        name=name, default_value=SsoSettings.values[name], max_length=300, auto_complete="off", spell_check=False,
        error=SsoSettings.wrong_field == name, **props,
    )  # fmt: skip
    return p.field(t(f"sso.settings.{name}"), control, hint=hint)


def _address(label: Any, address: Any) -> rx.Component:
    copied = [run("clipboard", "copyText", address), notify("sso.settings.copied")]
    return p.field(
        label,
        p.row(
            rx.el.code(address, class_name="f1 sso-address"),
            p.icon_button("copy", t("sso.settings.copy"), size="s", type="button", on_click=copied),
        ),
    )


def _problem() -> rx.Component:
    words = t(SsoSettings.problem, host=SsoSettings.problem_host, domain="")
    shown = rx.el.div(p.icon("circle-alert", 16), rx.el.span(words), class_name="co-al da", role="alert")
    return rx.cond(SsoSettings.problem != "", shown, rx.fragment())


def _buttons() -> rx.Component:
    remove = p.button(t("sso.settings.remove"), size="m", type="button", on_click=SsoSettings.ask_removal(True))
    return p.row(
        p.button(t("sso.settings.check_save"), kind="pri", size="m", type="submit"),
        rx.cond(SsoSettings.exists, remove, rx.fragment()),
    )


def _removal() -> rx.Component:
    keep = p.button(t("common.action.cancel"), size="m", on_click=SsoSettings.ask_removal(False))
    drop = p.button(t("sso.settings.remove"), kind="dan", size="m", on_click=SsoSettings.remove)
    return q.dialog(
        rx.el.p(t("sso.settings.remove_body"), class_name="mut"),
        title=t("sso.settings.remove_title"),
        open=SsoSettings.removing,
        on_open_change=SsoSettings.ask_removal,
        footer=rx.fragment(keep, drop),
        width=420,
    )
