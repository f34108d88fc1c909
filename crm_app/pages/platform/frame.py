"""The frame of the platform: its own navigation, plainly not that of an organization."""

from typing import Any

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.platform.gate import Gate
from crm_app.pages.session.proof_dialog import proof_dialog
from crm_app.pages.session.shell import leaving, preferences
from crm_app.pages.session.state import Session
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t
from crm_app.ui.layout import Frame, NavEntry, app_shell, person

STATES = ("demo", "onboarding", "active", "past_due", "suspended", "closed")
_TONES = {
    "demo": "var(--pr-info)",
    "onboarding": "var(--pr-accent)",
    "active": "var(--pr-success)",
    "past_due": "var(--pr-warning)",
    "suspended": "var(--pr-danger)",
    "closed": "var(--pr-text-faint)",
}


def platform_frame(content: rx.Component, *, active: str) -> rx.Component:
    """Put the platform's navigation around a screen; without a fresh proof the screen stays empty."""
    frame: Any = Frame(
        organization=_house(),
        user_name=Session.user_name,
        user_id=Session.user_id,
        role=t("platform.name"),
        entries=_entries(),
        online=rx.fragment(),
        notices=_way_home(),
        user_menu=_user_menu(),
        phone_menu=_phone_menu(),
    )
    refused = q.empty_state(t("shell.missing.title"), t("shell.missing.body"), icon_name="search-x")
    locked = q.empty_state(
        t("platform.locked.title"), t("platform.locked.body"),
        p.button(t("platform.locked.prove"), kind="pri", size="m", on_click=Gate.ask), icon_name="shield-check",
    )  # fmt: skip
    shown = rx.cond(Session.denied, refused, rx.cond(Gate.locked, locked, content))
    return app_shell(rx.fragment(shown, proof_dialog()), frame, active=active)


def _entries() -> list[NavEntry]:
    return [
        NavEntry("platform.nav.organizations", routes.PLATFORM_HOME, "building-2", alone=True),
        NavEntry("platform.nav.plans", routes.PLATFORM_PLANS, "package"),
        NavEntry("platform.nav.usage", routes.PLATFORM_USAGE, "chart-column"),
        NavEntry("platform.nav.health", routes.PLATFORM_HEALTH, "heart-pulse"),
        NavEntry("platform.nav.trail", routes.PLATFORM_TRAIL, "scroll-text", on_phone=False),
    ]


def _house() -> rx.Component:
    return rx.el.div(
        rx.el.span(p.prumo_mark(16), class_name="org-m plt-m"),
        rx.el.span(rx.el.b("Prumo"), p.chip(t("platform.name"), tone="wa"), class_name="f1 lab r g2"),
        class_name="org-b",
    )


def _way_home() -> rx.Component:
    way = p.link(
        p.icon("arrow-left", 16), rx.el.span(t("platform.home"), class_name="f1 lab"), href=routes.HOME,
        class_name="ni",
    )  # fmt: skip
    return rx.cond(Gate.has_home, way, rx.fragment())


def _own() -> list[rx.Component]:
    return [
        q.menu_item(t("profile.title"), icon_name="shield-check", on_select=rx.redirect(routes.PROFILE)),
        q.menu_line(),
        *preferences(),
        q.menu_line(),
        *leaving(),
    ]


def _user_menu() -> rx.Component:
    trigger = rx.el.button(
        person(Session.user_name, Session.user_id, t("platform.name")), type="button",
        aria_label=t("shell.menu.label"),
    )  # fmt: skip
    mail = rx.el.span(Session.user_email, class_name="tr")
    return q.menu(trigger, q.menu_label(mail), *_own(), side="right", align="end", width=240)


def _phone_menu() -> rx.Component:
    trigger = rx.el.button(p.icon("menu", 22), rx.el.span(t("shell.nav.more")), type="button")
    home = q.menu_item(t("platform.home"), icon_name="arrow-left", on_select=rx.redirect(routes.HOME))
    trail = q.menu_item(
        t("platform.nav.trail"), icon_name="scroll-text", on_select=rx.redirect(routes.PLATFORM_TRAIL)
    )
    return q.menu(
        trigger, trail, rx.cond(Gate.has_home, home, rx.fragment()), *_own(), side="top", align="end", width=264
    )


def state_word(state: Any) -> rx.Component:
    """A state of an organization's life: a dot and its word."""
    color = rx.match(state, *_TONES.items(), "var(--pr-text-faint)")
    return p.row(p.dot(color), rx.el.span(state_name(state), class_name="nw"), gap="g1")


def state_name(state: Any) -> Any:
    """The word for a state."""
    return rx.match(state, *[(one, t(f"platform.state.{one}")) for one in STATES], "")
