"""The frame around every screen."""

import reflex as rx


def app_shell(content: rx.Component, *, active: str, rail: bool = False) -> rx.Component:
    """Put the navigation around `content`; `active` is the route of the screen."""
    return rx.el.div(
        rx.el.nav(class_name="nav"),
        rx.el.main(content, class_name="main", id="main"),
        class_name="app rail" if rail else "app",
        custom_attrs={"data-active": active},
    )
