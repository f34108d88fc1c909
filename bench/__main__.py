"""Runs the benches named on the command line, or all, and prints their tables."""

import asyncio
import importlib
import pkgutil
import sys
from pathlib import Path

from bench.harness import print_report
from crm_app.config import forget_settings

_NOT_BENCHES = {"harness", "__main__"}


def _names() -> list[str]:
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if name not in _NOT_BENCHES)


def main() -> None:
    """Run each bench in an event loop of its own, with the settings of the environment."""
    for name in sys.argv[1:] or _names():
        bench = importlib.import_module(f"bench.{name}")
        if hasattr(bench, "run"):
            print_report(asyncio.run(bench.run()))
            forget_settings()


main()
