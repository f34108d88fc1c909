"""Logs: one JSON object a line, the trace id in it, secrets out of it."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from crm_app.core.logging import LogFormat, configure_logging
from crm_app.core.trace import trace


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    before, config = (list(root.handlers), root.level), structlog.get_config()
    yield
    root.handlers, root.level = before
    structlog.configure(**config)


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_ours_and_a_librarys_lines_carry_the_trace_id(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json")
    with trace("abcdef123456", job="inbox.send"):
        structlog.get_logger("ours").info("sent", message_id="1")
        logging.getLogger("library").warning("slow %s", "thing")
    ours, theirs = _lines(capsys)
    assert ours["event"] == "sent"
    assert theirs["event"] == "slow thing"
    for line in (ours, theirs):
        assert (line["trace_id"], line["job"]) == ("abcdef123456", "inbox.send")


def test_secrets_are_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json")
    structlog.get_logger("ours").warning(
        "look",
        password="hunter2",
        headers={"Authorization": "Bearer hunter2", "accept": "x"},
        error="could not reach postgresql://prumo:hunter2@db/crm",
    )
    (line,) = _lines(capsys)
    assert "hunter2" not in json.dumps(line)
    assert line["headers"] == {"Authorization": "***", "accept": "x"}
    assert line["error"] == "could not reach postgresql://prumo:***@db/crm"


def test_the_level_is_kept_and_chatty_libraries_are_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "warning")
    structlog.get_logger("ours").info("detail")
    logging.getLogger("uvicorn.access").error("GET /")
    assert _lines(capsys) == []


def test_an_exception_stands_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json")
    try:
        raise ValueError("odd")
    except ValueError:
        structlog.get_logger("ours").exception("failed")
    (line,) = _lines(capsys)
    assert "ValueError: odd" in str(line["exception"])


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_shows_no_local_variables(log_format: LogFormat, capsys: pytest.CaptureFixture[str]) -> None:
    """They hold what people typed: passwords among them."""
    configure_logging(log_format)

    def sign_in(given: str) -> None:
        raise RuntimeError(f"{len(given)} letters")

    try:
        sign_in("hunter2" * 2)
    except RuntimeError:
        structlog.get_logger("ours").exception("failed")
    written = capsys.readouterr().err
    assert "14 letters" in written
    assert "hunter2hunter2" not in written
