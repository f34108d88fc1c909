"""The screens /signup and /signup/finish."""

import reflex as rx

from crm_app.domains.accounts.entry.signup import CURRENCIES
from crm_app.pages import routes
from crm_app.pages.access.components import (
    AccessForm,
    alert,
    asking,
    broken,
    broken_link,
    email,
    email_form,
    heading,
    held,
    hidden_email,
    notice,
    password_field,
    screen,
    submit,
    text_field,
    way_back,
)
from crm_app.pages.access.state import Access
from crm_app.pages.base import PUBLIC, app_page
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t

PLACES = (
    ("America/Sao_Paulo", "São Paulo, Brasília"),
    ("America/Bahia", "Salvador"),
    ("America/Fortaleza", "Fortaleza"),
    ("America/Recife", "Recife"),
    ("America/Maceio", "Maceió"),
    ("America/Belem", "Belém"),
    ("America/Araguaina", "Palmas"),
    ("America/Campo_Grande", "Campo Grande"),
    ("America/Cuiaba", "Cuiabá"),
    ("America/Manaus", "Manaus"),
    ("America/Porto_Velho", "Porto Velho"),
    ("America/Boa_Vista", "Boa Vista"),
    ("America/Rio_Branco", "Rio Branco"),
    ("America/Noronha", "Fernando de Noronha"),
    ("America/Argentina/Buenos_Aires", "Buenos Aires"),
    ("America/Montevideo", "Montevideo"),
    ("America/Asuncion", "Asunción"),
    ("America/La_Paz", "La Paz"),
    ("America/Lima", "Lima"),
    ("America/Bogota", "Bogotá"),
    ("America/Mexico_City", "México"),
    ("America/New_York", "New York"),
    ("Europe/Lisbon", "Lisboa"),
    ("Europe/London", "London"),
    ("Europe/Madrid", "Madrid"),
    ("UTC", "UTC"),
)


@app_page(routes.SIGNUP, title_key="access.signup.title", permission=PUBLIC, on_load=Access.open, shell=False)
def signup() -> rx.Component:
    """Asks for the address first; the rest comes when it is confirmed."""
    closed = notice("lock", t("access.closed.title"), t("access.closed.body"), way_back())
    return screen(rx.cond(Access.may_sign_up, asking(email_form("signup")), closed))


@app_page(
    routes.SIGNUP_FINISH, title_key="access.finish.title", permission=PUBLIC, on_load=Access.open, shell=False
)
def finish() -> rx.Component:
    """Asks who it is and what the organization is called."""
    form = AccessForm.create(
        heading(t("access.finish.title"), t("access.finish.lead", email=email)),
        hidden_email(),
        text_field("name", t("access.finish.name"), max_length=120, auto_complete="name", auto_focus=True),
        text_field("organization", t("access.finish.organization"), max_length=120, auto_complete="organization"),
        text_field("slug", t("access.finish.slug"), hint=t("access.finish.slug_hint"), max_length=50),
        rx.el.div(_time_zone(), _currency(), class_name="ac-two"),
        password_field(t("auth.password")),
        alert(),
        submit(t("access.finish.submit")),
        action="signup/finish",
        holds=True,
        judges=True,
        then="enter",
        class_name="in",
    )
    lost = broken_link(t("access.broken.signup"), routes.SIGNUP)
    return screen(rx.cond(held & ~broken, form, lost), kind="signup")


def _time_zone() -> rx.Component:
    options = [rx.el.option(place, value=zone) for zone, place in PLACES]
    choice = p.select(*options, size="lg", name="time_zone", id="time_zone")
    return rx.el.div(rx.el.label(t("access.finish.time_zone"), html_for="time_zone", class_name="lbl"), choice)


def _currency() -> rx.Component:
    options = [rx.el.option(code, value=code) for code in CURRENCIES]
    choice = p.select(*options, size="lg", name="currency", id="currency")
    return rx.el.div(rx.el.label(t("access.finish.currency"), html_for="currency", class_name="lbl"), choice)
