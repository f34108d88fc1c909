"""Wrong passwords that matter: not the slip of a finger, but one after the other for the same person."""

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.database import set_scope, set_tenant
from crm_app.core.errors import Invalid, TooManyRequests
from crm_app.core.limits import Throttle
from crm_app.core.tenancy import Actor
from crm_app.domains.accounts import repository, rules, service

SLIPS = 3
"""So many wrong passwords within a quarter of an hour are a slip; the next one is written down, once."""

_slips = Throttle("refusals", f"{SLIPS}/15 minutes")
_noted = Throttle("refusals-noted", "1/15 minutes")


async def note_refusal(session: AsyncSession, *, email: str) -> None:
    """Count a wrong password; write it into the trail of the person's organization when it is one too many.

    Runs before a tenant is known. Says nothing about whether there is such a person.
    """
    try:
        address = rules.normalize_email(email)
    except Invalid:
        return
    if not await _matters(address):
        return
    user = await repository.find_user_by_email(session, address)
    if user is None:
        return
    await set_scope(session, "user_id", str(user.id))
    memberships = await repository.list_own_memberships(session, user.id)
    if not memberships:
        return
    organization_id = memberships[0][0].organization_id
    await set_tenant(session, organization_id)
    nobody = Actor(organization_id, None, "", frozenset())
    await service.audit(session, nobody, "session.refused", "user", user.id, after={"reason": "password"})


async def _matters(address: str) -> bool:
    try:
        await _slips.hit(address)
    except TooManyRequests:
        try:
            await _noted.hit(address)
        except TooManyRequests:
            return False
        return True
    return False
