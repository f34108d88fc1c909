"""Rules without a database: statuses, delays, texts, files."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.domains.inbox import files, rules
from crm_app.domains.inbox.errors import TextTooLong
from crm_app.domains.inbox.models import DeliveryStatus, MessageKind

REPORTED = [DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.FAILED]
NOW = datetime(2026, 7, 1, tzinfo=UTC)


def outcome(reports: tuple[DeliveryStatus, ...]) -> DeliveryStatus:
    status = DeliveryStatus.SENDING
    for report in reports:
        status = rules.advance(status, report)
    return status


@given(st.lists(st.sampled_from(REPORTED), max_size=8))
def test_the_outcome_does_not_depend_on_the_order_of_reports(reports: list[DeliveryStatus]) -> None:
    assert outcome(tuple(reports)) == outcome(tuple(sorted(reports)))


@pytest.mark.parametrize("order", list(permutations(REPORTED)))
def test_read_beats_everything(order: tuple[DeliveryStatus, ...]) -> None:
    assert outcome(order) is DeliveryStatus.READ


@given(st.sampled_from(list(DeliveryStatus)), st.sampled_from(REPORTED))
def test_a_report_never_takes_back(current: DeliveryStatus, report: DeliveryStatus) -> None:
    after = rules.advance(current, report)
    assert after in {current, report}
    assert rules.advance(after, report) is after
    assert rules.advance(after, current) is after


@pytest.mark.parametrize(
    ("before", "report", "after"),
    [
        ("pending", "sent", "sent"),
        ("sending", "failed", "failed"),
        ("sent", "failed", "failed"),
        ("failed", "sent", "failed"),
        ("failed", "delivered", "delivered"),
        ("delivered", "failed", "delivered"),
        ("read", "delivered", "read"),
        ("received", "read", "received"),
    ],
)
def test_each_step(before: str, report: str, after: str) -> None:
    assert rules.advance(DeliveryStatus(before), DeliveryStatus(report)) == after


@given(st.integers(1, 1000), st.floats(0, 1))
def test_delays_grow_and_stay_in_bounds(attempt: int, chance: float) -> None:
    delay = rules.backoff(attempt, wish=None, chance=chance)
    assert rules.FIRST_DELAY / 2 <= delay <= rules.LONGEST_DELAY
    assert delay <= rules.backoff(attempt + 1, wish=None, chance=1)
    assert rules.backoff(attempt, wish=timedelta(minutes=20), chance=chance) >= timedelta(minutes=20)


@given(st.text(max_size=300))
def test_any_text_becomes_storable(text: str) -> None:
    clean = rules.clean_incoming(text)
    assert "\x00" not in clean
    assert len(clean.encode()) >= len(clean)


@given(st.text(max_size=400), st.integers(2, 200))
def test_a_line_is_a_line(text: str, limit: int) -> None:
    line = rules.one_line(text, limit)
    assert len(line) <= limit
    assert "\n" not in line


def test_lone_surrogates_become_question_marks() -> None:
    assert rules.clean_incoming("a\ud800b") == "a?b"


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(TextTooLong):
        rules.check_outgoing("x" * 100_001)


def test_an_excerpt_surrounds_the_word() -> None:
    body = " ".join(f"palavra{n}" for n in range(50)) + " ORÇAMENTO fechado"
    assert "ORÇAMENTO" in rules.excerpt(body, ["orcament"])
    assert rules.excerpt("curto", ["nada"]) == "curto"


@pytest.mark.parametrize(
    ("hours", "last", "is_open", "closes"),
    [
        (None, None, True, None),
        (24, None, False, None),
        (24, NOW - timedelta(hours=23), True, NOW + timedelta(hours=1)),
        (24, NOW - timedelta(hours=25), False, None),
    ],
)
def test_the_reply_window(
    hours: int | None, last: datetime | None, is_open: bool, closes: datetime | None
) -> None:
    window = rules.reply_window(hours, last, NOW)
    assert (window.is_open, window.closes_at) == (is_open, closes)


@pytest.mark.parametrize(
    ("claimed", "last", "placed"),
    [
        (NOW, None, NOW),
        (NOW, NOW, NOW + timedelta(microseconds=1)),
        (NOW, NOW + timedelta(milliseconds=600), NOW + timedelta(microseconds=600_001)),
        (NOW, NOW + timedelta(seconds=1), NOW),
        (NOW, NOW - timedelta(seconds=1), NOW),
        (NOW + timedelta(microseconds=5), NOW + timedelta(microseconds=9), NOW + timedelta(microseconds=5)),
        (NOW + timedelta(days=400), None, NOW + timedelta(hours=1)),
    ],
)
def test_whole_seconds_are_ordered_by_arrival(claimed: datetime, last: datetime | None, placed: datetime) -> None:
    assert rules.place_in_time(claimed, last, NOW + timedelta(hours=1)) == placed


PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(20)
WEBM = (
    b"\x1a\x45\xdf\xa3" + b"\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm"
)


@pytest.mark.parametrize(
    ("data", "declared", "mime", "kind"),
    [
        (PNG, "text/html", "image/png", MessageKind.IMAGE),
        (b"<html><script>alert(1)</script>", "image/png", "text/plain", MessageKind.DOCUMENT),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
            "image/svg+xml",
            "text/plain",
            MessageKind.DOCUMENT,
        ),
        (b"OggS" + bytes(60), "audio/ogg", "audio/ogg", MessageKind.AUDIO),
        (WEBM, "audio/webm;codecs=opus", "audio/webm", MessageKind.AUDIO),
        (WEBM, "video/webm", "video/webm", MessageKind.VIDEO),
        (b"%PDF-1.7 ", "application/pdf", "application/pdf", MessageKind.DOCUMENT),
        (b"\x7fELF" + bytes(60), "image/jpeg", "application/x-executable", MessageKind.DOCUMENT),
        (b"\x00\x01\x02", "image/png", "application/octet-stream", MessageKind.DOCUMENT),
        (b"", "image/png", "application/octet-stream", MessageKind.DOCUMENT),
        ("ação ".encode() * 3000, "", "text/plain", MessageKind.DOCUMENT),
        (b"\xff\xfe\xfd", "text/plain", "application/octet-stream", MessageKind.DOCUMENT),
    ],
)
def test_bytes_say_what_a_file_is(data: bytes, declared: str, mime: str, kind: MessageKind) -> None:
    nature = files.sniff(data, declared=declared)
    assert (nature.mime_type, nature.kind) == (mime, kind)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\fotos\\loja.png", "loja.png"),
        ("foto\u202egnp.exe", "fotognp.exe"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
        ("", ""),
        ("...", ""),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_file_names_do_not_deceive(given: str, kept: str) -> None:
    assert files.safe_name(given) == kept


@given(st.text(max_size=300))
def test_any_file_name_fits(name: str) -> None:
    safe = files.safe_name(name)
    assert len(safe) <= 200
    assert "/" not in safe
    assert all(c.isprintable() or c == " " for c in safe)
