"""How commands speak: people read lines, scripts read JSON and exit codes."""

import json
import sys
from collections.abc import Mapping
from enum import IntEnum
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object for scripts.")]


class Exit(IntEnum):
    """What a script can tell from how a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    INTERRUPTED = 130


def say(text: str = "") -> None:
    """Print a line for people."""
    typer.echo(text)
    sys.stdout.flush()


def show(result: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a result: as one JSON object, or as aligned lines."""
    if as_json:
        say(json.dumps(result, ensure_ascii=False, default=str))
        return
    width = max(map(len, result), default=0)
    for name, value in result.items():
        say(f"{name:<{width}}  {value}")


def complain(problem: str, remedy: str = "", *, code: Exit = Exit.FAILED) -> int:
    """Print what is wrong and what to do about it on standard error; return the exit code."""
    typer.secho(problem, err=True, fg=typer.colors.RED)
    if remedy:
        typer.echo(remedy, err=True)
    return code
