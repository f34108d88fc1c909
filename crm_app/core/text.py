"""What a text that comes from outside may hold. Nothing here escapes: that is the business of who shows it."""

import re
import unicodedata
from typing import Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

_ALLOWED_CONTROLS = frozenset("\n\t")


def _is_unwanted(character: str) -> bool:
    # Control characters (NUL among them), and halves of surrogate pairs, which no database can hold.
    return unicodedata.category(character) in {"Cc", "Cs"} and character not in _ALLOWED_CONTROLS


def tidy_line(text: Any) -> Any:
    """Return `text` as one line without outer or repeated blanks. Raises for what cannot be stored, say NUL."""
    prose = tidy_prose(text)
    return " ".join(prose.split()) if isinstance(prose, str) else prose


def tidy_prose(text: Any) -> Any:
    """Return `text` with Unix line ends and without outer blanks. Raises for what cannot be stored, say NUL.

    Direction marks, joiners and emoji stay: Arabic and family emoji need them. What is no text is left as it is.
    """
    if not isinstance(text, str):
        return text
    unified = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if any(_is_unwanted(character) for character in unified):
        raise PydanticCustomError("control_character", "The text holds characters that cannot be stored")
    return unified


def hyphenated(text: str) -> str:
    """Return a name as addresses write it: ASCII letters, digits, single hyphens; empty when none is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


LINE = BeforeValidator(tidy_line)
"""One line of text, say a name: `Annotated[str, Field(min_length=1, max_length=200), LINE]`, this one last:
lengths are then those of the tidy text."""

PROSE = BeforeValidator(tidy_prose)
"""Text of several lines, say a note: `Annotated[str, Field(max_length=10_000), PROSE]`."""
