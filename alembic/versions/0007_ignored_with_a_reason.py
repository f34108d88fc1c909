"""An index for the messages that were left out on purpose, which the settings screen lists."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Events keep arriving meanwhile."""
    with op.get_context().autocommit_block():
        # What an interrupted attempt has left behind is of no use.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_inbound_event_missed")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_inbound_event_missed ON inbound_event (organization_id, id) "
            "WHERE status = 'ignored' AND error IN ('group', 'broadcast')"
        )


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_inbound_event_missed")
