"""Rows of a tenant table that somebody owns: counted, and given to somebody else in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.sql import Row, fetch_all, fetch_value


@dataclass(frozen=True, slots=True)
class OwnedRows:
    """A table with a `version`, and the column that names the owner. The names are ours, never a caller's."""

    table: str
    column: str
    told: str = ""
    """Columns beside `id` and `version` that come back of every changed row, as SQL."""
    has_updated_at: bool = True

    async def count(self, session: AsyncSession, organization_id: UUID, owner_id: UUID) -> int:
        """Return how many rows this owner has."""
        statement = (
            f"SELECT count(*) FROM {self.table} "  # noqa: S608
            f"WHERE organization_id = %(organization_id)s AND {self.column} = %(owner_id)s"
        )
        values = {"organization_id": organization_id, "owner_id": owner_id}
        return int(await fetch_value(session, statement, values))

    async def give(
        self,
        session: AsyncSession,
        organization_id: UUID,
        *,
        giver: UUID | None,
        receiver: UUID | None,
        only: Sequence[UUID] | None = None,
    ) -> list[Row]:
        """Make `receiver` (None: nobody) the owner of what `giver` owns, of `only` these; returns what changed."""
        held = f"{self.column} IS NULL" if giver is None else f"{self.column} = %(giver)s"
        narrowed = "" if only is None else " AND id = ANY(%(only)s)"
        moment = ", updated_at = %(now)s" if self.has_updated_at else ""
        told = f", {self.told}" if self.told else ""
        statement = (
            f"UPDATE {self.table} SET {self.column} = %(receiver)s, version = version + 1{moment} "  # noqa: S608
            f"WHERE organization_id = %(organization_id)s AND {held}{narrowed} RETURNING id, version{told}"
        )
        values: dict[str, Any] = {
            "organization_id": organization_id,
            "giver": giver,
            "receiver": receiver,
            "only": list(only or ()),
            "now": utc_now(),
        }
        return await fetch_all(session, statement, values)
