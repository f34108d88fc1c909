"""Jobs of e-mail: delivering a letter, and forgetting old ones."""

from datetime import timedelta
from uuid import UUID

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work
from crm_app.core.mail.outbox import forget_old_mail
from crm_app.core.mail.sending import DELIVER_JOB, DeliverLater, deliver_mail
from crm_app.core.queue import job
from jobs.ticks import every

MOST_RUNS = 200
UNEXPECTED = timedelta(minutes=2)

every("mail.forget", cron="11 4 * * *")


class AsAsked(BaseRetryStrategy):
    """Tries again when the failure says; the letter itself counts its attempts."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again, None to give up."""
        if job.attempts + 1 >= MOST_RUNS:
            return None
        delay = exception.delay if isinstance(exception, DeliverLater) else UNEXPECTED
        return RetryDecision(retry_at=utc_now() + delay)


@job(DELIVER_JOB, retry=AsAsked())
async def deliver(mail_id: str, organization_id: str | None = None) -> None:  # noqa: ARG001 - the queue reads it
    """Hand a letter to the mail server."""
    await deliver_mail(UUID(mail_id))


@job("mail.forget")
async def forget() -> None:
    """Remove letters older than a week."""
    async with system_unit_of_work() as session:
        await forget_old_mail(session)
