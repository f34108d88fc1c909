"""Durable jobs: one file per domain, each job ids in, idempotent, one service call."""

import importlib
import pkgutil


def load_jobs() -> None:
    """Import every file of jobs, so that each one is known to the queue and each tick to the scheduler."""
    for module in pkgutil.iter_modules(__path__, prefix=f"{__name__}."):
        importlib.import_module(module.name)
