"""Plans, what organizations have of them and beside them, and what they use."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"
TABLES = ("organization_plan", "module_grant", "member_module", "usage_counter")
BUILT_IN = """
INSERT INTO plan (id, key, name, modules, limits, position, is_default, version, created_at, updated_at) VALUES
('0193e000-0000-7000-8000-000000000003', 'essencial', 'Essencial', '["sending"]',
 '{"members": 3, "channels": 1, "messages": 1000}', 1, false, 1, now(), now()),
('0193e000-0000-7000-8000-000000000002', 'profissional', 'Profissional',
 '["sending", "analytics", "teams", "roles", "audit", "api"]',
 '{"members": 15, "channels": 5, "messages": 10000}', 2, false, 1, now(), now()),
('0193e000-0000-7000-8000-000000000001', 'completo', 'Completo', '["*"]', '{}', 3, true, 1, now(), now())"""


def _text(name: str, length: int) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str) -> sa.Column:
    return sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False)


def _id(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _of_organization() -> list[sa.schema.SchemaItem]:
    return [
        _id("organization_id"),
        _id("id"),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
    ]


def _plans() -> None:
    op.create_table(
        "plan",
        _id("id"),
        _text("key", 40),
        _text("name", 60),
        _json("modules"),
        _json("limits"),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("uq_plan_default", "plan", ["is_default"], unique=True, postgresql_where=sa.text("is_default"))
    op.execute(BUILT_IN)
    # Everybody reads them; the application writes none.
    op.execute("GRANT SELECT ON plan TO prumo_app")


def _what_organizations_have() -> None:
    op.create_table(
        "organization_plan",
        *_of_organization(),
        _id("plan_id"),
        _moment("since"),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"]),
        sa.UniqueConstraint("organization_id", name="uq_organization_plan"),
    )
    op.create_index("ix_organization_plan_plan", "organization_plan", ["plan_id"])
    op.create_table(
        "module_grant",
        *_of_organization(),
        _text("kind", 20),
        _text("subject", 40),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("chosen_only", sa.Boolean(), nullable=False),
        _text("reason", 300),
        _id("given_by", nullable=True),
        _text("given_by_name", 120),
        _moment("expires_at", nullable=True),
        _moment("revoked_at", nullable=True),
    )
    op.create_index(
        "ix_module_grant_held",
        "module_grant",
        ["organization_id"],
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def _members_and_usage() -> None:
    op.create_table(
        "member_module",
        *_of_organization(),
        _id("user_id"),
        _text("module", 40),
        _id("given_by", nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"], ["membership.organization_id", "membership.user_id"]
        ),
        sa.UniqueConstraint("organization_id", "user_id", "module", name="uq_member_module"),
    )
    op.create_table(
        "usage_counter",
        *_of_organization(),
        _text("name", 40),
        _text("period", 10),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.UniqueConstraint("organization_id", "name", "period", name="uq_usage_counter"),
    )


def upgrade() -> None:
    """Apply. Organizations that exist go on having everything, without limits."""
    _plans()
    _what_organizations_have()
    _members_and_usage()
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (organization_id = {CURRENT_ORGANIZATION}) "
            f"WITH CHECK (organization_id = {CURRENT_ORGANIZATION})"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO prumo_app")
    # Single sign-on was part of the organization's settings: whoever was given or denied these keeps it so.
    op.execute("ALTER TABLE role NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE role SET changes = changes || jsonb_build_object('sso.manage', changes -> 'organization.manage') "
        "WHERE changes ? 'organization.manage'"
    )
    op.execute("ALTER TABLE role FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """Take back; plans, grants and counts are lost, and every organization has everything."""
    op.execute("ALTER TABLE role NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE role SET changes = changes - 'sso.manage' - 'api.use' - 'simulator.use'")
    op.execute("ALTER TABLE role FORCE ROW LEVEL SECURITY")
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_table("plan")
