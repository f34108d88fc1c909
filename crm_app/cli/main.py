"""Puts the commands together and turns every expected failure into two sentences and an exit code."""

import sys
from collections.abc import Callable

import typer
from pydantic import ValidationError

from crm_app.cli import accounts, audit, data, doctor, platform_admin, processes, run
from crm_app.cli.output import Exit, complain
from crm_app.core.errors import CrmError
from crm_app.core.operator_errors import OperatorError

app = typer.Typer(
    name="prumo",
    help="Prumo, a WhatsApp-first sales CRM. 'prumo run' starts everything; the rest is for operators.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 could not, 2 wrong usage, 3 input refused.",
)

for module in (run, processes, data, accounts, audit, platform_admin, doctor):
    module.add_to(app)


def main() -> None:
    """Run the command line of this process and exit."""
    sys.exit(guarded(lambda: app(standalone_mode=True)))


def guarded(command: Callable[[], object]) -> int:
    """Run `command`; report an expected failure on standard error and return the exit code for it."""
    try:
        command()
    except OperatorError as error:
        return complain(error.problem, error.remedy)
    except CrmError as error:
        facts = ", ".join(f"{name}={value}" for name, value in error.data.items())
        return complain(f"Refused: {error.code} ({error.key}{'; ' + facts if facts else ''})", code=Exit.REFUSED)
    except ValidationError as error:
        return complain(_settings_problem(error), "See 'docs/operator/settings.md'.", code=Exit.USAGE)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Exception as error:
        problem = _disk_or_database(error)
        if problem is None:
            raise
        return complain(*problem)
    return Exit.DONE


def _settings_problem(error: ValidationError) -> str:
    lines = [f"{'.'.join(map(str, item['loc'])) or 'settings'}: {item['msg']}" for item in error.errors()]
    return "A setting cannot work.\n" + "\n".join(lines)


def _disk_or_database(error: BaseException) -> tuple[str, str] | None:
    """Explain a full disk or an unreachable database, wherever it was noticed."""
    import errno

    import psycopg

    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno == errno.ENOSPC:
            return "The disk is full.", "Free some space and start again."
        if isinstance(seen, PermissionError) or (isinstance(seen, OSError) and seen.errno == errno.EROFS):
            return f"This may not be read or written: {seen.filename}", "Give it to the user who runs Prumo."
        if isinstance(seen, psycopg.errors.DiskFull):
            return "The disk of the database is full.", "Free some space there and start again."
        if isinstance(seen, psycopg.OperationalError):
            first_line = str(seen).strip().split("\n")[0]
            return f"The database does not answer: {first_line}", "Is it running, and is DATABASE_URL right?"
        seen = seen.__cause__ or seen.__context__
    return None
