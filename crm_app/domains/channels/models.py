"""The numbers and accounts through which customers write, and what arrived on them, byte for byte."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from crm_app.core.repository import TenantTable, belongs_to, timestamp, unique_in_organization


class ChannelStatus(StrEnum):
    """Whether messages can go through."""

    CREATED = "created"
    CONNECTING = "connecting"
    WAITING_QR = "waiting_qr"
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    FAILED = "failed"


class InboundStatus(StrEnum):
    """How far the processing of a raw event has come."""

    PENDING = "pending"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"


class IgnoredReason(StrEnum):
    """Why an event that was understood has changed nothing. Kept in `inbound_event.error`."""

    GROUP = "group"
    BROADCAST = "broadcast"  # stories, channels, broadcast lists
    NOT_NEEDED = "not_needed"  # tells nothing that a person would miss


MISSED_REASONS = (IgnoredReason.GROUP, IgnoredReason.BROADCAST)
"""Behind these stand messages that somebody wrote, and may look for."""


class Channel(TenantTable, table=True):
    """A number or account at a provider. `config` holds nothing secret."""

    __tablename__ = "channel"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        Index("uq_channel_id", "id", unique=True),
    )

    provider: str = Field(max_length=30)
    name: str = Field(max_length=80)
    address: str = Field(default="", max_length=80)
    status: str = Field(default=ChannelStatus.CREATED, max_length=20)
    status_detail: str = Field(default="", max_length=300)
    status_at: datetime = timestamp()
    config: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, nullable=False)
    archived_at: datetime | None = timestamp(nullable=True)
    version: int = Field(default=1)


class ChannelCredential(TenantTable, table=True):
    """A secret of a channel (`api_key`, `webhook_secret`, …), encrypted with the key named `key_id`."""

    __tablename__ = "channel_credential"
    __table_args__ = (
        belongs_to("channel", "channel_id"),
        unique_in_organization("uq_channel_credential", "channel_id", "name"),
    )

    channel_id: UUID
    name: str = Field(max_length=40)
    key_id: str = Field(max_length=20)
    ciphertext: bytes


class InboundEvent(TenantTable, table=True):
    """A webhook call as it arrived. `provider_event_id` makes a repeated delivery a no-op.

    `error` says why it failed, in plain words, or holds the `IgnoredReason` of an ignored one.
    """

    __tablename__ = "inbound_event"
    __table_args__ = (
        belongs_to("channel", "channel_id"),
        unique_in_organization("uq_inbound_event", "channel_id", "provider_event_id"),
        Index(
            "ix_inbound_event_open",
            "organization_id",
            "channel_id",
            "id",
            postgresql_where=text("status IN ('pending', 'failed')"),
        ),
        Index(
            "ix_inbound_event_missed",
            "organization_id",
            "id",
            postgresql_where=text("status = 'ignored' AND error IN ('group', 'broadcast')"),
        ),
    )

    channel_id: UUID
    provider_event_id: str = Field(max_length=300)
    kind: str = Field(default="", max_length=60)
    body: bytes
    headers: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, nullable=False)
    trace_id: str = Field(default="", max_length=64)
    status: str = Field(default=InboundStatus.PENDING, max_length=10)
    attempts: int = Field(default=0)
    error: str = Field(default="")
    processed_at: datetime | None = timestamp(nullable=True)


class SimulatorPhone(TenantTable, table=True):
    """A pretended customer's phone in the simulator, and how its owner behaves at the moment."""

    __tablename__ = "simulator_phone"
    __table_args__ = (
        belongs_to("channel", "channel_id"),
        unique_in_organization("uq_simulator_phone", "channel_id", "number"),
    )

    channel_id: UUID
    number: str = Field(max_length=20)
    name: str = Field(max_length=80)
    reads: bool = Field(default=True)
    reachable: bool = Field(default=True)
    script: str = Field(default="", max_length=40)
    script_turn: int = Field(default=0)
    last_at: datetime = timestamp()


class SimulatorMessage(TenantTable, table=True):
    """A message as the simulated network knows it. `key` makes a message of ours one, however often it is sent."""

    __tablename__ = "simulator_message"
    __table_args__ = (
        belongs_to("simulator_phone", "phone_id"),
        unique_in_organization("uq_simulator_message_key", "phone_id", "key"),
        Index("ix_simulator_message_phone", "organization_id", "phone_id", "id"),
    )

    phone_id: UUID
    key: str = Field(max_length=80)
    from_customer: bool
    kind: str = Field(default="text", max_length=12)
    body: str = Field(default="")
    state: str = Field(default="sent", max_length=10)
    mime_type: str = Field(default="", max_length=120)
    file_name: str = Field(default="", max_length=200)
    file: bytes | None = None
    size_bytes: int = Field(default=0)
    duration_ms: int | None = None
    reply_to: str = Field(default="", max_length=80)
