"""The dialog in which a number's server is changed."""

from typing import Any

import reflex as rx

from crm_app.pages.channels.configure_state import ConfigureState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t

FORM = "channel-configure"


def configure_dialog() -> rx.Component:
    """Name, address and key; an empty key stays as it is."""
    key_hint = rx.cond(ConfigureState.has_key, t("channels.configure.key_kept"), t("channels.form.hint.api_key"))
    cancel = p.button(t("common.action.cancel"), size="m", on_click=ConfigureState.close(False))
    save = p.button(t("common.action.save"), kind="pri", size="m", type="submit", form=FORM)
    return q.dialog(
        rx.el.form(
            _field(
                "name", t("channels.form.hint.name"), max_length=80, required=True,
                default_value=ConfigureState.name, dir="auto",
            ),
            _field(
                "base_url", t("channels.form.hint.base_url"), type="url", required=True, max_length=300,
                default_value=ConfigureState.base_url,
            ),
            _field("api_key", key_hint, type="password", auto_complete="new-password", max_length=200),
            id=FORM, on_submit=ConfigureState.save, key=ConfigureState.round.to_string(),
        ),
        title=t("channels.configure.title", name=ConfigureState.name),
        description=t("channels.configure.lead"),
        open=ConfigureState.shown,
        on_open_change=ConfigureState.close,
        footer=rx.fragment(cancel, save),
        width=480,
    )  # fmt: skip


def _field(name: str, hint: Any, **props: Any) -> rx.Component:
    error = ConfigureState.errors[name]
    control = p.text_input(name=name, error=error != "", **props)
    return p.field(t(f"channels.form.{name}"), control, hint=hint, error=error)
