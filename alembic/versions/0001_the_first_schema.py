"""The first schema: tables, the application role, row-level policies, and the queue's own tables."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "activity",
    "attachment",
    "audit_entry",
    "channel",
    "channel_credential",
    "contact",
    "contact_identity",
    "conversation",
    "deal",
    "inbound_event",
    "membership",
    "message",
    "message_status",
    "pipeline",
    "simulator_message",
    "simulator_phone",
    "stage",
    "stage_history",
)
APPEND_ONLY = ("audit_entry",)
CREATE_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'prumo_app') THEN
        CREATE ROLE prumo_app NOLOGIN NOBYPASSRLS NOSUPERUSER;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    -- Another migration of the same cluster made it in this very moment.
    NULL;
END $$;
DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'prumo_app', 'MEMBER') THEN
        EXECUTE format('GRANT prumo_app TO %I', current_user);
    END IF;
END $$;
"""
CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"
NO_TENANT = "COALESCE(current_setting('app.organization_id', true), '') = ''"


def protect_tenant_tables() -> None:
    """Force row-level security on every tenant table: only rows of the transaction's organization exist."""
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (organization_id = {CURRENT_ORGANIZATION}) "
            f"WITH CHECK (organization_id = {CURRENT_ORGANIZATION})"
        )
        rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"GRANT {rights} ON {table} TO prumo_app")


def protect_organizations() -> None:
    """Force row-level security on `organization`, and open the narrow doors that exist before a tenant is known:
    one's own memberships and their organizations, one channel by its id, the list of organizations."""
    op.execute("ALTER TABLE organization ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE organization FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON organization USING (id = {CURRENT_ORGANIZATION}) "
        f"WITH CHECK (id = {CURRENT_ORGANIZATION})"
    )
    op.execute(
        f"CREATE POLICY own ON membership FOR SELECT USING ({NO_TENANT} "
        "AND user_id = NULLIF(current_setting('app.user_id', true), '')::uuid)"
    )
    op.execute(
        f"CREATE POLICY member ON organization FOR SELECT USING ({NO_TENANT} "
        "AND EXISTS (SELECT FROM membership m WHERE m.organization_id = organization.id))"
    )
    op.execute(
        f"CREATE POLICY directory ON organization FOR SELECT USING ({NO_TENANT} "
        "AND current_setting('app.directory', true) = 'on')"
    )
    op.execute(
        f"CREATE POLICY door ON channel FOR SELECT USING ({NO_TENANT} "
        "AND id = NULLIF(current_setting('app.channel_id', true), '')::uuid)"
    )


def grant_global_tables() -> None:
    """Let the application role use the tables that belong to no organization, and the queue."""
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON organization, app_user, user_session TO prumo_app")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_jobs, procrastinate_events, "
        "procrastinate_workers, procrastinate_periodic_defers TO prumo_app"
    )
    op.execute("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO prumo_app")


def drop_queue() -> None:
    """Remove everything that procrastinate made."""
    op.execute(
        """
        DO $$
        DECLARE thing record;
        BEGIN
            DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs,
                procrastinate_workers CASCADE;
            FOR thing IN SELECT p.oid::regprocedure AS signature FROM pg_proc p
                JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = current_schema() AND p.proname LIKE 'procrastinate\\_%'
            LOOP EXECUTE 'DROP FUNCTION ' || thing.signature || ' CASCADE'; END LOOP;
            DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status;
        END $$
        """
    )


