"""The screen /settings/roles."""

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.base import app_page
from crm_app.pages.roles.components import chooser, chosen_role, matrix, save_bar
from crm_app.pages.roles.dialogs import role_dialogs
from crm_app.pages.roles.state import MANAGE, RolesState
from crm_app.pages.roles.why import why_panel
from crm_app.pages.roles.why_state import WhyState
from crm_app.ui import patterns as q
from crm_app.ui.i18n import t


@app_page(routes.ROLES, title_key="roles.title", permission=MANAGE, on_load=[RolesState.load, WhyState.load])
def page() -> rx.Component:
    """Which role may do what, and how far."""
    return rx.fragment(
        q.page_header(t("roles.title"), crumbs=[t("shell.nav.settings")]),
        rx.el.div(
            q.pane(
                RolesState.loading, RolesState.failed, RolesState.rows.length() == 0,
                skeleton=rx.el.div(q.skeleton_rows(7), class_name="pn"),
                error=q.error_state(RolesState.load),
                nothing=rx.fragment(),
                content=rx.fragment(
                    rx.el.p(t("roles.intro"), class_name="mut"),
                    chooser(), chosen_role(), matrix(), why_panel(), save_bar(),
                ),
            ),
            class_name="set-page scroll",
        ),
        role_dialogs(),
    )  # fmt: skip
