"""The screens of contacts: the list, and one contact with its story."""

import reflex as rx

from crm_app.pages.base import app_page
from crm_app.pages.contacts import detail_components as one
from crm_app.pages.contacts import list_components as many
from crm_app.pages.contacts.detail_state import ContactState
from crm_app.pages.contacts.list_state import ContactsState
from crm_app.pages.routes import CONTACT, CONTACTS
from crm_app.ui import patterns as q


@app_page(CONTACTS, title_key="contacts.title", permission="contacts.read", on_load=ContactsState.load)
def contacts() -> rx.Component:
    """Everybody whom the organization knows."""
    content = q.pane(
        ContactsState.loading,
        ContactsState.failed,
        ContactsState.rows.length() == 0,
        skeleton=q.skeleton_rows(10),
        error=q.error_state(ContactsState.load),
        nothing=many.nothing(),
        content=many.table(),
    )
    return rx.fragment(
        many.header(),
        rx.el.div(
            many.boxes(),
            rx.el.section(many.toolbar(), content, class_name="c ct-pane"),
            class_name="ct",
        ),
        many.new_contact(),
    )


@app_page(CONTACT, title_key="contacts.title", permission="contacts.read", on_load=ContactState.load)
def contact() -> rx.Component:
    """One contact: data, timeline, deals and conversations."""
    content = q.pane(
        ContactState.loading,
        ContactState.failed,
        ContactState.missing,
        skeleton=one.skeleton(),
        error=q.error_state(ContactState.load),
        nothing=one.missing(),
        content=rx.el.div(one.data_pane(), one.timeline_pane(), one.side_pane(), class_name="cdt"),
    )
    return rx.fragment(one.header(), content)
