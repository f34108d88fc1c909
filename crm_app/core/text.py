"""What a text that comes from outside may hold. Nothing here escapes: that is the business of who shows it."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_ALLOWED_CONTROLS = frozenset("\n\t")


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and character not in _ALLOWED_CONTROLS


def tidy_line(text: str) -> str:
    """Return `text` as one line without outer or repeated blanks. Raises on control characters such as NUL."""
    return " ".join(tidy_prose(text).split())


def tidy_prose(text: str) -> str:
    """Return `text` with Unix line ends and without outer blanks. Raises on control characters such as NUL.

    Direction marks, joiners and emoji stay: Arabic and family emoji need them.
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if any(_is_control(character) for character in unified):
        raise PydanticCustomError("control_character", "The text holds characters that cannot be stored")
    return unified


Line = Annotated[str, AfterValidator(tidy_line)]
"""One line of text, say a name; combine with `Field(max_length=…)`."""

Prose = Annotated[str, AfterValidator(tidy_prose)]
"""Text of several lines, say a note."""
