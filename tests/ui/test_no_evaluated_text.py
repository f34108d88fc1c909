"""No screen makes the browser evaluate text: the pages' policy has no `unsafe-eval` (docs/adr/0007)."""

import ast
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[2] / "crm_app"
ANYWHERE = {"call_script", "toast", "console_log", "window_alert"}
FROM_HANDLERS = {"set_clipboard", "run_script", "call_function"}


def forbidden_calls(source: str, *, in_handlers: bool) -> set[str]:
    """Return the Reflex calls of a module whose text the browser would have to evaluate."""
    names = ANYWHERE | FROM_HANDLERS if in_handlers else ANYWHERE
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "rx":
                found.add(node.func.attr)
    return found


@pytest.mark.parametrize("folder", ["pages", "ui"])
def test_nothing_asks_the_browser_to_evaluate_text(folder: str) -> None:
    broken = {
        f"{path.relative_to(APP)}: {call}"
        for path in (APP / folder).rglob("*.py")
        for call in forbidden_calls(path.read_text(encoding="utf-8"), in_handlers="state" in path.stem)
    }
    assert broken == set()


def test_the_check_itself() -> None:
    assert forbidden_calls("rx.call_script('x')", in_handlers=False) == {"call_script"}
    assert forbidden_calls("rx.set_clipboard('x')", in_handlers=False) == set()
    assert forbidden_calls("rx.set_clipboard('x')", in_handlers=True) == {"set_clipboard"}
