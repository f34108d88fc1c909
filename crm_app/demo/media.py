"""Small files for the demo, drawn by code: pictures (PNG), a page (PDF) and voice notes (Ogg Opus)."""

import math
import struct
import zlib
from colorsys import hls_to_rgb
from functools import cache
from random import Random

WIDTH, HEIGHT = 480, 320
_OPUS_RATE = 48_000
_FRAME_MS = 20
_SILENT_FRAME = b"\xf8\xff\xfe"
_FRAMES_PER_PAGE = 50


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(name: str) -> bytes:
    """Return a PNG of 480 by 320: a sky, a sun and hills, in hues that follow from the name.

    Rows are runs of one colour, so that drawing is fast and the file small (PNG, third edition).
    """
    random = Random(name)  # noqa: S311 (shapes, no secrets)
    hue = random.random()
    sun = random.randrange(80, 400), random.randrange(50, 120), random.randrange(26, 48)
    hills = [
        (random.randrange(-60, 420), random.randrange(150, 260), random.randrange(140, 320)) for _ in range(3)
    ]
    rows = b"".join(b"\0" + _row(y, hue, sun, hills) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(rows, 9))
        + _chunk(b"IEND", b"")
    )


_Disc = tuple[int, int, int]


def _shade(hue: float, light: float, saturation: float = 0.45) -> bytes:
    return bytes(round(value * 255) for value in hls_to_rgb(hue % 1, light, saturation))


def _row(y: int, hue: float, sun: _Disc, hills: list[_Disc]) -> bytes:
    """Return the pixels of a row: the sky, over it the sun, and each hill over what lies behind it."""
    row = bytearray(_shade(hue, 0.74 + 0.2 * y / HEIGHT) * WIDTH)
    _paint_disc(row, y, sun, _shade(hue + 0.45, 0.8, 0.9))
    for depth, (middle, top, size) in enumerate(hills):
        _paint_disc(row, y, (middle, top + size, size), _shade(hue + 0.05 * depth, 0.62 - 0.12 * depth))
    return bytes(row)


def _paint_disc(row: bytearray, y: int, disc: _Disc, shade: bytes) -> None:
    middle, centre, radius = disc
    height = radius * radius - (y - centre) ** 2
    if height <= 0:
        return
    half = math.isqrt(height)
    left, right = max(0, middle - half), min(WIDTH, middle + half)
    if left < right:
        row[left * 3 : right * 3] = shade * (right - left)


def page(title: str) -> bytes:
    """Return a one-page PDF that says `title` (ISO 32000-1, the standard Helvetica)."""
    shown = title.encode("cp1252", "replace").replace(b"\\", b"").replace(b"(", b"").replace(b")", b"")
    content = b"BT /F1 24 Tf 72 740 Td (" + shown + b") Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    return _pdf_file(objects)


def _pdf_file(objects: list[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def voice(seconds: int) -> bytes:
    """Return a silent voice note of that length in seconds: Ogg (RFC 3533) with Opus (RFC 7845)."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, _OPUS_RATE, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 5) + b"prumo" + struct.pack("<I", 0)
    pages = [_ogg_page([head], 0, 0, 2), _ogg_page([tags], 0, 1, 0)]
    frames = seconds * 1000 // _FRAME_MS
    for first in range(0, frames, _FRAMES_PER_PAGE):
        count = min(_FRAMES_PER_PAGE, frames - first)
        position = (first + count) * _OPUS_RATE * _FRAME_MS // 1000
        last = 4 if first + count == frames else 0
        pages.append(_ogg_page([_SILENT_FRAME] * count, position, len(pages), last))
    return b"".join(pages)


def _ogg_page(packets: list[bytes], position: int, number: int, flags: int) -> bytes:
    lacing = bytes(len(packet) for packet in packets)
    body = bytes([len(lacing)]) + lacing + b"".join(packets)
    start = b"OggS" + struct.pack("<BBqII", 0, flags, position, 0x5052, number)
    checksum = _ogg_checksum(start + b"\0\0\0\0" + body)
    return start + struct.pack("<I", checksum) + body


@cache
def _ogg_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return tuple(table)


def _ogg_checksum(data: bytes) -> int:
    table, value = _ogg_table(), 0
    for byte in data:
        value = (value << 8 & 0xFFFFFFFF) ^ table[(value >> 24) ^ byte]
    return value
