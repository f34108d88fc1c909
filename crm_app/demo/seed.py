"""Fills the database with Agência Horizonte, once."""

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from crm_app.core import storage
from crm_app.core.clock import utc_now
from crm_app.core.database import system_unit_of_work
from crm_app.core.repository import TenantTable
from crm_app.core.tenancy import Actor
from crm_app.demo import platform
from crm_app.demo.calendar import Calendar
from crm_app.demo.content import people
from crm_app.demo.rows import Builder, Row, Team
from crm_app.demo.sales import build_sales
from crm_app.demo.talk import build_conversations
from crm_app.domains.accounts import repository as accounts_repository
from crm_app.domains.accounts import service as accounts
from crm_app.domains.accounts.models import User
from crm_app.domains.accounts.permissions import permissions_of
from crm_app.domains.accounts.roles import teams
from crm_app.domains.channels import service as channels
from crm_app.domains.channels.models import Channel, ChannelStatus
from crm_app.domains.contacts.models import Activity, Contact, ContactIdentity
from crm_app.domains.inbox.models import Attachment, Conversation, Message, MessageStatus
from crm_app.domains.pipeline.models import Deal, Pipeline, Stage, StageHistory

NAME = "Agência Horizonte"
PASSWORD = "demo-horizonte"  # noqa: S105 (the demo's password is printed for everyone)
SEED = 20260717
ZONE = "America/Sao_Paulo"
_WAHA = {"base_url": "https://waha.horizonte.example", "api_key": "demo", "session": "horizonte"}
_LOCK = 7_071_911
_ORDER: tuple[type[TenantTable], ...] = (
    Contact,
    ContactIdentity,
    Activity,
    Pipeline,
    Stage,
    Deal,
    StageHistory,
    Conversation,
    Message,
    MessageStatus,
    Attachment,
)


@dataclass(frozen=True, slots=True)
class Login:
    """Someone who can sign in to the demo."""

    name: str
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What the demo holds. `created` is False when it was there already, or when nothing was wanted."""

    created: bool
    organization: str
    password: str
    logins: tuple[Login, ...]
    rows: dict[str, int]


async def seed_demo(*, only_empty: bool = False, now: datetime | None = None) -> DemoSummary:
    """Create the demo organization unless it exists; with `only_empty`, not beside other people's data either.

    The database must be open and migrated. `now` is what all dates are relative to. Two processes that start
    together seed once.
    """
    logins = _logins()
    async with system_unit_of_work() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if await _is_taken(session, logins[0].email, only_empty=only_empty):
            return DemoSummary(False, NAME, PASSWORD, logins, {})
        builder, actor = await _people(session, now or utc_now())
        await platform.add_account(session, password=PASSWORD)
        channel_id = await _channels(session, builder, actor)
        build_sales(builder, build_conversations(builder, channel_id))
        await _store(builder)
        await _insert(session, builder)
    counts = {table.__tablename__: len(rows) for table, rows in builder.rows.items()}
    return DemoSummary(True, NAME, PASSWORD, logins, {str(name): count for name, count in counts.items()})


def _logins() -> tuple[Login, ...]:
    return tuple(Login(one["name"], one["email"], one["role"]) for one in people()["team"])


async def demo_logins(session: AsyncSession) -> tuple[Login, ...]:
    """Return who can sign in to the demo; nobody when it was never seeded. Runs without a tenant."""
    logins = _logins()
    seeded = await accounts_repository.find_user_by_email(session, logins[0].email)
    return logins if seeded is not None else ()


async def seed_demo_organization(*, only_empty: bool = False) -> dict[str, Any]:
    """Do as `seed_demo` and return the summary as plain JSON, for the command line."""
    return asdict(await seed_demo(only_empty=only_empty))


async def _is_taken(session: AsyncSession, email: str, *, only_empty: bool) -> bool:
    if only_empty and await session.scalar(select(func.count()).select_from(User)):
        return True
    return await accounts_repository.find_user_by_email(session, email) is not None


async def _people(session: AsyncSession, now: datetime) -> tuple[Builder, Actor]:
    """Create the organization and its team; return a builder for the rest, and the owner."""
    team = people()["team"]
    owner = team[0]
    created = await accounts.create_organization(
        session,
        name=NAME,
        owner_email=owner["email"],
        owner_name=owner["name"],
        password=PASSWORD,
        is_demo=True,
    )
    ids: dict[str, UUID] = {owner["key"]: created.owner_id}
    actor = Actor(created.id, created.owner_id, owner["role"], permissions_of(owner["role"]))
    for one in team[1:]:
        member = await accounts.add_member(
            session, actor, email=one["email"], name=one["name"], password=PASSWORD, role=one["role"]
        )
        ids[one["key"]] = member.user_id
    await _teams(session, actor, ids)
    calendar = Calendar(Random(SEED), now, ZoneInfo(ZONE))  # noqa: S311
    return Builder(created.id, calendar, Team(ids)), actor


async def _teams(session: AsyncSession, actor: Actor, ids: dict[str, UUID]) -> None:
    """Create the teams of `demo/data`, with who leads."""
    for one in people()["teams"]:
        team = await teams.create_team(session, actor, name=one["name"])
        for key in (one["leader"], *one["members"]):
            await teams.put_team_member(
                session, actor, team_id=team.id, user_id=ids[key], leads=key == one["leader"]
            )


async def _channels(session: AsyncSession, builder: Builder, actor: Actor) -> UUID:
    """Create a simulator that is connected and a WAHA number that waits for its QR code; return the first."""
    main = await channels.create_channel(session, actor, provider="simulator", name="Comercial 01", config={})
    other = await channels.create_channel(session, actor, provider="waha", name="Comercial 02", config=_WAHA)
    begun = builder.calendar.at(110)
    await _change(session, main.id, created_at=begun, status_at=begun, address="+5541999990001")
    await _change(session, other.id, status=ChannelStatus.WAITING_QR, status_at=builder.calendar.at(1))
    return main.id


async def _change(session: AsyncSession, channel_id: UUID, **values: Any) -> None:
    await session.execute(update(Channel).where(col(Channel.id) == channel_id).values(**values))


async def _store(builder: Builder) -> None:
    """Put the files into the storage and note where on their attachments."""
    for row, data in builder.files:
        stored = await storage.put(builder.organization_id, data)
        row |= {"storage_key": stored.key, "sha256": stored.sha256, "size_bytes": stored.size}


async def _insert(session: AsyncSession, builder: Builder) -> None:
    for table in _ORDER:
        for rows in _alike(builder.rows.get(table, [])):
            await session.execute(insert(table), rows)


def _alike(rows: list[Row]) -> list[list[Row]]:
    """Split rows by the columns that they fill, so that each part goes in one statement."""
    parts: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        parts[tuple(sorted(row))].append(row)
    return list(parts.values())
