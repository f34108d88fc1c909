"""The login page."""

from typing import Any

import reflex as rx
from reflex_base.utils.imports import ImportVar
from reflex_base.vars import VarData

from crm_app.pages.base import PUBLIC, app_page
from crm_app.pages.login.state import Login
from crm_app.pages.routes import FORGOT, LOGIN, MAGIC, SIGNUP, SSO
from crm_app.pages.session.shell import ROLES
from crm_app.ui import primitives as p
from crm_app.ui.client import module, run
from crm_app.ui.entrance import entrance
from crm_app.ui.frame import FramePart
from crm_app.ui.i18n import t

SIGNING = VarData(
    imports={module("session"): [ImportVar(tag="useSignIn", install=False)]},
    hooks={"const signing = useSignIn();": None},
)
busy: Any = rx.Var("signing.busy", _var_type=bool, _var_data=SIGNING).guess_type()
step: Any = rx.Var("signing.step", _var_type=str, _var_data=SIGNING).guess_type()
using: Any = rx.Var("signing.using", _var_type=str, _var_data=SIGNING).guess_type()
problem: Any = rx.Var("signing.error", _var_type=str, _var_data=SIGNING).guess_type()


def _has(kind: str) -> Any:
    return rx.Var(f"(signing.kinds.{kind} === true)", _var_type=bool, _var_data=SIGNING).guess_type()


class SignInForm(FramePart):
    """The form that posts to the API and then navigates."""

    library = module("session")
    tag = "SignInForm"


class FactorForm(FramePart):
    """The form that sends the code of the second factor."""

    library = module("session")
    tag = "FactorForm"


def _fields() -> rx.Component:
    email = p.text_input(
        size="lg", name="email", type="email", auto_complete="username", auto_focus=True, required=True,
        id="email", max_length=254,
    )  # fmt: skip
    eye = p.icon_button("eye", t("auth.show_password"), size="xs", on_click=run("session", "togglePassword"))
    password = p.input_box(
        rx.el.input(
            name="password", type="password", auto_complete="current-password", required=True, id="password",
            max_length=1000,
        ),
        eye,
        size="lg",
    )  # fmt: skip
    return rx.fragment(
        rx.el.div(rx.el.label(t("auth.email"), html_for="email", class_name="lbl"), email),
        rx.el.div(
            p.row(
                rx.el.label(t("auth.password"), html_for="password", class_name="lbl"),
                p.link(t("auth.forgot"), href=FORGOT, class_name="ac-link sm"),
                class_name="jb",
                gap="",
            ),
            password,
        ),
    )


def _problem() -> rx.Component:
    words = rx.el.div(p.icon("circle-alert", 16), rx.el.span(t(problem)), class_name="co-al da", role="alert")
    return rx.cond(problem != "", words, rx.fragment())


def _with_passkey() -> rx.Component:
    return p.button(
        t("auth.passkey"), kind="out", size="lg", full=True, icon_name="fingerprint",
        on_click=run("session", "signInWithPasskey"), disabled=busy,
    )  # fmt: skip


def _code_field(kind: str, **props: Any) -> rx.Component:
    return rx.el.div(
        rx.el.label(t(f"auth.factor.{kind}.label"), html_for=f"code-{kind}", class_name="lbl"),
        p.text_input(size="lg", name="code", id=f"code-{kind}", required=True, auto_focus=True, **props),
    )


def _other_factors() -> rx.Component:
    ways = [
        rx.cond(
            _has(kind) & (using != kind),
            p.button(
                t(f"auth.factor.{kind}.use"), size="m", full=True, icon_name=symbol,
                on_click=run("session", "chooseFactor", kind),
            ),
            rx.fragment(),
        )
        for kind, symbol in (("totp", "smartphone"), ("passkey", "fingerprint"), ("recovery", "life-buoy"))
    ]  # fmt: skip
    back = p.button(
        t("auth.factor.back"), size="m", full=True, icon_name="arrow-left", on_click=run("session", "signInAnew")
    )
    return p.column(*ways, back, gap="g1")


def _factor() -> rx.Component:
    send = p.button(t("auth.factor.submit"), kind="pri", size="lg", full=True, type="submit", loading=busy)
    sign = p.button(
        t("auth.factor.passkey.do"), kind="pri", size="lg", full=True, icon_name="fingerprint", loading=busy,
        on_click=run("session", "finishWithPasskey"),
    )  # fmt: skip
    number = _code_field("totp", input_mode="numeric", auto_complete="one-time-code", max_length=9)
    written = _code_field("recovery", auto_complete="off", max_length=60, spell_check=False)
    return FactorForm.create(
        rx.el.h1(t("auth.factor.title")),
        rx.el.p(
            rx.match(
                using, *[(kind, t(f"auth.factor.{kind}.lead")) for kind in ("totp", "passkey", "recovery")], ""
            ),
            class_name="mut md lead",
        ),
        rx.match(using, ("totp", number), ("recovery", written), rx.fragment()),
        _problem(),
        rx.cond(using == "passkey", sign, send),
        _other_factors(),
        class_name="in",
    )


def _person(one: rx.Var) -> rx.Component:
    role = rx.match(one["role"], *[(name, t(f"shell.role.{name}")) for name in ROLES], "")
    return rx.el.button(
        p.avatar(one["name"], size=28),
        p.column(
            rx.el.span(one["name"], class_name="tr mw"), rx.el.span(role, class_name="mi fnt tr"), class_name="f1"
        ),
        type="button",
        class_name="demo-p",
        on_click=run("session", "fillSignIn", one["email"], Login.demo_password),
    )


def _demo() -> rx.Component:
    people = rx.el.div(rx.foreach(Login.demo, _person), class_name="demo-g")
    offer = rx.el.section(rx.el.h2(t("auth.demo.title"), class_name="or"), people, aria_label=t("auth.demo.title"))
    return rx.cond(Login.demo.length() > 0, offer, rx.fragment())


def _other_ways() -> rx.Component:
    create = rx.el.span(t("auth.no_account"), " ", p.link(t("auth.create"), href=SIGNUP, class_name="ac-link"))
    return rx.el.div(
        p.link(t("auth.by_link"), href=MAGIC, class_name="btn out lg full"),
        p.link(t("sso.link"), href=SSO, class_name="ac-link sm ac-center"),
        rx.el.p(rx.cond(Login.may_sign_up, create, t("auth.no_access")), class_name="sm fnt no-access"),
        class_name="ac-ways",
    )


@app_page(LOGIN, title_key="auth.title", permission=PUBLIC, on_load=Login.open, shell=False)
def page() -> rx.Component:
    """The form, and the other ways in."""
    form = SignInForm.create(
        rx.el.h1(t("auth.title")),
        rx.el.p(t("auth.lead"), class_name="mut md lead"),
        _fields(),
        _problem(),
        p.button(t("auth.submit"), kind="pri", size="lg", full=True, type="submit", loading=busy),
        _with_passkey(),
        _other_ways(),
        _demo(),
        class_name="in",
    )
    return entrance(rx.cond(step == "factor", _factor(), form))
