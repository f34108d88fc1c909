"""The parts of the audit trail's screen: filters, list, and the drawer of one entry."""

from typing import Any

import reflex as rx

from crm_app.pages.audit.state import AuditState
from crm_app.pages.session.toasts import notify
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.client import run
from crm_app.ui.format import date_time, money
from crm_app.ui.i18n import t


def export_link() -> rx.Component:
    """The way to take the list along, with its filters."""
    return rx.el.a(
        p.icon("download", 16), rx.el.span(t("audit.export"), class_name="aud-wide"),
        href=AuditState.export_url, download=True, class_name="btn out", aria_label=t("audit.export"),
    )  # fmt: skip


def filters() -> rx.Component:
    """Person, action, kind of thing, days and id."""
    person = rx.foreach(AuditState.people, lambda one: rx.el.option(one["name"], value=one["id"]))
    action = rx.foreach(AuditState.actions, lambda one: rx.el.option(_verb(one), value=one["id"]))
    kind = rx.foreach(AuditState.kinds, lambda one: rx.el.option(t(one["key"].to(str)), value=one["id"]))
    return rx.el.div(
        _select("person", t("audit.filter.person"), t("audit.filter.anybody"), AuditState.person, person),
        _select("action", t("audit.filter.action"), t("audit.filter.any_action"), AuditState.action, action),
        _select("kind", t("audit.filter.kind"), t("audit.filter.any_kind"), AuditState.kind, kind),
        _day("since", t("audit.filter.since"), AuditState.since),
        _day("until", t("audit.filter.until"), AuditState.until),
        _search(),
        rx.cond(
            AuditState.filtered,
            p.button(t("audit.clear"), icon_name="x", on_click=AuditState.clear),
            rx.fragment(),
        ),
        role="search", aria_label=t("audit.filter.label"), class_name="aud-filters",
    )  # fmt: skip


def _verb(one: Any) -> rx.Var[str]:
    return t(one["key"].to(str), who="", thing="", action=one["id"])


def _select(name: str, label: Any, anything: Any, value: Any, options: Any) -> rx.Component:
    control = p.select(
        rx.el.option(anything, value=""), options, size="s", value=value, on_change=AuditState.narrow(name),
        id=f"audit-{name}",
    )  # fmt: skip
    return _labelled(label, control)


def _day(name: str, label: Any, value: Any) -> rx.Component:
    control = p.text_input(
        type="date", size="s", value=value, on_change=AuditState.narrow(name), id=f"audit-{name}",
        min="2020-01-01", max="2999-12-31",
    )  # fmt: skip
    return _labelled(label, control)


def _labelled(label: Any, control: rx.Component) -> rx.Component:
    return rx.el.label(rx.el.span(label, class_name="mi fnt"), control, class_name="aud-filter")


def _search() -> rx.Component:
    control = p.input_box(
        p.icon("search", 15),
        rx.el.input(
            type="search", value=AuditState.query, on_change=AuditState.narrow("query").debounce(250),
            id="audit-query", placeholder="0197…", spell_check=False,
        ),
        size="s", error=AuditState.problem != "",
    )  # fmt: skip
    return _labelled(t("audit.filter.search"), control)


def entries() -> rx.Component:
    """The list, newest first, and the way to more of it."""
    more = rx.cond(
        AuditState.has_more,
        p.row(
            p.button(t("audit.more"), kind="out", loading=AuditState.loading_more, on_click=AuditState.load_more),
            class_name="aud-more",
        ),
        rx.fragment(),
    )
    return rx.fragment(
        rx.el.ul(rx.foreach(AuditState.rows, _entry), class_name="pn aud-list", aria_label=t("audit.title")), more
    )


def _who(one: Any) -> rx.Var[str]:
    return rx.cond(one["who"] != "", one["who"].to(str), t("audit.system"))


def _sentence(one: Any) -> rx.Var[str]:
    return t(one["key"].to(str), who=_who(one), thing=one["thing"], action=one["action"])


def _entry(one: Any) -> rx.Component:
    face = rx.cond(
        one["who_id"] != "",
        p.avatar(one["who"], seed=one["who_id"], size=28),
        rx.el.span(p.icon("cpu", 16), class_name="aud-sys", aria_hidden="true"),
    )
    behalf = rx.cond(
        one["behalf"] != "",
        p.chip(t("audit.entry.on_behalf_of"), " ", one["behalf"].to(str), tone="wa"),
        rx.fragment(),
    )
    return rx.el.li(
        rx.el.button(
            face,
            rx.el.span(_sentence(one), behalf, class_name="aud-words", dir="auto"),
            rx.el.span(one["ip"].to(str), class_name="fnt sm tr num aud-ip"),
            rx.el.span(date_time(one["at"]), class_name="fnt sm nw num aud-when"),
            type="button", class_name="aud-row", on_click=AuditState.open_entry(one["id"].to(str)),
        )
    )  # fmt: skip


