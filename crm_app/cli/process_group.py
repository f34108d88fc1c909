"""Runs one foreign program with all its children in the foreground, and leaves none of them behind."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

GRACE_SECONDS = 10.0
"""How long the program may take to stop before it is killed."""
_POLL_SECONDS = 0.1


class ProcessGroup:
    """A program in a session of its own: SIGINT and SIGTERM to us reach it and every process that it started."""

    def __init__(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        self._command, self._cwd, self._env = list(command), cwd, dict(env)
        self._asked = 0
        self._deadline = 0.0

    def run(self) -> int:
        """Run the program to its end; return its exit code, 0 when we were asked to stop it."""
        handlers = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            process = subprocess.Popen(  # noqa: S603 - the caller's own command line
                self._command, cwd=self._cwd, env=self._env, start_new_session=True
            )
            self._wait(process)
            self._end_rest(process.pid)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return 0 if self._asked else process.returncode

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._asked += 1
        self._deadline = time.monotonic() + GRACE_SECONDS

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        told = 0
        while process.poll() is None:
            if self._asked > told:
                # As Ctrl-C in a terminal would; whoever presses it again does not want to wait.
                _signal(process.pid, signal.SIGKILL if told else signal.SIGINT)
                told = self._asked
            if told and time.monotonic() > self._deadline:
                _signal(process.pid, signal.SIGKILL)
            time.sleep(_POLL_SECONDS)

    def _end_rest(self, group: int) -> None:
        """Stop what the program has left running, but do not wait for dead ones that nobody has buried."""
        deadline = time.monotonic() + GRACE_SECONDS
        while _signal(group, signal.SIGTERM):
            if time.monotonic() > deadline:
                _signal(group, signal.SIGKILL)
                return
            time.sleep(_POLL_SECONDS)


def _signal(group: int, number: int) -> bool:
    """Send a signal to a whole group; tells whether anybody is left in it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True
