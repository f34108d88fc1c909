"""What docs/security.md points at exists, and it speaks of every requirement of ASVS 5.0.0 up to level 2."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from crm_app.config import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "security.md"
# How many requirements of levels 1 and 2 each chapter of ASVS 5.0.0 has.
CHAPTERS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13,
    16: 16, 17: 7,
}  # fmt: skip
FOLDERS = ("tests", "crm_app", "docs", "deploy", "assets", "alembic", "jobs")
_QUOTED = re.compile(r"`([^`\n]+)`")
_TEST = re.compile(r"tests/[\w/]+\.py::\w+")


def quoted(text: str) -> list[str]:
    """Return everything that stands between backticks."""
    return _QUOTED.findall(text)


def missing_tests(text: str) -> list[str]:
    """Return the tests named in a text that do not exist."""
    named = [one.split("::") for one in quoted(text) if _TEST.fullmatch(one)]
    return ["::".join(one) for one in named if one[1] not in _functions(ROOT / one[0])]


def _functions(path: Path) -> set[str]:
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def missing_files(text: str) -> list[str]:
    """Return the files and folders named in a text that do not exist."""
    named = [one.partition("::")[0] for one in quoted(text) if one.split("/")[0] in FOLDERS]
    named += [one for one in quoted(text) if re.fullmatch(r"[\w.-]+\.(lock|toml)", one)]
    return [one for one in named if not (ROOT / one).exists()]


def unknown_settings(text: str) -> list[str]:
    """Return the settings named in a text that there are not."""
    named = [one for one in quoted(text) if one.startswith("PRUMO_")]
    known = (ROOT / "docs" / "operator" / "settings.md").read_text(encoding="utf-8")
    return [one for one in named if f"`{one}`" not in known and one[6:].lower() not in Settings.model_fields]


def requirements(text: str) -> list[str]:
    """Return the ids of the first column of the tables, as often as they stand there."""
    rows = re.findall(r"^\| (V[\dV., ]+) \|", text, flags=re.MULTILINE)
    return [one for row in rows for one in row.split(", ")]


def test_what_the_page_points_at_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(_TEST.findall(text)) > 100
    assert missing_tests(text) == []
    assert missing_files(text) == []
    assert unknown_settings(text) == []


def test_every_requirement_is_spoken_of_once() -> None:
    found = requirements(PAGE.read_text(encoding="utf-8"))
    assert [one for one, times in Counter(found).items() if times > 1] == []
    assert all(re.fullmatch(r"V\d+\.\d+\.\d+", one) for one in found)
    assert Counter(int(one[1:].split(".")[0]) for one in found) == CHAPTERS


@pytest.mark.parametrize(
    "text", ["`tests/architecture/test_security_docs.py::test_gone`", "`tests/gone.py::test_x`"]
)
def test_the_check_of_tests_can_fail(text: str) -> None:
    assert missing_tests(text)


def test_the_other_checks_can_fail() -> None:
    assert missing_files("`crm_app/gone.py` and `gone.lock`") == ["crm_app/gone.py", "gone.lock"]
    assert unknown_settings("`PRUMO_GONE`") == ["PRUMO_GONE"]
    assert requirements("| V1.1.1, V1.1.2 | x | y |\n| V2.1.1 | x | y |") == ["V1.1.1", "V1.1.2", "V2.1.1"]
