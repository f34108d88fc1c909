"""The screens /forgot, /reset, /magic and /verify."""

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.access import signup_pages  # noqa: F401  declares /signup and what follows it
from crm_app.pages.access.components import (
    AccessForm,
    alert,
    asking,
    broken,
    broken_link,
    done,
    email,
    email_form,
    heading,
    held,
    hidden_email,
    notice,
    password_field,
    screen,
    submit,
)
from crm_app.pages.access.state import Access
from crm_app.pages.base import PUBLIC, app_page
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t


@app_page(routes.FORGOT, title_key="access.forgot.title", permission=PUBLIC, on_load=Access.open, shell=False)
def forgot() -> rx.Component:
    """Asks where to send a link for a new password."""
    return screen(asking(email_form("forgot")))


@app_page(routes.RESET, title_key="access.reset.title", permission=PUBLIC, on_load=Access.open, shell=False)
def reset() -> rx.Component:
    """Asks for the new password of whoever has the link."""
    form = AccessForm.create(
        heading(t("access.reset.title"), t("access.reset.lead", email=email)),
        hidden_email(),
        password_field(t("access.reset.password"), auto_focus=True),
        alert(),
        submit(t("access.reset.submit")),
        rx.el.p(t("access.reset.others"), class_name="sm fnt ac-center"),
        action="reset",
        holds=True,
        judges=True,
        then="enter",
        class_name="in",
    )
    lost = broken_link(t("access.broken.ask"), routes.FORGOT)
    return screen(rx.cond(held & ~broken, form, lost), kind="reset")


@app_page(routes.MAGIC, title_key="access.magic.title", permission=PUBLIC, on_load=Access.open, shell=False)
def magic() -> rx.Component:
    """Asks where to send a link to sign in; with such a link, lets its owner in at a press of the button."""
    enter = AccessForm.create(
        heading(t("access.enter.title"), t("access.enter.lead", email=email)),
        alert(),
        submit(t("access.enter.submit"), auto_focus=True),
        rx.el.p(t("access.enter.not_me"), class_name="sm fnt ac-center"),
        action="enter",
        holds=True,
        then="enter",
        class_name="in",
    )
    again = email_form("magic", title="access.broken.title")
    ask = rx.cond(broken, again, email_form("magic"))
    return screen(rx.cond(held & ~broken, enter, asking(ask)), kind="magic")


@app_page(routes.VERIFY, title_key="access.verify.title", permission=PUBLIC, on_load=Access.open, shell=False)
def verify() -> rx.Component:
    """Confirms an address at a press of the button."""
    form = AccessForm.create(
        heading(t("access.verify.title"), t("access.verify.lead", email=email)),
        alert(),
        submit(t("access.verify.submit"), auto_focus=True),
        action="verify",
        holds=True,
        class_name="in",
    )
    on = p.link(t("access.verify.on"), href=routes.HOME, class_name="btn pri lg full")
    confirmed = notice("mail-check", t("access.verify.done"), t("access.verify.done_body"), on)
    lost = broken_link(t("access.broken.home"), routes.HOME)
    return screen(rx.cond(done, confirmed, rx.cond(held & ~broken, form, lost)), kind="verify")
