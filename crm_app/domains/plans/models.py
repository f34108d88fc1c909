"""Plans, what organizations have of them and beside them, and what was used."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.core.ids import new_id
from crm_app.core.repository import TenantTable, timestamp, unique_in_organization

_OF_ORGANIZATION = (["organization_id"], ["organization.id"])


class Plan(SQLModel, table=True):
    """What an organization may use, and how much of it. The platform's: the same for all organizations."""

    __tablename__ = "plan"
    __table_args__ = (Index("uq_plan_default", "is_default", unique=True, postgresql_where=text("is_default")),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    key: str = Field(max_length=40, unique=True)
    name: str = Field(max_length=60)
    modules: list[str] = Field(default_factory=list, sa_type=JSONB, nullable=False)
    """Keys of modules, or `*` for all there are."""
    limits: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, nullable=False)
    """How many of each; what is not named has no limit."""
    position: int = Field(default=0)
    is_default: bool = Field(default=False)
    """New organizations begin with it."""
    version: int = Field(default=1)
    created_at: datetime = timestamp()
    updated_at: datetime = timestamp()


class OrganizationPlan(TenantTable, table=True):
    """Which plan an organization has. Without a row it has everything."""

    __tablename__ = "organization_plan"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_ORGANIZATION, ondelete="CASCADE"),
        ForeignKeyConstraint(["plan_id"], ["plan.id"]),
        unique_in_organization("uq_organization_plan"),
        Index("ix_organization_plan_plan", "plan_id"),
    )

    plan_id: UUID
    since: datetime = timestamp()


class ModuleGrant(TenantTable, table=True):
    """Something beside the plan: a module, or with an `amount` more of a limit; bought or granted, and why."""

    __tablename__ = "module_grant"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_ORGANIZATION, ondelete="CASCADE"),
        Index("ix_module_grant_held", "organization_id", postgresql_where=text("revoked_at IS NULL")),
    )

    kind: str = Field(max_length=20)
    """`add_on` or `grant`."""
    subject: str = Field(max_length=40)
    """The key of a module, or of a limit when there is an `amount`."""
    amount: int | None = None
    chosen_only: bool = Field(default=False)
    reason: str = Field(default="", max_length=300)
    given_by: UUID | None = None
    """A user of the platform's; they need not be a member."""
    given_by_name: str = Field(default="", max_length=120)
    expires_at: datetime | None = timestamp(nullable=True)
    revoked_at: datetime | None = timestamp(nullable=True)


class MemberModule(TenantTable, table=True):
    """A member was chosen for a module that not everybody in the organization has."""

    __tablename__ = "member_module"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_ORGANIZATION, ondelete="CASCADE"),
        ForeignKeyConstraint(["organization_id", "user_id"], ["membership.organization_id", "membership.user_id"]),
        unique_in_organization("uq_member_module", "user_id", "module"),
    )

    user_id: UUID
    module: str = Field(max_length=40)
    given_by: UUID | None = None


class UsageCounter(TenantTable, table=True):
    """How much of a limit was used in a period (`2026-11`)."""

    __tablename__ = "usage_counter"
    __table_args__ = (
        ForeignKeyConstraint(*_OF_ORGANIZATION, ondelete="CASCADE"),
        unique_in_organization("uq_usage_counter", "name", "period"),
    )

    name: str = Field(max_length=40)
    period: str = Field(max_length=10)
    used: int = Field(default=0)
