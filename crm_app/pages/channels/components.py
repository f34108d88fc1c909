"""The parts of the list of numbers."""

from typing import Any

import reflex as rx

from crm_app.pages.channels.configure_state import ConfigureState
from crm_app.pages.channels.connect_state import ConnectState
from crm_app.pages.channels.state import ChannelsState
from crm_app.pages.session.state import allowed
from crm_app.pages.session.toasts import notify
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.client import run
from crm_app.ui.format import number, percent, phone, relative
from crm_app.ui.i18n import t

_COLORS = {
    "connected": "var(--pr-success)",
    "connecting": "var(--pr-warning)",
    "waiting_qr": "var(--pr-warning)",
    "created": "var(--pr-text-faint)",
    "disconnected": "var(--pr-danger)",
    "failed": "var(--pr-danger)",
}


def totals() -> rx.Component:
    """The four numbers at the top."""
    total = ChannelsState.totals
    return rx.el.div(
        _total(t("channels.total.on_air"), t("channels.total.of", on=total["on_air"], all=total["all"])),
        _total(t("channels.total.today"), number(total["today"])),
        _total(t("channels.total.sent"), number(total["sent"])),
        _total(
            t("channels.total.delivered"),
            rx.cond(total["sent"].to(int) > 0, percent(total["delivered"]), "–"),
        ),
        class_name="pn chn-totals num",
    )


def _total(label: Any, value: Any) -> rx.Component:
    return rx.el.div(rx.el.span(label, class_name="mut"), rx.el.div(value, class_name="v"))


def number_list() -> rx.Component:
    """The table of numbers; below 640 px every number is a card."""
    head = rx.el.div(
        rx.el.span(),
        rx.el.span(t("channels.column.number")),
        rx.el.span(t("channels.column.provider")),
        rx.el.span(t("channels.column.status")),
        rx.el.span(t("channels.column.day")),
        rx.el.span(t("channels.column.today")),
        rx.el.span(t("channels.column.webhook")),
        rx.el.span(),
        class_name="chn-row h",
        aria_hidden="true",
    )
    return rx.el.div(head, rx.el.ul(rx.foreach(ChannelsState.rows, _row)), class_name="pn")


def _row(row: Any) -> rx.Component:
    return rx.el.li(
        _mark(row),
        p.column(
            rx.el.b(row["name"], class_name="tr", dir="auto"),
            rx.el.span(
                rx.cond(row["address"] != "", phone(row["address"]), t("channels.no_address")),
                class_name="fnt sm num tr",
            ),
        ),
        _provider(row),
        _status(row),
        _hours(row),
        p.column(
            rx.el.span(t("channels.messages", count=row["today"].to(int)), class_name="tr"),
            rx.el.span(t("channels.sent", count=row["sent"].to(int)), class_name="fnt sm tr"),
            class_name="num chn-today",
        ),
        _webhook(row),
        rx.cond(allowed("channels.manage"), _menu(row), rx.el.span()),
        class_name="chn-row",
    )


def _mark(row: Any) -> rx.Component:
    off = rx.cond(row["status"] == "connected", "", "off")
    symbol = rx.cond(row["provider"] == "simulator", p.icon("smartphone", 19), p.whatsapp_mark(22))
    return rx.el.span(symbol, class_name=p.classes("chn-mark", off), aria_hidden="true")


def _provider(row: Any) -> rx.Component:
    symbol = rx.match(
        row["provider"],
        ("simulator", p.icon("flask-conical", 13)),
        ("waha", p.icon("server", 13)),
        p.icon("plug", 13),
    )
    return rx.el.span(
        rx.el.i(symbol), rx.el.span(row["provider_title"], class_name="tr"), class_name="chn-provider"
    )


def _status(row: Any) -> rx.Component:
    word = rx.match(row["status"], *[(one, t(f"channels.status.{one}")) for one in _COLORS], row["status"])
    color = rx.match(row["status"], *_COLORS.items(), "var(--pr-text-faint)")
    down = rx.cond((row["status"] == "failed") | (row["status"] == "disconnected"), "da", "")
    since = rx.cond(
        row["detail_key"] != "",
        t(row["detail_key"].to(str)),
        relative(row["status_at"]),
    )
    return p.column(
        rx.el.span(rx.el.i(class_name="dot", style={"--d": color}), word, class_name=p.classes("r g6 mw", down)),
        rx.el.span(since, class_name="fnt sm tr"),
        class_name="chn-status",
    )


def _hours(row: Any) -> rx.Component:
    bars = rx.foreach(
        row["hours"].to(list[dict[str, int]]),
        lambda hour: rx.el.i(
            style={"height": hour["h"].to_string() + "%"}, class_name=rx.cond(hour["n"] == 0, "z", "")
        ),
    )
    return rx.el.span(
        bars, class_name="chn-hours", role="img", aria_label=t("channels.day", count=row["day"].to(int))
    )


def _webhook(row: Any) -> rx.Component:
    return p.row(
        rx.el.code(row["webhook"], class_name="tr f1", title=row["webhook"]),
        p.icon_button("copy", t("channels.copy_webhook"), size="xs", on_click=copied(row["webhook"])),
        gap="g1",
        class_name="chn-hook",
    )


def copied(text: Any) -> list[Any]:
    """The events that copy a text and say so."""
    return [run("clipboard", "copyText", text), notify("channels.copied")]


def _menu(row: Any) -> rx.Component:
    row_id = row["id"].to(str)
    connect = rx.cond(
        row["status"] == "connected",
        q.menu_item(t("channels.menu.look"), icon_name="activity", on_select=ConnectState.again(row_id)),
        q.menu_item(t("channels.menu.connect"), icon_name="qr-code", on_select=ConnectState.again(row_id)),
    )
    disconnect = q.menu_item(
        t("channels.menu.disconnect"), icon_name="unplug", on_select=ChannelsState.ask("disconnect", row_id)
    )
    configure = q.menu_item(
        t("channels.menu.configure"), icon_name="settings-2", on_select=ConfigureState.begin(row_id)
    )
    archive = q.menu_item(
        t("channels.menu.archive"),
        icon_name="archive",
        danger=True,
        on_select=ChannelsState.ask("archive", row_id),
    )
    return q.menu(
        p.icon_button("ellipsis", t("channels.menu.label", name=row["name"])),
        rx.cond(row["pairs"], connect, rx.fragment()),
        rx.cond(row["pairs"], disconnect, rx.fragment()),
        rx.cond(row["provider"] == "waha", configure, rx.fragment()),
        q.menu_item(t("channels.menu.rename"), icon_name="pencil", on_select=ChannelsState.ask("rename", row_id)),
        q.menu_item(
            t("channels.menu.secret"), icon_name="key-round", on_select=ChannelsState.ask("secret", row_id)
        ),
        q.menu_line(),
        archive,
    )
