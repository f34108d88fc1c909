"""Parts of the page of one contact."""

import reflex as rx

from crm_app.pages.contacts.detail_state import ContactState
from crm_app.pages.contacts.edit_form import edit_form
from crm_app.pages.routes import CONTACTS
from crm_app.pages.session.state import allowed
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import clock, day_heading, day_short, money, phone, relative
from crm_app.ui.i18n import t

C = ContactState.contact


def header() -> rx.Component:
    """Where one is, and what can be done with this contact."""
    menu = q.menu(
        p.icon_button("ellipsis", t("common.action.more")),
        q.menu_item(t("contacts.action.edit"), icon_name="pencil", on_select=ContactState.edit(True)),
        q.menu_line(),
        rx.cond(
            C["archived"],
            q.menu_item(t("contacts.action.restore"), icon_name="archive-restore", on_select=ContactState.restore),
            q.menu_item(t("contacts.action.archive"), icon_name="archive", on_select=ContactState.archive),
        ),
    )
    call = rx.cond(
        C["phone"] != "",
        rx.el.a(
            p.icon("phone"),
            rx.el.span(t("contacts.action.call"), class_name="ct-wide"),
            href="tel:" + C["phone"].to(str),
            class_name="btn out",
            aria_label=t("contacts.action.call"),
        ),
    )
    talk = rx.cond(
        ContactState.conversations.length() > 0,
        p.link(
            p.icon("message-square"),
            rx.el.span(t("contacts.action.talk"), class_name="ct-wide"),
            href="/inbox/" + ContactState.conversations[0]["id"].to(str),
            class_name="btn pri",
            aria_label=t("contacts.action.talk"),
        ),
    )
    known = rx.cond(
        ContactState.loading | ContactState.missing | ContactState.failed,
        rx.fragment(),
        p.row(rx.cond(allowed("contacts.write"), menu), call, talk, class_name="ml"),
    )
    return rx.el.header(
        p.link(t("contacts.title"), href=CONTACTS, class_name="fnt"),
        p.icon("chevron-right", 14, class_name="fnt"),
        rx.el.h1(C["name"], class_name="tr", custom_attrs={"dir": "auto"}),
        known,
        class_name="hd",
    )


def missing() -> rx.Component:
    """What is shown for an address without a contact."""
    return q.empty_state(
        t("contacts.missing.title"),
        t("contacts.missing.body"),
        p.link(t("contacts.missing.back"), href=CONTACTS, class_name="btn out"),
        icon_name="user-x",
    )


def skeleton() -> rx.Component:
    """The shape of the page while it loads."""
    side = p.column(
        p.skeleton("60px", 60, radius=30), p.skeleton("60%", 18), p.skeleton("40%"), gap="g3", class_name="ct-hero"
    )
    return rx.el.div(
        rx.el.aside(side, q.skeleton_rows(4)),
        rx.el.section(q.skeleton_rows(7)),
        rx.el.aside(q.skeleton_rows(3)),
        class_name="cdt",
    )


# --- data ------------------------------------------------------------------------------------------------


def data_pane() -> rx.Component:
    """Who it is, and everything that is known; or the form that changes it."""
    return rx.el.aside(_hero(), rx.cond(ContactState.editing, edit_form(), _data()), class_name="scroll")


def _hero() -> rx.Component:
    role = rx.cond(
        (C["job_title"] != "") & (C["company"] != ""),
        t("contacts.role_at", role=C["job_title"], company=C["company"]),
        rx.cond(C["job_title"] != "", C["job_title"], C["company"]),
    )
    return rx.el.div(
        p.avatar(
            C["name"],
            seed=C["id"],
            size=60,
            channel=rx.cond(C["on_whatsapp"], p.whatsapp_mark(14), rx.fragment()),
        ),
        rx.el.h2(C["name"], custom_attrs={"dir": "auto"}),
        rx.el.p(role, class_name="mut"),
        rx.cond(C["archived"], _archived()),
        class_name="ct-hero",
    )


def _archived() -> rx.Component:
    return p.row(
        p.chip(t("contacts.is_archived"), tone="wa", icon_name="archive"),
        rx.cond(
            allowed("contacts.write"),
            p.button(t("contacts.action.restore"), size="xs", kind="out", on_click=ContactState.restore),
        ),
        class_name="ct-gap",
    )


