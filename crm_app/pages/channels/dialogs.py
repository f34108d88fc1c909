"""Dialogs about one number: another name, a new secret, disconnecting, archiving."""

from typing import Any

import reflex as rx

from crm_app.pages.channels.components import copied
from crm_app.pages.channels.state import ChannelsState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t

RENAME = "channel-rename"


def row_dialogs() -> rx.Component:
    """All of them; at most one is open."""
    return rx.fragment(
        _rename(), _secret(), _confirm("disconnect", _disconnect()), _confirm("archive", _archive())
    )


def _cancel() -> rx.Component:
    return p.button(t("common.action.cancel"), size="m", on_click=ChannelsState.close(False))


def _rename() -> rx.Component:
    field = p.field(
        t("channels.form.name"),
        p.text_input(
            name="name", max_length=80, required=True, auto_focus=True, dir="auto",
            default_value=ChannelsState.target_name, error=ChannelsState.name_error,
        ),
        error=ChannelsState.name_error,
    )  # fmt: skip
    save = p.button(t("common.action.save"), kind="pri", size="m", type="submit", form=RENAME)
    return q.dialog(
        rx.el.form(field, id=RENAME, on_submit=ChannelsState.rename, key=ChannelsState.target_id),
        title=t("channels.rename.title"),
        open=ChannelsState.asking == "rename",
        on_open_change=ChannelsState.close,
        footer=rx.fragment(_cancel(), save),
        width=400,
    )


def _secret() -> rx.Component:
    shown = p.row(
        rx.el.code(ChannelsState.secret, class_name="chn-secret f1"),
        p.icon_button("copy", t("channels.secret.copy"), on_click=copied(ChannelsState.secret)),
        gap="g1",
    )
    fresh = p.column(q.notice(t("channels.secret.once"), tone="wa"), shown, gap="g3")
    make = p.button(t("channels.secret.make"), kind="pri", size="m", on_click=ChannelsState.rotate)
    done = p.button(t("common.action.close"), kind="pri", size="m", on_click=ChannelsState.close(False))
    return q.dialog(
        rx.cond(ChannelsState.secret != "", fresh, rx.el.p(t("channels.secret.body"), class_name="mut")),
        title=t("channels.secret.title", name=ChannelsState.target_name),
        open=ChannelsState.asking == "secret",
        on_open_change=ChannelsState.close,
        footer=rx.cond(ChannelsState.secret != "", done, rx.fragment(_cancel(), make)),
    )


def _confirm(what: str, act: Any) -> rx.Component:
    return q.dialog(
        rx.el.p(t(f"channels.{what}.body"), class_name="mut"),
        title=t(f"channels.{what}.title", name=ChannelsState.target_name),
        open=ChannelsState.asking == what,
        on_open_change=ChannelsState.close,
        footer=rx.fragment(_cancel(), act),
        width=420,
    )


def _disconnect() -> rx.Component:
    return p.button(
        t("channels.disconnect.do"), kind="dan", size="m", on_click=ChannelsState.disconnect,
        loading=ChannelsState.busy,
    )  # fmt: skip


def _archive() -> rx.Component:
    return p.button(t("channels.archive.do"), kind="dan", size="m", on_click=ChannelsState.archive)
