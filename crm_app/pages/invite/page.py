"""The page on which somebody accepts an invitation."""

from typing import Any

import reflex as rx
from reflex_base.utils.imports import ImportVar
from reflex_base.vars import VarData

from crm_app.pages.base import PUBLIC, app_page
from crm_app.pages.routes import INVITE, LOGIN
from crm_app.pages.session.shell import ROLES
from crm_app.ui import primitives as p
from crm_app.ui.client import module, run
from crm_app.ui.entrance import entrance
from crm_app.ui.frame import FramePart
from crm_app.ui.i18n import t

HELD = VarData(
    imports={module("invite"): [ImportVar(tag="useInvitation", install=False)]},
    hooks={"const invited = useInvitation();": None},
)


def _held(name: str, kind: type = str) -> Any:
    return rx.Var(f"invited.{name}", _var_type=kind, _var_data=HELD).guess_type()


phase, error, busy = _held("phase"), _held("error"), _held("busy", bool)
email, inviter = _held("offer.email"), _held("offer.inviter_name")
organization, own, role = _held("offer.organization_name"), _held("offer.own"), _held("offer.role")


class InviteForm(FramePart):
    """The form that makes the account."""

    library = module("invite")
    tag = "InviteForm"


def _problem() -> rx.Component:
    words = rx.el.div(p.icon("circle-alert", 16), rx.el.span(error), class_name="co-al da", role="alert")
    return rx.cond(error != "", words, rx.fragment())


def _head() -> rx.Component:
    role_name = rx.match(role, *[(name, t(f"shell.role.{name}")) for name in ROLES], role)
    return rx.fragment(
        rx.el.h1(t("invite.title", organization=organization)),
        rx.el.p(t("invite.lead", inviter=inviter), class_name="mut md lead"),
        p.row(p.icon("mail", 16), rx.el.span(email, class_name="tr f1"), p.chip(role_name), class_name="inv-who"),
    )


def _new() -> rx.Component:
    name = p.text_input(
        size="lg", name="name", auto_complete="name", required=True, max_length=120, id="name", auto_focus=True
    )
    eye = p.icon_button("eye", t("auth.show_password"), size="xs", on_click=run("session", "togglePassword"))
    password = p.input_box(
        rx.el.input(
            name="password", type="password", auto_complete="new-password", required=True, id="password",
            max_length=1000,
        ),
        eye,
        size="lg",
    )  # fmt: skip
    return InviteForm.create(
        _head(),
        rx.el.div(rx.el.label(t("invite.name"), html_for="name", class_name="lbl"), name),
        rx.el.div(
            rx.el.label(t("auth.password"), html_for="password", class_name="lbl"),
            password,
            rx.el.p(t("invite.password_hint"), class_name="msg fnt"),
        ),
        _problem(),
        p.button(t("invite.accept"), kind="pri", size="lg", full=True, type="submit", loading=busy),
        class_name="in",
    )


def _known(words: Any, *actions: rx.Component) -> rx.Component:
    return rx.el.div(_head(), rx.el.p(words, class_name="mut"), _problem(), *actions, class_name="in")


def _join() -> rx.Component:
    button = p.button(
        t("invite.accept"), kind="pri", size="lg", full=True, loading=busy, on_click=run("invite", "joinInvited")
    )
    return _known(t("invite.as", email=email), button)


def _sign_in() -> rx.Component:
    link = p.link(t("auth.submit"), href=f"{LOGIN}?next=/invite", class_name="btn pri lg full")
    return _known(t("invite.sign_in", email=email), link)


def _wrong() -> rx.Component:
    button = p.button(
        t("invite.change_account"), kind="pri", size="lg", full=True, on_click=run("invite", "changeAccount")
    )
    return _known(t("invite.wrong", email=email, own=own), button)


def _bad() -> rx.Component:
    home = p.link(t("invite.go_in"), href="/", class_name="btn out lg full")
    return rx.el.div(rx.el.h1(t("invite.bad")), _problem(), home, class_name="in")


def _offline() -> rx.Component:
    again = p.button(
        t("common.action.retry"), kind="pri", size="lg", full=True, on_click=run("invite", "lookAgain")
    )
    return rx.el.div(
        rx.el.h1(t("common.state.error_title")), rx.el.p(t("auth.error.offline"), class_name="mut"), again,
        class_name="in",
    )  # fmt: skip


def _looking() -> rx.Component:
    return rx.el.div(
        p.skeleton("70%", 28), p.skeleton("100%", 16), p.skeleton("100%", 40, radius=8), class_name="in",
        role="status", aria_label=t("common.state.loading"),
    )  # fmt: skip


@app_page(INVITE, title_key="invite.page", permission=PUBLIC, shell=False)
def page() -> rx.Component:
    """Who invites, where to, and the one thing to do."""
    shown = rx.match(
        phase,
        ("new", _new()),
        ("join", _join()),
        ("sign_in", _sign_in()),
        ("wrong", _wrong()),
        ("bad", _bad()),
        ("offline", _offline()),
        _looking(),
    )
    return entrance(shown)
