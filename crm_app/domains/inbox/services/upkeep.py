"""What has to be tidied up from time to time."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core import storage
from crm_app.core.clock import utc_now

# lint-skip: transaction (visits every organization; each file has a transaction of its own)
from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import service as accounts
from crm_app.domains.inbox import fresh_files, repository
from crm_app.domains.inbox.services.media import UPLOAD_SECONDS

log = structlog.get_logger(__name__)

KEEP_EARLY_REPORTS = timedelta(days=30)
KEEP_UNSENT = timedelta(seconds=UPLOAD_SECONDS) + timedelta(hours=1)
"""Longer than an upload can still be sent."""
_AT_ONCE = 500


async def organizations() -> list[UUID]:
    """Return the ids of the organizations that do work."""
    async with system_unit_of_work() as session:
        return await accounts.list_working_organization_ids(session)


async def forget_early_reports(session: AsyncSession, actor: Actor) -> int:
    """Remove reports whose message did not come in a month; returns how many."""
    actor.require("deliveries.replay")
    return await repository.drop_early_reports(session, actor.organization_id, utc_now() - KEEP_EARLY_REPORTS)


async def drop_unsent_files(actor: Actor) -> int:
    """Remove the files of an organization that no message has after a day; returns how many.

    Only attachments keep a file: whoever else remembers a storage key must be asked here, too. Raises
    `Unavailable` when the storage is; what is left waits for the next time.
    """
    actor.require("deliveries.replay")
    before = utc_now() - KEEP_UNSENT
    gone = 0
    while True:
        async with unit_of_work(actor) as session:
            rows = await fresh_files.list_older(session, actor.organization_id, before, _AT_ONCE)
        settled = [await _settle(actor, row_id, before) for row_id in rows]
        gone += sum(removed for removed in settled if removed)
        if len(rows) < _AT_ONCE or None in settled:
            return gone


async def _settle(actor: Actor, row_id: UUID, before: datetime) -> bool | None:
    """Tell whether the file of a row was removed: False when a message has it, None when somebody wants it now."""
    async with unit_of_work(actor) as session:
        row = await fresh_files.lock_older(session, actor.organization_id, row_id, before)
        if row is None:
            return None
        kept = await fresh_files.is_attached(session, actor.organization_id, row.storage_key)
        if not kept:
            # The row goes after the bytes: a crash between the two is mended by the next visit.
            await storage.delete(row.storage_key)
            log.info("a file that nobody sent is gone", storage_key=row.storage_key)
        await fresh_files.forget(session, actor.organization_id, row_id)
    return not kept
