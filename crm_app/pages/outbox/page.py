"""The screens /outbox (the demo's) and /settings/outbox (the organization's)."""

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.base import PUBLIC, app_page
from crm_app.pages.outbox.state import DemoOutbox, OwnOutbox
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import relative
from crm_app.ui.i18n import t

TONES = {"sent": "ok", "failed": "da", "waiting": "nf", "sending": "nf", "kept": "ln"}


def _status(mail: rx.Var) -> rx.Component:
    shown = [(name, p.chip(t(f"outbox.status.{name}"), tone=tone)) for name, tone in TONES.items()]
    return rx.match(mail["status"], *shown, rx.fragment())


def _head(mail: rx.Var) -> rx.Component:
    return rx.el.div(
        p.icon("mail", 16),
        rx.el.b(mail["subject"], class_name="tr f1"),
        _status(mail),
        rx.el.span(relative(mail["created_at"]), class_name="mi fnt"),
        class_name="ob-head",
    )


def _words(mail: rx.Var) -> rx.Component:
    follow = rx.el.a(t("outbox.follow"), href=mail["link"], class_name="btn pri m")
    return rx.fragment(
        rx.cond(mail["text"] != "", rx.el.div(mail["text"], class_name="ob-text sm"), rx.fragment()),
        rx.cond(mail["link"] != "", p.row(follow), rx.fragment()),
    )


def _letter(mail: rx.Var) -> rx.Component:
    return rx.el.article(
        _head(mail),
        rx.el.span(t("outbox.to", address=mail["recipient"]), class_name="sm mut"),
        _words(mail),
        class_name="ob-card",
    )


def _own_letter(mail: rx.Var) -> rx.Component:
    again = p.button(t("outbox.again"), icon_name="rotate-cw", on_click=OwnOutbox.send_again(mail["id"]))
    return rx.el.article(
        _head(mail),
        rx.el.span(t("outbox.to", address=mail["recipient"]), class_name="sm mut"),
        rx.cond(mail["error"] != "", rx.el.span(t("outbox.error", reason=mail["error"]), class_name="sm da")),
        rx.cond(mail["can_retry"], p.row(again), rx.fragment()),
        _words(mail),
        class_name="ob-card",
    )


@app_page(routes.OWN_OUTBOX, title_key="outbox.title", permission="organization.manage", on_load=OwnOutbox.load)
def own() -> rx.Component:
    """What became of the organization's letters."""
    off = q.notice(t("outbox.off"), tone="wa", icon_name="mail-x")
    demo = q.notice(t("outbox.kept"), icon_name="info")
    rows = rx.el.div(rx.foreach(OwnOutbox.rows, _own_letter), class_name="ob")
    return rx.fragment(
        q.page_header(t("outbox.title"), crumbs=[t("outbox.settings")]),
        rx.el.div(
            rx.match(OwnOutbox.mode, ("off", off), ("outbox", demo), rx.fragment()),
            q.pane(
                OwnOutbox.loading,
                OwnOutbox.failed,
                OwnOutbox.rows.length() == 0,
                skeleton=q.skeleton_rows(4),
                error=q.error_state(OwnOutbox.load),
                nothing=q.empty_state(t("outbox.empty.title"), t("outbox.empty.body"), icon_name="mail"),
                content=rows,
            ),
            class_name="set-page scroll",
        ),
    )


@app_page(routes.OUTBOX, title_key="outbox.demo_title", permission=PUBLIC, on_load=DemoOutbox.load, shell=False)
def demo() -> rx.Component:
    """Where the demo's letters land instead of in mailboxes."""
    again = p.button(t("outbox.refresh"), icon_name="refresh-cw", on_click=DemoOutbox.load)
    nothing = q.empty_state(t("outbox.empty.title"), t("outbox.empty.demo"), icon_name="mail")
    closed = q.empty_state(t("outbox.closed.title"), t("outbox.closed.body"), icon_name="lock")
    letters = rx.cond(DemoOutbox.rows.length() == 0, nothing, rx.foreach(DemoOutbox.rows, _letter))
    header = p.row(rx.el.h1(t("outbox.demo_title")), again, class_name="jb", gap="")
    offered = rx.fragment(header, q.notice(t("outbox.demo_lead"), icon_name="info"), letters)
    shown = rx.cond(DemoOutbox.loading, q.skeleton_rows(4), rx.cond(DemoOutbox.offered, offered, closed))
    back = rx.el.p(p.link(t("access.back"), href=routes.LOGIN, class_name="ac-link"), class_name="sm ac-center")
    return rx.el.main(rx.el.div(shown, back, class_name="ob"), class_name="ob-public")
