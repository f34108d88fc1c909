"""A program in the foreground stops with all its children, however it is asked, and tells how it ended."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from crm_app.cli import run as run_command
from crm_app.cli.process_group import ProcessGroup
from crm_app.config import Settings

ROOT = Path(__file__).resolve().parents[2]
# A program that starts another one, which ignores Ctrl-C; both hold the pipe open for as long as they live.
PROGRAM = """
import signal, subprocess, sys
code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); print('up', flush=True); signal.pause()"
subprocess.run([sys.executable, "-c", code])
"""
OPERATOR = """
import os, sys
from pathlib import Path
from crm_app.cli.process_group import ProcessGroup
sys.exit(ProcessGroup([sys.executable, "-c", sys.argv[1]], cwd=Path.cwd(), env=os.environ).run())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_running(number: signal.Signals) -> None:
    command = [sys.executable, "-c", OPERATOR, PROGRAM]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 30)[0]
        assert process.stdout.readline() == b"up\n"
        process.send_signal(number)
        assert process.wait(30) == 0
        # End of file comes when the last process that could write has ended.
        assert select.select([process.stdout], [], [], 0)[0]
        assert process.stdout.read() == b""


def test_a_program_that_fails_tells_its_exit_code(tmp_path: Path) -> None:
    assert ProcessGroup([sys.executable, "-c", "raise SystemExit(3)"], cwd=tmp_path, env=os.environ).run() == 3


class _Group:
    """Stands for the program; keeps what it was told."""

    told: dict[str, object]
    code = 0

    def __init__(self, command: list[str], **options: object) -> None:
        _Group.told = {"command": command, **options}

    def run(self) -> int:
        return self.code


@pytest.mark.parametrize("code", [0, 2])
def test_dev_runs_reflex_on_the_prepared_database(
    monkeypatch: pytest.MonkeyPatch, settings_for_dev: Settings, code: int
) -> None:
    prepared: list[bool] = []
    monkeypatch.setattr(_Group, "code", code)
    monkeypatch.setattr(run_command, "ProcessGroup", _Group)
    monkeypatch.setattr(run_command, "get_settings", lambda: settings_for_dev)
    monkeypatch.setattr(run_command, "require_answer", lambda _url: None)
    monkeypatch.setattr(run_command, "require_free_port", lambda _settings: None)
    monkeypatch.setattr(run_command, "configure_logging", lambda *_: None)
    monkeypatch.setattr(run_command, "_prepare", lambda: prepared.append(True))
    if code:
        with pytest.raises(typer.Exit) as ended:
            run_command.dev()
        assert ended.value.exit_code == code
    else:
        run_command.dev()
    assert prepared == [True]
    command, environment = _Group.told["command"], _Group.told["env"]
    assert isinstance(command, list)
    assert isinstance(environment, dict)
    assert command[1:4] == ["-m", "reflex", "run"]
    assert environment["PRUMO_ENVIRONMENT"] == "development"
    assert _Group.told["cwd"] == ROOT


@pytest.fixture
def settings_for_dev() -> Settings:
    """Settings with a database of somebody else, so that none is started."""
    return Settings(database_url="postgresql://nobody@127.0.0.1:9/none")
