"""Words of the interface. `t("inbox.empty.title")` is a var that follows the language at run time."""

from typing import Any

from reflex_base.event import EventSpec
from reflex_base.utils.imports import ImportVar
from reflex_base.vars import VarData
from reflex_base.vars.base import LiteralVar, Var

from crm_app.ui.client import module, run

LOCALE = VarData(
    imports={module("locale"): [ImportVar(tag="useLocale", install=False)]},
    hooks={"const prumo = useLocale();": None},
)


def t(key: str | Var[str], values: Var[Any] | None = None, /, **named: Any) -> Var[str]:
    """Return the sentence under `key` in the language chosen in the browser.

    `key` may be a var, for a key that the server names (an error, a status). Placeholders come from
    `named`, or from `values`, a var that holds an object. A `count` among them chooses the plural form.
    """
    key_var = LiteralVar.create(key)
    inputs = values if values is not None else LiteralVar.create(named) if named else None
    arguments = [key_var] if inputs is None else [key_var, inputs]
    data = VarData.merge(LOCALE, *(argument._get_all_var_data() for argument in arguments))
    script = f"prumo.t({', '.join(str(argument) for argument in arguments)})"
    return Var(_js_expr=script, _var_type=str, _var_data=data).guess_type()


def language() -> Var[str]:
    """Return the code of the language in use: `pt-BR` or `en`."""
    return Var(_js_expr="prumo.language", _var_type=str, _var_data=LOCALE).guess_type()


def choose_language(code: str) -> EventSpec:
    """Return the event that switches the language in the browser, at once and without a reload."""
    return run("locale", "chooseLanguage", code)
