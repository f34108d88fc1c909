"""The frame with this app's states in it: navigation, notices, presence, the person's menu."""

import functools
import operator
from collections.abc import Callable
from typing import Any

import reflex as rx
from reflex_base.style import set_color_mode

from crm_app.domains.plans.registry import MODULES
from crm_app.pages import routes
from crm_app.pages.session.finder import finder
from crm_app.pages.session.notices import Notices
from crm_app.pages.session.organizations import Organizations
from crm_app.pages.session.settings import settings_aside, settings_entries
from crm_app.pages.session.state import Session, allowed
from crm_app.pages.session.toasts import Toasts
from crm_app.pages.session.visit import Visiting, visit_bar
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.client import run
from crm_app.ui.format import relative
from crm_app.ui.frame import FrameEffects, Hotkeys, ToastStack
from crm_app.ui.i18n import choose_language, language, t
from crm_app.ui.layout import Frame, NavEntry, app_shell, person
from crm_app.ui.palette import open_palette, palette_button

ROLES = ("owner", "admin", "manager", "sales", "viewer")


def _entries() -> list[NavEntry]:
    return [
        NavEntry("shell.nav.first_steps", routes.FIRST_STEPS, "list-checks", Session.first_steps, on_phone=False),
        NavEntry(
            "shell.nav.inbox",
            routes.INBOX,
            "messages-square",
            allowed("conversations.read"),
            Notices.unread,
            hotkey="g c",
        ),
        NavEntry("shell.nav.board", routes.BOARD, "square-kanban", allowed("deals.read"), hotkey="g f"),
        NavEntry("shell.nav.contacts", routes.CONTACTS, "users", allowed("contacts.read"), hotkey="g p"),
        NavEntry("shell.nav.dashboard", routes.DASHBOARD, "chart-column", allowed("analytics.read"), hotkey="g a"),
        NavEntry(
            "shell.nav.settings",
            routes.SETTINGS,
            "sliders-horizontal",
            _any_settings(),
            on_phone=False,
            hotkey="g s",
        ),
        NavEntry(
            "shell.nav.simulator",
            routes.SIMULATOR,
            "smartphone",
            Session.is_demo & allowed("simulator.use"),
            on_phone=False,
        ),
    ]


def _plays() -> rx.Var[bool]:
    return Session.is_demo & allowed("simulator.use")


def _any_settings() -> rx.Var[bool]:
    return functools.reduce(operator.or_, (entry.visible for entry in settings_entries()))


def _role() -> rx.Var:
    return rx.match(Session.role, *[(role, t(f"shell.role.{role}")) for role in ROLES], "")


def _online() -> rx.Component:
    faces = rx.foreach(
        Notices.online[:4],
        lambda who: p.avatar(who["name"], seed=who["id"], size=24, presence=""),
    )
    more = rx.cond(
        Notices.online.length() > 4, p.count("+" + (Notices.online.length() - 4).to_string()), rx.fragment()
    )
    here = rx.el.div(
        rx.el.span(faces, class_name="avs"), more, class_name="nav-avs",
        title=t("shell.online"), aria_label=t("shell.online"), role="group",
    )  # fmt: skip
    return rx.cond(Notices.online.length() > 0, here, rx.fragment())


def _notice(item: rx.Var) -> rx.Component:
    symbol = rx.match(
        item["kind"],
        ("failed", p.icon("circle-alert", 16)),
        ("channel", p.icon("wifi-off", 16)),
        ("ownership", p.icon("crown", 16)),
        p.icon("message-square", 16),
    )
    return p.link(
        rx.el.span(symbol, class_name="ntf-s " + item["kind"].to(str)),
        rx.el.span(
            rx.el.span(t(item["key"].to(str), item["data"]), class_name="mw"),
            rx.el.span(relative(item["at"]), class_name="mi fnt"),
            class_name="c f1",
        ),
        href=item["href"].to(str),
        class_name="ntf-i",
    )


def _notices() -> rx.Component:
    trigger = rx.el.button(
        p.icon("bell", 16),
        rx.el.span(t("shell.notices.title"), class_name="f1 lab"),
        rx.cond(Notices.unseen > 0, p.count(Notices.unseen, "da"), rx.fragment()),
        type="button", class_name="ni", title=t("shell.notices.title"),
    )  # fmt: skip
    head = p.row(
        rx.el.h3(t("shell.notices.title"), class_name="f1"),
        rx.cond(
            Notices.items.length() > 0,
            p.button(t("shell.notices.clear"), size="xs", on_click=Notices.clear),
            rx.fragment(),
        ),
        class_name="ntf-h",
    )
    listed = rx.cond(
        Notices.items.length() > 0,
        rx.el.div(rx.foreach(Notices.items, _notice), class_name="ntf"),
        q.empty_state(t("shell.notices.empty_title"), t("shell.notices.empty_body"), icon_name="bell"),
    )
    return q.popover(trigger, head, listed, side="right", align="end", width=384, on_open_change=Notices.see)


