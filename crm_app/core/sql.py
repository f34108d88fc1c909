"""Statements of the busiest paths, sent straight through psycopg inside the session's own transaction.

They cost a third of the way through SQLAlchemy's layers. Parameters are named, `%(name)s`; a literal percent
sign is doubled. Failures come out as SQLAlchemy's, so that callers need not know which way a statement went.
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.database import AT_COMMIT, AT_THE_END, driver_of, psycopg_errors

Row = dict[str, Any]
Values = Mapping[str, Any]


async def _execute(session: AsyncSession, statement: str, values: Values) -> psycopg.AsyncCursor[Row]:
    if session.new or session.dirty or session.deleted:
        await session.flush()
    driver = await driver_of(session)
    with psycopg_errors(statement):
        return await driver.cursor(row_factory=dict_row).execute(statement, values)


async def fetch_all(session: AsyncSession, statement: str, values: Values) -> list[Row]:
    """Run a statement and return its rows."""
    return await (await _execute(session, statement, values)).fetchall()


async def fetch_one(session: AsyncSession, statement: str, values: Values) -> Row | None:
    """Run a statement and return its first row, or None."""
    return await (await _execute(session, statement, values)).fetchone()


async def fetch_value(session: AsyncSession, statement: str, values: Values) -> Any:
    """Run a statement and return the first column of its first row, or None when there is none."""
    row = await fetch_one(session, statement, values)
    return None if row is None else next(iter(row.values()))


async def run(session: AsyncSession, statement: str, values: Values) -> int:
    """Run a statement whose rows nobody needs, and return how many rows it changed or found."""
    return (await _execute(session, statement, values)).rowcount


def run_at_commit(session: AsyncSession, statement: str, values: Values, *, shared: bool = False) -> None:
    """Have a statement run at the very end of the session's transaction, after those that were given before it.

    For rows that nobody reads back, such as the audit trail: they travel together with the commit, and the locks
    that they take are the last of the transaction, and the shortest. A failure comes out of the unit of work.
    `shared` is for a statement that needs no tenant and locks what all organizations share: it comes after those
    that lock what is one organization's, so that no two transactions wait for each other.
    """
    session.info.setdefault(AT_THE_END if shared else AT_COMMIT, []).append((statement, values))
