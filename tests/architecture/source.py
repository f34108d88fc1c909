"""Reads the project's own source for the house rules, and honours `lint-skip` comments."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SKIP = re.compile(r"#\s*lint-skip:\s*(?P<rule>[\w-]*)\s*(?:\((?P<reason>[^)]*)\))?")
IGNORED = {".venv", ".venv-uv", ".web", ".data", "node_modules", "__pycache__", ".git"}


@dataclass(frozen=True)
class Source:
    """One Python file: its path inside the project and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text)

    @cached_property
    def lines(self) -> list[str]:
        """The file's lines."""
        return self.text.splitlines()

    def inside(self, *folders: str) -> bool:
        """Tell whether the file lies in one of these folders, or is one of these files."""
        return any(self.path == folder or self.path.startswith(f"{folder.rstrip('/')}/") for folder in folders)


@dataclass(frozen=True)
class Finding:
    """A place where a house rule is broken."""

    rule: str
    path: str
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words} [{self.rule}]"


Rule = Callable[[Source], Iterator[tuple[int, str]]]


@dataclass(frozen=True)
class Suppression:
    """One `# lint-skip` comment."""

    path: str
    line: int
    rule: str
    reason: str


@lru_cache(maxsize=1)
def sources() -> tuple[Source, ...]:
    """Return every Python file of the project."""
    found = []
    for folder in ("crm_app", "jobs", "tests", "bench", "alembic"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not IGNORED & set(path.parts):
                found.append(Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")))
    return tuple(found)


def suppressions(source: Source) -> list[Suppression]:
    """Return the suppressions of a file."""
    found = []
    for number, line in enumerate(source.lines, start=1):
        match = _SKIP.search(line)
        if match:
            found.append(Suppression(source.path, number, match["rule"] or "", (match["reason"] or "").strip()))
    return found


def check(name: str, rule: Rule, source: Source) -> list[Finding]:
    """Return what breaks the rule in a file, but for lines (or the line above) that suppress it."""
    skipped = {one.line for one in suppressions(source) if one.rule == name and one.reason}
    return [
        Finding(name, source.path, line, words) for line, words in rule(source) if not {line, line - 1} & skipped
    ]
