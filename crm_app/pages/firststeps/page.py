"""The screen /first-steps."""

from typing import Any

import reflex as rx
from reflex_base.utils.imports import ImportVar
from reflex_base.vars import VarData

from crm_app.domains.onboarding.schemas import STEPS
from crm_app.pages import routes
from crm_app.pages.base import app_page
from crm_app.pages.firststeps.state import FirstSteps
from crm_app.pages.session.state import Session
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.client import module, run
from crm_app.ui.i18n import t

WAYS = {"channel": routes.CHANNELS, "team": routes.MEMBERS, "deal": routes.BOARD, "message": routes.INBOX}
ACCESS = VarData(
    imports={module("access"): [ImportVar(tag="useAccess", install=False)]},
    hooks={"const access = useAccess();": None},
)
_done: Any = FirstSteps.done
busy: Any = rx.Var("access.busy", _var_type=bool, _var_data=ACCESS).guess_type()
sent: Any = rx.Var("access.done", _var_type=bool, _var_data=ACCESS).guess_type()
problem: Any = rx.Var("access.problem", _var_type=str, _var_data=ACCESS).guess_type()


def _action(step: str, kind: str) -> rx.Component:
    label = t(f"firststeps.{step}.action")
    if step != "email":
        return p.link(label, href=WAYS[step], class_name=f"btn {kind}")
    ask = p.button(label, kind=kind, loading=busy, on_click=run("access", "askToVerify"))
    told = rx.el.span(t("firststeps.email.sent", email=Session.user_email), class_name="sm mut", role="status")
    failed = rx.cond(problem != "", rx.el.span(problem, class_name="sm da", role="alert"), rx.fragment())
    return rx.cond(sent, told, p.row(ask, failed))


def _finished(step: str) -> rx.Component:
    return rx.el.li(
        rx.el.span(p.icon("check", 14), class_name="fs-n done"),
        rx.el.span(t(f"firststeps.{step}.title"), class_name="f1 mut"),
        rx.el.span(t("firststeps.done"), class_name="sm fnt"),
        class_name="fs-row",
    )


def _current(step: str, number: int) -> rx.Component:
    return rx.el.li(
        rx.el.span(str(number), class_name="fs-n now", aria_hidden="true"),
        rx.el.div(
            rx.el.h2(t(f"firststeps.{step}.title")),
            rx.el.p(t(f"firststeps.{step}.body"), class_name="mut"),
            p.row(_action(step, "pri"), class_name="fs-do"),
            class_name="f1",
        ),
        class_name="fs-row now",
        custom_attrs={"aria-current": "step"},
    )


def _later(step: str, number: int) -> rx.Component:
    return rx.el.li(
        rx.el.span(str(number), class_name="fs-n", aria_hidden="true"),
        rx.el.span(t(f"firststeps.{step}.title"), class_name="f1"),
        _action(step, "out"),
        class_name="fs-row",
    )


def _step(step: str, number: int) -> rx.Component:
    open_one = rx.cond(FirstSteps.next_step == step, _current(step, number), _later(step, number))
    return rx.cond(_done.contains(step), _finished(step), open_one)


def _progress() -> rx.Component:
    bars = [rx.el.i(class_name=rx.cond(FirstSteps.count > index, "on", "")) for index in range(len(STEPS))]
    return rx.el.div(
        *bars,
        class_name="fs-bars",
        role="progressbar",
        aria_label=t("firststeps.title"),
        custom_attrs={"aria-valuemin": 0, "aria-valuemax": len(STEPS), "aria-valuenow": FirstSteps.count},
    )


@app_page(
    routes.FIRST_STEPS,
    title_key="firststeps.title",
    permission="organization.manage",
    on_load=FirstSteps.load,
)
def page() -> rx.Component:
    """Five steps, the next one open."""
    skip = p.button(t("firststeps.skip"), on_click=FirstSteps.put_away)
    ready = rx.el.div(
        q.notice(t("firststeps.ready"), tone="ok", icon_name="check"),
        p.button(t("firststeps.finish"), kind="pri", on_click=FirstSteps.put_away),
        class_name="fs-ready",
    )
    content = rx.el.div(
        rx.el.h1(t("firststeps.heading", organization=Session.organization_name), class_name="fs-h"),
        rx.el.p(t("firststeps.lead"), class_name="mut md"),
        _progress(),
        rx.cond(FirstSteps.next_step == "", ready, rx.fragment()),
        rx.el.ol(*[_step(step, number) for number, step in enumerate(STEPS, start=1)], class_name="fs-list"),
        class_name="fs",
    )
    shown = rx.cond(FirstSteps.loading, rx.el.div(q.skeleton_rows(5), class_name="fs"), content)
    return rx.fragment(
        q.page_header(t("firststeps.title"), rx.cond(FirstSteps.closed, rx.fragment(), skip)),
        rx.el.div(shown, class_name="scroll"),
    )
