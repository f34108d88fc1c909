"""Rules without a database: statuses, delays, texts, files."""

import struct
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


def png(width: int, height: int) -> bytes:
    """Return the head of a picture of this size."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0) + bytes(4)


def jpeg(width: int, height: int, *, orientation: int = 1, before: bytes = b"") -> bytes:
    """Return the head of a photo as cameras write it, turned by its EXIF `orientation`."""
    tiff = b"MM\x00\x2a\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)
    exif = b"Exif\x00\x00" + tiff
    frame = struct.pack(">BHHB", 8, height, width, 3) + bytes(9)
    segments = [(0xE1, exif), (0xC0, frame)]
    body = b"".join(struct.pack(">BBH", 0xFF, mark, len(data) + 2) + data for mark, data in segments)
    return b"\xff\xd8" + before + body + b"\xff\xd9"


@pytest.mark.parametrize(
    ("data", "mime", "size"),
    [
        (png(640, 480), "image/png", (640, 480)),
        (b"GIF89a" + struct.pack("<HH", 320, 200) + bytes(8), "image/gif", (320, 200)),
        (jpeg(4000, 3000), "image/jpeg", (4000, 3000)),
        (jpeg(4000, 3000, orientation=6), "image/jpeg", (3000, 4000)),
        (png(0, 480), "image/png", None),
        (png(2**32 - 1, 2**32 - 1), "image/png", None),
        (png(640, 480)[:20], "image/png", None),
        (png(640, 480), "video/mp4", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "image/svg+xml", None),
        (jpeg(10, 10, before=b"\xff\xe0\x00\x00"), "image/jpeg", None),
        (jpeg(10, 10, before=b"\xff" * 30_000_000), "image/jpeg", None),
        (b"RIFF\xff\xff\xff\xffWEBPVP8X", "image/webp", None),
        (b"", "image/png", None),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else None,
)
def test_the_size_of_a_picture_is_read_from_its_head(data: bytes, mime: str, size: tuple[int, int] | None) -> None:
    assert files.picture_size(data, mime) == size


HEADS = [png(3, 4), jpeg(3, 4, orientation=8), b"GIF89a", b"RIFF\x20\x00\x00\x00WEBPVP8 ", b"\xff\xd8\xff"]


@given(st.sampled_from(HEADS), st.integers(0, 60), st.binary(max_size=300))
def test_a_poisoned_picture_breaks_nothing(head: bytes, kept: int, rest: bytes) -> None:
    for mime in ("image/png", "image/jpeg", "image/gif", "image/webp"):
        size = files.picture_size(head[:kept] + rest, mime)
        assert size is None or all(0 < side <= files.MAX_SIDE for side in size)


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
