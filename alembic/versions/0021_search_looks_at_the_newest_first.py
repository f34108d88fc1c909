"""The search for messages looks at the newest ones first: a frequent word is found there, whatever the index holds.

Counting the matches of such a word in the text index took ten times as long as reading the newest few hundred. Behind
them, matches are counted and fetched on one way through the index instead of two. Who sees little is not helped by the
newest messages of everybody, and goes through the index at once.
"""

from alembic import context, op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

ARGUMENTS = "tsquery, integer, jsonb"
CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"
OWN = "m.organization_id = $1 AND m.revoked_at IS NULL"
MATCHING = "public.message_words(m.organization_id, m.body) @@ $2"

SEEN = """EXISTS (SELECT FROM public.conversation t
                   WHERE t.organization_id = m.organization_id AND t.id = m.conversation_id
                     AND ($5 IS NULL OR t.assignee_id = ANY ($5) OR $6 AND t.assignee_id IS NULL))"""
FIRST = "ORDER BY m.occurred_at DESC, m.id DESC LIMIT $3"
COLUMNS = "m.organization_id, m.id, m.conversation_id, m.occurred_at, m.revoked_at"

# Up to `few` matches are fetched through the text index and sorted; more than that, and the newest ones are met soon
# enough along the time. The planner cannot choose by itself: it counts taking every match's text apart again.
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
    people uuid[] := people_within(reach, 'conversations');
    nobody boolean := CAST(reach -> 'conversations' ->> 'nobody' AS boolean);
    seen text := CASE WHEN reach IS NULL THEN 'true' ELSE '{SEEN}' END;
    listed CONSTANT text := 'array_agg(m.id), array_agg(m.conversation_id), array_agg(m.occurred_at) FROM top m';
    matches integer;
    ids uuid[];
    talks uuid[];
    moments timestamptz[];
BEGIN
    IF reach IS NULL THEN
        EXECUTE 'WITH newest AS MATERIALIZED (
                 SELECT {COLUMNS}, m.body FROM public.message m WHERE m.organization_id = $1
                 ORDER BY m.occurred_at DESC, m.id DESC LIMIT $4),
             top AS (SELECT {COLUMNS} FROM newest m WHERE {OWN} AND {MATCHING} {FIRST})
             SELECT ' || listed
            INTO ids, talks, moments USING organization, query, most, newest;
        IF cardinality(ids) = most THEN
            RETURN QUERY SELECT * FROM unnest(ids, talks, moments);
            RETURN;
        END IF;
    END IF;
    PERFORM set_config('enable_indexscan', 'off', true), set_config('enable_bitmapscan', 'on', true);
    EXECUTE 'WITH found AS MATERIALIZED (SELECT {COLUMNS} FROM public.message m WHERE {MATCHING} LIMIT $4),
         top AS (SELECT {COLUMNS} FROM found m WHERE {OWN} AND ' || seen || ' {FIRST})
         SELECT (SELECT count(*) FROM found), ' || listed
        INTO matches, ids, talks, moments USING organization, query, most, few, people, nobody;
    IF matches < few THEN
        RETURN QUERY SELECT * FROM unnest(ids, talks, moments);
        RETURN;
    END IF;
    PERFORM set_config('enable_indexscan', 'on', true), set_config('enable_bitmapscan', 'off', true);
    RETURN QUERY EXECUTE
        'SELECT m.id, m.conversation_id, m.occurred_at FROM public.message m
         WHERE {OWN} AND {MATCHING} AND ' || seen || ' {FIRST}'
        USING organization, query, most, few, people, nobody;
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
