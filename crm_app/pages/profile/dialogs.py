"""The dialogs of the screen: a fresh proof, a new password, the app, new codes, passkeys, removal."""

from typing import Any

import reflex as rx

from crm_app.pages.profile.factors_state import FactorsState
from crm_app.pages.profile.state import ProfileState
from crm_app.pages.session.proof_dialog import PasskeyButton, alert, proof_dialog
from crm_app.pages.session.toasts import notify
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.client import run
from crm_app.ui.i18n import t

PASSWORD, APP, PASSKEY_NAME, RENAME = "new-password", "new-app", "passkey-name", "passkey-rename"


def dialogs() -> rx.Component:
    """All of them; at most one is open."""
    return rx.fragment(proof_dialog(), _password(), _app(), _codes(), _passkey(), _rename(), _remove())


def _password() -> rx.Component:
    fresh = {"type": "password", "required": True, "max_length": 1000, "auto_complete": "new-password"}
    form = rx.el.form(
        p.field(
            t("profile.password.new"), p.text_input(name="password", auto_focus=True, **fresh),
            hint=t("profile.password.hint"),
        ),
        p.field(t("profile.password.again"), p.text_input(name="again", **fresh)),
        alert(ProfileState.password_error, ProfileState.password_data),
        id=PASSWORD,
        on_submit=ProfileState.change_password,
        class_name="c g3",
    )  # fmt: skip
    return q.dialog(
        form,
        title=t("profile.password.change"),
        description=t("profile.password.body"),
        open=ProfileState.changing,
        on_open_change=ProfileState.close_password,
        footer=rx.fragment(
            p.button(t("common.action.cancel"), size="m", on_click=ProfileState.close_password(False)),
            p.button(t("common.action.save"), kind="pri", size="m", type="submit", form=PASSWORD),
        ),
        width=420,
    )


def _cancel() -> rx.Component:
    return p.button(t("common.action.cancel"), size="m", on_click=FactorsState.close(False))


def _dialog(name: str, *content: Any, title: Any, footer: Any, width: int = 420, **props: Any) -> rx.Component:
    return q.dialog(
        *content, title=title, open=FactorsState.dialog == name, on_open_change=FactorsState.close,
        footer=footer, width=width, **props,
    )  # fmt: skip


def _app() -> rx.Component:
    secret = p.row(
        rx.el.code(FactorsState.secret, class_name="prf-secret f1"),
        p.icon_button("copy", t("profile.totp.copy"), on_click=_copied(FactorsState.secret)),
        gap="g1",
    )
    steps = rx.el.ol(
        rx.el.li(rx.el.b("1", class_name="n"), rx.el.span(t("profile.totp.step_scan"))),
        rx.el.li(
            rx.el.b("2", class_name="n"), p.column(rx.el.span(t("profile.totp.step_type")), secret, gap="g2")
        ),
        rx.el.li(rx.el.b("3", class_name="n"), rx.el.span(t("profile.totp.step_code"))),
        class_name="prf-steps",
    )
    picture = rx.el.div(rx.el.img(src=FactorsState.qr, alt=t("profile.totp.qr")), class_name="prf-qr")
    code = p.field(
        t("auth.factor.totp.label"),
        p.text_input(
            name="code", required=True, auto_focus=True, input_mode="numeric", auto_complete="one-time-code",
            max_length=9,
        ),
    )  # fmt: skip
    form = rx.el.form(
        code, alert(FactorsState.error), id=APP, on_submit=FactorsState.confirm_totp, class_name="c g3"
    )
    return _dialog(
        "totp",
        rx.el.div(picture, p.column(steps, form, gap="g3"), class_name="prf-pair"),
        title=t("profile.totp.setup"),
        footer=rx.fragment(
            _cancel(), p.button(t("profile.proof.confirm"), kind="pri", size="m", type="submit", form=APP)
        ),
        width=620,
    )


def _copied(words: Any) -> list[Any]:
    return [run("clipboard", "copyText", words), notify("profile.copied")]


def _codes() -> rx.Component:
    listed = rx.el.ol(
        rx.foreach(FactorsState.codes, lambda one: rx.el.li(rx.el.code(one))), class_name="prf-codes num"
    )
    return _dialog(
        "codes",
        p.column(q.notice(t("profile.codes.once"), tone="wa", icon_name="triangle-alert"), listed, gap="g3"),
        title=t("profile.codes.title"),
        description=t("profile.codes.body"),
        footer=rx.fragment(
            p.button(
                t("profile.codes.copy"), kind="out", size="m", icon_name="copy",
                on_click=_copied(FactorsState.codes.join("\n")),
            ),
            p.button(t("profile.codes.kept"), kind="pri", size="m", on_click=FactorsState.close(False)),
        ),
        width=460,
    )  # fmt: skip


def _passkey() -> rx.Component:
    name = p.field(
        t("profile.passkeys.name"),
        p.text_input(id=PASSKEY_NAME, max_length=60, auto_focus=True, placeholder=t("profile.passkeys.example")),
    )
    make = PasskeyButton.create(
        t("profile.passkeys.make"), way="add", name_from=PASSKEY_NAME, class_name="btn pri m",
        on_done=FactorsState.passkey_added,
    )  # fmt: skip
    return _dialog(
        "passkey",
        p.column(name, alert(FactorsState.error), gap="g3"),
        title=t("profile.passkeys.add"),
        description=t("profile.passkeys.body"),
        footer=rx.fragment(_cancel(), make),
    )


def _rename() -> rx.Component:
    field = p.field(
        t("profile.passkeys.name"),
        p.text_input(
            name="name", max_length=60, required=True, auto_focus=True, dir="auto",
            default_value=FactorsState.target["name"], key=FactorsState.target["id"],
        ),
    )  # fmt: skip
    return _dialog(
        "rename",
        rx.el.form(field, id=RENAME, on_submit=FactorsState.rename),
        title=t("profile.passkeys.rename"),
        footer=rx.fragment(
            _cancel(), p.button(t("common.action.save"), kind="pri", size="m", type="submit", form=RENAME)
        ),
        width=400,
    )


def _remove() -> rx.Component:
    app = FactorsState.target["id"] == "totp"
    return _dialog(
        "remove",
        p.column(
            rx.el.p(
                rx.cond(app, t("profile.totp.remove_body"), t("profile.passkeys.remove_body")), class_name="mut"
            ),
            alert(FactorsState.error),
            gap="g3",
        ),
        title=rx.cond(
            app, t("profile.totp.remove"), t("profile.passkeys.remove", name=FactorsState.target["name"])
        ),
        footer=rx.fragment(
            _cancel(), p.button(t("profile.factor.remove"), kind="dan", size="m", on_click=FactorsState.remove)
        ),
    )
