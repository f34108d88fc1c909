"""Keeps a few child processes alive, and stops them all cleanly."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

import structlog

from crm_app.config import child_environment
from crm_app.core.operator_errors import OperatorError

log = structlog.get_logger(__name__)

GRACE_SECONDS = 30.0
"""How long children may take to stop before they are killed."""
_SOON_SECONDS = 5.0
_MOST_EARLY_DEATHS = 3
_MOST_BACKOFF_SECONDS = 30.0
_POLL_SECONDS = 0.2


@dataclass
class Child:
    """One process that has to live: `arguments` are those of `prumo`."""

    name: str
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    begun: float = 0.0
    early_deaths: int = 0
    not_before: float = 0.0

    def start(self) -> None:
        """Start the process; our end of its standard input stays open as long as we live."""
        self.forget()
        self.begun = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter
            self.command(),
            stdin=subprocess.PIPE,
            env=child_environment(),
            start_new_session=True,  # Ctrl-C in the terminal reaches us alone
        )

    def command(self) -> list[str]:
        """Return the whole command line."""
        return [sys.executable, "-m", "crm_app.cli", *self.arguments, "--supervised"]

    def forget(self) -> None:
        """Let go of a process that has ended, or tell one that has not to end."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()

    def died(self) -> bool:
        """Tell whether the process has ended by itself."""
        return self.process is not None and self.process.poll() is not None

    def signal(self, number: int) -> None:
        """Send a signal if the process still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


@dataclass
class Supervisor:
    """Runs `children` until SIGINT or SIGTERM. `watch` is called now and then (the embedded database)."""

    children: list[Child]
    watch: Callable[[], object] = lambda: None
    stopping: int = field(default=0, init=False)

    def run(self, when_started: Callable[[], None] = lambda: None) -> None:
        """Start the children, call `when_started`, keep them alive; return when all have stopped.

        Raises `OperatorError` when a child keeps dying right after its start.
        """
        handlers = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            for child in self.children:
                child.start()
            when_started()
            while not self.stopping:
                self._revive()
                self.watch()
                time.sleep(_POLL_SECONDS)
        finally:
            self._end()
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping += 1

    def _revive(self) -> None:
        for child in self.children:
            if not child.died() or time.monotonic() < child.not_before:
                continue
            if child.not_before:
                child.not_before = 0.0
                child.start()
                continue
            self._plan_restart(child)

    def _plan_restart(self, child: Child) -> None:
        code = child.process.returncode if child.process else None
        early = time.monotonic() - child.begun < _SOON_SECONDS
        child.early_deaths = child.early_deaths + 1 if early else 0
        if child.early_deaths >= _MOST_EARLY_DEATHS:
            raise OperatorError(
                f"The {child.name} process ends right after its start (exit code {code}); see above.",
                "Run 'prumo doctor' to see what is missing.",
            )
        wait = min(2.0**child.early_deaths, _MOST_BACKOFF_SECONDS) if early else 0.0
        log.error("process ended, starting it again", child=child.name, exit_code=code, in_seconds=wait)
        child.not_before = time.monotonic() + wait

    def _end(self) -> None:
        """Ask all children to stop, wait, kill what is left. A second Ctrl-C kills at once."""
        asked = self.stopping
        for child in self.children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and self.stopping <= asked:
            if all(child.process is None or child.died() for child in self.children):
                break
            time.sleep(_POLL_SECONDS / 4)
        for child in self.children:
            child.signal(signal.SIGKILL)
            if child.process is not None:
                child.process.wait()
            child.forget()
