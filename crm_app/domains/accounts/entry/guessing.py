"""How often second factors and passwords may be guessed, without anybody being locked out by somebody else.

To guess a second factor one must have given the first one, so a stranger reaches none of this. Somebody who has
the password but not the device shares one small allowance with everybody at unknown addresses; the person, at an
address from which they have signed in before, has an allowance of their own that others cannot use up.
"""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.limits import Throttle
from crm_app.domains.accounts.factors import repository as factor_repository

_at_a_known_address = Throttle("factor-known", "10/5 minutes")
_elsewhere = Throttle("factor-elsewhere", "10/hour")
_in_a_session = Throttle("factor-session", "10/5 minutes")


async def count_guess(session: AsyncSession, user_id: UUID, ip: str) -> None:
    """Count a guess at a second factor during a sign-in. Raises `TooManyRequests`."""
    if ip and await factor_repository.has_entered_from(session, user_id, ip[:64]):
        await _at_a_known_address.hit(f"{user_id} {ip}")
    else:
        await _elsewhere.hit(str(user_id))


async def count_guess_inside(session_id: UUID | None) -> None:
    """Count a guess inside a session that is open already. Raises `TooManyRequests`."""
    await _in_a_session.hit(str(session_id))
