"""The dialog about a plan: its fields, then what they change and for how many; and the end of a plan."""

from typing import Any

import reflex as rx

from crm_app.domains.plans.registry import LIMITS
from crm_app.domains.platform.plan_schemas import MOST
from crm_app.pages.platform.plan_draft import LAST_PLACE, OFFERED
from crm_app.pages.platform.plans import access_chip, always
from crm_app.pages.platform.plans_state import PlansState
from crm_app.pages.session.proof_dialog import alert
from crm_app.ui import patterns as q
from crm_app.ui import primitives as p
from crm_app.ui.format import number
from crm_app.ui.i18n import t

FORM = "plan"
ONE = PlansState.one
TYPED = PlansState.typed


def plan_dialogs() -> rx.Component:
    """All of them; at most one is open."""
    reviewing = PlansState.asking == "review"
    known = ONE["version"].to(int) > 0
    fields = rx.cond(known, t("platform.plans.edit", name=ONE["name"]), t("platform.plans.new"))
    looked_at = rx.cond(known, t("platform.plans.review_title"), t("platform.plans.review_new"))
    editor = q.dialog(
        rx.cond(reviewing, _review(), _form()),
        title=rx.cond(reviewing, looked_at, fields),
        open=(PlansState.asking == "form") | reviewing,
        on_open_change=PlansState.close,
        footer=rx.cond(reviewing, _review_footer(), _form_footer()),
        width=640,
    )
    return rx.fragment(editor, _retire())


def _form() -> rx.Component:
    fixed = rx.fragment(
        q.notice(t("platform.plans.fixed"), icon_name="lock"),
        rx.el.p(t("platform.plans.everything"), " · ", t("modules.unlimited"), class_name="mut"),
    )
    return rx.el.form(
        p.row(_name(), rx.cond(ONE["version"].to(int) > 0, _kept_key(), _key()), class_name="plp-two"),
        rx.cond(ONE["fixed"].to(bool), fixed, rx.fragment(_modules(), _limits())),
        p.row(_position(), _default(), class_name="plp-two"),
        alert(PlansState.problem),
        id=FORM,
        on_submit=PlansState.check,
        no_validate=True,
        class_name="c g4",
    )


def _name() -> rx.Component:
    wrong = PlansState.wrong.get("name", "")
    control = p.text_input(
        name="name", default_value=TYPED["name"].to(str), max_length=60, auto_complete="off", auto_focus=True,
        error=wrong, on_change=PlansState.suggest.debounce(250),
    )  # fmt: skip
    return p.field(t("platform.plans.name"), control, error=wrong)


def _key() -> rx.Component:
    wrong = PlansState.wrong.get("key", "")
    control = p.text_input(
        name="key", key=PlansState.suggested, default_value=TYPED["key"].to(str), max_length=40,
        auto_complete="off", auto_capitalize="none", spell_check=False, error=wrong,
        on_change=PlansState.own_key.debounce(250),
    )  # fmt: skip
    return p.field(t("platform.plans.key"), control, hint=t("platform.plans.key_hint"), error=wrong)


def _kept_key() -> rx.Component:
    return rx.el.div(
        rx.el.span(t("platform.plans.key"), class_name="lbl"), rx.el.code(ONE["key"].to(str), class_name="mut")
    )


def _modules() -> rx.Component:
    everything = p.checkbox(
        t("platform.plans.everything"), name="everything", default_checked=TYPED["everything"].to(bool),
        on_change=PlansState.choose_everything,
    )  # fmt: skip
    each = [
        p.checkbox(
            rx.el.span(t(f"modules.name.{module.key}"), " ", access_chip(module)),
            name=f"module_{module.key}",
            default_checked=TYPED["modules"].to(list[str]).contains(module.key),
        )
        for module in OFFERED
    ]
    return rx.el.fieldset(
        rx.el.legend(t("platform.plans.modules"), class_name="lbl"),
        rx.el.p(always(), class_name="mut sm"),
        everything,
        rx.el.fieldset(
            rx.el.legend(t("platform.plans.each"), class_name="vh"), *each, disabled=PlansState.everything,
            class_name="plp-each",
        ),
        class_name="plp-set",
    )  # fmt: skip


def _limits() -> rx.Component:
    typed = TYPED["limits"].to(dict[str, str])
    fields = [
        p.field(
            t(f"modules.limit.{name}"),
            _number(f"limit_{name}", typed[name], MOST),
            error=PlansState.wrong.get(f"limit_{name}", ""),
        )
        for name in LIMITS
    ]
    return rx.el.fieldset(
        rx.el.legend(t("platform.plans.limits"), class_name="lbl"),
        rx.el.p(t("platform.plans.limits_hint"), class_name="mut sm"),
        rx.el.div(*fields, class_name="plp-three"),
        class_name="plp-set",
    )


