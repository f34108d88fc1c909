"""Full-text search of messages that stays fast under row-level security, and reports that come too early.

The operator `@@` is not leakproof, so PostgreSQL may not use its index before the row-level policy has looked at
every row. Therefore the search runs in one function of a role that sees all messages for reading, takes the
organization from the transaction's setting and returns nothing but ids of that organization. The organization is
part of the index as a word of its own, so that a search never walks through other tenants' postings.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"
PLAIN = "AAAAAEEEEIIIIOOOOOUUUUCNaaaaaeeeeiiiiooooouuuucn"
ACCENTED = "ÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑáàâãäéèêëíìîïóòôõöúùûüçñ"

CREATE_ROLE = """
DO $$
BEGIN
    CREATE ROLE prumo_search NOLOGIN NOBYPASSRLS NOSUPERUSER;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
    EXECUTE format('GRANT prumo_search TO %I', current_user);
EXCEPTION WHEN OTHERS THEN
    -- Another migration of the same cluster granted it in this very moment.
    IF NOT pg_has_role(current_user, 'prumo_search', 'MEMBER') THEN RAISE; END IF;
END $$;
"""

# Each word is kept twice: stemmed as written, and stemmed without accents, because people search without them.
# PL/pgSQL is not inlined, so the planner sees the true cost of taking a text apart instead of that of `||`.
MESSAGE_WORDS = f"""
CREATE FUNCTION message_words(organization uuid, body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
BEGIN
    RETURN array_to_tsvector(ARRAY['@' || CAST(organization AS text)])
        || to_tsvector('pg_catalog.portuguese', left(body, 20000))
        || to_tsvector(
            'pg_catalog.portuguese', translate(normalize(left(body, 20000)), '{ACCENTED}', '{PLAIN}')
        );
END $$
"""

# Up to `few` matches are fetched through the text index and sorted; more than that, and the newest ones are met
# soon enough along the time. The planner cannot choose by itself: it counts taking every match's text apart again.
SEARCH_MESSAGES = f"""
CREATE FUNCTION search_messages(wanted tsquery, most integer)
RETURNS TABLE (id uuid, conversation_id uuid, occurred_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET max_parallel_workers_per_gather = 0 SET enable_seqscan = off SET enable_indexscan = off
SET enable_bitmapscan = on AS $$
DECLARE
    organization uuid := {CURRENT_ORGANIZATION};
    query tsquery := tsquery_and(quote_literal('@' || CAST(organization AS text))::tsquery, wanted);
    few integer := 20000;
    matches integer;
BEGIN
    EXECUTE 'SELECT count(*) FROM (SELECT FROM public.message m
         WHERE public.message_words(m.organization_id, m.body) @@ $1 LIMIT $2) AS found'
        INTO matches USING query, few;
    IF matches = few THEN
        PERFORM set_config('enable_indexscan', 'on', true), set_config('enable_bitmapscan', 'off', true);
    END IF;
    RETURN QUERY EXECUTE
        'SELECT m.id, m.conversation_id, m.occurred_at FROM public.message m
         WHERE m.organization_id = $1 AND m.revoked_at IS NULL
           AND public.message_words(m.organization_id, m.body) @@ $2
         ORDER BY m.occurred_at DESC, m.id DESC LIMIT $3'
        USING organization, query, most;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "early_report",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("provider_message_id", sa.String(300), nullable=False),
        sa.Column("event", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "channel_id"], ["channel.organization_id", "channel.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "ix_early_report_message",
        "early_report",
        ["organization_id", "channel_id", "provider_message_id", "id"],
    )
    op.execute("ALTER TABLE early_report ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE early_report FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON early_report USING (organization_id = {CURRENT_ORGANIZATION}) "
        f"WITH CHECK (organization_id = {CURRENT_ORGANIZATION})"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON early_report TO prumo_app")
    op.create_index(
        "ix_conversation_queue",
        "conversation",
        ["organization_id", "status", sa.literal_column("last_message_at DESC"), sa.literal_column("id DESC")],
        postgresql_where=sa.text("assignee_id IS NULL"),
    )
    _search()


def _search() -> None:
    op.drop_index("ix_message_search", table_name="message")
    op.drop_column("message", "search_vector")
    op.execute(MESSAGE_WORDS)
    op.execute("CREATE INDEX ix_message_search ON message USING gin (message_words(organization_id, body))")
    op.execute(CREATE_ROLE)
    op.execute("CREATE POLICY search ON message FOR SELECT TO prumo_search USING (true)")
    op.execute(
        "GRANT SELECT (organization_id, id, conversation_id, body, occurred_at, revoked_at) ON message TO prumo_search"
    )
    op.execute(SEARCH_MESSAGES)
    op.execute("REVOKE EXECUTE ON FUNCTION search_messages FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION search_messages TO prumo_app")
    op.execute("GRANT CREATE ON SCHEMA public TO prumo_search")
    op.execute("ALTER FUNCTION search_messages OWNER TO prumo_search")
    op.execute("REVOKE CREATE ON SCHEMA public FROM prumo_search")


def downgrade() -> None:
    """Take back."""
    op.execute("DROP FUNCTION search_messages")
    op.execute("DROP POLICY search ON message")
    op.execute("REVOKE ALL ON message FROM prumo_search")
    op.drop_index("ix_message_search", table_name="message")
    op.execute("DROP FUNCTION message_words")
    op.add_column(
        "message",
        sa.Column(
            "search_vector",
            postgresql.TSVECTOR(),
            sa.Computed("to_tsvector('portuguese', left(body, 20000))", persisted=True),
        ),
    )
    op.create_index("ix_message_search", "message", ["search_vector"], postgresql_using="gin")
    op.drop_index("ix_conversation_queue", table_name="conversation")
    op.drop_table("early_report")
