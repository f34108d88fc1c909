"""Second factors: authenticator apps, recovery codes, passkeys, and the rows of a sign-in under way.

Defaults of the new columns stay, so that the version before may go on inserting while this one is rolled out.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CURRENT_USER = "NULLIF(current_setting('app.user_id', true), '')::uuid"
OF_A_PERSON = ("totp_factor", "recovery_code", "passkey")
UNDER_WAY = ("pending_entry", "passkey_challenge")


def _moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _person() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="CASCADE")


def create_factors() -> None:
    """Create the tables of what a person proves themselves with."""
    op.create_table(
        "totp_factor",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.String(20), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        _moment("confirmed_at", nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        _moment("created_at"),
        _person(),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        _moment("used_at", nullable=True),
        _moment("created_at"),
        _person(),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("uq_recovery_code", "recovery_code", ["user_id", "code_hash"], unique=True)
    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("backup_eligible", sa.Boolean(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        _moment("created_at"),
        _moment("last_used_at", nullable=True),
        _person(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("credential_id"),
    )
    op.create_index("ix_passkey_user", "passkey", ["user_id"])


def create_what_is_under_way() -> None:
    """Create the tables of sign-ins that wait for a factor and of challenges that wait for a signature."""
    op.create_table(
        "pending_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("wanted_organization", sa.Uuid(), nullable=True),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("ip", sa.String(64), nullable=False),
        sa.Column("user_agent", sa.String(300), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        _person(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_pending_entry_expiry", "pending_entry", ["expires_at"])
    op.create_table(
        "passkey_challenge",
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("bound_to", sa.Uuid(), nullable=True),
        _moment("created_at"),
        _moment("expires_at"),
        _person(),
        sa.PrimaryKeyConstraint("challenge"),
    )
    op.create_index("ix_passkey_challenge_expiry", "passkey_challenge", ["expires_at"])


def upgrade() -> None:
    """Apply."""
    create_factors()
    create_what_is_under_way()
    for table in (*OF_A_PERSON, *UNDER_WAY):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO prumo_app")
    for table in OF_A_PERSON:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own ON {table} USING (user_id = {CURRENT_USER}) WITH CHECK (user_id = {CURRENT_USER})"
        )
    op.add_column(
        "user_session", sa.Column("method", sa.String(20), nullable=False, server_default=sa.text("'password'"))
    )
    op.add_column("user_session", _moment("proven_at", nullable=True))
    op.add_column(
        "organization",
        sa.Column("factor_roles", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("organization", "factor_roles")
    op.drop_column("user_session", "proven_at")
    op.drop_column("user_session", "method")
    for table in (*UNDER_WAY, *OF_A_PERSON):
        op.drop_table(table)
