"""Reads the demo's words: people, funnels and dialogues, kept as JSON beside this module.

A line of a dialogue starts with who speaks: `<` the customer, `>` the agency, `#` an internal note. `>!` failed to
be delivered, `>^` quotes the message before. `[image name]`, `[audio seconds]` and `[document name]` stand before
the words of a file. `= 3h` and `= 2d` are pauses.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from crm_app.domains.inbox.models import Direction, MessageKind

_FOLDER = Path(__file__).with_name("content")
_LINE = re.compile(r"([<>#])([!^]?)\s*(?:\[(image|audio|document) ([^\]]+)\]\s*)?(.*)", re.DOTALL)
_PAUSE = re.compile(r"=\s*(\d+)([hd])")
_SPEAKERS = {"<": Direction.INBOUND, ">": Direction.OUTBOUND, "#": Direction.NOTE}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said. `pause` is the silence before it, `file` the name (or seconds) of what it carries."""

    direction: Direction
    kind: MessageKind
    body: str
    file: str = ""
    fails: bool = False
    quotes: bool = False
    pause: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What was said with one customer, and what is known about them. `ago` is in minutes before now."""

    who: str
    company: str
    job: str
    source: str
    tags: Sequence[str]
    deal: str
    agent: str | None
    lines: Sequence[Line]
    ago: int | None = None
    unread: int = 0
    resolved: bool = False
    won: bool = False
    lost: str = ""


def _read(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def parse_lines(texts: Sequence[str]) -> list[Line]:
    """Return the lines of a dialogue. Raises `ValueError` for one that nobody says."""
    lines: list[Line] = []
    pause = timedelta()
    for text in texts:
        if silent := _PAUSE.fullmatch(text):
            pause += timedelta(**{"hours" if silent[2] == "h" else "days": int(silent[1])})
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            raise ValueError(f"nobody says: {text}")
        speaker, mark, kind, file, body = match.groups()
        lines.append(
            Line(
                direction=_SPEAKERS[speaker],
                kind=MessageKind(kind or "text"),
                body=body,
                file=file or "",
                fails=mark == "!",
                quotes=mark == "^",
                pause=pause,
            )
        )
        pause = timedelta()
    return lines


def _dialogue(raw: Mapping[str, Any]) -> Dialogue:
    known = {key: value for key, value in raw.items() if key not in {"lines", "g"}}
    return Dialogue(**known, lines=parse_lines(raw["lines"]))


@cache
def dialogues() -> tuple[Dialogue, ...]:
    """Return every conversation, in the order of the files."""
    return tuple(_dialogue(raw) for number in (1, 2, 3) for raw in _read(f"conversations_{number}"))


@cache
def routine() -> tuple[frozenset[str], tuple[tuple[Line, ...], ...]]:
    """Return who is a client already, and the small exchanges that clients have with the agency."""
    raw = _read("routine")
    return frozenset(raw["clients"]), tuple(tuple(parse_lines(texts)) for texts in raw["exchanges"])


@cache
def people() -> Mapping[str, Any]:
    """Return names, companies, sources, the team and the catalogue of services."""
    found: Mapping[str, Any] = _read("people")
    return found


@cache
def pipelines() -> Sequence[Mapping[str, Any]]:
    """Return the funnels with their stages; `share` is the percentage of deals that get as far, from the stage
    before."""
    found: Sequence[Mapping[str, Any]] = _read("pipelines")
    return found