def _data() -> rx.Component:
    edit = rx.cond(
        allowed("contacts.write"),
        p.icon_button("pencil", t("contacts.action.edit"), size="xs", on_click=ContactState.edit(True)),
    )
    owner = rx.fragment(p.avatar(C["owner"], seed=C["owner_id"], size=20), rx.el.span(C["owner"], class_name="tr"))
    return rx.fragment(
        rx.el.section(
            p.row(rx.el.h3(t("contacts.section.data")), rx.el.span(class_name="f1"), edit, class_name="sx-h"),
            rx.el.dl(
                *_pair("phone", C["phone"] != "", rx.el.span(phone(C["phone"]), class_name="num")),
                *_pair("email", C["email"] != "", rx.el.span(C["email"], class_name="tr")),
                *_pair("company", C["company"] != "", rx.el.span(C["company"], class_name="tr")),
                *_pair("owner_id", C["owner"] != "", owner),
                *_pair("source", C["source"] != "", rx.el.span(C["source"], class_name="tr")),
                *_pair("tags", C["tags"].to(list[str]).length() > 0, _tags()),
                class_name="dl",
            ),
            class_name="sx",
        ),
        rx.cond(
            C["notes"] != "",
            rx.el.section(
                p.row(rx.el.h3(t("contacts.field.notes")), class_name="sx-h"),
                rx.el.p(C["notes"], class_name="ct-notes", custom_attrs={"dir": "auto"}),
                class_name="sx",
            ),
        ),
    )


def _pair(name: str, known: rx.Var, value: rx.Component) -> tuple[rx.Component, rx.Component]:
    empty = rx.el.span("–", class_name="fnt")
    return rx.el.dt(t(f"contacts.field.{name}")), rx.el.dd(rx.cond(known, value, empty))


def _tags() -> rx.Component:
    return rx.el.span(
        rx.foreach(C["tags"].to(list[str]), lambda tag: p.chip(tag, tone="ln")), class_name="r g1 wrap ct-tags"
    )


# --- timeline --------------------------------------------------------------------------------------------


def timeline_pane() -> rx.Component:
    """What happened, day by day, along the plumb line."""
    options = [
        ("all", t("contacts.group.all")),
        ("conversation", t("contacts.group.conversation")),
        ("note", t("contacts.group.note")),
        ("deal", t("contacts.group.deal")),
    ]
    lines = rx.cond(
        ContactState.lines.length() > 0,
        rx.el.ol(rx.foreach(ContactState.lines, _line), class_name="tlx"),
        q.empty_state(t("contacts.timeline_empty.title"), t("contacts.timeline_empty.body"), icon_name="history"),
    )
    more = rx.cond(
        ContactState.has_more,
        p.row(p.button(t("contacts.older"), kind="out", on_click=ContactState.load_more), class_name="ct-more"),
    )
    return rx.el.section(
        q.tabs(
            options, ContactState.group, ContactState.choose_group, look="flt", label=t("contacts.group.label")
        ),
        rx.cond(allowed("contacts.write"), _note_form()),
        lines,
        more,
        class_name="scroll",
        aria_label=t("contacts.section.timeline"),
    )


def _note_form() -> rx.Component:
    return rx.el.form(
        rx.el.textarea(
            name="text",
            rows="1",
            max_length=4000,
            placeholder=t("contacts.note.placeholder"),
            aria_label=t("contacts.note.placeholder"),
            key=ContactState.note_round,
        ),
        p.button(t("contacts.note.add"), size="xs", kind="soft", type="submit"),
        rx.cond(
            ContactState.note_error != "",
            rx.el.p(t(ContactState.note_error), class_name="msg da", role="alert"),
        ),
        on_submit=ContactState.add_note,
        class_name="ntc",
    )


