"""Every SQL statement about simulated phones and their messages."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer
from sqlmodel import col

from crm_app.core.repository import get
from crm_app.domains.channels.models import SimulatorMessage, SimulatorPhone

_WITHOUT_FILE = defer(cast(Any, SimulatorMessage.file), raiseload=True)


async def get_phone(
    session: AsyncSession, organization_id: UUID, phone_id: UUID, *, lock: bool = False
) -> SimulatorPhone:
    """Return a phone, locked against other changes when asked. Raises `NotFound`."""
    if lock:
        await session.execute(
            select(col(SimulatorPhone.id))
            .where(col(SimulatorPhone.organization_id) == organization_id, col(SimulatorPhone.id) == phone_id)
            .with_for_update()
        )
    return await get(session, SimulatorPhone, organization_id, phone_id)


async def find_phone_by_number(
    session: AsyncSession, organization_id: UUID, channel_id: UUID, number: str
) -> SimulatorPhone | None:
    """Return the phone with this number at a channel, locked, or None."""
    statement = select(SimulatorPhone).where(
        col(SimulatorPhone.organization_id) == organization_id,
        col(SimulatorPhone.channel_id) == channel_id,
        col(SimulatorPhone.number) == number,
    )
    return (await session.scalars(statement.with_for_update())).one_or_none()


async def list_phones(session: AsyncSession, organization_id: UUID, channel_id: UUID) -> Sequence[SimulatorPhone]:
    """Return the phones of a channel, the most recently active first."""
    statement = select(SimulatorPhone).where(
        col(SimulatorPhone.organization_id) == organization_id, col(SimulatorPhone.channel_id) == channel_id
    )
    return (await session.scalars(statement.order_by(col(SimulatorPhone.last_at).desc()).limit(200))).all()


async def count_unread(session: AsyncSession, organization_id: UUID, phones: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many messages of the business each phone has not read."""
    statement = (
        select(col(SimulatorMessage.phone_id), func.count())
        .where(
            col(SimulatorMessage.organization_id) == organization_id,
            col(SimulatorMessage.phone_id).in_(phones),
            col(SimulatorMessage.from_customer).is_(False),
            col(SimulatorMessage.state) == "delivered",
        )
        .group_by(col(SimulatorMessage.phone_id))
    )
    return {phone_id: value for phone_id, value in await session.execute(statement)}  # noqa: C416


async def last_bodies(session: AsyncSession, organization_id: UUID, phones: Sequence[UUID]) -> dict[UUID, str]:
    """Return the last message's words of each phone."""
    statement = (
        select(col(SimulatorMessage.phone_id), col(SimulatorMessage.body))
        .ext(distinct_on(col(SimulatorMessage.phone_id)))
        .where(
            col(SimulatorMessage.organization_id) == organization_id,
            col(SimulatorMessage.phone_id).in_(phones),
        )
        .order_by(col(SimulatorMessage.phone_id), col(SimulatorMessage.id).desc())
    )
    return {phone_id: value for phone_id, value in await session.execute(statement)}  # noqa: C416


async def list_messages(
    session: AsyncSession, organization_id: UUID, phone_id: UUID, limit: int
) -> Sequence[SimulatorMessage]:
    """Return the last messages of a phone without their files, the oldest first."""
    statement = (
        select(SimulatorMessage)
        .options(_WITHOUT_FILE)
        .where(
            col(SimulatorMessage.organization_id) == organization_id, col(SimulatorMessage.phone_id) == phone_id
        )
        .order_by(col(SimulatorMessage.id).desc())
        .limit(limit)
    )
    return list(reversed((await session.scalars(statement)).all()))


async def list_in_state(
    session: AsyncSession, organization_id: UUID, phone_id: UUID, *, from_customer: bool, states: Sequence[str]
) -> Sequence[SimulatorMessage]:
    """Return messages in some states without their files, the oldest first."""
    statement = (
        select(SimulatorMessage)
        .options(_WITHOUT_FILE)
        .where(
            col(SimulatorMessage.organization_id) == organization_id,
            col(SimulatorMessage.phone_id) == phone_id,
            col(SimulatorMessage.from_customer).is_(from_customer),
            col(SimulatorMessage.state).in_(states),
        )
        .order_by(col(SimulatorMessage.id))
    )
    return (await session.scalars(statement)).all()


async def find_message_by_key(
    session: AsyncSession, organization_id: UUID, phone_id: UUID, key: str
) -> SimulatorMessage | None:
    """Return the message with this key on a phone, or None."""
    statement = (
        select(SimulatorMessage)
        .options(_WITHOUT_FILE)
        .where(
            col(SimulatorMessage.organization_id) == organization_id,
            col(SimulatorMessage.phone_id) == phone_id,
            col(SimulatorMessage.key) == key,
        )
    )
    return (await session.scalars(statement)).one_or_none()


async def get_message(session: AsyncSession, organization_id: UUID, message_id: UUID) -> SimulatorMessage:
    """Return a message with its file. Raises `NotFound`."""
    return await get(session, SimulatorMessage, organization_id, message_id)
