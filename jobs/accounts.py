"""Jobs of the accounts: links by e-mail, and tidying up after them."""

from uuid import UUID

from structlog.contextvars import bind_contextvars

from crm_app.core.database import system_unit_of_work, unit_of_work
from crm_app.core.queue import job
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts.entry.links import LINK_JOB, NOTE_RESET_JOB, Kind, note_reset, send_link
from crm_app.domains.accounts.entry.tokens import forget_tokens
from crm_app.domains.accounts.factors import lost
from crm_app.domains.accounts.factors.second_step import forget_waiting
from crm_app.domains.accounts.visits.service import end_visit
from crm_app.domains.accounts.visits.steps import END_JOB
from jobs.ticks import every

every("accounts.forget_tokens", cron="37 4 * * *")
every("accounts.forget_waiting_entries", cron="7 * * * *")


@job(LINK_JOB, retry=3)
async def send(kind: Kind, email: str, language: str) -> None:
    """Write the letter with a link to whoever has this address."""
    async with system_unit_of_work() as session:
        await send_link(session, kind=kind, email=email, language=language)


@job(NOTE_RESET_JOB, retry=3)
async def note(organization_id: str, user_id: str, ip: str) -> None:
    """Write down in one organization that a member has a new password."""
    bind_contextvars(ip=ip)
    actor = _member(organization_id, user_id)
    async with unit_of_work(actor) as session:
        await note_reset(session, actor)


def _member(organization_id: str, user_id: str) -> Actor:
    """Return somebody about whom a note is written; they may do nothing."""
    return Actor(UUID(organization_id), UUID(user_id), "member", frozenset())


@job(lost.NOTE_JOB, retry=3)
async def note_lost(organization_id: str, user_id: str) -> None:
    """Write down in one organization that a member's second factors were taken away."""
    actor = _member(organization_id, user_id)
    async with unit_of_work(actor) as session:
        await lost.note_forgotten(session, actor)


@job("accounts.forget_tokens")
async def forget() -> None:
    """Remove links that ended long ago."""
    async with system_unit_of_work() as session:
        await forget_tokens(session)


@job("accounts.forget_waiting_entries")
async def forget_entries() -> None:
    """Remove sign-ins and challenges of passkeys that nobody has finished in time."""
    async with system_unit_of_work() as session:
        await forget_waiting(session)


@job(END_JOB, retry=3)
async def end(organization_id: str, visit_id: str) -> None:
    """End a visit whose time is up, unless it is over."""
    async with system_unit_of_work() as session:
        await end_visit(session, UUID(organization_id), UUID(visit_id))
