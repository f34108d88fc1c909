"""The table of letters on their way."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from crm_app.core.ids import new_id
from crm_app.core.repository import timestamp


class MailStatus(StrEnum):
    """Where a letter is."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    KEPT = "kept"
    """There is no mail server: the letter is shown on a screen of the demo instead."""


class OutboundMail(SQLModel, table=True):
    """A letter. Those of signing up or of a lost password belong to no organization.

    What it says is sealed, since its links open accounts, and removed once it is delivered. Row-level policies:
    an organization sees its own; without a tenant a transaction sees the one that it names (`app.mail_id`), or
    in the demo all of them (`app.outbox`).
    """

    __tablename__ = "outbound_mail"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        Index("ix_outbound_mail_organization", "organization_id", text("id DESC")),
        Index("ix_outbound_mail_time", "created_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organization_id: UUID | None = None
    created_at: datetime = timestamp()
    kind: str = Field(max_length=40)
    recipient: str = Field(max_length=254)
    subject: str = Field(max_length=300)
    key_id: str = Field(default="", max_length=20)
    content: bytes | None = None
    status: str = Field(default=MailStatus.WAITING, max_length=10)
    attempts: int = 0
    error: str = Field(default="", max_length=300)
    claimed_at: datetime | None = timestamp(nullable=True)
    done_at: datetime | None = timestamp(nullable=True)
    useful_until: datetime = timestamp()
