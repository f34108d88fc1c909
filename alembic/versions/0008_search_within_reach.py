"""Searches know whose contacts and conversations somebody sees.

The functions of 0002 and 0003 take one more argument, `reach`, which is NULL for whoever sees everything: they then do
what they did before. Otherwise it names, as JSON, whose contacts, deals and conversations are seen (`people`, NULL for
everybody's) and whether nobody's are (`nobody`). The conditions are those of `crm_app/domains/contacts/reach.py`.
"""

from alembic import context, op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"

# The people of one kind of thing as an array; NULL stands for everybody.
PEOPLE = """
CREATE FUNCTION people_within(reach jsonb, kind text) RETURNS uuid[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN jsonb_typeof(reach -> kind -> 'people') = 'array'
        THEN ARRAY(SELECT CAST(value AS uuid) FROM jsonb_array_elements_text(reach -> kind -> 'people') AS value) END
$$
"""

_DEAL = "EXISTS (SELECT FROM public.deal d WHERE d.organization_id = c.organization_id AND d.contact_id = c.id"
_TALK = (
    "EXISTS (SELECT FROM public.conversation t WHERE t.organization_id = c.organization_id AND t.contact_id = c.id"
)
CONTACT_SEEN = (
    "($20 IS NULL OR c.owner_id = ANY ($20)"
    f" OR {_DEAL} AND ($22 IS NULL OR d.owner_id = ANY ($22) OR $23 AND d.owner_id IS NULL))"
    f" OR {_TALK} AND ($24 IS NULL OR t.assignee_id = ANY ($24) OR $25 AND t.assignee_id IS NULL))"
    f" OR $21 AND c.owner_id IS NULL AND NOT {_DEAL}) AND NOT {_TALK}))"
)
VALUES = (
    "people_within(reach, 'contacts'), CAST(reach -> 'contacts' ->> 'nobody' AS boolean), "
    "people_within(reach, 'deals'), CAST(reach -> 'deals' ->> 'nobody' AS boolean), "
    "people_within(reach, 'conversations'), CAST(reach -> 'conversations' ->> 'nobody' AS boolean)"
)


def contact_seen(first: int) -> str:
    """Return the condition with its parameters numbered from `first`."""
    found = CONTACT_SEEN
    for number in range(20, 26):
        found = found.replace(f"${number}", f"${number - 20 + first}")
    return found


SEARCH_CONTACTS = f"""
CREATE FUNCTION search_contacts(
    wanted tsquery, archived boolean, owner uuid, by_activity boolean,
    after_name text, after_moment timestamptz, after_id uuid, most integer, reach jsonb DEFAULT NULL
)
RETURNS TABLE (id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    walk CONSTANT integer := 1500;
    organization uuid := {CURRENT_ORGANIZATION};
    words tsquery := tsquery_and(quote_literal('@' || CAST(organization AS text))::tsquery, wanted);
    shown text := 'c.organization_id = $1 AND c.archived_at IS '
        || CASE WHEN archived THEN 'NOT NULL' ELSE 'NULL' END
        || CASE WHEN owner IS NULL THEN '' ELSE ' AND c.owner_id = $3' END
        || CASE
            WHEN after_id IS NULL THEN ''
            WHEN by_activity THEN ' AND (c.last_activity_at, c.id) < ($5, $6)'
            ELSE ' AND (c.sort_name, c.id) > ($4, $6)'
        END;
    seen text := CASE WHEN reach IS NULL THEN '' ELSE ' AND {contact_seen(8)}' END;
    sorted text := CASE WHEN by_activity THEN 'last_activity_at DESC, id DESC' ELSE 'sort_name, id' END;
    columns CONSTANT text := 'SELECT c.id, c.sort_name, c.last_activity_at, c.search_vector FROM public.contact c';
    found uuid[];
    walked integer := walk;
BEGIN
    IF reach IS NULL THEN
        EXECUTE 'WITH near AS MATERIALIZED (' || columns || ' WHERE ' || shown || ' ORDER BY ' || sorted
            || ' LIMIT $8), '
            || 'hits AS (SELECT near.id FROM near WHERE search_vector @@ $2 ORDER BY ' || sorted || ' LIMIT $7) '
            || 'SELECT (SELECT array_agg(hits.id) FROM hits), (SELECT count(*) FROM near)'
            INTO found, walked
            USING organization, words, owner, after_name, after_moment, after_id, most, walk;
    END IF;
    -- Who sees little would walk past many: the text index knows better.
    IF walked = walk AND coalesce(cardinality(found), 0) < most THEN
        EXECUTE 'WITH hits AS MATERIALIZED (' || columns || ' WHERE ' || shown || ' AND c.search_vector @@ $2'
            || seen || ') '
            || 'SELECT array_agg(page.id) FROM (SELECT hits.id FROM hits ORDER BY ' || sorted || ' LIMIT $7) page'
            INTO found
            USING organization, words, owner, after_name, after_moment, after_id, most, {VALUES};
    END IF;
    RETURN QUERY SELECT unnest(found);
END $$
"""

