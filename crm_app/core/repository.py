"""What every tenant table and every list has in common. No business noun lives here."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from crm_app.core.clock import utc_now
from crm_app.core.errors import Invalid, NotFound
from crm_app.core.ids import new_id

Item = TypeVar("Item")
Row = TypeVar("Row", bound="TenantTable")


def timestamp(*, nullable: bool = False, **options: Any) -> Any:
    """Return a column of type `timestamptz`; filled with the present moment unless it is nullable."""
    if nullable:
        return Field(default=None, sa_type=DateTime(timezone=True), **options)
    return Field(default_factory=utc_now, sa_type=DateTime(timezone=True), nullable=False, **options)


class TenantTable(SQLModel):
    """A row that belongs to one organization: its primary key is `(organization_id, id)`.

    The organization comes first in every key, so that a row can only be pointed at from its own organization
    and tables can be distributed by it.
    """

    is_tenant: ClassVar[bool] = True

    organization_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime = timestamp()


def belongs_to(table: str, column: str, *, on_delete: str | None = "CASCADE") -> ForeignKeyConstraint:
    """Return a foreign key to another tenant table that carries the organization, so it cannot cross over.

    With `on_delete=None` the reference blocks the deletion of its target.
    """
    return ForeignKeyConstraint(
        ["organization_id", column], [f"{table}.organization_id", f"{table}.id"], ondelete=on_delete
    )


def unique_in_organization(name: str, *columns: str) -> UniqueConstraint:
    """Return a constraint that makes `columns` unique inside one organization."""
    return UniqueConstraint("organization_id", *columns, name=name)


async def find(session: AsyncSession, model: type[Row], organization_id: UUID, row_id: UUID) -> Row | None:
    """Return the row of this organization with this id, or None."""
    statement = select(model).where(
        model.organization_id == organization_id,  # type: ignore[arg-type]
        model.id == row_id,  # type: ignore[arg-type]
    )
    return (await session.scalars(statement)).one_or_none()


async def get(session: AsyncSession, model: type[Row], organization_id: UUID, row_id: UUID) -> Row:
    """Return the row of this organization with this id. Raises `NotFound`."""
    row = await find(session, model, organization_id, row_id)
    if row is None:
        raise NotFound(kind=model.__tablename__)
    return row


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A window of a list, and where the next one starts (None at the end)."""

    items: Sequence[Item]
    next_cursor: str | None


def encode_cursor(*position: Any) -> str:
    """Turn the sort key of a list's last row into an opaque cursor (URL-safe base64 of JSON)."""
    return base64.urlsafe_b64encode(json.dumps(position, default=str).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, size: int) -> list[Any]:
    """Turn a cursor back into a sort key of `size` parts. Raises `Invalid` for anything else."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        position = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("errors.cursor") from error
    if not isinstance(position, list) or len(position) != size:
        raise Invalid("errors.cursor")
    return position
