"""The panel of second factors."""

import reflex as rx

from crm_app.pages.profile.components import line, section
from crm_app.pages.profile.factors_state import FactorsState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import day, relative
from crm_app.ui.i18n import t


def second_factors() -> rx.Component:
    """The app, the recovery codes and the passkeys."""
    return section(
        t("profile.factor.title"), t("profile.factor.lead"), _app(), rx.cond(FactorsState.factors["any"], _codes())
    )


def _app() -> rx.Component:
    on = FactorsState.factors["totp"]
    since = t("profile.totp.since", day=day(FactorsState.factors["totp_since"]))
    title = p.row(
        rx.el.b(t("profile.totp.title")),
        rx.cond(on, p.chip(t("profile.factor.on"), tone="ok"), rx.fragment()),
    )
    begin = p.button(t("profile.totp.begin"), kind="out", size="m", on_click=FactorsState.begin_totp)
    remove = p.button(
        t("profile.factor.remove"), size="m", on_click=FactorsState.ask_removal("totp", ""), class_name="danger-t"
    )
    about = rx.el.span(rx.cond(on, since, t("profile.totp.about")), class_name="fnt sm")
    return line(p.icon("smartphone", 18), title, about, rx.cond(on, remove, begin))


def _codes() -> rx.Component:
    left = FactorsState.factors["codes"].to(int)
    tone = rx.cond(left < 3, "wa sm", "fnt sm")
    return line(
        p.icon("life-buoy", 18),
        rx.el.b(t("profile.codes.title")),
        rx.el.span(t("profile.codes.left", count=left), class_name=tone),
        p.button(t("profile.codes.renew"), kind="out", size="m", on_click=FactorsState.renew_codes),
    )


def passkeys() -> rx.Component:
    """The passkeys: each with its name and its last use."""
    add = p.button(
        t("profile.passkeys.add"), kind="out", size="m", icon_name="plus", on_click=FactorsState.begin_passkey
    )
    none = p.row(p.icon("fingerprint", 18), rx.el.span(t("profile.passkeys.none")), class_name="prf-none mut")
    return section(
        t("profile.passkeys.title"),
        t("profile.passkeys.lead"),
        rx.cond(FactorsState.passkeys.length() > 0, rx.el.ul(rx.foreach(FactorsState.passkeys, _passkey)), none),
        actions=add,
    )


def _passkey(one: rx.Var) -> rx.Component:
    passkey_id = one["id"].to(str)
    used = rx.cond(
        one["used"] != "", t("profile.passkeys.used", when=relative(one["used"])), t("profile.passkeys.unused")
    )
    synced = rx.cond(one["backed_up"], p.chip(t("profile.passkeys.synced"), tone="nf"), rx.fragment())
    menu = q.menu(
        p.icon_button("ellipsis", t("profile.passkeys.menu", name=one["name"].to(str))),
        q.menu_item(
            t("profile.passkeys.rename"), icon_name="pencil",
            on_select=FactorsState.ask_removal("rename", passkey_id),
        ),
        q.menu_line(),
        q.menu_item(
            t("profile.factor.remove"), icon_name="trash-2", danger=True,
            on_select=FactorsState.ask_removal("passkey", passkey_id),
        ),
    )  # fmt: skip
    about = rx.el.span(t("profile.passkeys.since", day=day(one["created"])), " · ", used, class_name="fnt sm")
    title = p.row(rx.el.b(one["name"].to(str), class_name="tr", dir="auto"), synced)
    return rx.el.li(line(p.icon("fingerprint", 18), title, about, menu))
