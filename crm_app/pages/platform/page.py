"""The screens under /platform."""

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.base import PLATFORM, app_page
from crm_app.pages.platform import detail, entitlement, health, lists, plan_dialogs, plans, trail, usage
from crm_app.pages.platform.detail_state import OrganizationState
from crm_app.pages.platform.frame import platform_frame
from crm_app.pages.platform.health_state import HealthState
from crm_app.pages.platform.list_state import OrganizationsState
from crm_app.pages.platform.plans_state import PlansState
from crm_app.pages.platform.trail_state import TrailState
from crm_app.pages.platform.usage_state import UsageState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t


def _screen(header: rx.Component, *content: rx.Component, active: str) -> rx.Component:
    return platform_frame(
        rx.fragment(header, rx.el.div(*content, class_name="set-page plt-page scroll")), active=active
    )


@app_page(
    routes.PLATFORM_HOME, title_key="platform.list.title", permission=PLATFORM, on_load=OrganizationsState.load,
    shell=False,
)  # fmt: skip
def organizations() -> rx.Component:
    """Every organization, with its figures."""
    return _screen(
        q.page_header(t("platform.list.title"), crumbs=[t("platform.name")]),
        lists.filters(),
        q.pane(
            OrganizationsState.loading & (OrganizationsState.rows.length() == 0), OrganizationsState.failed,
            OrganizationsState.rows.length() == 0,
            skeleton=rx.el.div(q.skeleton_rows(8), class_name="pn"),
            error=q.error_state(OrganizationsState.load),
            nothing=lists.nothing(),
            content=lists.organizations(),
        ),
        active=routes.PLATFORM_HOME,
    )  # fmt: skip


@app_page(
    routes.PLATFORM_ORGANIZATION, title_key="platform.sheet.title", permission=PLATFORM,
    on_load=OrganizationState.load, shell=False,
)  # fmt: skip
def organization() -> rx.Component:
    """One organization: its life cycle and its figures, and no conversation."""
    back = p.link(t("platform.list.title"), href=routes.PLATFORM_HOME)
    missing = q.empty_state(t("shell.missing.title"), t("shell.missing.body"), icon_name="search-x")
    return _screen(
        q.page_header(
            rx.cond(OrganizationState.missing, t("platform.sheet.title"), OrganizationState.sheet["name"]),
            rx.cond(OrganizationState.missing, rx.fragment(), detail.actions()), crumbs=[back],
        ),
        q.pane(
            OrganizationState.loading, OrganizationState.failed, OrganizationState.missing,
            skeleton=rx.el.div(q.skeleton_rows(6), class_name="pn"),
            error=q.error_state(OrganizationState.load),
            nothing=missing,
            content=detail.sheet(),
        ),
        detail.change_dialog(),
        entitlement.entitlement_dialogs(),
        detail.support_dialog(),
        active=routes.PLATFORM_HOME,
    )  # fmt: skip


@app_page(
    routes.PLATFORM_PLANS, title_key="platform.plans.title", permission=PLATFORM, on_load=PlansState.load,
    shell=False,
)  # fmt: skip
def all_plans() -> rx.Component:
    """What each plan holds, and who has it."""
    return _screen(
        q.page_header(t("platform.plans.title"), plans.new_button(), crumbs=[t("platform.name")]),
        rx.el.p(t("platform.plans.lead"), class_name="mut"),
        q.pane(
            PlansState.loading, PlansState.failed, PlansState.rows.length() == 0,
            skeleton=rx.el.div(q.skeleton_rows(8), class_name="pn"),
            error=q.error_state(PlansState.load),
            nothing=q.error_state(PlansState.load),
            content=plans.plans_table(),
        ),
        plan_dialogs.plan_dialogs(),
        active=routes.PLATFORM_PLANS,
    )  # fmt: skip


@app_page(
    routes.PLATFORM_USAGE, title_key="platform.usage.title", permission=PLATFORM, on_load=UsageState.load,
    shell=False,
)  # fmt: skip
def month() -> rx.Component:
    """What a month has seen."""
    none = q.empty_state(t("platform.list.empty_title"), t("platform.list.empty_body"), icon_name="chart-column")
    return _screen(
        q.page_header(t("platform.usage.title"), usage.month_choice(), crumbs=[t("platform.name")]),
        q.pane(
            UsageState.loading, UsageState.failed, UsageState.rows.length() == 0,
            skeleton=rx.el.div(q.skeleton_rows(8), class_name="pn"),
            error=q.error_state(UsageState.load),
            nothing=none,
            content=usage.usage(),
        ),
        active=routes.PLATFORM_USAGE,
    )  # fmt: skip


@app_page(
    routes.PLATFORM_HEALTH, title_key="platform.health.title", permission=PLATFORM, on_load=HealthState.load,
    shell=False,
)  # fmt: skip
def house() -> rx.Component:
    """Whether everything is there that the installation stands on."""
    again = p.button(t("platform.health.again"), icon_name="refresh-cw", kind="out", on_click=HealthState.load)
    return _screen(
        q.page_header(t("platform.health.title"), again, crumbs=[t("platform.name")]),
        q.pane(
            HealthState.loading, HealthState.failed, HealthState.checks.length() == 0,
            skeleton=rx.el.div(q.skeleton_rows(6), class_name="pn"),
            error=q.error_state(HealthState.load),
            nothing=q.error_state(HealthState.load),
            content=health.health(),
        ),
        active=routes.PLATFORM_HEALTH,
    )  # fmt: skip


@app_page(
    routes.PLATFORM_TRAIL, title_key="platform.trail.title", permission=PLATFORM, on_load=TrailState.load,
    shell=False,
)  # fmt: skip
def record() -> rx.Component:
    """Who of the platform did what."""
    return _screen(
        q.page_header(t("platform.trail.title"), crumbs=[t("platform.name")]),
        rx.el.p(t("platform.trail.lead"), class_name="mut"),
        q.pane(
            TrailState.loading & (TrailState.rows.length() == 0), TrailState.failed, TrailState.rows.length() == 0,
            skeleton=rx.el.div(q.skeleton_rows(8), class_name="pn"),
            error=q.error_state(TrailState.load),
            nothing=q.empty_state(
                t("platform.trail.empty_title"), t("platform.trail.lead"), icon_name="scroll-text"
            ),
            content=trail.entries(),
        ),
        active=routes.PLATFORM_TRAIL,
    )  # fmt: skip
