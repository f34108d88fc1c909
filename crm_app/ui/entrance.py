"""The hall in front of the house: every screen before one is signed in stands in it."""

from pathlib import Path

import reflex as rx

from crm_app.ui import primitives as p
from crm_app.ui.i18n import choose_language, language, t

ART = Path(__file__).with_name("entrance.svg").read_text(encoding="utf-8")


def entrance(*content: rx.Component) -> rx.Component:
    """Put a form (an element of class `in`) on the left, the plumb line on the right."""
    brand = p.row(
        rx.el.span(p.prumo_mark(19), class_name="org-m big"),
        rx.el.b("Prumo", class_name="name"),
        class_name="brand",
    )
    return rx.el.div(rx.el.main(brand, *content, _foot(), class_name="form"), _art(), class_name="login")


def _foot() -> rx.Component:
    other = rx.cond(
        language() == "en",
        p.button("Português", size="xs", icon_name="languages", on_click=choose_language("pt-BR")),
        p.button("English", size="xs", icon_name="languages", on_click=choose_language("en")),
    )
    return p.row(rx.el.span(t("auth.made_with")), other, class_name="jb sm fnt", gap="")


def _art() -> rx.Component:
    words = rx.el.div(rx.el.p(t("auth.quote")), rx.el.p(t("auth.quote_sub"), class_name="below"), class_name="q")
    drawing = rx.el.div(custom_attrs={"dangerouslySetInnerHTML": {"__html": ART}}, class_name="drawing")
    return rx.el.aside(drawing, words, class_name="art", aria_hidden="true")
