"""What an organization has made of roles, and its teams."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from crm_app.core.repository import TenantTable, belongs_to, timestamp, unique_in_organization
from crm_app.domains.accounts.models import refers_to_member


class OwnRole(TenantTable, table=True):
    """A role of an organization's own (`name`), or what it has changed in a built-in one (no name).

    `changes` maps permissions to a reach, or to "none": what differs from the built-in role `based_on`. So a
    permission that comes with a new version is there without anybody's doing.
    """

    __tablename__ = "role"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        unique_in_organization("uq_role_name", "name"),
        Index(
            "uq_role_built_in", "organization_id", "based_on", unique=True, postgresql_where=text("name IS NULL")
        ),
        CheckConstraint("based_on <> 'owner'", name="ck_role_owner"),
    )

    name: str | None = Field(default=None, max_length=60)
    based_on: str = Field(max_length=20)
    changes: dict[str, str] = Field(default_factory=dict, sa_type=JSONB, nullable=False)
    version: int = Field(default=1)
    updated_at: datetime = timestamp()


class Team(TenantTable, table=True):
    """People who work together and, with the reach `team`, see one another's things."""

    __tablename__ = "team"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        unique_in_organization("uq_team_name", "name"),
    )

    name: str = Field(max_length=60)


class TeamMember(TenantTable, table=True):
    """Somebody's place in a team. Whoever `leads` it sees its members' things whatever their role says."""

    __tablename__ = "team_member"
    __table_args__ = (
        belongs_to("team", "team_id"),
        refers_to_member("user_id"),
        unique_in_organization("uq_team_member", "team_id", "user_id"),
        Index("ix_team_member_user", "organization_id", "user_id"),
    )

    team_id: UUID
    user_id: UUID
    leads: bool = Field(default=False)
