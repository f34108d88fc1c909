"""The screen /settings/channels."""

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.base import app_page
from crm_app.pages.channels.components import number_list, totals
from crm_app.pages.channels.configure import configure_dialog
from crm_app.pages.channels.connect import connect_dialog
from crm_app.pages.channels.connect_state import ConnectState
from crm_app.pages.channels.dialogs import row_dialogs
from crm_app.pages.channels.failures import failures
from crm_app.pages.channels.failures_state import FailuresState
from crm_app.pages.channels.state import ChannelsState
from crm_app.pages.session.state import allowed
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t


@app_page(
    routes.CHANNELS,
    title_key="channels.title",
    permission="channels.read",
    on_load=[ChannelsState.load, FailuresState.load],
)
def page() -> rx.Component:
    """The numbers, what they carry, and what went wrong on them."""
    connect = p.button(
        rx.el.span(t("channels.connect")),
        kind="pri",
        icon_name="plus",
        on_click=ConnectState.begin,
        aria_label=t("channels.connect"),
        class_name="chn-new",
    )
    first = q.empty_state(
        t("channels.empty.title"), t("channels.empty.body"), rx.cond(allowed("channels.manage"), connect),
        icon_name="smartphone",
    )  # fmt: skip
    return rx.fragment(
        q.page_header(
            t("channels.title"), rx.cond(allowed("channels.manage"), connect), crumbs=[t("channels.settings")]
        ),
        rx.el.div(
            q.pane(
                ChannelsState.loading, ChannelsState.failed, ChannelsState.rows.length() == 0,
                skeleton=rx.el.div(q.skeleton_rows(4), class_name="pn"),
                error=q.error_state(ChannelsState.load),
                nothing=first,
                content=rx.fragment(totals(), number_list(), failures()),
            ),
            class_name="chn-page scroll",
        ),
        connect_dialog(),
        row_dialogs(),
        configure_dialog(),
    )  # fmt: skip
