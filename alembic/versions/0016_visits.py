"""Visits: seeing the app as a member sees it, and entering for support; both for a while and read-only."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"


def upgrade() -> None:
    """Apply. Nullable columns without a default are added without rewriting the table."""
    op.create_table(
        "visit",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("visitor_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["visitor_id"], ["app_user.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization_id", "member_id"], ["membership.organization_id", "membership.user_id"]
        ),
        sa.CheckConstraint("(kind = 'view_as') = (member_id IS NOT NULL)", name="ck_visit_eyes"),
        sa.CheckConstraint("kind <> 'support' OR reason <> ''", name="ck_visit_reason"),
    )
    op.create_index(
        "ix_visit_open", "visit", ["organization_id", "kind"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.execute("ALTER TABLE visit ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE visit FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON visit USING (organization_id = {CURRENT_ORGANIZATION}) "
        f"WITH CHECK (organization_id = {CURRENT_ORGANIZATION})"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON visit TO prumo_app")
    op.add_column("user_session", sa.Column("visit_id", sa.Uuid(), nullable=True))
    op.add_column("user_session", sa.Column("visited_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Take back; open visits end with it."""
    op.drop_column("user_session", "visited_id")
    op.drop_column("user_session", "visit_id")
    op.drop_table("visit")
