"""How soon a password would be guessed (zxcvbn), in place of rules about its letters.

zxcvbn knows English; the words that Brazilians put into passwords are added, and what belongs to the person (name,
address, organization) counts for next to nothing.
"""

import asyncio
import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from zxcvbn import zxcvbn

from crm_app.domains.accounts.errors import WeakPassword
from crm_app.domains.accounts.rules import MAXIMUM_PASSWORD

SHORTEST: Final = 8
"""NIST SP 800-63B section 5.1.1.2, ASVS 5 requirement 6.2.1."""
ENOUGH: Final = 3
"""zxcvbn's score from which ten billion guesses would not do."""
JUDGED: Final = 72
"""Only the beginning of a long password is judged: the estimate takes ever longer."""
_COMMON = Path(__file__).with_name("common_words.txt")
_ONE_AT_A_TIME = threading.Lock()  # zxcvbn keeps the words of a call in a global

WARNINGS: Final = {
    "Straight rows of keys are easy to guess.": "rows",
    "Short keyboard patterns are easy to guess.": "keyboard",
    'Repeats like "aaa" are easy to guess.': "repeat",
    'Repeats like "abcabcabc" are only slightly harder to guess than "abc".': "repeat",
    'Sequences like "abc" or "6543" are easy to guess.': "sequence",
    "Recent years are easy to guess.": "date",
    "Dates are often easy to guess.": "date",
    "This is a top-10 common password.": "common",
    "This is a top-100 common password.": "common",
    "This is a very common password.": "common",
    "This is similar to a commonly used password.": "similar",
    "A word by itself is easy to guess.": "word",
    "Names and surnames by themselves are easy to guess.": "name",
    "Common names and surnames are easy to guess.": "name",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """`score` from 0 (guessed at once) to 4; `reason` is empty for a good password, else the last part of a key
    `errors.password.<reason>`."""

    score: int
    reason: str

    @property
    def good(self) -> bool:
        """Whether the password may be used."""
        return self.score >= ENOUGH and not self.reason


def judge(password: str, personal: Sequence[str] = ()) -> Judgement:
    """Return how good a password is for somebody with these names and addresses. Takes up to 150 ms."""
    if len(password) < SHORTEST:
        return Judgement(min(_estimate(password, ())["score"] if password else 0, 1), "short")
    if len(password) > MAXIMUM_PASSWORD:
        return Judgement(0, "long")
    own = list(own_words(personal))
    found = _estimate(password, own)
    without = _without(password, own)
    score = int(found["score"])
    if without != _plain(password)[:JUDGED]:
        rest = _estimate(without, ())["score"] if without else 0
        if rest + 1 < min(score, ENOUGH):
            return Judgement(rest, "personal")
    if score >= ENOUGH:
        return Judgement(score, "")
    return Judgement(score, WARNINGS.get(found["feedback"]["warning"]) or _named(found, own))


def _estimate(password: str, own: Sequence[str]) -> dict[str, Any]:
    with _ONE_AT_A_TIME:
        found: dict[str, Any] = zxcvbn(password[:JUDGED], user_inputs=[*own, *common_words()])
    return found


def _named(found: dict[str, Any], own: Iterable[str]) -> str:
    words = {match.get("matched_word") for match in found["sequence"] if match["pattern"] == "dictionary"}
    return "personal" if words & set(own) else "common" if words & set(common_words()) else "guessable"


def own_words(personal: Iterable[str]) -> Iterable[str]:
    """Yield the parts of names and addresses that are long enough to be looked for."""
    parts = {part for text in personal for part in re.split(r"[\W_]+", _plain(text))}
    return sorted((part for part in parts if len(part) >= 3), key=lambda part: (-len(part), part))


def _without(password: str, own: Iterable[str]) -> str:
    rest = _plain(password)[:JUDGED]
    for word in own:
        rest = rest.replace(word, "")
    return rest


def _plain(text: str) -> str:
    """Return a text without accents and in small letters, as a guesser would try it first."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


@cache
def common_words() -> tuple[str, ...]:
    """Return the words that Brazilian passwords are made of."""
    return tuple(line for line in _COMMON.read_text(encoding="utf-8").split() if line)


async def require_strong(password: str, personal: Sequence[str]) -> None:
    """Raise `WeakPassword`, with the reason, for a password that would soon be guessed."""
    judgement = await asyncio.to_thread(judge, password, personal)
    if not judgement.good:
        key = f"errors.password.{judgement.reason or 'guessable'}"
        raise WeakPassword(key, field="password", minimum=SHORTEST, score=judgement.score)
