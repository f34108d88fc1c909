"""The screen /settings/profile."""

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.base import ANY_SESSION, app_page
from crm_app.pages.profile.components import password, policy, sessions, you
from crm_app.pages.profile.dialogs import dialogs
from crm_app.pages.profile.factors import passkeys, second_factors
from crm_app.pages.profile.factors_state import FactorsState
from crm_app.pages.profile.state import ProfileState
from crm_app.pages.session.state import Session, allowed
from crm_app.ui import patterns as q
from crm_app.ui.i18n import t


@app_page(
    routes.PROFILE,
    title_key="profile.title",
    permission=ANY_SESSION,
    on_load=[ProfileState.load, FactorsState.load],
)
def page() -> rx.Component:
    """The person, what they prove themselves with, and where they are signed in."""
    asked = q.notice(t("profile.must_set"), tone="wa", icon_name="shield-alert")
    return rx.fragment(
        q.page_header(t("profile.title")),
        rx.el.div(
            rx.el.div(
                rx.cond(Session.must_set_factor, asked, rx.fragment()),
                q.pane(
                    ProfileState.loading | FactorsState.loading,
                    ProfileState.failed | FactorsState.failed,
                    False,
                    skeleton=rx.el.div(q.skeleton_rows(6), class_name="pn"),
                    error=q.error_state([ProfileState.load, FactorsState.load]),
                    nothing=rx.fragment(),
                    content=rx.fragment(
                        you(),
                        password(),
                        second_factors(),
                        passkeys(),
                        sessions(),
                        rx.cond(allowed("organization.manage"), policy(), rx.fragment()),
                    ),
                ),
                class_name="prf-in",
            ),
            class_name="prf-page scroll",
        ),
        dialogs(),
    )
