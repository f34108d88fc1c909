"""A person who has lost every second factor and the recovery codes, too.

Nobody in a screen can help them: a factor belongs to the person's account, which more than one organization may
know. Whoever runs the machine can, once they have made sure who asks.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.config import get_settings
from crm_app.core.clock import utc_now
from crm_app.core.database import set_scope
from crm_app.core.errors import NotFound
from crm_app.core.events import announce
from crm_app.core.mail import Letter, mail_mode, send_mail
from crm_app.core.queue import enqueue
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository, rules, service
from crm_app.domains.accounts.events import SessionRevoked
from crm_app.domains.accounts.factors import repository as factor_repository

NOTE_JOB = "accounts.note_factors_forgotten"


async def forget_lost_factors(session: AsyncSession, *, email: str) -> frozenset[str]:
    """Take an account's second factors away, end its sessions and write to its owner; returns the kinds it had.

    For the command line alone; runs without a tenant. Raises `BadEmail`, or `NotFound` for nobody's address.
    """
    user = await repository.find_user_by_email(session, rules.normalize_email(email))
    if user is None:
        raise NotFound(kind="account")
    await set_scope(session, "user_id", str(user.id))
    kinds = await factor_repository.list_kinds(session, user.id)
    await factor_repository.forget_factors(session, user.id)
    await repository.revoke_sessions(session, user.id, utc_now())
    await repository.forget_pending_entries(session, user.id)
    for membership, _ in list(await repository.list_own_memberships(session, user.id)):
        organization_id = membership.organization_id
        announce(session, SessionRevoked(organization_id=organization_id, user_id=user.id))
        # This transaction has no tenant, and each organization keeps its own record.
        await enqueue(session, NOTE_JOB, organization_id=organization_id, user_id=user.id)
    if mail_mode() != "off":
        link = f"{get_settings().address}/forgot"
        await send_mail(session, Letter(kind="factors_forgotten", to=user.email, language=user.locale, link=link))
    return kinds


async def note_forgotten(session: AsyncSession, actor: Actor) -> None:
    """Write down in one organization that the operator has helped the actor. Runs as a job."""
    await service.audit(session, actor, "factor.forgotten", "user", actor.user_id)
