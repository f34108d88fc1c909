"""Whose things an actor sees, as a condition that repositories put into their statements.

The condition is made of fixed words and parameters only, and it is empty for whoever sees everything: their
statements stay what they are without it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

Condition = tuple[str, dict[str, Any]]
"""SQL that begins with AND, or nothing, with parameters as psycopg names them, and their values."""

UNLIMITED: Condition = ("", {})
_COLUMN = re.compile(r"[a-z_]+\.[a-z_]+")
_PARAMETER = re.compile(r"%\((\w+)\)s")


class Reach(StrEnum):
    """How far a permission goes: one's own things, those of one's teams, those of everybody."""

    OWN = "own"
    TEAM = "team"
    ALL = "all"

    @property
    def breadth(self) -> int:
        """Return 0 for the narrowest reach, 2 for the widest."""
        return _ORDER.index(self)


_ORDER = (Reach.OWN, Reach.TEAM, Reach.ALL)


@dataclass(frozen=True, slots=True)
class Sight:
    """Things of one kind that somebody sees: those of `people` (None: of everybody), and nobody's if `nobody`."""

    people: tuple[UUID, ...] | None
    nobody: bool = True

    @property
    def everything(self) -> bool:
        """Tell whether nothing is hidden."""
        return self.people is None

    def covers(self, owner_id: UUID | None) -> bool:
        """Tell whether a thing of this owner (None: nobody's) is seen."""
        if self.people is None:
            return True
        return self.nobody if owner_id is None else owner_id in self.people

    def narrowed_by(self, other: "Sight") -> "Sight":
        """Return what both see."""
        if self.people is None:
            return other
        if other.people is None:
            return self
        return Sight(tuple(one for one in self.people if one in other.people), self.nobody and other.nobody)

    def as_json(self) -> dict[str, Any]:
        """Return what database functions take: ids as texts, None for everybody."""
        people = None if self.people is None else [str(one) for one in self.people]
        return {"people": people, "nobody": self.nobody}

    def where(self, column: str, name: str) -> Condition:
        """Return `AND …` on the column that holds the owner; `name` names its parameter.

        One person is compared with `=`, so that an index on (owner, order) gives the rows in order.
        """
        if self.people is None:
            return UNLIMITED
        if not _COLUMN.fullmatch(column) or not name.isidentifier():
            raise ValueError(f"not a column and a name: {column!r}, {name!r}")
        found: list[str] = []
        if self.people:
            found.append(f"{column} = %({name})s" if len(self.people) == 1 else f"{column} = ANY(%({name})s)")
        if self.nobody:
            found.append(f"{column} IS NULL")
        values = {name: self.people[0] if len(self.people) == 1 else list(self.people)} if self.people else {}
        return f"AND ({' OR '.join(found) or 'false'})", values


EVERYBODYS = Sight(None)
NOTHING = Sight((), nobody=False)


def clauses(condition: Condition) -> list[TextClause]:
    """Return a condition as arguments for SQLAlchemy's `where`; none when nothing is narrowed."""
    sql, values = condition
    if not sql:
        return []
    return [text(_PARAMETER.sub(r":\1", sql.removeprefix("AND "))).bindparams(**values)]


def combined(*conditions: Condition) -> Condition:
    """Return a condition that holds when all of these do; their parameters have names of their own."""
    values: dict[str, Any] = {}
    for _, more in conditions:
        values |= more
    return " ".join(sql for sql, _ in conditions if sql), values