def _line(line: rx.Var) -> rx.Component:
    link = rx.cond(
        line["href"] != "",
        p.link(
            p.icon("arrow-up-right", 14),
            href=line["href"].to(str),
            class_name="btn ico xs",
            aria_label=t("contacts.action.open"),
        ),
    )
    words = rx.el.p(
        rx.cond(line["who"] != "", rx.fragment(rx.el.b(line["who"]), " ")),
        rx.el.span(t(line["key"], line["data"]), class_name="mut", custom_attrs={"dir": "auto"}),
        rx.cond(line["value_cents"].to(int) > 0, rx.el.b(" ", money(line["value_cents"]), class_name="num")),
    )
    note = rx.cond(
        line["text"] != "", rx.el.div(line["text"], class_name="box note", custom_attrs={"dir": "auto"})
    )
    return rx.fragment(
        rx.cond(line["day"] != "", rx.el.li(day_heading(line["day"]), class_name="dy")),
        rx.el.li(
            rx.el.span(_line_icon(line["look"]), class_name="nd"),
            rx.el.div(words, note, class_name="what"),
            rx.el.span(link, clock(line["happened_at"]), class_name="tm num r"),
            class_name="it",
            key=line["id"],
        ),
    )


def _line_icon(look: rx.Var) -> rx.Component:
    icons = {
        "contact": "user-plus",
        "conversation": "message-square",
        "message": "message-square",
        "note": "sticky-note",
        "deal": "square-kanban",
        "deal.won": "trophy",
        "deal.lost": "circle-x",
        "deal.archived": "archive",
    }
    return rx.match(look, *[(name, p.icon(icon, 15)) for name, icon in icons.items()], p.icon("circle", 15))


# --- deals and conversations -----------------------------------------------------------------------------


def side_pane() -> rx.Component:
    """The deals and the conversations of this contact."""
    return rx.el.aside(
        rx.cond(allowed("conversations.read"), _conversations()),
        rx.cond(allowed("deals.read"), _deals()),
        class_name="scroll",
    )


def _deals() -> rx.Component:
    return rx.el.section(
        p.row(rx.el.h3(t("contacts.section.deals")), p.count(ContactState.deals.length()), class_name="sx-h"),
        rx.cond(
            ContactState.deals.length() > 0,
            rx.foreach(ContactState.deals, _deal),
            rx.el.p(t("contacts.no_deals"), class_name="mut sm"),
        ),
        class_name="sx",
    )


def _deal(deal: rx.Var) -> rx.Component:
    state = rx.match(
        deal["kind"],
        ("won", p.chip(deal["stage"], tone="ok", icon_name="check")),
        ("lost", p.chip(deal["stage"], icon_name="x")),
        rx.el.span(deal["stage"], class_name="tr"),
    )
    when = rx.cond(
        deal["closed_at"] != "",
        rx.el.span(relative(deal["closed_at"]), class_name="nw"),
        rx.cond(
            deal["closes_on"] != "",
            rx.el.span(t("contacts.closes", day=day_short(deal["closes_on"])), class_name="nw"),
        ),
    )
    return p.link(
        p.row(
            rx.el.b(deal["title"], class_name="tr f1", custom_attrs={"dir": "auto"}),
            rx.el.span(money(deal["value_cents"]), class_name="num mw"),
        ),
        p.row(state, when, class_name="jb sm fnt ct-gap"),
        href="/board?deal=" + deal["id"].to(str),
        class_name="dealc",
        key=deal["id"],
    )


def _conversations() -> rx.Component:
    return rx.el.section(
        p.row(
            rx.el.h3(t("contacts.section.conversations")),
            p.count(ContactState.conversations.length()),
            class_name="sx-h",
        ),
        rx.cond(
            ContactState.conversations.length() > 0,
            rx.foreach(ContactState.conversations, _conversation),
            rx.el.p(t("contacts.no_conversations"), class_name="mut sm"),
        ),
        class_name="sx",
    )


def _conversation(row: rx.Var) -> rx.Component:
    return p.link(
        p.row(
            rx.el.b(row["channel"], class_name="tr f1"),
            rx.cond(row["unread"].to(int) > 0, p.count(row["unread"], "ac")),
            rx.el.span(relative(row["at"]), class_name="mi fnt"),
        ),
        rx.el.p(row["preview"], class_name="sm mut tr", custom_attrs={"dir": "auto"}),
        href="/inbox/" + row["id"].to(str),
        class_name="dealc",
        key=row["id"],
    )
