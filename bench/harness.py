"""How every bench measures and what it returns: its figures beside a yardstick of the same run.

A bench is a module of this package with `async def run() -> Report`. `python -m bench` runs them all.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil

import crm_app.domains.models  # noqa: F401
from crm_app.core.database import close_database, open_database
from crm_app.core.migrations import migrate
from crm_app.core.postgres import EmbeddedPostgres, start_throwaway

Act = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Sample:
    """What a series of runs took. Times in milliseconds."""

    median: float
    p95: float
    p99: float
    per_second: float
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a figure, what was aimed at, and the yardstick measured in the same run."""

    name: str
    ours: Sample | None = None
    yardstick: Sample | None = None
    yardstick_name: str = ""
    value: str = ""
    goal: str = ""


@dataclass(slots=True)
class Report:
    """What a bench has found: rows for the table, and notes (query plans) to print under it."""

    title: str
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def summarize(durations: Sequence[float], elapsed: float) -> Sample:
    """Turn durations (seconds) of runs that took `elapsed` seconds together into a sample."""
    ordered = sorted(durations)

    def quantile(share: float) -> float:
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] * 1000

    return Sample(quantile(0.5), quantile(0.95), quantile(0.99), len(ordered) / elapsed, len(ordered))


async def measure(act: Act, *, times: int = 200, clients: int = 1, warm_up: int = 10) -> Sample:
    """Run `act` `times` times, shared out among `clients` that work at the same time."""
    for _ in range(warm_up):
        await act()
    durations: list[float] = []
    left = iter(range(times))

    async def client() -> None:
        for _ in left:
            begun = time.perf_counter()
            await act()
            durations.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return summarize(durations, time.perf_counter() - begun)


async def measure_beside(
    act: Act, yardstick: Act, *, times: int = 200, clients: int = 1, warm_up: int = 10, rounds: int = 4
) -> tuple[Sample, Sample]:
    """Measure both in turns, so that a machine that slows down slows both; returns (ours, yardstick)."""
    ours: list[Sample] = []
    others: list[Sample] = []
    for _ in range(rounds):
        ours.append(await measure(act, times=times // rounds, clients=clients, warm_up=warm_up))
        others.append(await measure(yardstick, times=times // rounds, clients=clients, warm_up=warm_up))
    return _middle(ours), _middle(others)


def _middle(samples: list[Sample]) -> Sample:
    def of(values: list[float]) -> float:
        return sorted(values)[len(values) // 2]

    return Sample(
        of([one.median for one in samples]),
        of([one.p95 for one in samples]),
        of([one.p99 for one in samples]),
        of([one.per_second for one in samples]),
        sum(one.count for one in samples),
    )


@asynccontextmanager
async def fresh_database() -> AsyncIterator[EmbeddedPostgres]:
    """Open the product's database layer on a PostgreSQL of this bench's own, with empty tables."""
    with start_throwaway() as cluster:
        migrate(cluster.url)
        open_database(cluster.app_url)
        try:
            yield cluster
        finally:
            await close_database()


def resident_megabytes(pid: int | None = None) -> float:
    """Return the resident memory of a process (this one by default) and its children, in MB."""
    process = psutil.Process(pid)
    return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / 1e6


def print_report(report: Report) -> None:
    """Print a bench's table and notes."""
    print(f"\n## {report.title}\n")
    head = ("what", "median ms", "p95 ms", "p99 ms", "per s", "goal", "yardstick", "median ms", "p95 ms", "per s")
    lines = [head, *(_cells(row) for row in report.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for number, line in enumerate(lines):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    for note in report.notes:
        print(f"\n{note}")


def _cells(row: Row) -> tuple[str, ...]:
    def numbers(sample: Sample | None, *, short: bool = False) -> tuple[str, ...]:
        if sample is None:
            return ("",) * (3 if short else 4)
        times = (sample.median, sample.p95) if short else (sample.median, sample.p95, sample.p99)
        return (*(f"{one:.2f}" for one in times), f"{sample.per_second:.0f}")

    ours = numbers(row.ours) if row.ours else (row.value, "", "", "")
    return (row.name, *ours, row.goal, row.yardstick_name, *numbers(row.yardstick, short=True))
