"""The panels of the screen: the person, the password, the sessions, and what the organization asks for."""

from typing import Any

import reflex as rx
from reflex_base.style import set_color_mode

from crm_app.pages.profile.factors_state import FactorsState
from crm_app.pages.profile.state import ProfileState
from crm_app.pages.session.shell import ROLES
from crm_app.pages.session.state import Session
from crm_app.ui import primitives as p
from crm_app.ui.format import date_time, relative
from crm_app.ui.i18n import choose_language, language, t


def section(title: Any, lead: Any, *content: Any, actions: Any = None) -> rx.Component:
    """A titled card with a line about what it is for."""
    head = p.row(
        p.column(rx.el.h2(title), rx.el.p(lead, class_name="mut sm"), class_name="f1"),
        *([actions] if actions is not None else []),
        class_name="prf-h",
    )
    return rx.el.section(head, *content, class_name="pn prf")


def line(symbol: rx.Component, title: Any, about: Any, *actions: Any, **props: Any) -> rx.Component:
    """One thing in a card: what it is, how it stands, what can be done with it."""
    return rx.el.div(
        rx.el.span(symbol, class_name="prf-i", aria_hidden="true"),
        p.column(title, about, class_name="f1"),
        p.row(*actions, gap="g1", class_name="prf-a"),
        class_name="prf-l",
        **props,
    )


def you() -> rx.Component:
    """Name, address, language and theme."""
    name = p.field(
        t("profile.you.name"),
        p.text_input(
            name="name", max_length=120, required=True, dir="auto", auto_complete="name",
            default_value=ProfileState.name, error=ProfileState.name_error, key=ProfileState.name,
        ),
        error=ProfileState.name_error,
    )  # fmt: skip
    mail = p.field(
        t("profile.you.email"),
        p.text_input(value=Session.user_email, read_only=True, type="email"),
        hint=t("profile.you.email_hint"),
    )
    form = rx.el.form(
        rx.el.div(name, mail, class_name="prf-two"),
        p.button(t("common.action.save"), kind="out", size="m", type="submit"),
        on_submit=ProfileState.rename,
        class_name="prf-f",
    )
    face = p.avatar(Session.user_name, seed=Session.user_id, size=40)
    looks = rx.el.div(_languages(), _themes(), class_name="prf-c")
    return section(t("profile.you.title"), t("profile.you.lead"), form, looks, actions=face)


def _choices(label: Any, *choices: rx.Component) -> rx.Component:
    return p.row(
        rx.el.span(label, class_name="lbl"),
        rx.el.div(*choices, class_name="seg", role="group", aria_label=label),
        class_name="prf-ch",
    )


def _choice(words: Any, on: Any, event: Any) -> rx.Component:
    return rx.el.button(
        words, type="button", aria_pressed=on, class_name=rx.cond(on, "on", ""), on_click=event,
    )  # fmt: skip


def _languages() -> rx.Component:
    known = (("pt-BR", "Português"), ("en", "English"))
    return _choices(
        t("shell.menu.language"),
        *[
            _choice(words, language() == code, [choose_language(code), Session.keep_language(code)])
            for code, words in known
        ],
    )


def _themes() -> rx.Component:
    return _choices(
        t("shell.menu.theme"),
        *[
            _choice(
                t(f"shell.theme.{mode}"), rx.color_mode == mode, [set_color_mode(mode), Session.keep_theme(mode)]
            )
            for mode in ("light", "dark", "system")
        ],
    )


def password() -> rx.Component:
    """The password, and its change."""
    change = p.button(t("profile.password.change"), kind="out", size="m", on_click=ProfileState.begin_password)
    return section(t("profile.password.title"), t("profile.password.lead"), actions=change)


def sessions() -> rx.Component:
    """The browsers that are signed in."""
    others = p.button(t("profile.sessions.end_others"), kind="out", size="m", on_click=ProfileState.end_others)
    return section(
        t("profile.sessions.title"),
        t("profile.sessions.lead"),
        rx.el.ul(rx.foreach(ProfileState.sessions, _session)),
        actions=rx.cond(ProfileState.sessions.length() > 1, others, rx.fragment()),
    )


def _session(one: rx.Var) -> rx.Component:
    symbol = rx.match(
        one["kind"], ("phone", p.icon("smartphone", 18)), ("computer", p.icon("monitor", 18)), p.icon("globe", 18)
    )
    browser = rx.cond(one["browser"] != "", one["browser"].to(str), t("profile.sessions.unknown"))
    system = rx.cond(one["system"] != "", rx.el.span(one["system"].to(str), class_name="mut"), rx.fragment())
    title = p.row(
        rx.el.b(browser, class_name="tr"), system,
        rx.cond(one["current"], p.chip(t("profile.sessions.this"), tone="ok"), rx.fragment()),
        class_name="wrap",
    )  # fmt: skip
    place = rx.match(
        one["network"],
        ("", t("profile.sessions.no_network")),
        rx.cond(
            one["same"], t("profile.sessions.same_network", network=one["network"].to(str)), one["network"].to(str)
        ),
    )
    seen = rx.cond(one["current"], t("profile.sessions.now"), relative(one["seen"]))
    about = rx.el.span(
        place, " · ", rx.el.span(seen, title=date_time(one["seen"])), class_name="fnt sm num"
    )  # fmt: skip
    end = p.button(
        t("profile.sessions.end"), size="m", on_click=ProfileState.end_session(one["id"].to(str)),
        class_name="danger-t",
    )  # fmt: skip
    return rx.el.li(line(symbol, title, about, rx.cond(one["current"], rx.fragment(), end)))


def policy() -> rx.Component:
    """For which roles the organization asks for two factors."""
    return section(
        t("profile.policy.title"),
        t("profile.policy.lead"),
        rx.el.div(*[_role(role) for role in ROLES], class_name="prf-roles"),
    )


def _role(role: str) -> rx.Component:
    words = t(f"shell.role.{role}")
    return rx.el.label(
        p.switch(words, checked=FactorsState.roles.contains(role), on_change=FactorsState.ask_role(role)),
        words,
        class_name="r g2",
    )
