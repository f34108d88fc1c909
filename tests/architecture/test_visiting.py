"""What may write beside a visit, by name: everything else is read-only without having to think of it."""

import ast

from tests.architecture.source import Source, sources

# Places that lift the read-only mode, and what for.
LIFTED = {
    "crm_app/domains/accounts/sessions/known.py": "a session is used, a visit is over: no part of the visit",
    "crm_app/pages/session/looks.py": "what support looks at, for the visited organization's trail",
    "crm_app/pages/session/visit.py": "the way out",
}


def lifting(files: tuple[Source, ...]) -> set[str]:
    """Return the files that call `reading_only(False)` or `bind_read_only`."""
    found = set()
    for source in files:
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            plain = bool(node.args) and isinstance(node.args[0], ast.Constant) and node.args[0].value is False
            if name == "reading_only" and plain:
                found.add(source.path)
    return found


def test_few_places_write_beside_a_visit() -> None:
    assert lifting(sources()) == set(LIFTED)


def test_the_check_can_fail() -> None:
    text = "def f():\n    with reading_only(False):\n        pass\n    with reading_only(True):\n        pass\n"
    assert lifting((Source("crm_app/pages/x.py", text),)) == {"crm_app/pages/x.py"}
