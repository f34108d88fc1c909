"""Parts of the list of contacts."""

import reflex as rx

from crm_app.pages.contacts.list_state import ContactsState
from crm_app.pages.session.state import allowed
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import money, number, phone, relative
from crm_app.ui.i18n import t


def header() -> rx.Component:
    """The title, the search and the way to add somebody."""
    return rx.el.header(
        rx.el.h1(t("contacts.title")),
        rx.el.span(number(ContactsState.counts["all"]), class_name="fnt num"),
        rx.el.div(
            p.search_input(
                label=t("contacts.search"),
                on_search=ContactsState.search,
                id="contacts-search",
                custom_attrs={"data-hotkey": "/"},
            ),
            class_name="ct-search ml",
        ),
        rx.cond(
            allowed("contacts.write"),
            p.button(
                rx.el.span(t("contacts.new"), class_name="ct-wide"),
                kind="pri",
                icon_name="plus",
                aria_label=t("contacts.new"),
                title=t("contacts.new") + " (N)",
                custom_attrs={"data-hotkey": "n"},
                on_click=ContactsState.show_form(True),
            ),
        ),
        class_name="hd ct-hd",
    )


def boxes() -> rx.Component:
    """All contacts, one's own, the archived ones."""
    return rx.el.nav(
        _box("all", "users", t("contacts.box.all")),
        _box("mine", "user-check", t("contacts.box.mine")),
        _box("archived", "archive", t("contacts.box.archived")),
        class_name="ct-boxes",
        aria_label=t("contacts.box.label"),
    )


def _box(name: str, icon_name: str, words: rx.Var[str]) -> rx.Component:
    chosen = ContactsState.box == name
    return rx.el.button(
        p.icon(icon_name),
        rx.el.span(words, class_name="f1"),
        rx.el.span(number(ContactsState.counts[name]), class_name="mi fnt num"),
        type="button",
        class_name=p.classes("ni", rx.cond(chosen, "on", "")),
        aria_pressed=chosen,
        on_click=ContactsState.choose_box(name),
    )


def toolbar() -> rx.Component:
    """What is shown and in which order."""
    options = [("name", t("contacts.order.name")), ("activity", t("contacts.order.activity"))]
    found = rx.cond(
        ContactsState.query != "",
        p.chip(t("contacts.found", count=ContactsState.found), class_name="num"),
    )
    title = rx.match(
        ContactsState.box,
        ("mine", t("contacts.box.mine")),
        ("archived", t("contacts.box.archived")),
        t("contacts.box.all"),
    )
    return rx.el.div(
        rx.el.b(title),
        found,
        rx.el.span(class_name="f1"),
        q.tabs(options, ContactsState.order, ContactsState.choose_order, label=t("contacts.order.label")),
        class_name="tbar",
    )


def table() -> rx.Component:
    """The rows, and the way to more of them."""
    head = [
        rx.el.th(t(f"contacts.column.{name}"), class_name=look)
        for name, look in (
            ("contact", "ct-c1"),
            ("company", "ct-c2"),
            ("stage", "ct-c3"),
            ("owner", "ct-c4"),
            ("activity", "ct-c5"),
            ("value", "ct-c6 rt"),
        )
    ]
    more = rx.cond(
        ContactsState.has_more,
        p.row(
            p.button(
                t("contacts.more"),
                kind="out",
                loading=ContactsState.loading_more,
                on_click=ContactsState.load_more,
            ),
            class_name="ct-more",
        ),
    )
    return rx.el.div(
        rx.el.table(
            rx.el.thead(rx.el.tr(*head)),
            rx.el.tbody(rx.foreach(ContactsState.rows, _row)),
            class_name="tb ct-tb num",
            aria_label=t("contacts.title"),
        ),
        more,
        class_name="scroll f1",
    )


