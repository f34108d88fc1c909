"""The site's own address: it leads to the first screen that the person may see."""

from typing import Any

import reflex as rx

from crm_app.core.database import unit_of_work
from crm_app.domains.onboarding.service import get_checklist
from crm_app.pages import routes
from crm_app.pages.base import PUBLIC, SIGNED_IN, app_page, handler
from crm_app.pages.current import current_actor
from crm_app.pages.session.state import Session
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t

FIRST = (
    ("conversations.read", routes.INBOX),
    ("deals.read", routes.BOARD),
    ("contacts.read", routes.CONTACTS),
    ("analytics.read", routes.DASHBOARD),
)

FIRST_SETTINGS = (
    ("members.manage", routes.MEMBERS),
    ("channels.read", routes.CHANNELS),
    ("audit.read", routes.AUDIT),
)


class Start(rx.State):
    """Chooses the first screen."""

    @handler(SIGNED_IN)
    async def go_on(self) -> Any:
        """Redirect to the first screen in reach."""
        session = await self.get_state(Session)
        if session.first_steps and await _has_steps_left():
            return rx.redirect(routes.FIRST_STEPS, replace=True)
        held = [route for permission, route in FIRST if permission in session.permissions]
        return rx.redirect(held[0], replace=True) if held else None

    @handler(SIGNED_IN)
    async def open_settings(self) -> Any:
        """Redirect to the first screen of the settings in reach."""
        session = await self.get_state(Session)
        held = [route for permission, route in FIRST_SETTINGS if permission in session.permissions]
        return rx.redirect(held[0] if held else routes.HOME, replace=True)


async def _has_steps_left() -> bool:
    actor = current_actor()
    async with unit_of_work(actor) as session:
        return (await get_checklist(session, actor)).wanted


@app_page(routes.HOME, title_key="shell.title", on_load=Start.go_on, shell=False)
def page() -> rx.Component:
    """Nothing but the mark; one is here for a moment."""
    return rx.el.main(rx.el.span(p.prumo_mark(30), class_name="org-m start-m"), class_name="start")


@app_page(routes.SETTINGS, title_key="shell.nav.settings", on_load=Start.open_settings, shell=False)
def settings() -> rx.Component:
    """Nothing but the mark; one is here for a moment."""
    return page()


@app_page("/404", title_key="shell.missing.title", permission=PUBLIC, shell=False)
def missing() -> rx.Component:
    """An address that leads nowhere."""
    home = p.link(t("shell.missing.home"), href=routes.HOME, class_name="btn pri m")
    return rx.el.main(
        rx.el.h1(t("shell.missing.title")),
        rx.el.p(t("shell.missing.body"), class_name="mut"),
        p.row(home, class_name="empty-a"),
        class_name="empty c crash",
    )
