"""Identity providers of organizations, and who their members are there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"


def protect(table: str) -> None:
    """Show rows to their own organization only, also to the owner of the table."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} USING (organization_id = {CURRENT_ORGANIZATION}) "
        f"WITH CHECK (organization_id = {CURRENT_ORGANIZATION})"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO prumo_app")


def upgrade() -> None:
    """Apply."""
    op.add_column("organization", sa.Column("sso_only", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("organization", "sso_only", server_default=None)
    op.create_table(
        "identity_provider",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("preset", sa.String(20), nullable=False),
        sa.Column("issuer", sa.String(300), nullable=False),
        sa.Column("client_id", sa.String(300), nullable=False),
        sa.Column("key_id", sa.String(20), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=False),
        sa.Column("domains", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("joins", sa.Boolean(), nullable=False),
        sa.Column("joins_as", sa.String(20), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", name="uq_identity_provider_organization"),
    )
    op.create_table(
        "sso_identity",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(300), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["membership.organization_id", "membership.user_id"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "issuer", "subject", name="uq_sso_identity_subject"),
    )
    op.create_index("ix_sso_identity_member", "sso_identity", ["organization_id", "user_id"])
    for table in ("identity_provider", "sso_identity"):
        protect(table)


def downgrade() -> None:
    """Take back."""
    op.drop_table("sso_identity")
    op.drop_table("identity_provider")
    op.drop_column("organization", "sso_only")
