"""Keeps the queue itself in order: jobs of workers that died, and jobs that are long done."""

import structlog

from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work
from crm_app.core.queue import job, queue
from crm_app.core.waiting_room import release_forgotten
from jobs.ticks import every

log = structlog.get_logger(__name__)

STALLED_SECONDS = 20
"""A worker that has not been heard of for so long is dead; it reports every `HEARTBEAT_SECONDS`."""
HEARTBEAT_SECONDS = 5
KEEP_DONE_HOURS = 24

every("maintenance.rescue_jobs", seconds=15)
every("maintenance.forget_done_jobs", cron="17 * * * *")
every("maintenance.release_jobs", seconds=60)


@job("maintenance.rescue_jobs", queue_name="maintenance")
async def rescue_jobs() -> None:
    """Give the jobs of dead workers back to the queue; they are idempotent."""
    manager = queue.job_manager
    for stalled in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        log.warning("job of a dead worker goes back to the queue", job_id=stalled.id, job_name=stalled.task_name)
        await manager.retry_job(stalled, retry_at=utc_now())


@job("maintenance.release_jobs", queue_name="maintenance")
async def release_jobs() -> None:
    """Let jobs go that began to wait for their organization in the very moment in which it came back."""
    async with system_unit_of_work() as session:
        await release_forgotten(session)


@job("maintenance.forget_done_jobs", queue_name="maintenance")
async def forget_done_jobs() -> None:
    """Remove jobs that succeeded a day ago; failed ones stay for replay."""
    await queue.job_manager.delete_old_jobs(nb_hours=KEEP_DONE_HOURS)
