"""The list of conversations and the head of an open one: pure functions from vars to components."""

from typing import Any

import reflex as rx
from reflex_base.vars import VarData
from reflex_base.vars.base import Var

from crm_app.pages import routes
from crm_app.pages.inbox.assign_menu import assign_menu, small_face
from crm_app.pages.inbox.browser import Fleeting, ListEnd, RowLink
from crm_app.pages.inbox.rows import HitRow, ListRow
from crm_app.pages.inbox.state_contact import ContactState
from crm_app.pages.inbox.state_list import InboxState
from crm_app.pages.inbox.state_thread import ThreadState
from crm_app.pages.session.state import allowed
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import NOW, clock, day_heading, phone, relative, stamp
from crm_app.ui.i18n import t

HURRY_MINUTES = 15
LATE_MINUTES = 60
_KIND_ICONS = (
    ("image", "image"),
    ("audio", "mic"),
    ("video", "video"),
    ("document", "file-text"),
    ("location", "map-pin"),
)


def kind_mark(kind: Any, size: int = 13) -> rx.Component:
    """The icon of a message that is more than text."""
    return rx.match(kind, *((name, p.icon(symbol, size)) for name, symbol in _KIND_ICONS), rx.fragment())


def kind_word(kind: Any) -> Var[str]:
    """The word for a message without text: Foto, Áudio…"""
    return t("inbox.kind." + kind)


def minutes_since(moment: Any) -> Var[int]:
    """Minutes since an ISO moment; moves on by itself."""
    script = f"Math.floor((prumoNow - Date.parse({moment!s})) / 60000)"
    data = VarData.merge(NOW, moment._get_all_var_data())
    return Var(_js_expr=script, _var_type=int, _var_data=data).guess_type()


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


def _preview(row: ListRow) -> rx.Component:
    who = rx.match(
        row["direction"],
        ("out", rx.el.span(t("inbox.list.team"), " ", class_name="fnt")),
        ("note", rx.el.span(t("inbox.list.note"), " ", class_name="fnt")),
        rx.fragment(),
    )
    words = rx.cond(row["preview"] != "", row["preview"], kind_word(row["kind"]))
    return rx.el.span(who, words, class_name="tr f1", dir="auto")


def _waiting(row: ListRow) -> rx.Component:
    minutes = minutes_since(row["waiting_since"])
    tone = rx.cond(minutes >= LATE_MINUTES, "sl num da", rx.cond(minutes >= HURRY_MINUTES, "sl num wa", "sl num"))
    return rx.el.span(
        p.icon("timer", 12),
        t("inbox.list.waiting", since=relative(row["waiting_since"])),
        class_name=tone,
        title=t("inbox.list.waiting_title"),
    )


def conversation_row(row: ListRow) -> rx.Component:
    """A line of the list: who, when, what was said last, who cares for it."""
    unread = p.count(row["unread"], "ac", aria_label=t("inbox.list.unread_count", count=row["unread"]))
    first = rx.el.div(
        rx.el.span(row["name"], class_name="tr name"),
        rx.el.span(stamp(row["at"]), class_name="when"),
        class_name="a",
    )
    second = rx.el.div(
        kind_mark(row["kind"]), _preview(row), rx.cond(row["unread"] > 0, unread, rx.fragment()), class_name="b"
    )
    third = rx.el.div(
        rx.el.span(rx.cond(row["company"] != "", row["company"], phone(row["phone"])), class_name="tr num"),
        rx.el.span(class_name="ml"),
        rx.cond(row["waiting_since"] != "", _waiting(row), rx.fragment()),
        rx.cond(
            row["assignee_id"] != "",
            small_face(row["assignee_name"], row["assignee_id"]),
            rx.fragment(),
        ),
        class_name="d",
    )
    return RowLink.create(
        p.avatar(row["name"], seed=row["contact_id"], size=36, channel=p.whatsapp_mark(14)),
        rx.el.div(first, second, third, class_name="c"),
        conversation=row["id"],
        current=ThreadState.open_id,
        href=Var.create(routes.INBOX + "/") + row["id"],
        look=rx.cond(row["unread"] > 0, "cv new", "cv"),
        on_open=ThreadState.open,
        key=row["id"],
    )