def _number(name: str, value: Any, most: int) -> rx.Component:
    return p.text_input(
        name=name, default_value=value, input_mode="numeric", max_length=len(str(most)), auto_complete="off",
        error=PlansState.wrong.get(name, ""),
    )  # fmt: skip


def _position() -> rx.Component:
    return p.field(
        t("platform.plans.position"),
        _number("position", TYPED["position"].to(str), LAST_PLACE),
        hint=t("platform.plans.position_hint"),
        error=PlansState.wrong.get("position", ""),
    )


def _default() -> rx.Component:
    already = ONE["is_default"].to(bool)
    return rx.el.div(
        p.checkbox(
            t("platform.plans.is_default"), name="is_default", default_checked=TYPED["is_default"].to(bool),
            disabled=already,
        ),
        rx.cond(already, rx.el.p(t("platform.plans.is_default_hint"), class_name="msg fnt"), rx.fragment()),
        class_name="plp-default",
    )  # fmt: skip


def _form_footer() -> rx.Component:
    retire = p.button(
        t("platform.plans.retire"), kind="danger-t", size="m", icon_name="trash-2", on_click=PlansState.ask_retire
    )
    return rx.fragment(
        rx.cond(ONE["retirable"].to(bool), retire, rx.fragment()),
        rx.el.span(class_name="f1"),
        _cancel(),
        p.button(t("platform.plans.review"), kind="pri", size="m", type="submit", form=FORM),
    )


def _cancel() -> rx.Component:
    return p.button(t("common.action.cancel"), size="m", on_click=PlansState.close(False))


def _review() -> rx.Component:
    held = ONE["organizations"].to(int)
    reach = rx.cond(held > 0, t("platform.plans.reach", count=held), t("platform.plans.reach_nobody"))
    less = q.notice(t("platform.plans.takes_away"), tone="wa", icon_name="triangle-alert")
    return rx.el.div(
        rx.el.ul(rx.foreach(PlansState.changes, _change), class_name="rol-diff plp-diff"),
        q.notice(reach, icon_name="building-2"),
        rx.cond(PlansState.takes_away & (held > 0), less, rx.fragment()),
        alert(PlansState.problem),
        class_name="c g3",
    )


def _change(one: Any) -> rx.Component:
    was = rx.fragment(
        rx.el.span(_value(one, one["before"], old=True), class_name="was", dir="auto"),
        p.icon("arrow-right", 14, class_name="fnt"),
    )
    new = (ONE["version"].to(int) == 0) & (one["kind"] != "is_default")
    return rx.el.li(
        rx.el.span(_subject(one), class_name="f1"),
        rx.cond(new, rx.fragment(), was),
        rx.el.span(_value(one, one["after"], old=False), class_name="now", dir="auto"),
    )


def _subject(one: Any) -> rx.Var:
    subject = one["subject"]
    modules = rx.match(subject, *[(module.key, t(f"modules.name.{module.key}")) for module in OFFERED], "")
    limits = rx.match(subject, *[(name, t(f"modules.limit.{name}")) for name in LIMITS], "")
    return rx.match(
        one["kind"],
        ("name", t("platform.plans.name")),
        ("everything", t("platform.plans.everything")),
        ("module", modules),
        ("limit", limits),
        ("position", t("platform.plans.position")),
        t("platform.plans.begins"),
    )


def _value(one: Any, value: Any, *, old: bool) -> rx.Var:
    """One side of a change, in words."""
    whom = [(name, t(f"modules.for.{name}")) for name in ("everybody", "chosen")]
    begins = PlansState.begins_before if old else TYPED["name"].to(str)
    held = rx.cond(value.to(bool), t("modules.for.everybody"), t("modules.for.nobody"))
    most = rx.cond(value.to(int) < 0, t("modules.unlimited"), number(value.to(int)))
    return rx.match(
        one["kind"],
        ("name", value.to(str)),
        ("everything", held),
        ("module", rx.match(value, *whom, t("modules.for.nobody"))),
        ("limit", most),
        ("position", number(value.to(int))),
        begins,
    )


def _review_footer() -> rx.Component:
    save = p.button(t("common.action.save"), kind="pri", size="m", on_click=PlansState.save)
    return rx.fragment(p.button(t("platform.plans.back"), size="m", on_click=PlansState.back), save)


def _retire() -> rx.Component:
    act = p.button(t("platform.plans.retire"), kind="dan", size="m", on_click=PlansState.retire)
    return q.dialog(
        alert(PlansState.problem),
        title=t("platform.plans.retire_title", name=ONE["name"]),
        description=t("platform.plans.retire_body"),
        open=PlansState.asking == "retire",
        on_open_change=PlansState.close,
        footer=rx.fragment(_cancel(), act),
    )
