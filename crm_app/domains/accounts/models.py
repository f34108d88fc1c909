"""Organizations, the people in them, their sessions, and the record of what they did."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.core.ids import new_id
from crm_app.core.life_cycle import State
from crm_app.core.repository import TenantTable, belongs_to, timestamp, unique_in_organization

_NEWEST = (text("created_at DESC"), text("id DESC"))


class Role(StrEnum):
    """What a member may do, from most to least."""

    OWNER = "owner"
    ADMIN = "admin"
    MANAGER = "manager"
    SALES = "sales"
    VIEWER = "viewer"


def refers_to_member(column: str) -> ForeignKeyConstraint:
    """Return a foreign key from a column that holds a user's id to that user's membership of the same
    organization, so that nothing can be owned by an outsider."""
    return ForeignKeyConstraint(["organization_id", column], ["membership.organization_id", "membership.user_id"])


class Organization(SQLModel, table=True):
    """A tenant. Visible only inside its own transaction (row-level policy on `id`)."""

    __tablename__ = "organization"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=120)
    slug: str = Field(max_length=60, unique=True)
    locale: str = Field(default="pt-BR", max_length=10)
    time_zone: str = Field(default="America/Sao_Paulo", max_length=60)
    currency: str = Field(default="BRL", max_length=3)
    brand_hue: float = Field(default=284)
    brand_chroma: float = Field(default=1)
    is_demo: bool = Field(default=False)
    sso_only: bool = Field(default=False)
    """Members come in through the organization's identity provider alone; owners by every way."""
    factor_roles: list[str] = Field(default_factory=list, sa_type=JSONB)
    """Roles whose members may only enter with two factors."""
    checklist_closed_at: datetime | None = timestamp(nullable=True)
    state: str = Field(default=State.ACTIVE, max_length=20)
    """Where it stands in its life (`core.life_cycle`). The database lets nobody but the platform change it."""
    state_reason: str = Field(default="", max_length=500)
    """Why, as its owners read it."""
    state_since: datetime = timestamp()
    state_by: UUID | None = None
    """The administrator of the platform who changed it; None when it came about by itself."""
    created_at: datetime = timestamp()


class LifeCycleStep(TenantTable, table=True):
    """An organization went from one state to another (`before` is empty at its birth). The database writes it."""

    __tablename__ = "life_cycle_step"
    __table_args__ = (ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),)

    before: str = Field(max_length=20)
    after: str = Field(max_length=20)
    reason: str = Field(max_length=500)
    by_user: UUID | None = None


class PlatformAdmin(SQLModel, table=True):
    """A person who runs the platform: outside of every organization, and made by the operator's command alone."""

    __tablename__ = "platform_admin"
    __table_args__ = (ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="CASCADE"),)

    user_id: UUID = Field(primary_key=True)
    granted_at: datetime = timestamp()


