"""The shared inbox: list, conversation, contact."""

import reflex as rx

from crm_app.pages.base import app_page
from crm_app.pages.inbox.browser import AddressFollower, Composer, Fleeting, Thread, Walk
from crm_app.pages.inbox.bubbles import message
from crm_app.pages.inbox.components import collision, dots, list_pane, thread_head, thread_notices
from crm_app.pages.inbox.contact_pane import contact_pane
from crm_app.pages.inbox.state_contact import ContactState
from crm_app.pages.inbox.state_list import InboxState
from crm_app.pages.inbox.state_thread import ThreadState
from crm_app.pages.routes import INBOX
from crm_app.pages.session.state import Session, allowed
from crm_app.ui import patterns as q
from crm_app.ui.i18n import t


def _typing() -> rx.Component:
    name = ThreadState.head["name"].split(" ")[0]
    words = rx.cond(
        ThreadState.customer_recording, t("inbox.thread.recording", name=name), t("inbox.thread.typing", name=name)
    )
    bubble = rx.el.div(rx.el.div(dots(), class_name="bub tp", aria_label=words, title=words), class_name="ms")
    return Fleeting.create(bubble, stamp=ThreadState.customer_typing, seconds=10)


def _messages() -> rx.Component:
    return Thread.create(
        rx.foreach(ThreadState.older, message),
        rx.foreach(ThreadState.messages, message),
        _typing(),
        conversation=ThreadState.open_id,
        older=ThreadState.older,
        messages=ThreadState.messages,
        confirmed=ThreadState.confirmed,
        has_older=ThreadState.has_older,
        unread=ThreadState.head["unread"],
        label=t("inbox.thread.label", name=ThreadState.head["name"]),
        on_older=ThreadState.load_older,
        on_seen=ThreadState.mark_seen,
        on_bottom=ThreadState.forget_older,
    )


def _composer() -> rx.Component:
    head = ThreadState.head
    writing = Composer.create(
        conversation=ThreadState.open_id,
        person=Session.user_id,
        members=InboxState.members,
        channel=head["channel"],
        can_send=head["can_send"],
        max_text=head["max_text"],
        max_bytes=head["max_bytes"],
        confirmed=ThreadState.confirmed,
        refused=ThreadState.refused,
        given_back=ThreadState.given_back,
        on_send=ThreadState.deliver,
        on_typing=ThreadState.tell_typing,
        on_reconnected=ThreadState.catch_up,
    )
    reading = rx.el.p(t("inbox.composer.read_only"), class_name="read-only")
    return rx.el.div(collision(), rx.cond(allowed("messages.send"), writing, reading), class_name="dock")


def _conversation() -> rx.Component:
    gone = q.empty_state(t("inbox.empty.gone_title"), t("inbox.empty.gone_body"), icon_name="search-x")
    none = q.empty_state(t("inbox.empty.none_title"), t("inbox.empty.none_body"), icon_name="messages-square")
    return rx.el.section(
        rx.cond(
            ThreadState.open_id != "",
            rx.fragment(thread_head(), thread_notices(), _messages(), _composer()),
            rx.el.div(rx.cond(ThreadState.missing, gone, none), class_name="inbox-none"),
        ),
        class_name="pane second",
        aria_label=t("inbox.thread.pane", name=ThreadState.head["name"]),
    )


def _look() -> rx.Var[str]:
    opened = rx.cond((ThreadState.open_id != "") | ThreadState.missing, "inbox open", "inbox")
    drawer = rx.cond(ContactState.shown, " side-on", "")
    return opened + drawer + rx.cond(ContactState.hidden | (ThreadState.open_id == ""), " side-off", "")


@app_page(
    INBOX + "/[[conversation]]",
    title_key="inbox.title",
    permission="conversations.read",
    on_load=[InboxState.load, ThreadState.open_from_address],
    rail=True,
)
def page() -> rx.Component:
    """Three panes; the right one is a drawer below 1440 px, and a phone shows one at a time."""
    scrim = rx.el.button(
        type="button", class_name="scrim-s", aria_label=t("inbox.side.hide"), on_click=ContactState.toggle
    )
    panes = rx.el.div(
        list_pane(),
        _conversation(),
        scrim,
        contact_pane(),
        Walk.create(list="#conversations"),
        AddressFollower.create(base=INBOX, current=ThreadState.open_id, on_open=ThreadState.open),
        class_name=_look(),
    )
    return rx.el.div(panes, class_name="inbox-box")
