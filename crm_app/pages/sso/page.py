"""The screen /sso: coming in through the organization's own identity provider."""

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.base import PUBLIC, app_page
from crm_app.pages.sso.state import Sso
from crm_app.ui import primitives as p
from crm_app.ui.client import module
from crm_app.ui.entrance import entrance
from crm_app.ui.frame import FramePart
from crm_app.ui.i18n import t


class SsoForm(FramePart):
    """The form that navigates to the provider."""

    library = module("sso")
    tag = "SsoForm"


def _problem() -> rx.Component:
    words = t(Sso.problem, host=Sso.host, domain=Sso.domain, limit=Sso.limit)
    shown = rx.el.div(p.icon("circle-alert", 16), rx.el.span(words), class_name="co-al da", role="alert")
    return rx.cond(Sso.problem != "", shown, rx.fragment())


@app_page(routes.SSO, title_key="sso.title", permission=PUBLIC, on_load=Sso.open, shell=False)
def page() -> rx.Component:
    """Asks for the organization, which knows where its people sign in."""
    slug = p.text_input(
        size="lg", name="slug", id="slug", max_length=200, required=True, auto_focus=True,
        auto_complete="organization", auto_capitalize="none", spell_check=False,
        default_value=Sso.slug, placeholder="agencia-horizonte",
    )  # fmt: skip
    form = SsoForm.create(
        rx.el.h1(t("sso.title")),
        rx.el.p(t("sso.lead"), class_name="mut md lead"),
        rx.el.div(rx.el.label(t("sso.slug"), html_for="slug", class_name="lbl"), slug),
        _problem(),
        p.button(t("sso.submit"), kind="pri", size="lg", full=True, type="submit"),
        rx.el.p(p.link(t("sso.back"), href=routes.LOGIN, class_name="ac-link"), class_name="sm ac-center"),
        key=Sso.slug,
        class_name="in",
    )
    return entrance(form)