def nothing() -> rx.Component:
    """An empty trail, or filters that find nothing, or a search that is no id."""
    wrong = q.empty_state(
        t("audit.empty.filtered_title"), t(AuditState.problem),
        p.button(t("audit.clear"), kind="out", on_click=AuditState.clear), icon_name="search-x",
    )  # fmt: skip
    none = q.empty_state(
        t("audit.empty.filtered_title"), t("audit.empty.filtered_body"),
        p.button(t("audit.clear"), kind="out", on_click=AuditState.clear), icon_name="search-x",
    )  # fmt: skip
    first = q.empty_state(t("audit.empty.title"), t("audit.empty.body"), icon_name="scroll-text")
    return rx.cond(AuditState.problem != "", wrong, rx.cond(AuditState.filtered, none, first))


def drawer() -> rx.Component:
    """One entry: the sentence, what changed, and the proof."""
    one = AuditState.opened
    changed = rx.cond(
        AuditState.changes.length() > 0,
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    *[rx.el.th(t(f"audit.entry.{name}"), scope="col") for name in ("field", "before", "after")]
                )
            ),
            rx.el.tbody(rx.foreach(AuditState.changes, _change)),
            class_name="aud-diff",
        ),
        rx.el.p(t("audit.entry.nothing"), class_name="mut"),
    )
    return q.drawer(
        p.column(
            rx.el.p(_sentence(one), class_name="aud-said", dir="auto"),
            _facts(one),
            rx.el.h3(t("audit.entry.changes"), class_name="lbl"),
            changed,
            rx.el.h3(t("audit.entry.proof"), class_name="lbl"),
            _proof(one),
            gap="g3",
        ),
        title=t("audit.entry.title"),
        open=AuditState.showing,
        on_open_change=AuditState.close,
        width=560,
    )


def _facts(one: Any) -> rx.Component:
    behalf = rx.cond(
        one["behalf"] != "", _fact(t("audit.entry.on_behalf_of"), one["behalf"].to(str)), rx.fragment()
    )
    where = rx.cond(one["ip"] != "", one["ip"].to(str), t("audit.entry.nowhere"))
    thing = rx.el.span(t(one["kind_key"].to(str)), " ", rx.el.code(one["entity_id"].to(str)))
    return rx.el.dl(
        _fact(t("audit.entry.who"), _who(one)),
        behalf,
        _fact(t("audit.entry.when"), date_time(one["at"])),
        _fact(t("audit.entry.where"), where),
        _fact(t("audit.entry.thing"), thing, copy=one["entity_id"].to(str)),
        class_name="aud-facts",
    )


def _proof(one: Any) -> rx.Component:
    return rx.el.dl(
        _fact(t("audit.entry.number"), one["sequence"].to_string()),
        _fact(t("audit.entry.id"), rx.el.code(one["id"].to(str)), copy=one["id"].to(str)),
        _fact(t("audit.entry.hash"), rx.el.code(one["hash"].to(str)), copy=one["hash"].to(str)),
        _fact(t("audit.entry.trace"), rx.el.code(one["trace_id"].to(str)), copy=one["trace_id"].to(str)),
        class_name="aud-facts",
    )


def _fact(name: Any, value: Any, *, copy: Any = None) -> rx.Component:
    button = rx.fragment()
    if copy is not None:
        events = [run("clipboard", "copyText", copy), notify("audit.entry.copied")]
        button = rx.cond(
            copy != "", p.icon_button("copy", t("audit.entry.copy"), size="xs", on_click=events), rx.fragment()
        )
    return rx.el.div(rx.el.dt(name), rx.el.dd(rx.el.span(value, class_name="aud-val"), button))


def _change(one: Any) -> rx.Component:
    field = rx.cond(one["field_key"] != "", t(one["field_key"].to(str)), one["field"].to(str))
    return rx.el.tr(
        rx.el.th(field, scope="row"),
        rx.el.td(_value(one["before"]), class_name="aud-old"),
        rx.el.td(_value(one["after"]), class_name="aud-new"),
    )


def _value(value: Any) -> rx.Component:
    known = value.to(dict[str, str])
    return rx.match(
        known["kind"],
        ("none", rx.el.span(t("audit.entry.none"), class_name="fnt")),
        ("yes", rx.el.span(t("audit.entry.yes"))),
        ("no", rx.el.span(t("audit.entry.no"))),
        ("money", rx.el.span(money(known["text"], exact=True), class_name="num")),
        ("moment", rx.el.span(date_time(known["text"]), class_name="num")),
        rx.el.span(known["text"], dir="auto", class_name="aud-val"),
    )