def upgrade() -> None:
    """Apply."""
    op.execute(CREATE_ROLE)
    op.create_table(
        "app_user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=True),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("theme", sa.String(10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
    )
    op.create_table(
        "organization",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("slug", sa.String(60), nullable=False),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("time_zone", sa.String(60), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("brand_hue", sa.Float(), nullable=False),
        sa.Column("brand_chroma", sa.Float(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slug"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("entity_type", sa.String(40), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("ip", sa.String(64), nullable=False),
        sa.Column("trace_id", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "ix_audit_entry_entity", "audit_entry", ["organization_id", "entity_type", "entity_id"], unique=False
    )
    op.create_index(
        "ix_audit_entry_time",
        "audit_entry",
        ["organization_id", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_table(
        "channel",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider", sa.String(30), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("address", sa.String(80), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("status_detail", sa.String(300), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("config", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("uq_channel_id", "channel", ["id"], unique=True)
    op.create_table(
        "membership",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "user_id", name="uq_membership_user"),
    )
    op.create_index("ix_membership_user", "membership", ["user_id"], unique=False)
    op.create_table(
        "pipeline",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("ip", sa.String(64), nullable=False),
        sa.Column("user_agent", sa.String(300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_user_session_user", "user_session", ["user_id"], unique=False)
    op.create_table(
        "channel_credential",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("key_id", sa.String(20), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "channel_id"], ["channel.organization_id", "channel.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "channel_id", "name", name="uq_channel_credential"),
    )
    op.create_table(
        "contact",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("sort_name", sa.String(length=200, collation="C"), nullable=False),
        sa.Column("company", sa.String(200), nullable=False),
        sa.Column("job_title", sa.String(120), nullable=False),
        sa.Column("phone", sa.String(20), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("notes", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("search_text", sa.String(), nullable=False),
        sa.Column(
            "search_vector",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('simple', search_text)", persisted=True),
            nullable=True,
        ),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "owner_id"],
            ["membership.organization_id", "membership.user_id"],
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "ix_contact_activity",
        "contact",
        ["organization_id", sa.literal_column("last_activity_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_contact_name", "contact", ["organization_id", "sort_name", "id"], unique=False)
    op.create_index("ix_contact_owner", "contact", ["organization_id", "owner_id"], unique=False)
    op.create_index("ix_contact_search", "contact", ["search_vector"], unique=False, postgresql_using="gin")
    op.create_table(
        "inbound_event",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("provider_event_id", sa.String(300), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("trace_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "channel_id"], ["channel.organization_id", "channel.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "channel_id", "provider_event_id", name="uq_inbound_event"),
    )
    op.create_index(
        "ix_inbound_event_open",
        "inbound_event",
        ["organization_id", "channel_id", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('pending', 'failed')"),
    )
    op.create_table(
        "simulator_phone",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("reads", sa.Boolean(), nullable=False),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.Column("script", sa.String(40), nullable=False),
        sa.Column("script_turn", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "channel_id"], ["channel.organization_id", "channel.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "channel_id", "number", name="uq_simulator_phone"),
    )
    op.create_table(
        "simulator_message",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("phone_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("from_customer", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("mime_type", sa.String(120), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("reply_to", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "phone_id"],
            ["simulator_phone.organization_id", "simulator_phone.id"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "phone_id", "key", name="uq_simulator_message_key"),
    )
    op.create_index(
        "ix_simulator_message_phone", "simulator_message", ["organization_id", "phone_id", "id"], unique=False
    )
    op.create_table(
        "stage",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("color", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Integer(), nullable=False),
        sa.Column("wip_limit", sa.Integer(), nullable=True),
        sa.Column("stalled_after_days", sa.Integer(), nullable=True),
        sa.CheckConstraint("probability BETWEEN 0 AND 100", name="ck_stage_probability"),
        sa.ForeignKeyConstraint(
            ["organization_id", "pipeline_id"],
            ["pipeline.organization_id", "pipeline.id"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("ix_stage_pipeline", "stage", ["organization_id", "pipeline_id", "position"], unique=False)
    op.create_table(
        "activity",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "contact_id"], ["contact.organization_id", "contact.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "ix_activity_contact",
        "activity",
        [
            "organization_id",
            "contact_id",
            sa.literal_column("happened_at DESC"),
            sa.literal_column("id DESC"),
        ],
        unique=False,
    )
    op.create_table(
        "contact_identity",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "contact_id"], ["contact.organization_id", "contact.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "kind", "value", name="uq_contact_identity"),
    )
    op.create_index(
        "ix_contact_identity_contact", "contact_identity", ["organization_id", "contact_id"], unique=False
    )
    op.create_table(
        "conversation",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("unread_count", sa.Integer(), nullable=False),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_message_preview", sa.String(200), nullable=False),
        sa.Column("last_message_kind", sa.String(12), nullable=False),
        sa.Column("last_message_direction", sa.String(4), nullable=False),
        sa.Column("last_inbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_inbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_response_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "assignee_id"],
            ["membership.organization_id", "membership.user_id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "channel_id"],
            ["channel.organization_id", "channel.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "contact_id"],
            ["contact.organization_id", "contact.id"],
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "channel_id", "address", name="uq_conversation_address"),
    )
    op.create_index(
        "ix_conversation_assignee",
        "conversation",
        [
            "organization_id",
            "assignee_id",
            "status",
            sa.literal_column("last_message_at DESC"),
            sa.literal_column("id DESC"),
        ],
        unique=False,
    )
    op.create_index("ix_conversation_contact", "conversation", ["organization_id", "contact_id"], unique=False)
    op.create_index(
        "ix_conversation_list",
        "conversation",
        [
            "organization_id",
            "status",
            sa.literal_column("last_message_at DESC"),
            sa.literal_column("id DESC"),
        ],
        unique=False,
    )
    op.create_index(
        "ix_conversation_unread",
        "conversation",
        ["organization_id", "assignee_id"],
        unique=False,
        postgresql_where=sa.text("unread_count > 0"),
    )
    op.create_table(
        "deal",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("stage_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("value_cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rank", sa.String(collation="C"), nullable=False),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("expected_close_on", sa.Date(), nullable=True),
        sa.Column("entered_stage_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_reason", sa.String(200), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("value_cents >= 0", name="ck_deal_value"),
        sa.ForeignKeyConstraint(
            ["organization_id", "contact_id"],
            ["contact.organization_id", "contact.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "owner_id"],
            ["membership.organization_id", "membership.user_id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "pipeline_id"],
            ["pipeline.organization_id", "pipeline.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "stage_id"],
            ["stage.organization_id", "stage.id"],
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("ix_deal_closed", "deal", ["organization_id", "closed_at"], unique=False)
    op.create_index(
        "ix_deal_column",
        "deal",
        ["organization_id", "pipeline_id", "stage_id", "rank", "id"],
        unique=False,
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_index("ix_deal_contact", "deal", ["organization_id", "contact_id"], unique=False)
    op.create_index("ix_deal_created", "deal", ["organization_id", "created_at"], unique=False)
    op.create_index("ix_deal_owner", "deal", ["organization_id", "owner_id"], unique=False)
    op.create_index(
        "ix_deal_totals",
        "deal",
        ["organization_id", "pipeline_id", "stage_id"],
        unique=False,
        postgresql_include=["value_cents"],
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "message",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.String(4), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("provider_message_id", sa.String(300), nullable=True),
        sa.Column("idempotency_key", sa.String(80), nullable=True),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("status_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error_key", sa.String(80), nullable=False),
        sa.Column("error_detail", sa.String(500), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("reply_to_provider_id", sa.String(300), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("response_seconds", sa.Integer(), nullable=True),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "search_vector",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('portuguese', left(body, 20000))", persisted=True),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "author_id"],
            ["membership.organization_id", "membership.user_id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "channel_id"],
            ["channel.organization_id", "channel.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "conversation_id"],
            ["conversation.organization_id", "conversation.id"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "channel_id", "provider_message_id", name="uq_message_provider"),
        sa.UniqueConstraint("organization_id", "idempotency_key", name="uq_message_idempotency"),
    )
    op.create_index("ix_message_search", "message", ["search_vector"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_message_thread",
        "message",
        [
            "organization_id",
            "conversation_id",
            sa.literal_column("occurred_at DESC"),
            sa.literal_column("id DESC"),
        ],
        unique=False,
    )
    op.create_index(
        "ix_message_time",
        "message",
        ["organization_id", "occurred_at"],
        unique=False,
        postgresql_include=["direction"],
    )
    op.create_index(
        "ix_message_response",
        "message",
        ["organization_id", "occurred_at"],
        unique=False,
        postgresql_include=["response_seconds", "author_id"],
        postgresql_where=sa.text("response_seconds IS NOT NULL"),
    )
    op.create_index(
        "ix_message_undelivered",
        "message",
        ["organization_id", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('pending', 'sending', 'failed')"),
    )
    op.create_table(
        "stage_history",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("from_stage_id", sa.Uuid(), nullable=True),
        sa.Column("to_stage_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("value_cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "deal_id"], ["deal.organization_id", "deal.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "to_stage_id"],
            ["stage.organization_id", "stage.id"],
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "ix_stage_history_deal", "stage_history", ["organization_id", "deal_id", "moved_at"], unique=False
    )
    op.create_index("ix_stage_history_time", "stage_history", ["organization_id", "moved_at"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("mime_type", sa.String(120), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("storage_key", sa.String(300), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("error", sa.String(300), nullable=False),
        sa.Column("remote", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "message_id"], ["message.organization_id", "message.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("ix_attachment_message", "attachment", ["organization_id", "message_id"], unique=False)
    op.create_table(
        "message_status",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "message_id"], ["message.organization_id", "message.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "ix_message_status_message", "message_status", ["organization_id", "message_id", "id"], unique=False
    )
    # The driver takes the % of PL/pgSQL format strings literally only when it gets no parameters.
    op.get_bind().connection.driver_connection.execute(SchemaManager.get_schema())
    protect_tenant_tables()
    protect_organizations()
    grant_global_tables()


def downgrade() -> None:
    """Take back."""
    drop_queue()
    op.execute("DROP POLICY member ON organization")
    op.drop_index("ix_message_status_message", table_name="message_status")
    op.drop_table("message_status")
    op.drop_index("ix_attachment_message", table_name="attachment")
    op.drop_table("attachment")
    op.drop_index("ix_stage_history_time", table_name="stage_history")
    op.drop_index("ix_stage_history_deal", table_name="stage_history")
    op.drop_table("stage_history")
    op.drop_index(
        "ix_message_undelivered",
        table_name="message",
        postgresql_where=sa.text("status IN ('pending', 'sending', 'failed')"),
    )
    op.drop_index("ix_message_time", table_name="message", postgresql_include=["direction"])
    op.drop_index(
        "ix_message_response",
        table_name="message",
        postgresql_include=["response_seconds", "author_id"],
        postgresql_where=sa.text("response_seconds IS NOT NULL"),
    )
    op.drop_index("ix_message_thread", table_name="message")
    op.drop_index("ix_message_search", table_name="message", postgresql_using="gin")
    op.drop_table("message")
    op.drop_index(
        "ix_deal_totals",
        table_name="deal",
        postgresql_include=["value_cents"],
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.drop_index("ix_deal_owner", table_name="deal")
    op.drop_index("ix_deal_created", table_name="deal")
    op.drop_index("ix_deal_contact", table_name="deal")
    op.drop_index("ix_deal_column", table_name="deal", postgresql_where=sa.text("archived_at IS NULL"))
    op.drop_index("ix_deal_closed", table_name="deal")
    op.drop_table("deal")
    op.drop_index(
        "ix_conversation_unread", table_name="conversation", postgresql_where=sa.text("unread_count > 0")
    )
    op.drop_index("ix_conversation_list", table_name="conversation")
    op.drop_index("ix_conversation_contact", table_name="conversation")
    op.drop_index("ix_conversation_assignee", table_name="conversation")
    op.drop_table("conversation")
    op.drop_index("ix_contact_identity_contact", table_name="contact_identity")
    op.drop_table("contact_identity")
    op.drop_index("ix_activity_contact", table_name="activity")
    op.drop_table("activity")
    op.drop_index("ix_stage_pipeline", table_name="stage")
    op.drop_table("stage")
    op.drop_index("ix_simulator_message_phone", table_name="simulator_message")
    op.drop_table("simulator_message")
    op.drop_table("simulator_phone")
    op.drop_index(
        "ix_inbound_event_open",
        table_name="inbound_event",
        postgresql_where=sa.text("status IN ('pending', 'failed')"),
    )
    op.drop_table("inbound_event")
    op.drop_index("ix_contact_search", table_name="contact", postgresql_using="gin")
    op.drop_index("ix_contact_owner", table_name="contact")
    op.drop_index("ix_contact_name", table_name="contact")
    op.drop_index("ix_contact_activity", table_name="contact")
    op.drop_table("contact")
    op.drop_table("channel_credential")
    op.drop_index("ix_user_session_user", table_name="user_session")
    op.drop_table("user_session")
    op.drop_table("pipeline")
    op.drop_index("ix_membership_user", table_name="membership")
    op.drop_table("membership")
    op.drop_index("uq_channel_id", table_name="channel")
    op.drop_table("channel")
    op.drop_index("ix_audit_entry_time", table_name="audit_entry")
    op.drop_index("ix_audit_entry_entity", table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_table("organization")
    op.drop_table("app_user")
