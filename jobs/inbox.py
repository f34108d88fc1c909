"""Jobs of the inbox: what came in, what goes out, and files on their way."""

import random
from datetime import timedelta
from uuid import UUID

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.jobs import Job

from crm_app.core.clock import utc_now
from crm_app.core.database import unit_of_work
from crm_app.core.errors import CrmError
from crm_app.core.queue import current_attempt, job
from crm_app.domains.accounts.permissions import system_actor
from crm_app.domains.channels.intake import PROCESS_JOB
from crm_app.domains.inbox.errors import TryLater
from crm_app.domains.inbox.rules import backoff
from crm_app.domains.inbox.services import conversations, delivery, inbound, media, upkeep
from crm_app.domains.inbox.services.sending import DELIVER_JOB
from jobs.ticks import every

PROCESS_ATTEMPTS = 6
FETCH_ATTEMPTS = 6

every("inbox.sweep", cron="41 3 * * *")
every("inbox.drop_unsent_files", cron="29 * * * *")


class Patience(BaseRetryStrategy):
    """Tries again after a growing, spread delay, or after the one that the failure asks for."""

    def __init__(self, attempts: int, *, longest: timedelta) -> None:
        self.attempts = attempts
        self.longest = longest

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when to try again, None to give up."""
        if job.attempts + 1 >= self.attempts:
            return None
        delay = backoff(job.attempts + 1, wish=None, chance=random.random())  # noqa: S311
        delay = exception.delay if isinstance(exception, TryLater) else min(delay, self.longest)
        return RetryDecision(retry_at=utc_now() + delay)


@job(PROCESS_JOB, retry=Patience(PROCESS_ATTEMPTS, longest=timedelta(seconds=30)))
async def process_event(organization_id: str, event_id: str) -> None:
    """Do what a webhook's raw event asks for."""
    await inbound.process_event(
        system_actor(UUID(organization_id)),
        event_id=UUID(event_id),
        last_try=current_attempt() >= PROCESS_ATTEMPTS,
    )


# The message itself counts its attempts; the limit here only stops a job that can never count.
@job(DELIVER_JOB, retry=Patience(200, longest=timedelta(minutes=10)))
async def deliver_message(organization_id: str, message_id: str) -> None:
    """Bring a message to the vendor."""
    await delivery.deliver_message(system_actor(UUID(organization_id)), message_id=UUID(message_id))


@job(media.FETCH_JOB, retry=Patience(FETCH_ATTEMPTS, longest=timedelta(minutes=2)))
async def fetch_attachment(organization_id: str, attachment_id: str) -> None:
    """Bring a customer's file home."""
    await media.fetch_attachment(
        system_actor(UUID(organization_id)),
        attachment_id=UUID(attachment_id),
        last_try=current_attempt() >= FETCH_ATTEMPTS,
    )


@job(conversations.SHOW_READ_JOB, retry=Patience(4, longest=timedelta(minutes=1)))
async def show_read(organization_id: str, conversation_id: str, count: int, before: str | None = None) -> None:
    """Let the customer see that messages were read."""
    await conversations.show_read(
        system_actor(UUID(organization_id)),
        conversation_id=UUID(conversation_id),
        count=count,
        before=UUID(before) if before else None,
    )


@job(conversations.MARK_ANSWERED_JOB, retry=Patience(4, longest=timedelta(minutes=1)))
async def mark_answered(organization_id: str, message_id: str) -> None:
    """Mark as read what an answer that has left answers."""
    actor = system_actor(UUID(organization_id))
    async with unit_of_work(actor) as session:
        await conversations.mark_answered(session, actor, message_id=UUID(message_id))


@job(conversations.SHOW_TYPING_JOB)
async def show_typing(organization_id: str, conversation_id: str, active: bool, at: float) -> None:
    """Let the customer see that somebody types."""
    await conversations.show_typing(
        system_actor(UUID(organization_id)), conversation_id=UUID(conversation_id), active=active, at=at
    )


@job("inbox.sweep")
async def sweep() -> None:
    """Forget reports whose message never came, in every organization."""
    for organization_id in await upkeep.organizations():
        actor = system_actor(organization_id)
        async with unit_of_work(actor) as session:
            await upkeep.forget_early_reports(session, actor)


@job("inbox.drop_unsent_files")
async def drop_unsent_files() -> None:
    """Remove uploads that were never sent, in every organization; one that fails does not hold up the others."""
    failures: list[CrmError] = []
    for organization_id in await upkeep.organizations():
        try:
            await upkeep.drop_unsent_files(system_actor(organization_id))
        except CrmError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]
