"""Every SQL statement about passkeys and their challenges."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.domains.accounts.factors.models import Passkey, PasskeyChallenge


async def list_passkeys(session: AsyncSession, user_id: UUID) -> Sequence[Passkey]:
    """Return the person's passkeys, oldest first."""
    statement = select(Passkey).where(col(Passkey.user_id) == user_id).order_by(col(Passkey.id))
    return (await session.scalars(statement)).all()


async def lock_passkey(session: AsyncSession, user_id: UUID, credential_id: bytes) -> Passkey | None:
    """Return one passkey of the person, locked until the end of the transaction."""
    statement = (
        select(Passkey)
        .where(col(Passkey.user_id) == user_id, col(Passkey.credential_id) == credential_id)
        .with_for_update()
    )
    return (await session.scalars(statement)).one_or_none()


async def find_passkey(session: AsyncSession, user_id: UUID, passkey_id: UUID) -> Passkey | None:
    """Return one passkey of the person by its own id."""
    statement = select(Passkey).where(col(Passkey.user_id) == user_id, col(Passkey.id) == passkey_id)
    return (await session.scalars(statement)).one_or_none()


async def remove_passkey(session: AsyncSession, user_id: UUID, passkey_id: UUID) -> str | None:
    """Remove one passkey of the person and return its name; None when there is no such."""
    statement = (
        delete(Passkey)
        .where(col(Passkey.user_id) == user_id, col(Passkey.id) == passkey_id)
        .returning(col(Passkey.name))
    )
    return (await session.scalars(statement)).one_or_none()


async def take_challenge(
    session: AsyncSession, challenge: bytes, purpose: str, bound_to: UUID | None, now: datetime
) -> PasskeyChallenge | None:
    """Use up a challenge: it exists once. None for one that is unknown, late, or of another purpose or session."""
    bound = col(PasskeyChallenge.bound_to)
    statement = (
        delete(PasskeyChallenge)
        .where(
            col(PasskeyChallenge.challenge) == challenge,
            col(PasskeyChallenge.purpose) == purpose,
            bound.is_(None) if bound_to is None else bound == bound_to,
            col(PasskeyChallenge.expires_at) > now,
        )
        .returning(PasskeyChallenge)
    )
    return (await session.scalars(statement)).one_or_none()
