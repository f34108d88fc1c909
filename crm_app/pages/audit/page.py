"""The screen /settings/audit."""

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.audit.components import drawer, entries, export_link, filters, nothing
from crm_app.pages.audit.state import AuditState
from crm_app.pages.base import app_page
from crm_app.ui import patterns as q
from crm_app.ui.i18n import t


@app_page(routes.AUDIT, title_key="audit.title", permission="audit.read", on_load=AuditState.load)
def page() -> rx.Component:
    """Who did what, when, from where."""
    return rx.fragment(
        q.page_header(t("audit.title"), export_link(), crumbs=[t("shell.nav.settings")]),
        rx.el.div(
            rx.el.p(t("audit.lead"), class_name="mut"),
            filters(),
            q.pane(
                AuditState.loading, AuditState.failed, AuditState.rows.length() == 0,
                skeleton=rx.el.div(q.skeleton_rows(8), class_name="pn"),
                error=q.error_state(AuditState.load),
                nothing=nothing(),
                content=entries(),
            ),
            class_name="set-page scroll",
        ),
        drawer(),
    )  # fmt: skip
