"""The dialog that asks for a fresh proof: password, code, recovery code or passkey."""

from typing import Any

import reflex as rx

from crm_app.pages.session.proof import ProofState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.client import module
from crm_app.ui.frame import FramePart
from crm_app.ui.i18n import t

PROOF = "proof"


class PasskeyButton(FramePart):
    """A button that has the device use or make a passkey (`ui/js/passkeys.js`)."""

    library = module("passkeys")
    tag = "PasskeyButton"
    way: rx.Var[str]
    name_from: rx.Var[str]
    on_done: rx.EventHandler[rx.event.passthrough_event_spec(str)]


def alert(key: Any, data: Any = None) -> rx.Component:
    """The sentence under a catalogue key, as an alarm; nothing for an empty one."""
    words = t(key) if data is None else t(key, data)
    shown = rx.el.div(p.icon("circle-alert", 16), rx.el.span(words), class_name="co-al da", role="alert")
    return rx.cond(key != "", shown, rx.fragment())


def proof_dialog() -> rx.Component:
    """The question "is it still you?", wherever something delicate is wanted."""
    kind = ProofState.kind
    typed = p.field(
        rx.match(kind, *[(one, t(f"profile.proof.{one}.label")) for one in ("password", "totp", "recovery")], ""),
        p.text_input(
            name="answer", required=True, auto_focus=True, max_length=1000, key=kind,
            type=rx.cond(kind == "password", "password", "text"),
            input_mode=rx.cond(kind == "totp", "numeric", "text"),
            auto_complete=rx.match(kind, ("password", "current-password"), ("totp", "one-time-code"), "off"),
        ),
    )  # fmt: skip
    others = [
        rx.cond(
            ProofState.kinds.contains(one) & (kind != one),
            p.button(t(f"profile.proof.{one}.use"), size="m", on_click=ProofState.choose(one)),
            rx.fragment(),
        )
        for one in ("totp", "passkey", "recovery")
    ]
    sign = PasskeyButton.create(
        t("auth.factor.passkey.do"), way="prove", class_name="btn pri m", on_done=ProofState.signed
    )
    send = p.button(t("profile.proof.confirm"), kind="pri", size="m", type="submit", form=PROOF)
    nothing = q.notice(t("profile.proof.nothing"), tone="wa")
    form = rx.el.form(
        rx.match(kind, ("", nothing), ("passkey", rx.fragment()), typed),
        alert(ProofState.error),
        p.row(*others, class_name="wrap"),
        id=PROOF,
        on_submit=ProofState.answer,
        class_name="c g3",
    )
    return q.dialog(
        form,
        title=t("profile.proof.title"),
        description=t("profile.proof.body"),
        open=ProofState.asking,
        on_open_change=ProofState.close,
        footer=rx.fragment(
            p.button(t("common.action.cancel"), size="m", on_click=ProofState.close(False)),
            rx.match(kind, ("passkey", sign), ("", rx.fragment()), send),
        ),
        width=420,
    )
