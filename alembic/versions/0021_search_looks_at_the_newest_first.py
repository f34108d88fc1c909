"""The search for messages looks at the newest ones first: a frequent word is found there, whatever the index holds.

Counting the matches of such a word in the text index took ten times as long as reading a few hundred messages. Who
sees little is not helped by the newest messages of everybody, and goes through the index as before.
"""

from alembic import context, op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ARGUMENTS = "tsquery, integer, jsonb"
CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"
MATCHING = """m.organization_id = $1 AND m.revoked_at IS NULL
               AND public.message_words(m.organization_id, m.body) @@ $2"""

SEARCH_MESSAGES = f"""
CREATE FUNCTION search_messages(wanted tsquery, most integer, reach jsonb DEFAULT NULL)
RETURNS TABLE (id uuid, conversation_id uuid, occurred_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET max_parallel_workers_per_gather = 0 SET enable_seqscan = off SET enable_indexscan = on
SET enable_bitmapscan = off AS $$
DECLARE
    organization uuid := {CURRENT_ORGANIZATION};
    query tsquery := tsquery_and(quote_literal('@' || CAST(organization AS text))::tsquery, wanted);
    newest integer := 300;
    few integer := 20000;
    matches integer;
    ids uuid[];
    talks uuid[];
    moments timestamptz[];
BEGIN
    IF reach IS NULL THEN
        EXECUTE 'WITH newest AS MATERIALIZED (
                 SELECT m.organization_id, m.id, m.conversation_id, m.body, m.occurred_at, m.revoked_at
                 FROM public.message m WHERE m.organization_id = $1
                 ORDER BY m.occurred_at DESC, m.id DESC LIMIT $4),
             hits AS (
                 SELECT m.id, m.conversation_id, m.occurred_at FROM newest m WHERE {MATCHING}
                 ORDER BY m.occurred_at DESC, m.id DESC LIMIT $3)
             SELECT array_agg(h.id), array_agg(h.conversation_id), array_agg(h.occurred_at) FROM hits h'
            INTO ids, talks, moments USING organization, query, most, newest;
        IF cardinality(ids) = most THEN
            RETURN QUERY SELECT * FROM unnest(ids, talks, moments);
            RETURN;
        END IF;
    END IF;
    PERFORM set_config('enable_indexscan', 'off', true), set_config('enable_bitmapscan', 'on', true);
    EXECUTE 'SELECT count(*) FROM (SELECT FROM public.message m
         WHERE public.message_words(m.organization_id, m.body) @@ $1 LIMIT $2) AS found'
        INTO matches USING query, few;
    IF matches = few THEN
        PERFORM set_config('enable_indexscan', 'on', true), set_config('enable_bitmapscan', 'off', true);
    END IF;
    IF reach IS NULL THEN
        RETURN QUERY EXECUTE
            'SELECT m.id, m.conversation_id, m.occurred_at FROM public.message m
             WHERE {MATCHING}
             ORDER BY m.occurred_at DESC, m.id DESC LIMIT $3'
            USING organization, query, most;
    ELSE
        -- The conversation is looked up by its key, for each match.
        PERFORM set_config('enable_indexscan', 'on', true);
        RETURN QUERY EXECUTE
            'SELECT m.id, m.conversation_id, m.occurred_at FROM public.message m
             WHERE {MATCHING}
               AND EXISTS (SELECT FROM public.conversation t
                   WHERE t.organization_id = m.organization_id AND t.id = m.conversation_id
                     AND ($4 IS NULL OR t.assignee_id = ANY ($4) OR $5 AND t.assignee_id IS NULL))
             ORDER BY m.occurred_at DESC, m.id DESC LIMIT $3'
            USING organization, query, most, people_within(reach, 'conversations'),
                CAST(reach -> 'conversations' ->> 'nobody' AS boolean);
    END IF;
END $$
"""


def _replace(definition: str) -> None:
    op.execute(f"DROP FUNCTION search_messages({ARGUMENTS})")
    op.execute("GRANT CREATE ON SCHEMA public TO prumo_search")
    op.execute(definition)
    op.execute(f"REVOKE EXECUTE ON FUNCTION search_messages({ARGUMENTS}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION search_messages({ARGUMENTS}) TO prumo_app")
    op.execute(f"ALTER FUNCTION search_messages({ARGUMENTS}) OWNER TO prumo_search")
    op.execute("REVOKE CREATE ON SCHEMA public FROM prumo_search")


def upgrade() -> None:
    """Apply."""
    _replace(SEARCH_MESSAGES)


def downgrade() -> None:
    """Take back."""
    _replace(context.script.get_revision("0008").module.SEARCH_MESSAGES)
