"""The browser's side of the board: its store is plain functions."""

from pathlib import Path

from tests.node import run_in_node


def test_the_store_follows_the_server_and_runs_ahead_of_it() -> None:
    run_in_node(Path(__file__).with_name("board_store.test.mjs"))