def _hit(hit: HitRow) -> rx.Component:
    return RowLink.create(
        p.avatar(hit["name"], size=36),
        rx.el.div(
            rx.el.div(
                rx.el.span(hit["name"], class_name="tr name"),
                rx.el.span(stamp(hit["at"]), class_name="when"),
                class_name="a",
            ),
            rx.el.div(rx.el.span(hit["excerpt"], class_name="tr f1", dir="auto"), class_name="b"),
            class_name="c",
        ),
        conversation=hit["conversation_id"],
        current="",
        href=Var.create(routes.INBOX + "/") + hit["conversation_id"],
        look="cv",
        on_open=ThreadState.open,
        key=hit["id"],
    )


def _tabs() -> rx.Component:
    def words(key: str, count: Any) -> rx.Component:
        return rx.fragment(t(f"inbox.list.{key}"), rx.el.span(count, class_name="num"))

    options = [
        ("mine", words("mine", InboxState.counts["mine"])),
        ("queue", words("queue", InboxState.counts["queue"])),
        ("all", words("all", InboxState.counts["all"])),
    ]
    return q.tabs(options, InboxState.box, InboxState.choose_box, label=t("inbox.list.boxes"))


def _filter(words: Any, pressed: Any, on_click: Any) -> rx.Component:
    return rx.el.button(words, type="button", class_name="chip ln", aria_pressed=pressed, on_click=on_click)


def _empty() -> rx.Component:
    def state(name: str, icon_name: str, *actions: Any) -> rx.Component:
        return q.empty_state(
            t(f"inbox.empty.{name}_title"), t(f"inbox.empty.{name}_body"), *actions, icon_name=icon_name
        )

    searched = q.empty_state(
        t("inbox.empty.search_title", query=InboxState.search),
        t("inbox.empty.search_body"),
        p.button(t("inbox.empty.clear"), kind="out", on_click=InboxState.find("")),
        icon_name="search",
    )
    connect = p.link(t("inbox.empty.connect"), href=routes.CHANNELS, class_name="btn pri")
    first = state("first", "messages-square", rx.cond(allowed("channels.manage"), connect, rx.fragment()))
    queue = state(
        "queue", "circle-check", p.link(t("inbox.empty.see_board"), href=routes.BOARD, class_name="btn out")
    )
    mine = state(
        "mine", "inbox", p.button(t("inbox.empty.see_queue"), kind="out", on_click=InboxState.choose_box("queue"))
    )
    return rx.cond(
        InboxState.search != "",
        searched,
        rx.cond(
            InboxState.resolved,
            state("resolved", "archive"),
            rx.cond(
                InboxState.unread_only,
                state("unread", "check-check"),
                rx.match(
                    InboxState.box,
                    ("mine", mine),
                    ("queue", rx.cond(InboxState.counts["all"] > 0, queue, first)),
                    first,
                ),
            ),
        ),
    )


def _rows() -> rx.Component:
    heading = rx.el.div(t("inbox.list.messages_found"), class_name="mlabel")
    return rx.el.div(
        rx.foreach(InboxState.rows, conversation_row),
        rx.foreach(InboxState.more_rows, conversation_row),
        rx.cond(
            InboxState.hits.length() > 0, rx.fragment(heading, rx.foreach(InboxState.hits, _hit)), rx.fragment()
        ),
        ListEnd.create(
            t("inbox.list.more"),
            more=InboxState.has_more,
            mark=InboxState.windows,
            on_reach=InboxState.load_more,
        ),
        class_name="rows",
        id="conversations",
    )


def list_pane() -> rx.Component:
    """The left pane: tabs, filters, search and the rows."""
    nothing = (InboxState.rows.length() == 0) & (InboxState.hits.length() == 0)
    return rx.el.section(
        rx.el.header(rx.el.h1(t("inbox.title")), class_name="hd"),
        rx.el.div(
            _tabs(),
            p.row(
                p.search_input(
                    label=t("inbox.list.search"),
                    on_search=InboxState.find,
                    id="inbox-search",
                    custom_attrs={"data-hotkey": "/"},
                ),
                gap="",
            ),
            rx.el.div(
                _filter(t("inbox.list.unread"), InboxState.unread_only, InboxState.toggle_unread),
                _filter(t("inbox.list.resolved"), InboxState.resolved, InboxState.toggle_resolved),
                class_name="q-f",
                role="group",
                aria_label=t("inbox.list.filters"),
            ),
            class_name="q",
        ),
        q.pane(
            InboxState.loading,
            InboxState.failed,
            nothing,
            skeleton=rx.el.div(q.skeleton_rows(6), class_name="rows"),
            error=q.error_state(InboxState.load),
            nothing=_empty(),
            content=_rows(),
        ),
        class_name="pane first",
        aria_label=t("inbox.list.label"),
    )