class PlatformEntry(SQLModel, table=True):
    """What an administrator of the platform did; `concerns` is an organization. Append-only, read by a door.

    `sequence` and `hash` are given by the database: see docs/adr/0012.
    """

    __tablename__ = "platform_entry"
    __table_args__ = (
        UniqueConstraint("sequence", name="uq_platform_entry_sequence"),
        Index("ix_platform_entry_recent", text("created_at DESC"), "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime = timestamp()
    user_id: UUID | None = None
    action: str = Field(max_length=60)
    concerns: UUID | None = None
    before: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    after: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    ip: str = Field(default="", max_length=64)
    trace_id: str = Field(default="", max_length=64)
    sequence: int = Field(default=0, sa_type=BigInteger)
    hash: bytes = b""


class PlatformChain(SQLModel, table=True):
    """The head of the platform's record, in its only row: number and hash of the last entry, from the database."""

    __tablename__ = "platform_chain"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: int = Field(default=1, primary_key=True, sa_type=SmallInteger)
    sequence: int = Field(sa_type=BigInteger)
    hash: bytes


class User(SQLModel, table=True):
    """A person who can sign in; may be a member of several organizations. Not a tenant table."""

    __tablename__ = "app_user"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str = Field(max_length=254, unique=True)
    name: str = Field(max_length=120)
    password_hash: str | None = Field(default=None, max_length=255)
    locale: str = Field(default="pt-BR", max_length=10)
    theme: str = Field(default="system", max_length=10)
    email_verified_at: datetime | None = timestamp(nullable=True)
    created_at: datetime = timestamp()


class UserSession(SQLModel, table=True):
    """A signed-in browser. Only the SHA-256 of its token is kept. Not a tenant table."""

    __tablename__ = "user_session"
    __table_args__ = (
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        Index("ix_user_session_user", "user_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    token_hash: bytes = Field(unique=True)
    user_id: UUID
    organization_id: UUID | None = None
    """None for whoever runs the platform and belongs to no organization."""
    ip: str = Field(default="", max_length=64)
    user_agent: str = Field(default="", max_length=300)
    method: str = Field(default="password", max_length=20)
    proven_at: datetime | None = timestamp(nullable=True)
    """When the person last proved who they are in this session: what is delicate asks for it to be fresh."""
    created_at: datetime = timestamp()
    last_seen_at: datetime = timestamp()
    expires_at: datetime = timestamp()
    revoked_at: datetime | None = timestamp(nullable=True)
    visit_id: UUID | None = None
    """Through other eyes: see `visits`. With `visited_id`, the organization in which that happens."""
    visited_id: UUID | None = None


class AccessToken(SQLModel, table=True):
    """A link that somebody was sent: opens one thing, once, until a moment. Only the SHA-256 of its token is kept.

    Not a tenant table: it is found by its token before an organization is known.
    """

    __tablename__ = "access_token"
    __table_args__ = (Index("ix_access_token_subject", "purpose", "subject"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    purpose: str = Field(max_length=30)
    token_hash: bytes = Field(unique=True)
    subject: str = Field(max_length=254)
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    created_at: datetime = timestamp()
    expires_at: datetime = timestamp()
    used_at: datetime | None = timestamp(nullable=True)


class Membership(TenantTable, table=True):
    """A user's place in an organization."""

    __tablename__ = "membership"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="CASCADE"),
        unique_in_organization("uq_membership_user", "user_id"),
        Index("ix_membership_user", "user_id"),
        belongs_to("role", "role_id", on_delete=None),
        Index("ix_membership_role", "organization_id", "role_id", postgresql_where=text("role_id IS NOT NULL")),
    )

    user_id: UUID
    role: str = Field(default=Role.SALES, max_length=20)
    """A built-in role. With `role_id` it is the one that the organization's own role is based on."""
    role_id: UUID | None = None
    is_active: bool = Field(default=True)
    removed_at: datetime | None = timestamp(nullable=True)
    """The row of somebody who has left stays: what they wrote still names its author."""


class AuditEntry(TenantTable, table=True):
    """Who did what, to which thing, from where, with the values before and after.

    Append-only. `sequence` and `hash` are given by the database: see docs/adr/0012.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        unique_in_organization("uq_audit_entry_sequence", "sequence"),
        Index("ix_audit_entry_recent", "organization_id", *_NEWEST),
        Index("ix_audit_entry_person", "organization_id", "user_id", *_NEWEST),
        Index("ix_audit_entry_action", "organization_id", "action", *_NEWEST),
        Index("ix_audit_entry_kind", "organization_id", "entity_type", *_NEWEST),
        Index("ix_audit_entry_thing", "organization_id", "entity_id"),
    )

    user_id: UUID | None = None
    on_behalf_of: UUID | None = None
    action: str = Field(max_length=60)
    entity_type: str = Field(max_length=40)
    entity_id: UUID | None = None
    before: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    after: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    ip: str = Field(default="", max_length=64)
    trace_id: str = Field(default="", max_length=64)
    sequence: int = Field(default=0, sa_type=BigInteger)
    hash: bytes = b""


class AuditChain(TenantTable, table=True):
    """The head of an organization's audit trail: number and hash of its last entry. The database writes it."""

    __tablename__ = "audit_chain"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        unique_in_organization("uq_audit_chain"),
    )

    sequence: int = Field(sa_type=BigInteger)
    hash: bytes


class HandOver(TenantTable, table=True):
    """What changed hands in one step, so that it can be undone. `items` maps a kind to the ids that moved."""

    __tablename__ = "hand_over"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        refers_to_member("giver_id"),
        refers_to_member("receiver_id"),
    )

    giver_id: UUID
    receiver_id: UUID | None = None
    removed: bool = Field(default=False)
    items: dict[str, list[str]] = Field(default_factory=dict, sa_type=JSONB, nullable=False)
    undone_at: datetime | None = timestamp(nullable=True)


class OwnershipOffer(TenantTable, table=True):
    """An owner wants to make another member an owner; nothing changes until that person accepts."""

    __tablename__ = "ownership_offer"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        refers_to_member("giver_id"),
        refers_to_member("receiver_id"),
        Index("ix_ownership_offer_open", "organization_id", postgresql_where=text("closed_at IS NULL")),
    )

    giver_id: UUID
    receiver_id: UUID
    step_down: bool = Field(default=True)
    expires_at: datetime = timestamp()
    closed_at: datetime | None = timestamp(nullable=True)


class Invitation(TenantTable, table=True):
    """An address that may become a member. Its links are rows of `access_token`, of which only a hash is kept."""

    __tablename__ = "invitation"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        refers_to_member("invited_by"),
        Index("ix_invitation_email", "organization_id", "email"),
    )

    email: str = Field(max_length=254)
    role: str = Field(max_length=40)
    """A role's key: a built-in one's name, or the id of one of the organization's own."""
    teams: list[str] = Field(default_factory=list, sa_type=JSONB, nullable=False)
    language: str = Field(default="pt-BR", max_length=10)
    invited_by: UUID
    sent_at: datetime = timestamp()
    expires_at: datetime = timestamp()
    accepted_at: datetime | None = timestamp(nullable=True)
    revoked_at: datetime | None = timestamp(nullable=True)
