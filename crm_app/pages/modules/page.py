"""The screen /settings/modules."""

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.base import app_page
from crm_app.pages.modules.components import intro, module_list, plan_panel
from crm_app.pages.modules.state import MANAGE, ModulesState
from crm_app.ui import patterns as q
from crm_app.ui.i18n import t


@app_page(routes.MODULES, title_key="modules.title", permission=MANAGE, on_load=ModulesState.load)
def page() -> rx.Component:
    """What the organization may use, why, and how much of it."""
    return rx.fragment(
        q.page_header(t("modules.title"), crumbs=[t("shell.nav.settings")]),
        rx.el.div(
            q.pane(
                ModulesState.loading, ModulesState.failed, ModulesState.rows.length() == 0,
                skeleton=rx.el.div(q.skeleton_rows(7), class_name="pn"),
                error=q.error_state(ModulesState.load),
                nothing=rx.fragment(),
                content=rx.fragment(
                    rx.el.p(t("modules.intro"), class_name="mut"), plan_panel(), module_list(), intro()
                ),
            ),
            class_name="set-page scroll", tab_index=0,
        ),
    )  # fmt: skip
