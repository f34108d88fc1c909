"""What PostgreSQL does for a use case: the plans of the statements that it sends, whichever way they go."""

from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core import sql
from crm_app.core.database import driver_of, engine, unit_of_work
from crm_app.core.tenancy import Actor

UseCase = Callable[[AsyncSession, Actor], Awaitable[object]]


async def plans_of(case: UseCase, actor: Actor, *, options: str = "") -> list[str]:
    """Run a use case and return the plan of each of its SELECTs; `options` are EXPLAIN's, e.g. `(ANALYZE)`."""
    seen: list[tuple[str, Any]] = []
    async with unit_of_work(actor) as session:
        with _hearing(seen):
            await case(session, actor)
        driver = await driver_of(session)
        plans = []
        for statement, values in seen:
            if "SELECT" in statement and "set_config" not in statement:
                rows = await (await driver.execute(f"EXPLAIN {options} {statement}", values)).fetchall()
                plans.append("\n".join(row[0] for row in rows))
    return plans


@contextmanager
def _hearing(seen: list[tuple[str, Any]]) -> Any:
    genuine = sql._execute

    async def heard(session: AsyncSession, statement: str, values: Any) -> Any:
        seen.append((statement, values))
        return await genuine(session, statement, values)

    def noted(_c: Any, _cur: Any, statement: str, parameters: Any, _ctx: Any, _many: bool) -> None:
        seen.append((statement, parameters))

    sql._execute = heard  # type: ignore[assignment]
    event.listen(engine().sync_engine, "before_cursor_execute", noted)
    try:
        yield
    finally:
        sql._execute = genuine
        event.remove(engine().sync_engine, "before_cursor_execute", noted)
