"""The supervisor: keeps children alive, gives up on one that cannot start, stops all of them cleanly."""

import os
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crm_app.cli import supervisor
from crm_app.cli.supervisor import Child, Supervisor
from crm_app.core.operator_errors import OperatorError

PATIENCE = 20.0


class Script(Child):
    """A child that runs a few lines of Python instead of `prumo`."""

    def command(self) -> list[str]:
        return [sys.executable, "-c", textwrap.dedent(self.arguments[0]), *self.arguments[1:]]


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


NOTES_STARTS = """
    import signal, sys, pathlib
    notes = pathlib.Path(sys.argv[1])
    def stop(*_):
        with notes.open("a") as file: file.write("stopped\\n")
        sys.exit(0)
    signal.signal(signal.SIGTERM, stop)
    with notes.open("a") as file: file.write("started\\n")
    while True: signal.pause()
"""


def _lines(notes: Path) -> list[str]:
    return notes.read_text().splitlines() if notes.exists() else []


def _then(action: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=action)
    thread.start()
    return thread


def test_a_killed_child_is_started_again_and_ctrl_c_stops_it(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    child = Script("web", [NOTES_STARTS, str(notes)])
    watched: list[int] = []
    keeper = Supervisor([child], watch=lambda: watched.append(1))

    def play() -> None:
        try:
            _until(lambda: _lines(notes) == ["started"])
            child.begun -= 60  # it has been up for a while
            child.signal(signal.SIGKILL)
            _until(lambda: _lines(notes) == ["started", "started"])
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    player = _then(play)
    keeper.run()
    player.join()
    assert _lines(notes) == ["started", "started", "stopped"]
    assert watched


def test_a_child_that_dies_at_every_start_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_MOST_BACKOFF_SECONDS", 0.0)
    keeper = Supervisor([Script("web", ["raise SystemExit(7)"])])
    with pytest.raises(OperatorError, match="exit code 7") as caught:
        keeper.run()
    assert "prumo doctor" in caught.value.remedy


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.3)
    ready = tmp_path / "ready"
    deaf = """
        import signal, sys, pathlib
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pathlib.Path(sys.argv[1]).touch()
        while True: signal.pause()
    """
    child = Script("web", [deaf, str(ready)])

    def play() -> None:
        try:
            _until(ready.exists)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    player = _then(play)
    Supervisor([child]).run()
    player.join()
    assert child.process is not None
    assert child.process.returncode == -signal.SIGKILL


def test_the_old_signal_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(OperatorError):
        Supervisor([Script("web", ["raise SystemExit(1)"], early_deaths=5)]).run()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_child_ends_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    program = f"""
        import pathlib, signal, sys
        from crm_app.cli.processes import _end_with_parent
        _end_with_parent(True)
        pathlib.Path({str(ready)!r}).touch()
        while True: signal.pause()
    """
    child = Script("web", [program])
    child.start()
    assert child.process is not None
    _until(ready.exists)
    assert child.process.stdin is not None
    child.process.stdin.close()  # what the kernel does when the supervisor dies
    assert child.process.wait(PATIENCE) == -signal.SIGTERM
