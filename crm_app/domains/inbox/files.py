"""What a file really is, judged by its bytes, and what a browser may do with it. Pure: no I/O."""

import unicodedata
from dataclasses import dataclass
from io import BytesIO

import filetype
import imagesize

from crm_app.domains.inbox.models import MessageKind

MAX_NAME = 120
MAX_SIDE = 65_535
"""Pixels; what claims more is no picture that a browser would show."""
FALLBACK = "application/octet-stream"
_SAMPLE = 8192
_HEAD = 256 * 1024  # enough for what cameras write before a picture; bounds the time that a hostile file takes

INLINE_TYPES = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "audio/mpeg",
        "audio/ogg",
        "audio/mp4",
        "audio/aac",
        "audio/amr",
        "audio/webm",
        "audio/x-wav",
        "video/mp4",
        "video/webm",
        "video/3gpp",
        "video/quicktime",
    }
)
"""Types that a browser only decodes, never runs: the ones that we let it show in the page."""

_SAME = {
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/wav": "audio/x-wav",
    "video/x-m4v": "video/mp4",
    "audio/mp3": "audio/mpeg",
}
_CONTAINERS = {
    "video/webm": "audio/webm",
    "video/x-matroska": "audio/webm",
    "video/mp4": "audio/mp4",
    "video/3gpp": "audio/mp4",
}


@dataclass(frozen=True, slots=True)
class FileNature:
    """What a file is: a media type that its bytes prove, and what it is shown as."""

    mime_type: str
    kind: MessageKind


def sniff(data: bytes, *, declared: str = "") -> FileNature:
    """Return what `data` is. `declared` is believed only where bytes cannot tell: sound or film."""
    guessed = filetype.guess(data[:_SAMPLE])
    found = _SAME.get(guessed.mime, guessed.mime) if guessed else _text_or_unknown(data)
    if declared.startswith("audio/") and found in _CONTAINERS:
        found = _CONTAINERS[found]
    return FileNature(found, kind_of(found))


def _text_or_unknown(data: bytes) -> str:
    sample = data[:_SAMPLE]
    if not sample or b"\x00" in sample:
        return FALLBACK
    try:
        # A character may be cut in two at the end of the sample.
        sample[:-4].decode() if len(sample) == _SAMPLE else sample.decode()
    except UnicodeDecodeError:
        return FALLBACK
    return "text/plain"


def picture_size(data: bytes, mime_type: str) -> tuple[int, int] | None:
    """Return width and height in pixels as the picture is shown, turned as its camera says; None when unknown.

    Only the head of the file is read. It comes from a stranger: whatever is wrong with it, the size is unknown.
    """
    if kind_of(mime_type) is not MessageKind.IMAGE:
        return None
    try:
        width, height = imagesize.get(BytesIO(data[:_HEAD]))
    except Exception:  # noqa: BLE001 (a poisoned file must not keep its message from being shown)
        return None
    if not all(isinstance(side, int) and 0 < side <= MAX_SIDE for side in (width, height)):
        return None
    return width, height


def kind_of(mime_type: str) -> MessageKind:
    """Return what a file of this type is shown as: what the page cannot show is a document."""
    if mime_type not in INLINE_TYPES:
        return MessageKind.DOCUMENT
    return {"image": MessageKind.IMAGE, "audio": MessageKind.AUDIO}.get(
        mime_type.partition("/")[0], MessageKind.VIDEO
    )


def is_inline(mime_type: str) -> bool:
    """Tell whether the page may show the file; otherwise it is only offered for download."""
    return mime_type in INLINE_TYPES


def safe_name(name: str, fallback: str = "") -> str:
    """Return the last part of a file's name without characters that deceive or break: controls, direction marks,
    separators of folders; its ending survives when it has to be shortened.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = " ".join("".join(c for c in last if unicodedata.category(c)[0] != "C").split()).strip(". ")
    if len(plain) > MAX_NAME:
        stem, dot, ending = plain.rpartition(".")
        ending = ending[:10] if dot else ""
        plain = f"{(stem or plain)[: MAX_NAME - len(ending) - 1]}{dot}{ending}"
    return plain or fallback
