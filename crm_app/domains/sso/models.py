"""An organization's identity provider, and who its members are there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from crm_app.core.repository import TenantTable, timestamp, unique_in_organization
from crm_app.domains.accounts.models import Role, refers_to_member


class IdentityProvider(TenantTable, table=True):
    """Where an organization's members sign in. At most one; its client secret is sealed."""

    __tablename__ = "identity_provider"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        unique_in_organization("uq_identity_provider_organization"),
    )

    preset: str = Field(max_length=20)
    issuer: str = Field(max_length=300)
    client_id: str = Field(max_length=300)
    key_id: str = Field(max_length=20)
    client_secret: bytes
    domains: list[str] = Field(default_factory=list, sa_type=JSONB)
    """Only addresses of these domains may enter; never empty."""
    joins: bool = Field(default=False)
    """Whether somebody whom nobody invited becomes a member at their first sign-in."""
    joins_as: str = Field(default=Role.SALES, max_length=20)
    is_active: bool = Field(default=True)
    updated_at: datetime = timestamp()


class SsoIdentity(TenantTable, table=True):
    """Who a member is at the provider. It opens this organization alone, whatever else the person belongs to."""

    __tablename__ = "sso_identity"
    __table_args__ = (
        refers_to_member("user_id"),
        unique_in_organization("uq_sso_identity_subject", "issuer", "subject"),
    )

    user_id: UUID
    issuer: str = Field(max_length=300)
    subject: str = Field(max_length=255)
    last_used_at: datetime = timestamp()