def _organization() -> rx.Component:
    trigger = rx.el.button(
        rx.el.span(p.prumo_mark(16), class_name="org-m"),
        rx.el.span(Session.organization_name, class_name="f1 tr sb lab"),
        p.icon("chevrons-up-down", 14, class_name="fnt lab"),
        type="button", class_name="org-b", title=Session.organization_name,
        aria_label=t("shell.organizations.label", name=Session.organization_name),
    )  # fmt: skip
    switcher = q.menu(trigger, *_organizations(), align="start", width=264, on_open_change=Organizations.look)
    name = rx.el.div(
        rx.el.span(p.prumo_mark(16), class_name="org-m"),
        rx.el.span(Session.organization_name, class_name="f1 tr sb lab"),
        class_name="org-b", title=Session.organization_name,
    )  # fmt: skip
    return rx.cond(Session.visiting == "", switcher, name)


def _organizations() -> list[rx.Component]:
    return [
        q.menu_label(t("shell.organizations.title")),
        rx.cond(
            Organizations.choices.length() > 0,
            rx.foreach(Organizations.choices, _organization_choice),
            rx.el.div(p.skeleton("70%"), class_name="mitem"),
        ),
    ]


def _organization_choice(one: rx.Var) -> rx.Component:
    mark = rx.el.span(
        p.prumo_mark(14),
        class_name="org-m sm",
        style={"--brand-h": one["hue"].to_string(), "--brand-c": one["chroma"].to_string()},
    )
    words = p.row(mark, rx.el.span(one["name"].to(str), class_name="tr", dir="auto"))
    tick = rx.cond(one["current"], p.icon("check", 14), rx.fragment())
    return q.menu_item(words, after=tick, on_select=Organizations.enter(one["id"].to(str)))


def _chosen(code: str) -> rx.Component:
    return rx.cond(language() == code, p.icon("check", 14), rx.fragment())


def _theme(mode: str) -> rx.Component:
    return rx.cond(rx.color_mode == mode, p.icon("check", 14), rx.fragment())


def preferences() -> list[rx.Component]:
    """Theme and language, for a menu."""
    modes = (("light", "sun"), ("dark", "moon"), ("system", "monitor"))
    return [
        q.menu_label(t("shell.menu.theme")),
        *[
            q.menu_item(
                t(f"shell.theme.{mode}"), icon_name=symbol, after=_theme(mode),
                on_select=[set_color_mode(mode), Session.keep_theme(mode)],
            )
            for mode, symbol in modes
        ],
        q.menu_label(t("shell.menu.language")),
        *[
            q.menu_item(
                words, icon_name="languages", after=_chosen(code),
                on_select=[choose_language(code), Session.keep_language(code)],
            )
            for code, words in (("pt-BR", "Português"), ("en", "English"))
        ],
    ]  # fmt: skip


def leaving() -> list[rx.Component]:
    """The ways out, for a menu."""
    return [
        q.menu_item(t("shell.menu.sign_out"), icon_name="log-out", on_select=run("session", "signOut")),
        q.menu_item(
            t("shell.menu.sign_out_everywhere"), icon_name="shield-off", danger=True,
            on_select=run("session", "signOutEverywhere"),
        ),
    ]  # fmt: skip


def _profile() -> rx.Component:
    return q.menu_item(t("profile.title"), icon_name="shield-check", on_select=rx.redirect(routes.PROFILE))


def _unless_visiting(*items: rx.Component) -> rx.Component:
    """What belongs to a person's own account; who looks through other eyes finds the way out there instead."""
    leave = q.menu_item(t("shell.visit.leave"), icon_name="log-out", on_select=Visiting.leave)
    return rx.cond(Session.visiting == "", rx.fragment(*items), leave)


def _platform() -> rx.Component:
    """The way to the platform's own area, for whoever runs it."""
    way = q.menu_item(t("platform.name"), icon_name="building-2", on_select=rx.redirect(routes.PLATFORM_HOME))
    return rx.cond(Session.runs_platform, way, rx.fragment())


