"""The parts of an organization's sheet."""

from typing import Any

import reflex as rx

from crm_app.domains.accounts.visits.rules import SUPPORT_MINUTES
from crm_app.pages.platform.detail_state import FIGURES, TROUBLE, OrganizationState
from crm_app.pages.platform.entitlement import entitlement_panel
from crm_app.pages.platform.frame import STATES, state_name, state_word
from crm_app.pages.session.proof_dialog import alert
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import date_time, file_size, number, relative
from crm_app.ui.i18n import t

FORM = "life-cycle"
SUPPORT_FORM = "support"


def sheet() -> rx.Component:
    """Life cycle, figures, trouble, owners, facts, history."""
    return rx.el.div(
        _life(),
        entitlement_panel(),
        figures_panel("platform.sheet.usage", FIGURES, OrganizationState.figures, _stored()),
        figures_panel("platform.sheet.trouble", TROUBLE, OrganizationState.figures),
        _owners(),
        _facts(),
        _history(),
        class_name="plt-sheet",
    )


def actions() -> rx.Component:
    """What can be done about the whole organization, at the right of the header."""
    return p.button(
        t("platform.support.do"), icon_name="life-buoy", kind="out", on_click=OrganizationState.ask_support(True)
    )


def _life() -> rx.Component:
    one = OrganizationState.sheet
    why = rx.cond(
        one["state_reason"] != "", rx.el.blockquote(one["state_reason"], class_name="sus-reason", dir="auto"),
        rx.fragment(),
    )  # fmt: skip
    return q.panel(
        t("platform.sheet.life"),
        p.row(state_word(one["state"]), rx.el.span(relative(one["state_since"]), class_name="fnt sm"), gap="g3"),
        rx.el.p(_effect(one["state"]), class_name="mut"),
        why,
        p.row(rx.foreach(OrganizationState.choices, _choice), class_name="wrap"),
        class_name="plt-wide",
    )


def _effect(state: Any) -> Any:
    return rx.match(state, *[(one, t(f"platform.effect.{one}")) for one in STATES], "")


def _choice(state: Any) -> rx.Component:
    return p.button(
        t("platform.change.to", state=state_name(state)),
        kind="out", size="m", on_click=OrganizationState.ask(state.to(str)),
    )  # fmt: skip


def figures_panel(title: str, names: tuple[str, ...], values: Any, *more: rx.Component) -> rx.Component:
    """A titled card with numbers."""
    return q.panel(
        t(title),
        rx.el.dl(
            *[_figure(t(f"platform.figure.{name}"), number(values[name])) for name in names], *more,
            class_name="plt-figures",
        ),
    )  # fmt: skip


def _figure(name: Any, value: Any) -> rx.Component:
    return rx.el.div(rx.el.dt(name, class_name="mut sm"), rx.el.dd(value, class_name="num plt-value"))


def _stored() -> rx.Component:
    return _figure(t("platform.figure.stored_bytes"), file_size(OrganizationState.figures["stored_bytes"]))


def _owners() -> rx.Component:
    return q.panel(
        t("platform.sheet.owners"), rx.el.ul(rx.foreach(OrganizationState.owners, _owner), class_name="plt-people")
    )


def _owner(one: Any) -> rx.Component:
    seen = rx.cond(one["seen"] != "", relative(one["seen"]), t("platform.never"))
    return rx.el.li(
        p.avatar(one["name"], seed=one["email"], size=30),
        rx.el.span(
            rx.el.span(one["name"].to(str), class_name="mw tr", dir="auto"),
            rx.el.a(one["email"].to(str), href="mailto:" + one["email"].to(str), class_name="ac-link sm tr"),
            class_name="c f1",
        ),
        rx.el.span(seen, class_name="fnt sm nw"),
    )


def _facts() -> rx.Component:
    one = OrganizationState.sheet
    active = rx.cond(one["last_activity"] != "", relative(one["last_activity"]), t("platform.never"))
    facts = (
        ("created", date_time(one["created_at"])),
        ("active", active),
        ("slug", one["slug"]),
        ("time_zone", one["time_zone"]),
        ("currency", one["currency"]),
        ("id", rx.el.code(one["id"])),
    )
    rows = [rx.el.div(rx.el.dt(t(f"platform.fact.{name}")), rx.el.dd(value)) for name, value in facts]
    return q.panel(t("platform.sheet.facts"), rx.el.dl(*rows, class_name="aud-facts"))


def _history() -> rx.Component:
    return q.panel(
        t("platform.sheet.history"),
        rx.el.ol(rx.foreach(OrganizationState.steps, _step), class_name="plt-steps"),
        class_name="plt-wide",
    )


def _step(one: Any) -> rx.Component:
    born = one["before"] == ""
    words = rx.cond(
        born, t("platform.step.born", state=state_name(one["after"])),
        t("platform.step.went", before=state_name(one["before"]), after=state_name(one["after"])),
    )  # fmt: skip
    who = rx.cond(one["by_name"] != "", one["by_name"].to(str), t("platform.step.itself"))
    reason = rx.cond(
        one["reason"] != "", rx.el.p(one["reason"].to(str), class_name="mut", dir="auto"), rx.fragment()
    )
    return rx.el.li(
        rx.el.p(words, class_name="mw"),
        reason,
        rx.el.p(who, " · ", date_time(one["created_at"]), class_name="fnt sm"),
    )


def change_dialog() -> rx.Component:
    """What the new state does, and the reason that owners will read."""
    form = rx.el.form(
        q.notice(_effect(OrganizationState.changing), tone="wa", icon_name="info"),
        p.field(
            t("platform.change.reason"),
            p.text_area(name="reason", required=True, max_length=500, rows=3, auto_focus=True),
            hint=t("platform.change.hint"),
        ),
        alert(OrganizationState.problem),
        id=FORM,
        on_submit=OrganizationState.change,
        class_name="c g3",
    )
    return q.dialog(
        form,
        title=t(
            "platform.change.title",
            name=OrganizationState.sheet["name"],
            state=state_name(OrganizationState.changing),
        ),
        open=OrganizationState.changing != "",
        on_open_change=OrganizationState.close,
        footer=rx.fragment(
            p.button(t("common.action.cancel"), size="m", on_click=OrganizationState.close(False)),
            p.button(t("platform.change.confirm"), kind="pri", size="m", type="submit", form=FORM),
        ),
        width=460,
    )


def support_dialog() -> rx.Component:
    """Why, and for how long; the organization's people read both."""
    choices = [rx.el.option(t("platform.support.minutes", count=one), value=str(one)) for one in SUPPORT_MINUTES]
    form = rx.el.form(
        q.notice(t("platform.support.body"), tone="wa", icon_name="info"),
        p.field(
            t("platform.support.reason"),
            p.text_area(name="reason", required=True, max_length=300, rows=3, auto_focus=True),
        ),
        p.field(t("platform.support.time"), p.select(*choices, name="minutes", default_value="30")),
        alert(OrganizationState.problem),
        id=SUPPORT_FORM,
        on_submit=OrganizationState.enter_support,
        class_name="c g3",
    )
    return q.dialog(
        form,
        title=t("platform.support.title", name=OrganizationState.sheet["name"]),
        open=OrganizationState.helping,
        on_open_change=OrganizationState.ask_support,
        footer=rx.fragment(
            p.button(t("common.action.cancel"), size="m", on_click=OrganizationState.ask_support(False)),
            p.button(t("platform.support.do"), kind="pri", size="m", type="submit", form=SUPPORT_FORM),
        ),
        width=460,
    )
