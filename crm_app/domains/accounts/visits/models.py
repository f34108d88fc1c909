"""Visits: somebody looks at an organization through other eyes than their own, for a while."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field

from crm_app.core.repository import TenantTable, timestamp
from crm_app.domains.accounts.models import refers_to_member


class VisitRecord(TenantTable, table=True):
    """One visit, open or over. `member_id` is through whose eyes; support looks through nobody's and has a reason.

    The visitor may be no member: whoever enters for support belongs to another organization.
    """

    __tablename__ = "visit"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["visitor_id"], ["app_user.id"], ondelete="CASCADE"),
        refers_to_member("member_id"),
        Index("ix_visit_open", "organization_id", "kind", postgresql_where=text("ended_at IS NULL")),
        CheckConstraint("(kind = 'view_as') = (member_id IS NOT NULL)", name="ck_visit_eyes"),
        CheckConstraint("kind <> 'support' OR reason <> ''", name="ck_visit_reason"),
    )

    kind: str = Field(max_length=10)
    visitor_id: UUID
    session_id: UUID
    """The visitor's session, in which it happens; a session may be forgotten, a visit is not."""
    member_id: UUID | None = None
    reason: str = Field(default="", max_length=300)
    expires_at: datetime = timestamp()
    ended_at: datetime | None = timestamp(nullable=True)
