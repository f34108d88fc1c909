"""Files that were stored a short while ago, so that those which nobody sends can be removed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"


def upgrade() -> None:
    """Apply. Uploads from before this version stay as they are."""
    op.create_table(
        "fresh_file",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("storage_key", sa.String(300), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "storage_key", name="uq_fresh_file_key"),
    )
    op.create_index("ix_fresh_file_touched", "fresh_file", ["organization_id", "touched_at"])
    op.execute("ALTER TABLE fresh_file ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE fresh_file FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON fresh_file USING (organization_id = {CURRENT_ORGANIZATION}) "
        f"WITH CHECK (organization_id = {CURRENT_ORGANIZATION})"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON fresh_file TO prumo_app")
    with op.get_context().autocommit_block():
        # Messages keep arriving meanwhile; what an interrupted attempt has left behind is of no use.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_attachment_storage")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_attachment_storage ON attachment (organization_id, storage_key) "
            "WHERE storage_key <> ''"
        )


def downgrade() -> None:
    """Take back."""
    op.execute("DROP TABLE fresh_file")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_attachment_storage")
