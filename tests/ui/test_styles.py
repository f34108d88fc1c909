"""Style sheets: each screen's own stays out of the others' way."""

import re
from pathlib import Path

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SHARED = ("tokens.css", "components.css", "parts.css", "shell.css")
_BARE = re.compile(r"^\s*((?:\.[\w-]+\s*,\s*)*\.[\w-]+)\s*\{", re.MULTILINE)
_CLASS = re.compile(r"\.([a-zA-Z][\w-]*)")


def _bare_classes(text: str) -> set[str]:
    """Return the classes that a style sheet styles by their name alone (`.chip { … }`)."""
    return {name.strip().lstrip(".") for found in _BARE.findall(text) for name in found.split(",")} - {"pr-app"}


def test_a_screen_does_not_restyle_a_shared_class() -> None:
    shared = set()
    for name in SHARED:
        shared |= set(_CLASS.findall((ASSETS / "css" / name).read_text()))
    for path in sorted((ASSETS / "css").glob("*.css")):
        if path.name not in SHARED:
            assert _bare_classes(path.read_text()) & shared == set(), path.name


def test_two_screens_do_not_claim_the_same_class() -> None:
    owners: dict[str, str] = {}
    for path in sorted((ASSETS / "css").glob("*.css")):
        if path.name in SHARED:
            continue
        for name in _bare_classes(path.read_text()):
            assert owners.setdefault(name, path.name) == path.name, f".{name}"


def test_every_rule_is_scoped() -> None:
    for path in sorted((ASSETS / "css").glob("*.css")):
        if path.name in {"tokens.css", "components.css"}:
            continue
        depth, outside = 0, []
        for line in path.read_text().splitlines():
            if depth == 0 and line.strip() and not line.startswith(("/*", "   ", "@", "}", " *")):
                outside.append(line)
            depth += line.count("{") - line.count("}")
        assert [line for line in outside if "pr-app" not in line and "wait-words" not in line] == [], path.name
