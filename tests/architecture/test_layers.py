"""import-linter's contracts hold, and notice a wrong import."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# a contract, and an import that breaks it: file, line added
BREAKS = {
    "layers": ("crm_app/core/clock.py", "import crm_app.domains.accounts.rules"),
    "domains": ("crm_app/domains/contacts/rules.py", "import crm_app.domains.inbox.rules"),
    "headless": ("crm_app/domains/pipeline/rules.py", "import reflex"),
    "jobs-headless": ("jobs/ticks.py", "import starlette"),
    "services-only": ("crm_app/api/pagination.py", "import crm_app.domains.pipeline.models"),
    "providers": (
        "crm_app/domains/channels/providers/waha/mapper.py",
        "import crm_app.domains.channels.providers.simulator",
    ),
}


def _lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_contracts_hold() -> None:
    result = _lint(ROOT)
    assert result.returncode == 0, result.stdout


def test_each_contract_has_its_own_test() -> None:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    contracts = {section.rsplit(":", 1)[-1] for section in parser.sections() if ":contract:" in section}
    assert contracts == set(BREAKS)


def test_each_contract_can_fail(tmp_path: Path) -> None:
    for package in ("crm_app", "jobs"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    for path, line in BREAKS.values():
        file = tmp_path / path
        file.write_text(f"{file.read_text()}\n{line}\n")
    result = _lint(tmp_path)
    assert result.returncode == 1
    assert "0 kept" in result.stdout, result.stdout


@pytest.mark.parametrize("path", [path for path, _ in BREAKS.values()])
def test_the_files_broken_above_exist(path: str) -> None:
    assert (ROOT / path).exists()
