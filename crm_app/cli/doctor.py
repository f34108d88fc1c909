"""`prumo doctor`: looks at everything that the installation stands on."""

import asyncio
from typing import TYPE_CHECKING, Any

import typer

from crm_app.cli.frontend import is_built
from crm_app.cli.output import AsJson, Exit, complain, say, show
from crm_app.cli.standing import database
from crm_app.core.operator_errors import OperatorError

if TYPE_CHECKING:
    from crm_app.core.checks import Check


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(doctor)


def doctor(as_json: AsJson = False) -> None:
    """Check database, migrations, Redis, storage, clock, queue and front end. Exit code 1 when one is broken."""
    try:
        with database():
            found = [_in_words(check) for check in (*asyncio.run(_look()), _front_end())]
    except OperatorError as error:
        found = [{"name": "database", "ok": False, "detail": error.problem, "remedy": error.remedy}]
    broken = [one["name"] for one in found if not one["ok"]]
    if as_json:
        show({"ok": not broken, "broken": broken, "checks": found}, as_json=True)
    else:
        _tell(found)
    if broken:
        raise typer.Exit(complain(f"Broken: {', '.join(broken)}") if not as_json else Exit.FAILED)


async def _look() -> "list[Check]":
    from crm_app.config import get_settings
    from crm_app.core.checks import run_checks
    from jobs.process import foundations

    async with foundations(get_settings()):
        return await run_checks(get_settings())


def _front_end() -> "Check":
    from crm_app.core.checks import Check

    return Check("front end", True, key="checks.front.built" if is_built() else "checks.front.old")


def _in_words(check: "Check") -> dict[str, Any]:
    """Return what a check has found in the language of the command line, which is English."""
    from crm_app.core.i18n import translate

    remedy = translate(check.remedy_key, "en", **check.data) if check.remedy_key else ""
    detail = translate(check.key, "en", **check.data)
    return {"name": check.name, "ok": check.ok, "detail": detail, "remedy": remedy}


def _tell(found: list[dict[str, Any]]) -> None:
    for one in found:
        say(f"{'ok ' if one['ok'] else 'BAD'}  {one['name']:<11} {one['detail']}")
        if not one["ok"]:
            say(f"                 {one['remedy']}")
