"""The screens /settings/members and /ownership."""

import reflex as rx

from crm_app.pages import routes
from crm_app.pages.base import SIGNED_IN, app_page
from crm_app.pages.members.components import member_list, offer_bar
from crm_app.pages.members.dialogs import member_dialogs
from crm_app.pages.members.invite import invite_bar, pending_rows
from crm_app.pages.members.invite_state import InviteState
from crm_app.pages.members.ownership_state import OwnershipState
from crm_app.pages.members.state import MANAGE, MembersState
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.i18n import t


@app_page(
    routes.MEMBERS,
    title_key="members.title",
    permission=MANAGE,
    on_load=[MembersState.load, InviteState.load],
)
def page() -> rx.Component:
    """Who belongs to the organization, what they may do, and when they were last there."""
    return rx.fragment(
        q.page_header(t("members.title"), crumbs=[t("shell.nav.settings")]),
        rx.el.div(
            q.pane(
                MembersState.loading, MembersState.failed, MembersState.rows.length() == 0,
                skeleton=rx.el.div(q.skeleton_rows(5), class_name="pn"),
                error=q.error_state(MembersState.load),
                nothing=rx.fragment(),
                content=rx.fragment(offer_bar(), invite_bar(), member_list(pending_rows())),
            ),
            class_name="set-page scroll",
        ),
        member_dialogs(),
    )  # fmt: skip


@app_page(routes.OWNERSHIP, title_key="members.answer.title", permission=SIGNED_IN, on_load=OwnershipState.load)
def ownership() -> rx.Component:
    """An offer of ownership, and the two answers to it."""
    effect = rx.cond(
        OwnershipState.step_down,
        t("members.answer.step_down", name=OwnershipState.giver),
        t("members.answer.share", name=OwnershipState.giver),
    )
    offer = p.column(
        rx.el.span(p.icon("crown", 22), class_name="empty-i"),
        rx.el.h3(t("members.answer.question", name=OwnershipState.giver)),
        rx.el.p(effect, class_name="mut"),
        p.row(
            p.button(t("members.answer.decline"), size="m", kind="out", on_click=OwnershipState.decline),
            p.button(t("members.answer.accept"), size="m", kind="pri", on_click=OwnershipState.accept),
            class_name="empty-a",
        ),
        class_name="empty",
    )
    none = q.empty_state(t("members.answer.none"), t("members.answer.none_body"), icon_name="crown")
    return rx.fragment(
        q.page_header(t("members.answer.title")),
        rx.cond(OwnershipState.loading, q.skeleton_rows(2), rx.cond(OwnershipState.offer_id != "", offer, none)),
    )