COUNT_FOUND = f"""
CREATE FUNCTION count_found_contacts(
    wanted tsquery, archived boolean, owner uuid, most integer, reach jsonb DEFAULT NULL
)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    organization uuid := {CURRENT_ORGANIZATION};
    counted bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM (SELECT FROM public.contact c WHERE c.organization_id = $1 AND c.archived_at IS '
        || CASE WHEN archived THEN 'NOT NULL' ELSE 'NULL' END
        || CASE WHEN owner IS NULL THEN '' ELSE ' AND c.owner_id = $3' END
        || CASE WHEN reach IS NULL THEN '' ELSE ' AND {contact_seen(5)}' END
        || ' AND c.search_vector @@ $2 LIMIT $4) found'
        INTO counted
        USING organization, tsquery_and(quote_literal('@' || CAST(organization AS text))::tsquery, wanted), owner,
            most, {VALUES};
    RETURN counted;
END $$
"""

SEARCH_MESSAGES = f"""
CREATE FUNCTION search_messages(wanted tsquery, most integer, reach jsonb DEFAULT NULL)
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
    IF reach IS NULL THEN
        RETURN QUERY EXECUTE
            'SELECT m.id, m.conversation_id, m.occurred_at FROM public.message m
             WHERE m.organization_id = $1 AND m.revoked_at IS NULL
               AND public.message_words(m.organization_id, m.body) @@ $2
             ORDER BY m.occurred_at DESC, m.id DESC LIMIT $3'
            USING organization, query, most;
    ELSE
        -- The conversation is looked up by its key, for each match.
        PERFORM set_config('enable_indexscan', 'on', true);
        RETURN QUERY EXECUTE
            'SELECT m.id, m.conversation_id, m.occurred_at FROM public.message m
             WHERE m.organization_id = $1 AND m.revoked_at IS NULL
               AND public.message_words(m.organization_id, m.body) @@ $2
               AND EXISTS (SELECT FROM public.conversation t
                   WHERE t.organization_id = m.organization_id AND t.id = m.conversation_id
                     AND ($4 IS NULL OR t.assignee_id = ANY ($4) OR $5 AND t.assignee_id IS NULL))
             ORDER BY m.occurred_at DESC, m.id DESC LIMIT $3'
            USING organization, query, most, people_within(reach, 'conversations'),
                CAST(reach -> 'conversations' ->> 'nobody' AS boolean);
    END IF;
END $$
"""

OLD = {
    "search_contacts": "tsquery, boolean, uuid, boolean, text, timestamptz, uuid, integer",
    "count_found_contacts": "tsquery, boolean, uuid, integer",
    "search_messages": "tsquery, integer",
}
DEFINITIONS = (SEARCH_CONTACTS, COUNT_FOUND, SEARCH_MESSAGES)


def _replace(old: dict[str, str], new: dict[str, str], definitions: tuple[str, ...]) -> None:
    for name, arguments in old.items():
        op.execute(f"DROP FUNCTION {name}({arguments})")
    op.execute("GRANT CREATE ON SCHEMA public TO prumo_search")
    for definition in definitions:
        op.execute(definition)
    for name, arguments in new.items():
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}({arguments}) FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name}({arguments}) TO prumo_app")
        op.execute(f"ALTER FUNCTION {name}({arguments}) OWNER TO prumo_search")
    op.execute("REVOKE CREATE ON SCHEMA public FROM prumo_search")


def upgrade() -> None:
    """Apply."""
    op.execute(PEOPLE)
    for table, columns in (
        ("deal", "organization_id, id, contact_id, owner_id"),
        ("conversation", "organization_id, id, contact_id, assignee_id"),
    ):
        op.execute(f"CREATE POLICY search ON {table} FOR SELECT TO prumo_search USING (true)")
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO prumo_search")
    _replace(OLD, {name: f"{arguments}, jsonb" for name, arguments in OLD.items()}, DEFINITIONS)


def downgrade() -> None:
    """Take back."""
    contacts, messages = (context.script.get_revision(number).module for number in ("0003", "0002"))
    before = (contacts.SEARCH_CONTACTS, contacts.COUNT_FOUND, messages.SEARCH_MESSAGES)
    _replace({name: f"{arguments}, jsonb" for name, arguments in OLD.items()}, OLD, before)
    for table in ("deal", "conversation"):
        op.execute(f"DROP POLICY search ON {table}")
        op.execute(f"REVOKE ALL ON {table} FROM prumo_search")
    op.execute("DROP FUNCTION people_within")
