"""SQL about files that were stored a short while ago: they are kept from the one who tidies up by a row's lock."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core.clock import utc_now
from crm_app.core.ids import new_id
from crm_app.domains.inbox.models import Attachment, FreshFile


async def hold(session: AsyncSession, organization_id: UUID, keys: Iterable[str]) -> None:
    """Note that these files are wanted, and let nobody remove them until the end of the transaction.

    Hold a key before its bytes are stored or attached: who tidies up at this moment has then finished.
    """
    now = utc_now()
    for key in sorted(set(keys)):  # in one order, so that two who want the same files do not block each other
        row = {"organization_id": organization_id, "id": new_id(), "created_at": now, "touched_at": now}
        wanted = insert(FreshFile).values(**row, storage_key=key)
        await session.execute(
            wanted.on_conflict_do_update(constraint="uq_fresh_file_key", set_={"touched_at": now})
        )


async def list_older(session: AsyncSession, organization_id: UUID, before: datetime, most: int) -> Sequence[UUID]:
    """Return the rows of files that nobody has touched since `before`, the oldest first."""
    statement = (
        select(col(FreshFile.id))
        .where(col(FreshFile.organization_id) == organization_id, col(FreshFile.touched_at) < before)
        .order_by(col(FreshFile.touched_at))
        .limit(most)
    )
    return (await session.scalars(statement)).all()


async def lock_older(
    session: AsyncSession, organization_id: UUID, row_id: UUID, before: datetime
) -> FreshFile | None:
    """Return a row, locked, unless somebody holds it or has touched it meanwhile."""
    statement = (
        select(FreshFile)
        .where(
            col(FreshFile.organization_id) == organization_id,
            col(FreshFile.id) == row_id,
            col(FreshFile.touched_at) < before,
        )
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def is_attached(session: AsyncSession, organization_id: UUID, key: str) -> bool:
    """Tell whether a message has this file."""
    statement = select(
        exists().where(
            col(Attachment.organization_id) == organization_id,
            col(Attachment.storage_key) == key,
            col(Attachment.storage_key) != "",
        )
    )
    return bool((await session.scalars(statement)).one())


async def forget(session: AsyncSession, organization_id: UUID, row_id: UUID) -> None:
    """Remove a row; its file is settled."""
    await session.execute(
        delete(FreshFile).where(col(FreshFile.organization_id) == organization_id, col(FreshFile.id) == row_id)
    )
