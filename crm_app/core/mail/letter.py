"""What a letter says: words of the catalogue, in plain and in simple HTML form; what is filled in is escaped."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from crm_app.core.i18n import LANGUAGES, has_sentence, translate

TEMPLATES = Path(__file__).parent / "templates"
LONGEST_VALUE = 120
_WORD_JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to one person. `kind` names its words in the catalogue: `mail.<kind>.subject`, `.title`, `.body`
    (a paragraph per line), and where it has them `.button` (leads to `link`) and `.note`.

    `data` fills the words' placeholders; it may come from strangers. After `useful_for` the letter is pointless
    (its link has expired), and no further attempt is made to deliver it.
    """

    kind: str
    to: str
    language: str
    link: str = ""
    data: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    useful_for: timedelta = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter in words."""

    subject: str
    text: str
    html: str


def render(letter: Letter) -> Rendered:
    """Return the letter's words. Raises `KeyError` for a kind that the catalogue does not know."""
    language = letter.language if letter.language in LANGUAGES else LANGUAGES[0]
    values = {name: harmless(value) for name, value in letter.data.items()}

    def say(part: str) -> str:
        key = f"mail.{letter.kind}.{part}"
        return translate(key, language, **values) if has_sentence(key) else ""

    if not say("subject"):
        raise KeyError(letter.kind)
    words = {
        "language": language,
        "title": say("title"),
        "paragraphs": say("body").split("\n"),
        "button": say("button"),
        "link": letter.link,
        "note": say("note"),
        "hint": translate("mail.frame.hint", language),
        "why": translate("mail.frame.why", language),
    }
    return Rendered(
        subject=say("subject"),
        text=_templates().get_template("letter.txt").render(words).strip() + "\n",
        html=_templates().get_template("letter.html").render(words),
    )


def harmless(value: str) -> str:
    """Return a stranger's text as one short line that no mail program turns into a link.

    A name like `http://evil.example` would otherwise make our own letter an advertisement for it. The joiner that
    breaks addresses apart cannot be seen.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())[:LONGEST_VALUE]
    apart = re.sub(r"(?<=\w)([.@])(?=\w)", rf"\1{_WORD_JOINER}", line)
    return apart.replace("://", f":{_WORD_JOINER}//")


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