def _user_menu() -> rx.Component:
    trigger = rx.el.button(
        person(Session.user_name, Session.user_id, _role()), type="button", aria_label=t("shell.menu.label")
    )
    mail = rx.el.span(Session.user_email, class_name="tr")
    return q.menu(
        trigger,
        q.menu_label(mail),
        q.menu_item(t("shell.keys.title"), icon_name="keyboard", on_select=run("hotkeys", "showKeys")),
        _unless_visiting(_profile(), _platform(), q.menu_line(), *preferences(), q.menu_line(), *leaving()),
        side="right",
        align="end",
        width=240,
    )


def _phone_menu() -> rx.Component:
    trigger = rx.el.button(
        p.icon("menu", 22),
        rx.el.span(t("shell.nav.more")),
        rx.cond(Notices.unseen > 0, p.count(Notices.unseen, "da"), rx.fragment()),
        type="button",
    )
    others = [entry for entry in _entries() if not entry.on_phone and entry.route != routes.SETTINGS]
    ways = [rx.cond(entry.visible, _phone_way(entry), rx.fragment()) for entry in [*settings_entries(), *others]]
    listed = rx.foreach(Notices.items, _notice)
    items = [
        q.menu_item(t("shell.palette.title"), icon_name="search", on_select=open_palette()),
        rx.cond(Session.visiting == "", rx.fragment(*_organizations(), q.menu_line()), rx.fragment()),
        *ways,
        _platform(),
        q.menu_line(),
        _unless_visiting(*preferences(), q.menu_line(), *leaving()),
    ]
    return q.menu(trigger, listed, *items, side="top", align="end", width=264, on_open_change=Organizations.look)


def _phone_way(entry: NavEntry) -> rx.Component:
    return q.menu_item(t(entry.key), icon_name=entry.icon, on_select=rx.redirect(entry.route))


def effects() -> rx.Component:
    """What every page carries, with or without the frame."""
    return rx.fragment(
        FrameEffects.create(
            signed_in=Session.signed_in,
            time_zone=Session.time_zone,
            brand_hue=Session.brand_hue,
            brand_chroma=Session.brand_chroma,
            leave_to=Session.leave_to,
        ),
        ToastStack.create(items=Toasts.items, on_dismiss=Toasts.dismiss, on_undo=Toasts.undo),
        Hotkeys.create(),
    )


def _refused() -> rx.Component:
    """Why a page is not shown: the role does not allow it, or the organization has not the module."""
    denied = q.empty_state(t("shell.denied.title"), t("shell.denied.body"), icon_name="lock")
    missing = q.empty_state(
        _by_module(lambda key: t(f"modules.name.{key}")),
        rx.fragment(
            _by_module(lambda key: t(f"modules.about.{key}")),
            " ",
            _by_module(lambda key: t(f"errors.modules.{key}")),
        ),
        rx.cond(
            allowed("organization.manage"),
            p.link(t("shell.module_off.see"), href=routes.MODULES, class_name="btn out"),
            rx.fragment(),
        ),
        icon_name="puzzle",
    )
    return rx.cond(Session.missing_module != "", missing, denied)


def _by_module(words: Callable[[str], rx.Var]) -> rx.Var:
    return rx.match(Session.missing_module, *[(one.key, words(one.key)) for one in MODULES], "")


def _payment_pending() -> rx.Component:
    """What owners are told while a payment is due."""
    told = (Session.organization_state == "past_due") & allowed("organization.manage")
    words = q.notice(t("shell.payment_pending"), tone="wa", icon_name="receipt")
    return rx.cond(told, rx.el.div(words, class_name="bar-note", role="status"), rx.fragment())


def with_frame(content: rx.Component, *, active: str, rail: bool) -> rx.Component:
    """Put the navigation around a screen; who may not see it gets a word instead."""
    frame: Any = Frame(
        organization=_organization(),
        search=palette_button(p.icon("search", 15)),
        user_name=Session.user_name,
        user_id=Session.user_id,
        role=_role(),
        entries=_entries(),
        online=_online(),
        notices=_notices(),
        user_menu=_user_menu(),
        phone_menu=_phone_menu(),
        banner=rx.fragment(_payment_pending(), visit_bar()),
    )
    shown = rx.cond(Session.denied, _refused(), content)
    if active.startswith(f"{routes.SETTINGS}/"):
        shown = rx.fragment(settings_aside(active), shown)
    return rx.fragment(
        app_shell(shown, frame, active=active, rail=rail), finder([*_entries(), *settings_entries()])
    )