def _row(contact: rx.Var) -> rx.Component:
    name = p.link(
        p.avatar(contact["name"], seed=contact["id"], size=24),
        rx.el.b(contact["name"], class_name="tr", custom_attrs={"dir": "auto"}),
        href="/contacts/" + contact["id"].to(str),
        class_name="r g2 ct-name",
    )
    below = rx.el.span(
        rx.cond(contact["company"] != "", contact["company"], phone(contact["phone"])),
        class_name="ct-below sm fnt tr",
    )
    stage = rx.cond(
        contact["stage"] != "",
        rx.el.span(p.dot(contact["stage_hue"], square=True), contact["stage"], class_name="r g6"),
        rx.el.span("–", class_name="fnt"),
    )
    owner = rx.cond(
        contact["owner"] != "",
        rx.el.span(
            p.avatar(contact["owner"], seed=contact["owner_id"], size=20),
            rx.el.span(contact["owner"].to(str).split(" ")[0], class_name="tr"),
            class_name="r g6",
        ),
        rx.el.span(t("contacts.no_owner"), class_name="fnt"),
    )
    value = rx.cond(
        contact["value_cents"].to(int) > 0, money(contact["value_cents"]), rx.el.span("–", class_name="fnt")
    )
    return rx.el.tr(
        rx.el.td(name, below, class_name="ct-c1"),
        rx.el.td(contact["company"], class_name="ct-c2 mut"),
        rx.el.td(stage, class_name="ct-c3"),
        rx.el.td(owner, class_name="ct-c4"),
        rx.el.td(relative(contact["last_activity_at"]), class_name="ct-c5 mut"),
        rx.el.td(value, class_name="ct-c6 rt"),
        key=contact["id"],
    )


def nothing() -> rx.Component:
    """What an empty list says: nothing found, nothing archived, or how contacts come to be."""
    add = rx.cond(
        allowed("contacts.write"),
        p.button(t("contacts.new"), kind="pri", icon_name="plus", on_click=ContactsState.show_form(True)),
    )
    first = q.empty_state(
        t("contacts.empty.title"),
        t("contacts.empty.body"),
        add,
        p.link(t("contacts.empty.connect"), href="/settings/channels", class_name="btn out"),
        icon_name="users",
    )
    return rx.cond(
        ContactsState.query != "",
        q.empty_state(
            t("contacts.empty.search_title", query=ContactsState.query),
            t("contacts.empty.search_body"),
            icon_name="search-x",
        ),
        rx.match(
            ContactsState.box,
            (
                "archived",
                q.empty_state(
                    t("contacts.empty.archived_title"), t("contacts.empty.archived_body"), icon_name="archive"
                ),
            ),
            (
                "mine",
                q.empty_state(
                    t("contacts.empty.mine_title"), t("contacts.empty.mine_body"), icon_name="user-check"
                ),
            ),
            first,
        ),
    )


def new_contact() -> rx.Component:
    """The form that adds a contact. Its fields keep what was typed: the browser holds them until it worked."""
    form = rx.el.form(
        _field("name", auto_focus=True, max_length=200, required=True, default_value=ContactsState.new_name),
        _field("phone", input_mode="tel", placeholder="(41) 99999-0101", max_length=40),
        rx.cond(
            ContactsState.taken_by != "",
            p.link(
                t("contacts.form.open_other"),
                href="/contacts/" + ContactsState.taken_by,
                class_name="btn xs acc ct-other",
            ),
        ),
        _field("email", input_mode="email", max_length=254),
        _field("company", max_length=200),
        _field("source", max_length=60, hint=t("contacts.form.source_hint")),
        id="new-contact",
        on_submit=ContactsState.create,
        no_validate=True,
    )
    buttons = rx.fragment(
        p.button(t("common.action.cancel"), size="m", on_click=ContactsState.show_form(False)),
        p.button(t("contacts.form.create"), kind="pri", size="m", type="submit", form="new-contact"),
    )
    return q.dialog(
        form,
        title=t("contacts.new"),
        description=t("contacts.form.about"),
        open=ContactsState.adding,
        on_open_change=ContactsState.show_form,
        footer=buttons,
    )


def _field(name: str, *, hint: rx.Var[str] | None = None, **props: object) -> rx.Component:
    error = ContactsState.errors.get(name, "")
    return p.field(
        t(f"contacts.field.{name}"), p.text_input(name=name, error=error, **props), hint=hint, error=error
    )
