"""Every screen has a page for its users, in Portuguese at least, and the index leads to all of them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "user"
WITHOUT_A_SCREEN = {"start"}
"""Leads to the first screen; nobody stays there."""


def test_every_screen_has_a_page() -> None:
    screens = {path.parent.name for path in (ROOT / "crm_app" / "pages").glob("*/page.py")} - WITHOUT_A_SCREEN
    assert len(screens) >= 6
    assert {name for name in screens | {"frame"} if not (DOCS / f"{name}.pt-BR.md").exists()} == set()


def test_the_index_leads_to_every_page_and_to_nothing_else() -> None:
    linked = re.findall(r"\]\(([^)]+)\)", (DOCS / "README.md").read_text(encoding="utf-8"))
    written = {path.name for path in DOCS.glob("*.md")} - {"README.md"}
    assert sorted(linked) == sorted(written)


def test_a_page_is_named_after_its_screen_and_language() -> None:
    odd = {
        path.name
        for path in DOCS.glob("*.md")
        if not re.fullmatch(r"[a-z_]+\.(pt-BR|en)\.md|README\.md", path.name)
    }
    assert odd == set()


def test_the_readme_leads_to_the_index() -> None:
    assert "docs/user/README.md" in (ROOT / "README.md").read_text(encoding="utf-8")
