"""Letters on their way, links that open something once, verified addresses, and the first steps' checklist."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"
NO_TENANT = "COALESCE(current_setting('app.organization_id', true), '') = ''"
NAMED = f"{NO_TENANT} AND id = NULLIF(current_setting('app.mail_id', true), '')::uuid"
DEMO = f"{NO_TENANT} AND current_setting('app.outbox', true) = 'on'"
UPKEEP = (
    f"{NO_TENANT} AND current_setting('app.mail_upkeep', true) = 'on' AND created_at < now() - interval '7 days'"
)


def protect_mail() -> None:
    """An organization's own letters; without a tenant the one that is named, the old ones, or all in the demo.

    Letters of nobody's organization may be added anywhere, and read only by those narrow ways.
    """
    op.execute("ALTER TABLE outbound_mail ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE outbound_mail FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON outbound_mail USING (organization_id = {CURRENT_ORGANIZATION}) "
        f"WITH CHECK (organization_id = {CURRENT_ORGANIZATION})"
    )
    op.execute("CREATE POLICY personal ON outbound_mail FOR INSERT WITH CHECK (organization_id IS NULL)")
    op.execute(f"CREATE POLICY named ON outbound_mail FOR SELECT USING ({NAMED})")
    op.execute(f"CREATE POLICY delivery ON outbound_mail FOR UPDATE USING ({NAMED}) WITH CHECK ({NAMED})")
    op.execute(f"CREATE POLICY demo ON outbound_mail FOR SELECT USING ({DEMO})")
    op.execute(f"CREATE POLICY old ON outbound_mail FOR SELECT USING ({UPKEEP})")
    op.execute(f"CREATE POLICY upkeep ON outbound_mail FOR DELETE USING ({UPKEEP})")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON outbound_mail, access_token TO prumo_app")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "outbound_mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("key_id", sa.String(20), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(300), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("useful_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_outbound_mail_organization", "outbound_mail", ["organization_id", sa.literal_column("id DESC")]
    )
    op.create_index("ix_outbound_mail_time", "outbound_mail", ["created_at"])
    op.create_table(
        "access_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(30), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.String(254), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_access_token_subject", "access_token", ["purpose", "subject"])
    op.add_column("app_user", sa.Column("email_verified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("organization", sa.Column("checklist_closed_at", sa.DateTime(timezone=True), nullable=True))
    protect_mail()


def downgrade() -> None:
    """Take back."""
    op.drop_column("organization", "checklist_closed_at")
    op.drop_column("app_user", "email_verified_at")
    op.drop_table("access_token")
    op.drop_table("outbound_mail")
