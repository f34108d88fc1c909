"""Members who leave, what they hand over, and offers of ownership."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"
TABLES = ("hand_over", "ownership_offer")


def _moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _member(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column], ["membership.organization_id", "membership.user_id"]
    )


def _tenant_columns() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
    ]


def upgrade() -> None:
    """Apply. A nullable column without a default is added without rewriting the table."""
    op.add_column("membership", _moment("removed_at", nullable=True))
    op.create_table(
        "hand_over",
        *_tenant_columns(),
        sa.Column("giver_id", sa.Uuid(), nullable=False),
        sa.Column("receiver_id", sa.Uuid(), nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        _moment("undone_at", nullable=True),
        _member("giver_id"),
        _member("receiver_id"),
    )
    op.create_table(
        "ownership_offer",
        *_tenant_columns(),
        sa.Column("giver_id", sa.Uuid(), nullable=False),
        sa.Column("receiver_id", sa.Uuid(), nullable=False),
        sa.Column("step_down", sa.Boolean(), nullable=False),
        _moment("expires_at"),
        _moment("closed_at", nullable=True),
        _member("giver_id"),
        _member("receiver_id"),
    )
    op.create_index(
        "ix_ownership_offer_open",
        "ownership_offer",
        ["organization_id"],
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (organization_id = {CURRENT_ORGANIZATION}) "
            f"WITH CHECK (organization_id = {CURRENT_ORGANIZATION})"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO prumo_app")


def downgrade() -> None:
    """Take back; whoever was removed stays deactivated."""
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("membership", "removed_at")
