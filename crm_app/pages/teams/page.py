"""The screen /settings/teams."""

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.base import app_page
from crm_app.pages.teams.components import new_team, team_dialogs, team_list
from crm_app.pages.teams.state import MANAGE, TeamsState
from crm_app.ui import patterns as q
from crm_app.ui.i18n import t


@app_page(routes.TEAMS, title_key="teams.title", permission=MANAGE, on_load=TeamsState.load)
def page() -> rx.Component:
    """Who works together, and who leads."""
    return rx.fragment(
        q.page_header(
            t("teams.title"),
            rx.cond(TeamsState.rows.length() > 0, new_team("out"), rx.fragment()),
            crumbs=[t("shell.nav.settings")],
        ),
        rx.el.div(
            q.pane(
                TeamsState.loading, TeamsState.failed, TeamsState.rows.length() == 0,
                skeleton=rx.el.div(q.skeleton_rows(4), class_name="pn"),
                error=q.error_state(TeamsState.load),
                nothing=q.empty_state(
                    t("teams.empty_title"), t("teams.empty_body"), new_team(), icon_name="users-round"
                ),
                content=rx.fragment(rx.el.p(t("teams.intro"), class_name="mut"), team_list()),
            ),
            class_name="set-page scroll",
        ),
        team_dialogs(),
    )  # fmt: skip
