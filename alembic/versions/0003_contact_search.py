"""Search of contacts that stays fast under row-level security, and indexes for the lists that people look at.

The operator `@@` is not leakproof, so PostgreSQL may not use its index before the row-level policy has looked at
every row. As with messages (0002), one function of the role `prumo_search` uses the index; it takes the organization
from the transaction's setting and returns nothing but ids of that organization. The organization is part of the index
as a word of its own, so that a search never walks through other tenants' postings.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CURRENT_ORGANIZATION = "NULLIF(current_setting('app.organization_id', true), '')::uuid"
WORDS = "array_to_tsvector(ARRAY['@' || organization_id::text]) || to_tsvector('simple'::regconfig, search_text)"
OLD_WORDS = "to_tsvector('simple'::regconfig, search_text)"

# Frequent words: walking along the order finds a page soon. Everything else goes through the text index, whatever the
# planner thinks of the order's index: names that begin alike stand together, so its estimates are far off.
SEARCH_CONTACTS = f"""
CREATE FUNCTION search_contacts(
    wanted tsquery, archived boolean, owner uuid, by_activity boolean,
    after_name text, after_moment timestamptz, after_id uuid, most integer
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
    sorted text := CASE WHEN by_activity THEN 'last_activity_at DESC, id DESC' ELSE 'sort_name, id' END;
    columns CONSTANT text := 'SELECT c.id, c.sort_name, c.last_activity_at, c.search_vector FROM public.contact c';
    found uuid[];
    walked integer;
BEGIN
    EXECUTE 'WITH near AS MATERIALIZED (' || columns || ' WHERE ' || shown || ' ORDER BY ' || sorted || ' LIMIT $8), '
        || 'hits AS (SELECT near.id FROM near WHERE search_vector @@ $2 ORDER BY ' || sorted || ' LIMIT $7) '
        || 'SELECT (SELECT array_agg(hits.id) FROM hits), (SELECT count(*) FROM near)'
        INTO found, walked
        USING organization, words, owner, after_name, after_moment, after_id, most, walk;
    IF walked = walk AND coalesce(cardinality(found), 0) < most THEN
        EXECUTE 'WITH hits AS MATERIALIZED (' || columns || ' WHERE ' || shown || ' AND c.search_vector @@ $2) '
            || 'SELECT array_agg(page.id) FROM (SELECT hits.id FROM hits ORDER BY ' || sorted || ' LIMIT $7) page'
            INTO found
            USING organization, words, owner, after_name, after_moment, after_id, most;
    END IF;
    RETURN QUERY SELECT unnest(found);
END $$
"""

COUNT_FOUND = f"""
CREATE FUNCTION count_found_contacts(wanted tsquery, archived boolean, owner uuid, most integer)
RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    organization uuid := {CURRENT_ORGANIZATION};
    counted bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM (SELECT FROM public.contact c WHERE c.organization_id = $1 AND c.archived_at IS '
        || CASE WHEN archived THEN 'NOT NULL' ELSE 'NULL' END
        || CASE WHEN owner IS NULL THEN '' ELSE ' AND c.owner_id = $3' END
        || ' AND c.search_vector @@ $2 LIMIT $4) found'
        INTO counted
        USING organization, tsquery_and(quote_literal('@' || CAST(organization AS text))::tsquery, wanted), owner, most;
    RETURN counted;
END $$
"""

FUNCTIONS = (
    "search_contacts(tsquery, boolean, uuid, boolean, text, timestamptz, uuid, integer)",
    "count_found_contacts(tsquery, boolean, uuid, integer)",
)
SEEN = "organization_id, id, sort_name, last_activity_at, search_vector, archived_at, owner_id"


def _set_words(expression: str) -> None:
    op.drop_index("ix_contact_search", table_name="contact")
    op.drop_column("contact", "search_vector")
    op.execute(f"ALTER TABLE contact ADD COLUMN search_vector tsvector GENERATED ALWAYS AS ({expression}) STORED")
    op.create_index("ix_contact_search", "contact", ["search_vector"], postgresql_using="gin")


def upgrade() -> None:
    """Apply."""
    _set_words(WORDS)
    op.execute("DROP INDEX ix_contact_name, ix_contact_activity")
    op.execute(
        "CREATE INDEX ix_contact_name ON contact (organization_id, sort_name, id) WHERE archived_at IS NULL"
    )
    op.execute(
        "CREATE INDEX ix_contact_activity ON contact (organization_id, last_activity_at DESC, id DESC) "
        "WHERE archived_at IS NULL"
    )
    op.execute("CREATE INDEX ix_contact_archived ON contact (organization_id, id) WHERE archived_at IS NOT NULL")
    op.execute("CREATE POLICY search ON contact FOR SELECT TO prumo_search USING (true)")
    op.execute(f"GRANT SELECT ({SEEN}) ON contact TO prumo_search")
    op.execute(SEARCH_CONTACTS)
    op.execute(COUNT_FOUND)
    op.execute("GRANT CREATE ON SCHEMA public TO prumo_search")
    for function in FUNCTIONS:
        op.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO prumo_app")
        op.execute(f"ALTER FUNCTION {function} OWNER TO prumo_search")
    op.execute("REVOKE CREATE ON SCHEMA public FROM prumo_search")


def downgrade() -> None:
    """Take back."""
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP POLICY search ON contact")
    op.execute("REVOKE ALL ON contact FROM prumo_search")
    op.execute("DROP INDEX ix_contact_name, ix_contact_activity, ix_contact_archived")
    op.execute("CREATE INDEX ix_contact_name ON contact (organization_id, sort_name, id)")
    op.execute("CREATE INDEX ix_contact_activity ON contact (organization_id, last_activity_at DESC, id DESC)")
    _set_words(OLD_WORDS)
