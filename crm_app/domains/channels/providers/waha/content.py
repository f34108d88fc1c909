"""What a WhatsApp message says, read from WAHA's payload. Pure."""

import math
from typing import Any

from crm_app.domains.channels.schemas import (
    Choice,
    Content,
    ContentKind,
    Location,
    MediaDescriptor,
    MediaKind,
    SharedContact,
)

_VOICE_PLACES = (("ptt",), ("message", "audioMessage", "ptt"), ("Message", "audioMessage", "PTT"))


def clean(value: Any) -> str:
    """Return a text without NUL characters and lone surrogates (PostgreSQL takes neither); empty when none."""
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").encode("utf-8", "replace").decode()


def words(value: Any, limit: int) -> str:
    """Return a short text on one line, for names and reasons."""
    text = value if isinstance(value, str) else "" if value is None else repr(value)
    return " ".join(clean(text).split())[:limit]


def content_of(payload: dict[str, Any]) -> Content:
    """Read the content of a `message` payload; a kind that we cannot show becomes UNSUPPORTED with its
    words.
    """
    text = clean(payload.get("body"))
    if (location := _location(payload.get("location"))) is not None:
        return Content(kind=ContentKind.LOCATION, text=text, location=location)
    if cards := _cards(payload.get("vCards")):
        return Content(kind=ContentKind.CONTACTS, text=text, contacts=cards)
    if (media := _media(payload)) is not None:
        return Content(kind=ContentKind.MEDIA, text=text, media=media)
    if (choice := _choice(payload)) is not None:
        return Content(kind=ContentKind.CHOICE, text=text or choice.title, choice=choice)
    return Content(kind=ContentKind.TEXT if text else ContentKind.UNSUPPORTED, text=text)


def _media(payload: dict[str, Any]) -> MediaDescriptor | None:
    media = payload.get("media")
    if not isinstance(media, dict):
        if payload.get("hasMedia") is not True:
            return None
        return MediaDescriptor(kind=MediaKind.DOCUMENT, reference="", available=False)
    mime = words(media.get("mimetype"), 120).lower() or "application/octet-stream"
    url = media.get("url") or payload.get("mediaUrl")
    reference = clean(url)[:2000] if isinstance(url, str) else ""
    return MediaDescriptor(
        kind=_kind(mime, payload),
        reference=reference,
        mime_type=mime,
        filename=words(media.get("filename"), 200) or None,
        available=bool(reference) and not media.get("error"),
    )


def _kind(mime: str, payload: dict[str, Any]) -> MediaKind:
    family = mime.partition("/")[0]
    if mime.startswith("image/webp"):
        return MediaKind.STICKER
    if family == "image":
        return MediaKind.IMAGE
    if family == "video":
        return MediaKind.VIDEO
    if family == "audio":
        return MediaKind.VOICE if "opus" in mime or _is_voice(payload.get("_data")) else MediaKind.AUDIO
    return MediaKind.DOCUMENT


def _is_voice(data: Any) -> bool:
    return any(_dig(data, place) is True for place in _VOICE_PLACES)


def _dig(value: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _location(value: Any) -> Location | None:
    if not isinstance(value, dict):
        return None
    latitude, longitude = _number(value.get("latitude")), _number(value.get("longitude"))
    if latitude is None or longitude is None or not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return Location(
        latitude=latitude,
        longitude=longitude,
        name=words(value.get("name") or value.get("title"), 200) or None,
        address=words(value.get("address"), 300) or None,
    )


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _cards(value: Any) -> tuple[SharedContact, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(card for text in value[:20] if (card := _card(clean(text))) is not None)


def _card(text: str) -> SharedContact | None:
    """Read name and phones from a vCard (RFC 6350: `FN:` and `TEL…:` lines)."""
    name, phones = "", []
    for line in text.splitlines():
        field, _, value = line.partition(":")
        label = field.rpartition(".")[2].partition(";")[0].upper()
        if label == "FN":
            name = words(value, 200)
        elif label == "TEL":
            phones.append(words(value, 40))
    return SharedContact(name=name or phones[0], phones=tuple(phones[:10])) if name or phones else None


def _choice(payload: dict[str, Any]) -> Choice | None:
    data = payload.get("_data")
    for place in (("selectedButtonId",), ("listResponse", "singleSelectReply", "selectedRowId")):
        value = words(_dig(data, place), 256)
        if value:
            return Choice(title=words(payload.get("body"), 200) or value, payload=value)
    return None
