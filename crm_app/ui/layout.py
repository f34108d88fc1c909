"""The frame around every screen: navigation at the side, a bar of tabs below it on a phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from crm_app.ui.client import run
from crm_app.ui.i18n import t
from crm_app.ui.primitives import avatar, classes, count, icon, icon_button, link, row


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One way in the navigation. `badge` is a number that shows when it is not zero."""

    key: str
    route: str
    icon: str
    visible: Any = True
    badge: Any = None
    on_phone: bool = True
    alone: bool = False
    """Its screen is not above those whose addresses begin like its own."""
    hotkey: str = ""
    """The keys that lead there, one after the other: `g c`."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What the frame shows around a screen; pages fill it, so that `ui` knows no state."""

    organization: rx.Component
    user_name: Any
    user_id: Any
    role: Any
    entries: Sequence[NavEntry]
    online: rx.Component
    notices: rx.Component
    user_menu: rx.Component
    phone_menu: rx.Component
    search: rx.Component | None = None
    banner: rx.Component | None = None
    """What must be seen on every screen: it stands above all of them. Its parts have the class `bar-note`."""


def app_shell(content: rx.Component, frame: Frame, *, active: str, rail: bool = False) -> rx.Component:
    """Put the navigation around `content`; `active` is the route of the screen."""
    return rx.el.div(
        rx.el.a(t("shell.skip"), href="#main", class_name="skip"),
        rx.fragment() if frame.banner is None else rx.el.div(frame.banner, class_name="bars"),
        _side(frame, active),
        rx.el.main(content, class_name="main", id="main", tab_index=-1),
        _tab_bar(frame, active),
        class_name=classes("app", "rail" if rail else ""),
    )


def _side(frame: Frame, active: str) -> rx.Component:
    fold = icon_button(
        "panel-left", t("shell.nav.fold"), on_click=run("frame", "toggleNavigation"), class_name="fold"
    )
    return rx.el.nav(
        row(
            frame.organization,
            fold,
            class_name="org",
            gap="",
        ),
        rx.fragment() if frame.search is None else frame.search,
        *[_entry(entry, active) for entry in frame.entries],
        rx.el.span(class_name="f1"),
        frame.online,
        frame.notices,
        frame.user_menu,
        class_name="nav",
        aria_label=t("shell.nav.label"),
    )


def _is_active(entry: NavEntry, active: str) -> bool:
    return active == entry.route or (not entry.alone and active.startswith(f"{entry.route}/"))


def _current(current: bool) -> dict[str, str]:
    return {"aria-current": "page"} if current else {}


def _entry(entry: NavEntry, active: str) -> rx.Component:
    current = _is_active(entry, active)
    shown = link(
        icon(entry.icon, 16),
        rx.el.span(t(entry.key), class_name="f1 lab"),
        *_badge(entry),
        href=entry.route,
        class_name=classes("ni", "on" if current else ""),
        title=t(entry.key),
        custom_attrs=_current(current) | ({"data-hotkey": entry.hotkey} if entry.hotkey else {}),
    )
    return shown if entry.visible is True else rx.cond(entry.visible, shown, rx.fragment())


def _badge(entry: NavEntry) -> list[rx.Component]:
    if entry.badge is None:
        return []
    shown = rx.cond(entry.badge > 99, "99+", entry.badge.to_string())
    return [
        rx.cond(
            entry.badge > 0, count(shown, "ac", aria_label=t("shell.unread", count=entry.badge)), rx.fragment()
        )
    ]


def _tab_bar(frame: Frame, active: str) -> rx.Component:
    tabs = [_tab(entry, active) for entry in frame.entries if entry.on_phone]
    return rx.el.nav(*tabs, frame.phone_menu, class_name="tabbar", aria_label=t("shell.nav.label"))


def _tab(entry: NavEntry, active: str) -> rx.Component:
    current = _is_active(entry, active)
    shown = link(
        icon(entry.icon, 22),
        rx.el.span(t(entry.key)),
        *_badge(entry),
        href=entry.route,
        class_name="on" if current else "",
        custom_attrs=_current(current),
    )
    return shown if entry.visible is True else rx.cond(entry.visible, shown, rx.fragment())


def person(name: Any, person_id: Any, role: Any) -> rx.Component:
    """The signed-in person at the foot of the navigation."""
    return row(
        avatar(name, seed=person_id, size=28, presence=""),
        rx.el.span(
            rx.el.span(name, class_name="tr mw"),
            rx.el.span(role, class_name="mi fnt tr"),
            class_name="f1 c lab",
        ),
        class_name="who",
    )
