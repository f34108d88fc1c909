"""Durable work, one file per domain: ids in, idempotent, one service call."""

import importlib
import pkgutil


def load_jobs() -> None:
    """Import every file of this package, so that each declares its jobs to the queue."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
