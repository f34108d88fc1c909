"""Conversations, their messages, files, and how far each message has come."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from crm_app.core.repository import TenantTable, belongs_to, timestamp, unique_in_organization
from crm_app.domains.accounts.models import refers_to_member


class ConversationStatus(StrEnum):
    """Whether somebody still has to act."""

    OPEN = "open"
    RESOLVED = "resolved"


class Direction(StrEnum):
    """Which way a message goes; a note stays inside."""

    INBOUND = "in"
    OUTBOUND = "out"
    NOTE = "note"


class MessageKind(StrEnum):
    """What a message is made of."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"
    LOCATION = "location"
    UNSUPPORTED = "unsupported"


class DeliveryStatus(StrEnum):
    """How far an outbound message has come; it only moves forward. `received` is for inbound ones."""

    RECEIVED = "received"
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


class AttachmentStatus(StrEnum):
    """Whether a file's bytes are in our storage."""

    PENDING = "pending"
    STORED = "stored"
    FAILED = "failed"


class Conversation(TenantTable, table=True):
    """All that is said with one contact over one channel; `address` is the chat's name at the provider."""

    __tablename__ = "conversation"
    __table_args__ = (
        refers_to_member("assignee_id"),
        belongs_to("contact", "contact_id", on_delete=None),
        belongs_to("channel", "channel_id", on_delete=None),
        unique_in_organization("uq_conversation_address", "channel_id", "address"),
        Index("ix_conversation_list", "organization_id", "status", text("last_message_at DESC"), text("id DESC")),
        Index(
            "ix_conversation_assignee",
            "organization_id",
            "assignee_id",
            "status",
            text("last_message_at DESC"),
            text("id DESC"),
        ),
        Index(
            "ix_conversation_queue",
            "organization_id",
            "status",
            text("last_message_at DESC"),
            text("id DESC"),
            postgresql_where=text("assignee_id IS NULL"),
        ),
        Index(
            "ix_conversation_unread",
            "organization_id",
            "assignee_id",
            postgresql_where=text("unread_count > 0"),
        ),
        Index("ix_conversation_contact", "organization_id", "contact_id"),
    )

    contact_id: UUID
    channel_id: UUID
    address: str = Field(max_length=200)
    status: str = Field(default=ConversationStatus.OPEN, max_length=12)
    assignee_id: UUID | None = None
    unread_count: int = Field(default=0)
    last_message_at: datetime = timestamp()
    last_message_preview: str = Field(default="", max_length=200)
    last_message_kind: str = Field(default="", max_length=12)
    last_message_direction: str = Field(default="", max_length=4)
    last_inbound_at: datetime | None = timestamp(nullable=True)
    waiting_since: datetime | None = timestamp(nullable=True)
    first_inbound_at: datetime | None = timestamp(nullable=True)
    first_response_at: datetime | None = timestamp(nullable=True)
    version: int = Field(default=1)


class Message(TenantTable, table=True):
    """One bubble. `occurred_at` is the provider's time of an inbound message and ours of an outbound one.

    `response_seconds` stands on an outbound message that ended a wait: how long the customer had waited.
    """

    __tablename__ = "message"
    __table_args__ = (
        refers_to_member("author_id"),
        belongs_to("conversation", "conversation_id"),
        belongs_to("channel", "channel_id", on_delete=None),
        unique_in_organization("uq_message_provider", "channel_id", "provider_message_id"),
        unique_in_organization("uq_message_idempotency", "idempotency_key"),
        Index(
            "ix_message_thread",
            "organization_id",
            "conversation_id",
            text("occurred_at DESC"),
            text("id DESC"),
        ),
        Index("ix_message_time", "organization_id", "occurred_at", postgresql_include=["direction"]),
        Index(
            "ix_message_response",
            "organization_id",
            "occurred_at",
            postgresql_include=["response_seconds", "author_id"],
            postgresql_where=text("response_seconds IS NOT NULL"),
        ),
        Index(
            "ix_message_undelivered",
            "organization_id",
            "id",
            postgresql_where=text("status IN ('pending', 'sending', 'failed')"),
        ),
        Index("ix_message_search", text("message_words(organization_id, body)"), postgresql_using="gin"),
    )

    conversation_id: UUID
    channel_id: UUID
    direction: str = Field(max_length=4)
    kind: str = Field(default=MessageKind.TEXT, max_length=12)
    body: str = Field(default="")
    provider_message_id: str | None = Field(default=None, max_length=300)
    idempotency_key: str | None = Field(default=None, max_length=80)
    status: str = Field(default=DeliveryStatus.PENDING, max_length=10)
    status_at: datetime = timestamp()
    error_key: str = Field(default="", max_length=80)
    error_detail: str = Field(default="", max_length=500)
    attempts: int = Field(default=0)
    author_id: UUID | None = None
    reply_to_provider_id: str | None = Field(default=None, max_length=300)
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, nullable=False)
    occurred_at: datetime = timestamp()
    response_seconds: int | None = None
    edited_at: datetime | None = timestamp(nullable=True)
    revoked_at: datetime | None = timestamp(nullable=True)


class Attachment(TenantTable, table=True):
    """A file of a message. `storage_key` names its bytes; `remote` tells the provider how to fetch them."""

    __tablename__ = "attachment"
    __table_args__ = (
        belongs_to("message", "message_id"),
        Index("ix_attachment_message", "organization_id", "message_id"),
        Index(
            "ix_attachment_storage",
            "organization_id",
            "storage_key",
            postgresql_where=text("storage_key <> ''"),
        ),
    )

    message_id: UUID
    kind: str = Field(max_length=12)
    mime_type: str = Field(default="", max_length=120)
    file_name: str = Field(default="", max_length=200)
    size_bytes: int = Field(default=0)
    sha256: str = Field(default="", max_length=64)
    storage_key: str = Field(default="", max_length=300)
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None
    status: str = Field(default=AttachmentStatus.PENDING, max_length=10)
    error: str = Field(default="", max_length=300)
    remote: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, nullable=False)


class FreshFile(TenantTable, table=True):
    """A file that was put into the storage a short while ago, and may or may not belong to a message yet.

    Whoever puts a file there or attaches it holds this row until the commit, and whoever removes it does, too.
    """

    __tablename__ = "fresh_file"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        unique_in_organization("uq_fresh_file_key", "storage_key"),
        Index("ix_fresh_file_touched", "organization_id", "touched_at"),
    )

    storage_key: str = Field(max_length=300)
    touched_at: datetime = timestamp()


class MessageStatus(TenantTable, table=True):
    """One report about a message's delivery, in the order that reports arrived."""

    __tablename__ = "message_status"
    __table_args__ = (
        belongs_to("message", "message_id"),
        Index("ix_message_status_message", "organization_id", "message_id", "id"),
    )

    message_id: UUID
    status: str = Field(max_length=10)
    detail: str = Field(default="", max_length=500)
    happened_at: datetime = timestamp()


class EarlyReport(TenantTable, table=True):
    """A report (status, reaction, edit, deletion) about a message that has not reached us yet.

    It is applied and removed when the message appears: vendors do not promise any order.
    """

    __tablename__ = "early_report"
    __table_args__ = (
        belongs_to("channel", "channel_id"),
        Index("ix_early_report_message", "organization_id", "channel_id", "provider_message_id", "id"),
    )

    channel_id: UUID
    provider_message_id: str = Field(max_length=300)
    event: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, nullable=False)
