"""`prumo doctor`: looks at everything that the installation stands on."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

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
    from crm_app.core.checks import Check

    try:
        with database():
            checks = [*asyncio.run(_look()), _front_end()]
    except OperatorError as error:
        checks = [Check("database", False, error.problem, error.remedy)]
    broken = [check.name for check in checks if not check.ok]
    if as_json:
        show({"ok": not broken, "broken": broken, "checks": [asdict(check) for check in checks]}, as_json=True)
    else:
        _tell(checks)
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

    return Check("front end", True, "built" if is_built() else "not built from these sources: 'prumo run' will")


def _tell(checks: "list[Check]") -> None:
    for check in checks:
        say(f"{'ok ' if check.ok else 'BAD'}  {check.name:<11} {check.detail}")
        if not check.ok:
            say(f"                 {check.remedy}")
