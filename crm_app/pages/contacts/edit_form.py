"""The form in place of a contact's data. The browser holds what is typed until it was saved."""

import reflex as rx

from crm_app.pages.contacts.detail_state import ContactState
from crm_app.pages.session.owners import owner_options
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import phone
from crm_app.ui.i18n import t

C = ContactState.contact


def edit_form() -> rx.Component:
    """All fields, each with its message, and what to do when somebody else was first."""
    return rx.el.form(
        _conflict(),
        _field("name", C["name"], max_length=200),
        _field("job_title", C["job_title"], max_length=120),
        _field("company", C["company"], max_length=200),
        _field("phone", rx.cond(C["phone"] != "", phone(C["phone"]), ""), input_mode="tel", max_length=40),
        rx.cond(
            ContactState.taken_by != "",
            p.link(
                t("contacts.form.open_other"),
                href="/contacts/" + ContactState.taken_by,
                class_name="btn xs acc ct-other",
            ),
        ),
        _field("email", C["email"], input_mode="email", max_length=254),
        _field("source", C["source"], max_length=60),
        _field("tags", C["tags_text"], hint=t("contacts.form.tags_hint")),
        p.field(t("contacts.field.owner_id"), _owner()),
        p.field(
            t("contacts.field.notes"),
            p.text_area(name="notes", default_value=C["notes"].to(str), rows="4", max_length=10_000),
            error=ContactState.errors.get("notes", ""),
        ),
        p.row(
            p.button(t("common.action.cancel"), size="m", on_click=ContactState.edit(False)),
            p.button(t("common.action.save"), kind="pri", size="m", type="submit"),
            class_name="ct-foot",
        ),
        on_submit=ContactState.save,
        no_validate=True,
        class_name="sx ct-form",
    )


def _owner() -> rx.Component:
    owned_by = C["owner_id"].to(str)
    return p.select(
        *owner_options("contacts", ContactState.members, owned_by, t("contacts.no_owner")),
        name="owner_id",
        default_value=owned_by,
    )


def _field(name: str, value: rx.Var, *, hint: rx.Var | None = None, **props: object) -> rx.Component:
    error = ContactState.errors.get(name, "")
    control = p.text_input(name=name, default_value=value.to(str), error=error, **props)
    return p.field(t(f"contacts.field.{name}"), control, hint=hint, error=error)


def _conflict() -> rx.Component:
    theirs = rx.el.ul(
        rx.foreach(
            ContactState.conflict,
            lambda one: rx.cond(
                one["field"] != "",
                rx.el.li(
                    t(one["field"]),
                    ": ",
                    rx.cond(one["theirs"] != "", rx.el.b(one["theirs"]), rx.el.i(t("contacts.conflict.nothing"))),
                ),
            ),
        )
    )
    return rx.fragment(
        rx.cond(
            ContactState.conflict.length() > 0,
            q.notice(t("errors.contacts.changed"), theirs, tone="wa", icon_name="git-compare"),
        ),
        rx.cond(
            ContactState.changed_by_other,
            q.notice(t("contacts.conflict.meanwhile"), tone="nf", icon_name="users"),
        ),
    )
