"""Numbers, money and dates, written in the browser for the chosen language and the organization's time zone.

State vars carry integers (cents, seconds, bytes) and ISO 8601 strings with their offset, never formatted text.
"""

from typing import Any

from reflex_base.utils.imports import ImportVar
from reflex_base.vars import VarData
from reflex_base.vars.base import Var

from crm_app.ui.client import call, imported, module
from crm_app.ui.i18n import LOCALE

NOW = VarData(
    imports={module("locale"): [ImportVar(tag="useNow", install=False)]},
    hooks={"const prumoNow = useNow();": None},
)


def _write(method: str, *arguments: Any, data: VarData = LOCALE, **extra: Var[Any]) -> Var[str]:
    return call(f"prumo.{method}", *arguments, data=data, **extra)


def money(cents: Any, *, exact: bool = False, currency: Any = "BRL") -> Var[str]:
    """Write an amount in cents: `R$ 18.400`. With `exact`, cents are always shown."""
    return _write("money", cents, exact, currency)


def money_compact(cents: Any, *, currency: Any = "BRL") -> Var[str]:
    """Write an amount in cents for a tile or an axis: `R$ 18,4 mil`."""
    return _write("moneyCompact", cents, currency)


def number(value: Any, *, digits: int = 0) -> Var[str]:
    """Write a number with at most `digits` decimals: `1.234`."""
    return _write("number", value, digits)


def compact(value: Any) -> Var[str]:
    """Write a large number briefly: `12,4 mil`."""
    return _write("compact", value)


def percent(fraction: Any, *, digits: int = 1) -> Var[str]:
    """Write a fraction (0.104) as `10,4%`."""
    return _write("percent", fraction, digits)


def day(iso: Any) -> Var[str]:
    """Write the day: `17 de julho`, with the year when it is not this one."""
    return _write("day", iso)


def day_short(iso: Any) -> Var[str]:
    """Write the day briefly: `17 de jul`."""
    return _write("dayShort", iso)


def day_heading(iso: Any) -> Var[str]:
    """Write the day for a separator: `Hoje`, `Ontem`, `quinta-feira`, `17 de julho`."""
    return _write("dayHeading", iso)


def clock(iso: Any) -> Var[str]:
    """Write the time of day: `14:00`."""
    return _write("clock", iso)


def date_time(iso: Any) -> Var[str]:
    """Write day and time: `17 de julho, 14:00`."""
    return _write("dateTime", iso)


def stamp(iso: Any) -> Var[str]:
    """Write a moment for the corner of a list row: `14:02`, `Ontem`, `seg`, `17/07`."""
    return _write("stamp", iso)


def relative(iso: Any) -> Var[str]:
    """Write how far away a moment is, and keep it moving: `há 6 min`, `em 2 dias`."""
    moving = Var(_js_expr="prumoNow", _var_type=int, _var_data=NOW)
    return _write("relative", iso, now=moving)


def duration(seconds: Any) -> Var[str]:
    """Write a length of time given in seconds: `2 h 10 min`."""
    return _write("duration", seconds)


def file_size(size: Any) -> Var[str]:
    """Write a number of bytes: `812 KB`."""
    return _write("bytes", size)


def phone(e164: Any) -> Var[str]:
    """Write a Brazilian number in E.164 as `(41) 99999-0101`, any other as it is."""
    return call("phone", e164, data=imported("locale", "phone"))


def initials(name: Any) -> Var[str]:
    """Return the letters for a person's avatar."""
    return call("initials", name, data=imported("locale", "initials"))


def hue(seed: Any) -> Var[int]:
    """Return the colour angle that always belongs to the same id or name."""
    return call("hue", seed, data=imported("locale", "hue"), result=int)
