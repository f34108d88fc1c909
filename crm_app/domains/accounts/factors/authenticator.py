"""The authenticator app of a person: its secret, sealed; its first code; each code once."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from crm_app.core.clock import utc_now
from crm_app.core.crypto import Sealed, get_sealer
from crm_app.domains.accounts.factors import recovery, totp
from crm_app.domains.accounts.factors import repository as factor_repository
from crm_app.domains.accounts.factors.errors import FactorExists
from crm_app.domains.accounts.factors.models import TotpFactor
from crm_app.domains.accounts.schemas import TotpOffer


def _context(user_id: UUID) -> str:
    return f"totp:{user_id}"


async def offer(session: AsyncSession, user_id: UUID, account: str) -> TotpOffer:
    """Keep a new secret that waits for its first code, and return it for the only time. Raises `FactorExists`."""
    secret = totp.new_secret()
    sealed = get_sealer().seal(secret.encode(), context=_context(user_id))
    row = TotpFactor(user_id=user_id, key_id=sealed.key_id, secret=sealed.data)
    if not await factor_repository.keep_unconfirmed_totp(session, row):
        raise FactorExists
    uri = totp.provisioning_uri(secret, account)
    return TotpOffer(secret=secret, uri=uri, qr=totp.qr_code(uri))


async def confirm(session: AsyncSession, user_id: UUID, code: str) -> bool:
    """Put the waiting secret into use when `code` is of it; False when it is not."""
    row = await factor_repository.find_totp(session, user_id)
    return row is not None and row.confirmed_at is None and await _accept(session, row, code, confirm=True)


async def accepts_code(session: AsyncSession, user_id: UUID, *, kind: str, code: str) -> bool:
    """Tell whether a code of the app (`totp`) or a recovery code (`recovery`) is right, and use it up."""
    if kind == "recovery":
        return await recovery.use_code(session, user_id, code)
    row = await factor_repository.find_totp(session, user_id) if kind == "totp" else None
    return row is not None and row.confirmed_at is not None and await _accept(session, row, code)


async def _accept(session: AsyncSession, row: TotpFactor, code: str, *, confirm: bool = False) -> bool:
    now = utc_now()
    sealed = Sealed(row.key_id, row.secret)
    secret = get_sealer().open(sealed, context=_context(row.user_id)).decode()
    step = totp.matching_step(secret, code, moment=now, after=row.last_step)
    if step is None:
        return False
    # Two calls with one code may both come as far as this: the row lets the first one through.
    return await factor_repository.claim_step(session, row.user_id, step, now if confirm else None)
