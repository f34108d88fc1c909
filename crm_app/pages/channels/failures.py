"""The two lists below the numbers: messages that did not leave, and events that had no effect."""

from typing import Any

import reflex as rx

from crm_app.pages.channels.components import copied
from crm_app.pages.channels.failures_state import FailuresState
from crm_app.pages.session.state import allowed
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import date_time, file_size, relative
from crm_app.ui.i18n import t


def failures() -> rx.Component:
    """Both lists side by side, below each other on a phone."""
    return rx.fragment(
        rx.el.div(
            _panel(
                "messages", rx.cond(FailuresState.messages.length() > 0, _count(FailuresState.messages)),
                _list("messages", FailuresState.messages, FailuresState.more_messages, _message, "send"),
            ),
            _panel(
                "events",
                q.tabs(
                    [("failed", _told("failed")), ("ignored", _told("ignored"))],
                    FailuresState.shown_events, FailuresState.choose_events,
                    label=t("channels.failures.events.which"),
                ),
                rx.cond(
                    FailuresState.shown_events == "ignored",
                    rx.fragment(
                        rx.el.p(t("channels.failures.ignored.about"), class_name="fnt sm chn-more"),
                        _list("ignored", FailuresState.ignored, FailuresState.more_ignored, _event, "filter-x"),
                    ),
                    _list("events", FailuresState.events, FailuresState.more_events, _event, "webhook"),
                ),
            ),
            class_name="chn-lower",
        ),
        _opened(),
    )  # fmt: skip


def _count(rows: Any) -> rx.Component:
    return p.count(rows.length(), "da")


def _told(which: str) -> rx.Component:
    """A tab's words: with how many there are."""
    rows = FailuresState.ignored if which == "ignored" else FailuresState.events
    counted = p.count(rows.length(), "" if which == "ignored" else "da")
    return rx.fragment(t(f"channels.failures.events.{which}"), rx.cond(rows.length() > 0, counted))


def _panel(what: str, actions: Any, content: rx.Component) -> rx.Component:
    return q.panel(t(f"channels.failures.{what}.title"), content, actions=actions)


def _list(what: str, rows: Any, more: Any, draw: Any, symbol: str) -> rx.Component:
    listed = rx.fragment(
        rx.el.ul(rx.foreach(rows, draw)),
        rx.cond(more, rx.el.p(t("channels.failures.more"), class_name="fnt sm chn-more"), rx.fragment()),
    )
    nothing = q.empty_state(
        t(f"channels.failures.{what}.empty_title"), t(f"channels.failures.{what}.empty_body"), icon_name=symbol
    )
    return q.pane(
        FailuresState.loading, FailuresState.failed, rows.length() == 0,
        skeleton=q.skeleton_rows(2), error=q.error_state(FailuresState.load), nothing=nothing, content=listed,
    )  # fmt: skip


def _again(label: Any, act: Any) -> rx.Component:
    button = p.button(label, kind="out", size="xs", icon_name="rotate-cw", on_click=act)
    return rx.cond(allowed("deliveries.replay"), button, rx.fragment())


def _message(one: Any) -> rx.Component:
    return rx.el.li(
        p.column(
            p.row(
                rx.el.b(one["contact"], class_name="tr", dir="auto"),
                rx.el.span(one["channel"], class_name="fnt sm tr"),
                rx.el.span(relative(one["at"]), class_name="fnt mi ml nw"),
                gap="g6",
            ),
            rx.el.span(one["body"], class_name="mut tr", dir="auto"),
            rx.el.span(t(one["error_key"].to(str)), class_name="da sm"),
            class_name="f1",
        ),
        _again(t("channels.failures.send_again"), FailuresState.replay_message(one["id"].to(str))),
        class_name="chn-fail",
    )


def _event(one: Any) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            p.row(
                rx.el.b(one["kind"], class_name="tr"),
                rx.el.span(one["channel_name"], class_name="fnt sm tr", dir="auto"),
                rx.el.span(relative(one["received_at"]), class_name="fnt mi ml nw"),
                gap="g6",
            ),
            _reason(one),
            type="button", class_name="c f1 chn-open", on_click=FailuresState.open_event(one["id"].to(str)),
        ),
        _again(t("channels.failures.replay"), FailuresState.replay_event(one["id"].to(str))),
        class_name="chn-fail",
    )  # fmt: skip


def _reason(one: Any) -> rx.Component:
    return rx.match(
        one["reason"],
        ("group", rx.el.span(t("channels.failures.ignored.group"), class_name="mut sm tr")),
        ("broadcast", rx.el.span(t("channels.failures.ignored.broadcast"), class_name="mut sm tr")),
        rx.el.span(t("channels.failures.not_understood"), class_name="da sm tr"),
    )


def _opened() -> rx.Component:
    one = FailuresState.opened
    facts = p.row(
        p.chip(one["kind"].to(str), tone="ln"),
        rx.el.span(one["channel_name"].to(str), class_name="mut", dir="auto"),
        rx.el.span(date_time(one["received_at"]), class_name="mut"),
        rx.el.span(file_size(one["size"]), class_name="mut"),
        class_name="wrap",
    )
    replay = p.button(
        t("channels.failures.replay"), kind="pri", size="m", icon_name="rotate-cw",
        on_click=FailuresState.replay_event(one["id"].to(str)),
    )  # fmt: skip
    return q.drawer(
        p.column(
            facts,
            rx.cond(
                one["reason"].to(str) != "",
                q.notice(_reason(one), tone="nf"),
                rx.fragment(
                    q.notice(t("channels.failures.why"), tone="wa", icon_name="circle-alert"),
                    rx.el.code(one["error"].to(str), class_name="chn-reason"),
                ),
            ),
            p.row(
                rx.el.span(t("channels.failures.body"), class_name="lbl f1"),
                p.icon_button("copy", t("channels.failures.copy"), size="xs", on_click=copied(one["preview"])),
            ),
            rx.el.pre(one["preview"].to(str), class_name="chn-raw", tab_index=0),
            gap="g3",
        ),
        title=t("channels.failures.opened"),
        open=FailuresState.showing,
        on_open_change=FailuresState.close,
        footer=rx.cond(allowed("deliveries.replay"), replay, rx.fragment()),
        width=520,
    )