# ── the head of a conversation ───────────────────────────────────────────────────────────────────


def _resolve_button() -> rx.Component:
    head = ThreadState.head

    def act(key: str, icon_name: str, event: Any) -> rx.Component:
        return p.button(
            rx.el.span(t(f"inbox.action.{key}"), class_name="lbl-w"),
            kind="out",
            icon_name=icon_name,
            on_click=event,
            aria_label=t(f"inbox.action.{key}"),
            title=t(f"inbox.action.{key}") + " (E)",
            custom_attrs={"data-hotkey": "e"},
        )

    return rx.cond(
        head["status"] == "resolved",
        act("reopen", "rotate-ccw", ThreadState.reopen(head["id"])),
        act("resolve", "check", ThreadState.resolve(head["id"])),
    )


def _more_menu() -> rx.Component:
    return q.menu(
        p.icon_button("ellipsis", t("inbox.action.more")),
        q.menu_item(t("inbox.action.mark_unread"), icon_name="mail", on_select=ThreadState.mark_unread),
        q.menu_item(t("inbox.action.contact"), icon_name="panel-right", on_select=ContactState.toggle),
    )


def thread_head() -> rx.Component:
    """Who one talks to, over which number, and what can be done with the conversation."""
    head = ThreadState.head
    company = rx.cond(head["company"] != "", head["company"] + " · ", "")
    back = RowLink.create(
        p.icon("chevron-left", 22),
        conversation="",
        current=head["id"],
        href=routes.INBOX,
        look="btn ico back",
        label=t("inbox.action.back"),
        on_open=ThreadState.open,
    )
    actions = p.row(assign_menu(), _resolve_button(), _more_menu(), gap="g1")
    return rx.el.header(
        back,
        p.avatar(head["name"], seed=head["contact_id"], size=34, channel=p.whatsapp_mark(14)),
        rx.el.div(
            rx.el.b(head["name"], class_name="tr"),
            rx.el.span(
                company, t("inbox.thread.via", channel=head["channel"]), " · ", phone(head["phone"]),
                class_name="sm fnt tr num",
            ),
            class_name="who",
        ),
        rx.cond(allowed("messages.send"), actions, rx.fragment()),
        p.icon_button(
            "panel-right", t("inbox.action.contact"), on_click=ContactState.toggle, class_name="wide",
            custom_attrs={"data-hotkey": "]"},
        ),
        class_name="ch",
    )  # fmt: skip


def thread_notices() -> rx.Component:
    """What stands in the way of an answer: the vendor's window, or a number that is offline."""
    head = ThreadState.head
    moment = day_heading(head["window_until"]) + ", " + clock(head["window_until"])
    open_window = rx.el.div(
        p.icon("clock", 15),
        rx.el.span(
            rx.el.b(t("inbox.window.open")), " ", t("inbox.window.open_until", moment=moment), class_name="tr"
        ),
        class_name="win-b",
    )
    closed = rx.el.div(
        p.icon("lock", 15),
        rx.el.span(rx.el.b(t("inbox.window.closed")), " ", t("inbox.window.closed_hint")),
        class_name="win-b wa",
        role="status",
    )
    down = rx.el.div(
        p.icon("wifi-off", 15),
        rx.el.span(rx.el.b(t("inbox.channel.down", channel=head["channel"])), " ", t("inbox.channel.down_hint")),
        class_name="win-b wa",
        role="status",
    )
    return rx.fragment(
        rx.cond(head["window_until"] != "", open_window, rx.fragment()),
        rx.cond(~head["window_open"], closed, rx.fragment()),
        rx.cond(head["channel_down"], down, rx.fragment()),
    )


def collision() -> rx.Component:
    """A colleague is answering the same customer."""
    return Fleeting.create(
        rx.el.div(
            p.avatar(ThreadState.colleague, size=18),
            rx.el.b(
                t("inbox.thread.answering", name=ThreadState.colleague.split(" ")[0]), " ", dots(), class_name="tr"
            ),
            rx.el.span(t("inbox.thread.answering_hint"), class_name="fnt tr"),
            class_name="coll",
            role="status",
        ),
        stamp=ThreadState.colleague_typing,
        seconds=8,
    )


def dots() -> rx.Component:
    """Three dots that move."""
    return rx.el.span(rx.el.i(), rx.el.i(), rx.el.i(), class_name="dots", aria_hidden="true")
