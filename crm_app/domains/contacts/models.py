"""People and companies that the organization talks to."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Computed, ForeignKeyConstraint, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlmodel import Field

from crm_app.core.repository import TenantTable, belongs_to, timestamp, unique_in_organization
from crm_app.domains.accounts.models import refers_to_member


class IdentityKind(StrEnum):
    """The kinds of address by which a provider names a person."""

    PHONE = "phone"
    WHATSAPP_LID = "whatsapp_lid"
    WHATSAPP_SCOPED = "whatsapp_scoped"
    INSTAGRAM = "instagram"
    TELEGRAM = "telegram"
    EMAIL = "email"


# The organization is a word of its own, so that a search never walks through others' entries of the index.
_SEARCH_WORDS = (
    "array_to_tsvector(ARRAY['@' || organization_id::text]) || to_tsvector('simple'::regconfig, search_text)"
)


class Contact(TenantTable, table=True):
    """A person, perhaps of a company. `search_text` is folded (lower case, no accents)."""

    __tablename__ = "contact"
    __table_args__ = (
        refers_to_member("owner_id"),
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        Index(
            "ix_contact_name", "organization_id", "sort_name", "id", postgresql_where=text("archived_at IS NULL")
        ),
        Index(
            "ix_contact_activity",
            "organization_id",
            text("last_activity_at DESC"),
            text("id DESC"),
            postgresql_where=text("archived_at IS NULL"),
        ),
        Index("ix_contact_archived", "organization_id", "id", postgresql_where=text("archived_at IS NOT NULL")),
        Index("ix_contact_owner", "organization_id", "owner_id"),
        Index("ix_contact_search", "search_vector", postgresql_using="gin"),
    )

    name: str = Field(max_length=200)
    sort_name: str = Field(
        default="", max_length=200, sa_column=Column(String(200, collation="C"), nullable=False)
    )
    company: str = Field(default="", max_length=200)
    job_title: str = Field(default="", max_length=120)
    phone: str = Field(default="", max_length=20)
    email: str = Field(default="", max_length=254)
    source: str = Field(default="", max_length=60)
    tags: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(String), nullable=False))
    notes: str = Field(default="")
    owner_id: UUID | None = None
    search_text: str = Field(default="")
    search_vector: Any = Field(
        default=None,
        sa_column=Column(TSVECTOR, Computed(_SEARCH_WORDS, persisted=True)),
    )
    last_activity_at: datetime = timestamp()
    updated_at: datetime = timestamp()
    archived_at: datetime | None = timestamp(nullable=True)
    version: int = Field(default=1)


class ContactIdentity(TenantTable, table=True):
    """One address of a contact. A Brazilian mobile has two: with and without the ninth digit."""

    __tablename__ = "contact_identity"
    __table_args__ = (
        belongs_to("contact", "contact_id"),
        unique_in_organization("uq_contact_identity", "kind", "value"),
        Index("ix_contact_identity_contact", "organization_id", "contact_id"),
    )

    contact_id: UUID
    kind: str = Field(max_length=30)
    value: str = Field(max_length=200)


class Activity(TenantTable, table=True):
    """A line in a contact's timeline, written by whichever domain made it happen."""

    __tablename__ = "activity"
    __table_args__ = (
        belongs_to("contact", "contact_id"),
        Index("ix_activity_contact", "organization_id", "contact_id", text("happened_at DESC"), text("id DESC")),
    )

    contact_id: UUID
    kind: str = Field(max_length=40)
    user_id: UUID | None = None
    entity_id: UUID | None = None
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB, nullable=False)
    happened_at: datetime = timestamp()
