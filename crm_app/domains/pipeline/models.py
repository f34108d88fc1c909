"""The sales funnel: pipelines, their stages, deals, and the way that each deal has gone."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from crm_app.core.repository import TenantTable, belongs_to, timestamp
from crm_app.domains.accounts.models import refers_to_member


class StageKind(StrEnum):
    """What it means for a deal to stand in a stage."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Pipeline(TenantTable, table=True):
    """An ordered set of stages."""

    __tablename__ = "pipeline"
    __table_args__ = (ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),)

    name: str = Field(max_length=80)
    position: int = Field(default=0)
    is_default: bool = Field(default=False)
    archived_at: datetime | None = timestamp(nullable=True)


class Stage(TenantTable, table=True):
    """A column of the board. `probability` is in percent, `color` a stage hue of the palette (0 to 5)."""

    __tablename__ = "stage"
    __table_args__ = (
        belongs_to("pipeline", "pipeline_id"),
        Index("ix_stage_pipeline", "organization_id", "pipeline_id", "position"),
        CheckConstraint("probability BETWEEN 0 AND 100", name="ck_stage_probability"),
    )

    pipeline_id: UUID
    name: str = Field(max_length=60)
    kind: str = Field(default=StageKind.OPEN, max_length=10)
    position: int = Field(default=0)
    color: int = Field(default=0)
    probability: int = Field(default=0)
    wip_limit: int | None = None
    stalled_after_days: int | None = None


class Deal(TenantTable, table=True):
    """A possible sale. Money is in cents of the organization's currency; `rank` orders a column."""

    __tablename__ = "deal"
    __table_args__ = (
        refers_to_member("owner_id"),
        belongs_to("pipeline", "pipeline_id", on_delete=None),
        belongs_to("stage", "stage_id", on_delete=None),
        belongs_to("contact", "contact_id", on_delete=None),
        Index(
            "ix_deal_column",
            "organization_id",
            "pipeline_id",
            "stage_id",
            "rank",
            "id",
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index(
            "ix_deal_totals",
            "organization_id",
            "pipeline_id",
            "stage_id",
            postgresql_include=["value_cents"],
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index("ix_deal_contact", "organization_id", "contact_id"),
        Index("ix_deal_owner", "organization_id", "owner_id"),
        Index("ix_deal_created", "organization_id", "created_at"),
        Index("ix_deal_closed", "organization_id", "closed_at"),
        CheckConstraint("value_cents >= 0", name="ck_deal_value"),
    )

    pipeline_id: UUID
    stage_id: UUID
    contact_id: UUID | None = None
    owner_id: UUID | None = None
    title: str = Field(max_length=200)
    value_cents: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    rank: str = Field(sa_column=Column(String(collation="C"), nullable=False))
    source: str = Field(default="", max_length=60)
    tags: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(String), nullable=False))
    expected_close_on: date | None = None
    entered_stage_at: datetime = timestamp()
    closed_at: datetime | None = timestamp(nullable=True)
    lost_reason: str = Field(default="", max_length=200)
    updated_at: datetime = timestamp()
    archived_at: datetime | None = timestamp(nullable=True)
    version: int = Field(default=1)


class StageHistory(TenantTable, table=True):
    """One step of a deal from a stage (None: it was created) to another; `moved_at` orders them."""

    __tablename__ = "stage_history"
    __table_args__ = (
        belongs_to("deal", "deal_id"),
        belongs_to("stage", "to_stage_id", on_delete=None),
        Index("ix_stage_history_deal", "organization_id", "deal_id", "moved_at"),
        Index("ix_stage_history_time", "organization_id", "moved_at"),
    )

    deal_id: UUID
    from_stage_id: UUID | None = None
    to_stage_id: UUID
    user_id: UUID | None = None
    value_cents: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    moved_at: datetime = timestamp()
