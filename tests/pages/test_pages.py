"""Every screen composes, with its frame, and its words exist in every language."""

import ast
from pathlib import Path
from typing import Any

import pytest

from crm_app.pages.base import pages
from crm_app.pages.session.shell import with_frame
from crm_app.ui.catalogue import LANGUAGES, flatten, read_catalogue

ROOT = Path(__file__).resolve().parents[2] / "crm_app"
PLURALS = ("_one", "_other", "_many", "_zero")


def test_every_page_composes_with_its_frame(reflex_app: Any) -> None:
    for page in pages():
        shown = with_frame(page.content(), active=page.route, rail=page.rail) if page.shell else page.content()
        assert shown.render()


def _literal_keys(path: Path) -> set[str]:
    """Return the catalogue keys that a file names: `t("…")`, `notify("…")`, `title_key="…"`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        candidates = [node.args[0]] if node.args and name in {"t", "notify"} else []
        candidates += [keyword.value for keyword in node.keywords if keyword.arg == "title_key"]
        found |= {one.value for one in candidates if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_that_the_code_names_exists(language: str) -> None:
    words = flatten(read_catalogue(language))
    known = set(words) | {key.removesuffix(ending) for key in words for ending in PLURALS if key.endswith(ending)}
    used = {key: path for path in ROOT.rglob("*.py") for key in _literal_keys(path)}
    missing = {f"{path.relative_to(ROOT)}: {key}" for key, path in used.items() if key not in known}
    assert missing == set()


def test_both_languages_say_the_same_things() -> None:
    first, second = (set(flatten(read_catalogue(language))) for language in LANGUAGES)
    assert first ^ second == set()


def test_no_sentence_is_empty() -> None:
    empty = {key for language in LANGUAGES for key, text in flatten(read_catalogue(language)).items() if not text}
    assert empty == set()


def test_placeholders_agree_between_languages() -> None:
    def placeholders(text: str) -> set[str]:
        return {part.split("}}")[0].strip() for part in text.split("{{")[1:]}

    first, second = (flatten(read_catalogue(language)) for language in LANGUAGES)
    differing = {key for key in first if placeholders(first[key]) != placeholders(second.get(key, ""))}
    assert differing == set()
