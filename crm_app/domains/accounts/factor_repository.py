"""Every SQL statement about second factors and the short-lived rows of a sign-in.

Statements about factors need the scope `user_id` (or the person's own unit of work): row-level policies hide the
factors of everybody else.
"""

from uuid import UUID

from sqlalchemy import literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.domains.accounts.factor_models import Passkey, RecoveryCode, TotpFactor


async def list_kinds(session: AsyncSession, user_id: UUID) -> frozenset[str]:
    """Return which second factors a person has: `totp`, `passkey`, and `recovery` beside one of them."""
    statement = union_all(
        select(literal("totp")).where(
            col(TotpFactor.user_id) == user_id, col(TotpFactor.confirmed_at).is_not(None)
        ),
        select(literal("passkey")).where(col(Passkey.user_id) == user_id).limit(1),
        select(literal("recovery"))
        .where(col(RecoveryCode.user_id) == user_id, col(RecoveryCode.used_at).is_(None))
        .limit(1),
    )
    found = frozenset((await session.scalars(statement)).all())
    return found if found - {"recovery"} else frozenset()
