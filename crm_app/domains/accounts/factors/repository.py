"""Every SQL statement about second factors and the short-lived rows of a sign-in.

Statements about factors need the scope `user_id` (or the person's own unit of work): row-level policies hide the
factors of everybody else.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, literal, select, union_all, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.domains.accounts.factors.models import (
    Passkey,
    PasskeyChallenge,
    PendingEntry,
    RecoveryCode,
    TotpFactor,
)
from crm_app.domains.accounts.models import UserSession


async def list_kinds(session: AsyncSession, user_id: UUID) -> frozenset[str]:
    """Return which second factors a person has: `totp`, `passkey`, and `recovery` beside one of them."""
    statement = union_all(
        select(literal("totp")).where(
            col(TotpFactor.user_id) == user_id, col(TotpFactor.confirmed_at).is_not(None)
        ),
        select(literal("passkey")).where(col(Passkey.user_id) == user_id),
        select(literal("recovery")).where(
            col(RecoveryCode.user_id) == user_id, col(RecoveryCode.used_at).is_(None)
        ),
    )
    found = frozenset((await session.scalars(statement)).all())
    return found if found - {"recovery"} else frozenset()


# ── sign-ins that wait ───────────────────────────────────────────────────────────────────────────
async def find_pending(
    session: AsyncSession, token_hash: bytes, user_agent: str, now: datetime, most: int
) -> PendingEntry | None:
    """Return the sign-in stored under this hash, if it was begun by the same browser and is still open."""
    statement = select(PendingEntry).where(
        col(PendingEntry.token_hash) == token_hash,
        col(PendingEntry.user_agent) == user_agent,
        col(PendingEntry.expires_at) > now,
        col(PendingEntry.attempts) < most,
    )
    return (await session.scalars(statement)).one_or_none()


async def claim_attempt(session: AsyncSession, pending_id: UUID, most: int) -> int | None:
    """Count one more attempt and return how many there were; None when all are used up. Locks the row."""
    statement = (
        update(PendingEntry)
        .where(col(PendingEntry.id) == pending_id, col(PendingEntry.attempts) < most)
        .values(attempts=col(PendingEntry.attempts) + 1)
        .returning(col(PendingEntry.attempts))
        .execution_options(synchronize_session=False)
    )
    return (await session.scalars(statement)).one_or_none()


async def forget_pending(
    session: AsyncSession, *, pending_id: UUID | None = None, user_id: UUID | None = None
) -> int:
    """Remove one waiting sign-in, or all of a person; returns how many there were."""
    which = col(PendingEntry.id) == pending_id if pending_id else col(PendingEntry.user_id) == user_id
    gone = await session.execute(delete(PendingEntry).where(which).returning(col(PendingEntry.id)))
    return len(gone.all())


async def has_entered_from(session: AsyncSession, user_id: UUID, ip: str) -> bool:
    """Tell whether a session of this person was ever begun at this address."""
    statement = select(literal(1)).where(col(UserSession.user_id) == user_id, col(UserSession.ip) == ip).limit(1)
    return (await session.scalar(statement)) is not None


async def forget_expired(session: AsyncSession, now: datetime) -> int:
    """Remove waiting sign-ins and challenges whose time is over; returns how many there were."""
    entries = await session.execute(
        delete(PendingEntry).where(col(PendingEntry.expires_at) <= now).returning(col(PendingEntry.id))
    )
    challenges = await session.execute(
        delete(PasskeyChallenge)
        .where(col(PasskeyChallenge.expires_at) <= now)
        .returning(col(PasskeyChallenge.challenge))
    )
    return len(entries.all()) + len(challenges.all())


# ── the authenticator app ────────────────────────────────────────────────────────────────────────
async def find_totp(session: AsyncSession, user_id: UUID) -> TotpFactor | None:
    """Return the person's authenticator, confirmed or not."""
    statement = select(TotpFactor).where(col(TotpFactor.user_id) == user_id)
    return (await session.scalars(statement.execution_options(populate_existing=True))).one_or_none()


async def keep_unconfirmed_totp(session: AsyncSession, row: TotpFactor) -> bool:
    """Keep a secret that waits for its first code, in place of another that waits; False when one is in use."""
    values = {
        "user_id": row.user_id,
        "key_id": row.key_id,
        "secret": row.secret,
        "confirmed_at": None,
        "last_step": 0,
        "created_at": row.created_at,
    }
    statement = insert(TotpFactor).values(values)
    upsert = statement.on_conflict_do_update(
        index_elements=[col(TotpFactor.user_id)],
        set_={name: statement.excluded[name] for name in ("key_id", "secret", "last_step", "created_at")},
        where=col(TotpFactor.confirmed_at).is_(None),
    ).returning(col(TotpFactor.user_id))
    return (await session.execute(upsert)).one_or_none() is not None


async def claim_step(
    session: AsyncSession, user_id: UUID, step: int, confirmed_at: datetime | None = None
) -> bool:
    """Use up a time step, and confirm the authenticator with `confirmed_at`; False when it was used up already."""
    values: dict[str, object] = {"last_step": step}
    if confirmed_at is not None:
        values["confirmed_at"] = confirmed_at
    statement = (
        update(TotpFactor)
        .where(col(TotpFactor.user_id) == user_id, col(TotpFactor.last_step) < step)
        .values(values)
        .returning(col(TotpFactor.user_id))
        .execution_options(synchronize_session=False)
    )
    return (await session.execute(statement)).one_or_none() is not None


async def remove_totp(session: AsyncSession, user_id: UUID) -> bool:
    """Remove the person's authenticator; False when there was none."""
    statement = delete(TotpFactor).where(col(TotpFactor.user_id) == user_id).returning(col(TotpFactor.user_id))
    return (await session.execute(statement)).one_or_none() is not None


async def forget_factors(session: AsyncSession, user_id: UUID) -> None:
    """Remove every second factor of a person: authenticator, recovery codes, passkeys."""
    for table in (TotpFactor, RecoveryCode, Passkey):
        await session.execute(delete(table).where(col(table.user_id) == user_id))


# ── recovery codes ───────────────────────────────────────────────────────────────────────────────
async def replace_codes(session: AsyncSession, user_id: UUID, hashes: Sequence[bytes]) -> None:
    """Put new recovery codes in place of all the person had; none for an empty list."""
    await session.execute(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id))
    session.add_all(RecoveryCode(user_id=user_id, code_hash=one) for one in hashes)
    await session.flush()


async def use_code(session: AsyncSession, user_id: UUID, code_hash: bytes, now: datetime) -> bool:
    """Use up a recovery code; False when there is no such code, or it was used."""
    statement = (
        update(RecoveryCode)
        .where(
            col(RecoveryCode.user_id) == user_id,
            col(RecoveryCode.code_hash) == code_hash,
            col(RecoveryCode.used_at).is_(None),
        )
        .values(used_at=now)
        .returning(col(RecoveryCode.id))
    )
    return (await session.execute(statement)).one_or_none() is not None


async def count_codes(session: AsyncSession, user_id: UUID) -> int:
    """Return how many recovery codes are left."""
    statement = select(func.count()).where(
        col(RecoveryCode.user_id) == user_id, col(RecoveryCode.used_at).is_(None)
    )
    return (await session.scalar(statement)) or 0
