"""What happens when: every tick enqueues one job by name, and the scheduler owns nothing else."""

from dataclasses import dataclass

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger


@dataclass(frozen=True, slots=True)
class Tick:
    """One recurring moment and the job that it enqueues (without arguments)."""

    job: str
    trigger: BaseTrigger


_ticks: dict[str, Tick] = {}


def every(job: str, *, seconds: int | None = None, cron: str | None = None) -> None:
    """Enqueue `job` again and again: every so many seconds, or by a crontab line in UTC.

    The job must be idempotent; a tick that finds the last one's job still waiting adds none.
    Raises `ValueError` unless exactly one of `seconds` and `cron` is given, or for a job named twice.
    """
    if (seconds is None) == (cron is None) or job in _ticks:
        raise ValueError(f"{job}: give seconds or cron, once")
    trigger = IntervalTrigger(seconds=seconds) if seconds else CronTrigger.from_crontab(cron, timezone="UTC")
    _ticks[job] = Tick(job, trigger)


def ticks() -> tuple[Tick, ...]:
    """Return every tick that was declared."""
    return tuple(_ticks.values())
