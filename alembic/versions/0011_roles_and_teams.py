"""Roles of an organization's own, and teams."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"
TABLES = ("role", "team", "team_member")


def _tenant_columns() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    ]


def _of_organization() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE")


def _roles() -> None:
    op.create_table(
        "role",
        *_tenant_columns(),
        sa.Column("name", sa.String(60), nullable=True),
        sa.Column("based_on", sa.String(20), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _of_organization(),
        sa.UniqueConstraint("organization_id", "name", name="uq_role_name"),
        sa.CheckConstraint("based_on <> 'owner'", name="ck_role_owner"),
    )
    op.create_index(
        "uq_role_built_in",
        "role",
        ["organization_id", "based_on"],
        unique=True,
        postgresql_where=sa.text("name IS NULL"),
    )


def _teams() -> None:
    op.create_table(
        "team",
        *_tenant_columns(),
        sa.Column("name", sa.String(60), nullable=False),
        _of_organization(),
        sa.UniqueConstraint("organization_id", "name", name="uq_team_name"),
    )
    op.create_table(
        "team_member",
        *_tenant_columns(),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("leads", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "team_id"], ["team.organization_id", "team.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"], ["membership.organization_id", "membership.user_id"]
        ),
        sa.UniqueConstraint("organization_id", "team_id", "user_id", name="uq_team_member"),
    )
    op.create_index("ix_team_member_user", "team_member", ["organization_id", "user_id"])


def upgrade() -> None:
    """Apply. The foreign key is checked against old rows without holding writers up."""
    _roles()
    _teams()
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (organization_id = {CURRENT_ORGANIZATION}) "
            f"WITH CHECK (organization_id = {CURRENT_ORGANIZATION})"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO prumo_app")
    op.add_column("membership", sa.Column("role_id", sa.Uuid(), nullable=True))
    op.execute(
        "ALTER TABLE membership ADD CONSTRAINT membership_organization_id_role_id_fkey "
        "FOREIGN KEY (organization_id, role_id) REFERENCES role (organization_id, id) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE membership VALIDATE CONSTRAINT membership_organization_id_role_id_fkey")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_membership_role")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_membership_role ON membership (organization_id, role_id) "
            "WHERE role_id IS NOT NULL"
        )


def downgrade() -> None:
    """Take back; whoever had a role of the organization's own has the one that it was based on."""
    op.drop_column("membership", "role_id")
    for table in reversed(TABLES):
        op.drop_table(table)
