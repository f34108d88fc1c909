"""Calls into our own JavaScript modules from components: the only bridge that `ui` and `pages` need.

Everything compiles to a plain call in the built bundle; nothing is evaluated from text in the browser.
"""

from typing import Any

import reflex as rx
from reflex_base.event import EventSpec
from reflex_base.utils.imports import ImportVar
from reflex_base.vars import VarData
from reflex_base.vars.base import LiteralVar, Var


def module(name: str) -> str:
    """Return the import path of the module `name` from `crm_app/ui/js`."""
    return f"$/utils/prumo/{name}.js"


def call(
    expression: str, *arguments: Any, result: type = str, data: VarData | None = None, **extra: Var
) -> Var[Any]:
    """Return a var that calls the JavaScript `expression` with `arguments`, each a Python value or a var."""
    values = [LiteralVar.create(argument) for argument in arguments]
    merged = VarData.merge(data, *(value._get_all_var_data() for value in (*values, *extra.values())))
    script = f"{expression}({', '.join(str(value) for value in (*values, *extra.values()))})"
    return Var(_js_expr=script, _var_type=result, _var_data=merged).guess_type()


def imported(module_name: str, *names: str) -> VarData:
    """Return the var data that imports `names` from one of our modules."""
    return VarData(imports={module(module_name): [ImportVar(tag=name, install=False) for name in names]})


def run(module_name: str, function: str, *arguments: Any) -> EventSpec:
    """Return an event that calls `function` of one of our modules in the browser, without the server."""
    invoked = call(function, *arguments, data=imported(module_name, function), result=object)
    return rx.run_script(invoked)
