"""The browser's side of the palette: how it reads what is typed, and what it shows for it."""

from pathlib import Path

from tests.node import run_in_node


def test_the_palette_understands_and_marks_what_is_typed() -> None:
    run_in_node(Path(__file__).with_name("palette.test.mjs"))
