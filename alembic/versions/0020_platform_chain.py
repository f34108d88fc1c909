"""The platform's own record is chained as the trails of organizations are, by the same functions (docs/adr/0012).

Its few rows are chained here, by time, while nobody can write another; only administrators of the platform wait.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

SAFE = "SET search_path = pg_catalog, public, pg_temp"

# What is hashed, beside `audit_content(audit_entry, bigint)`.
CONTENT = """
CREATE FUNCTION audit_content(entry platform_entry, number bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_array(
        'prumo-platform-1', number, entry.id, (extract(epoch FROM entry.created_at) * 1000000)::bigint,
        entry.user_id, entry.action, entry.concerns, entry.before, entry.after, entry.ip, entry.trace_id
    )::text
$$
"""

# One step of any chain; which content is hashed follows from the kind of row.
STEP = """SET
            sequence = c.sequence + 1,
            hash = sha256(c.hash || convert_to(public.audit_content(NEW, c.sequence + 1), 'UTF8'))"""
APPEND = f"""
CREATE OR REPLACE FUNCTION audit_append() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {SAFE} AS $$
BEGIN
    IF TG_TABLE_NAME = 'platform_entry' THEN
        UPDATE public.platform_chain c {STEP}
            RETURNING c.sequence, c.hash INTO NEW.sequence, NEW.hash;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the record of the platform has no chain' USING ERRCODE = 'data_corrupted';
        END IF;
        RETURN NEW;
    END IF;
    UPDATE public.audit_chain c {STEP}
        WHERE c.organization_id = NEW.organization_id
        RETURNING c.sequence, c.hash INTO NEW.sequence, NEW.hash;
    IF NOT FOUND AND NEW.organization_id IS NOT NULL THEN
        RAISE EXCEPTION 'organization % has no audit chain', NEW.organization_id USING ERRCODE = 'data_corrupted';
    END IF;
    RETURN NEW;
END $$
"""

# Only rows of organizations are watched one by one, for they may leave with their organization.
KEEP = f"""
CREATE OR REPLACE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql {SAFE} AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' THEN
        IF NOT EXISTS (SELECT FROM public.organization o WHERE o.id = OLD.organization_id) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only: % on % refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""

CHAIN_EXISTING = """
DO $$
DECLARE
    head public.platform_chain;
    entry public.platform_entry;
BEGIN
    SELECT * INTO head FROM public.platform_chain;
    FOR entry IN SELECT * FROM public.platform_entry e ORDER BY e.created_at, e.id LOOP
        head.sequence := head.sequence + 1;
        head.hash := sha256(head.hash || convert_to(public.audit_content(entry, head.sequence), 'UTF8'));
        UPDATE public.platform_entry e SET sequence = head.sequence, hash = head.hash WHERE e.id = entry.id;
    END LOOP;
    UPDATE public.platform_chain c SET sequence = head.sequence, hash = head.hash;
END $$
"""

GUARDS = (
    "CREATE TRIGGER audit_append BEFORE INSERT ON platform_entry FOR EACH ROW EXECUTE FUNCTION audit_append()",
    "CREATE TRIGGER audit_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON platform_entry EXECUTE FUNCTION audit_keep()",
    "CREATE TRIGGER audit_keep BEFORE DELETE OR TRUNCATE ON platform_chain EXECUTE FUNCTION audit_keep()",
    "CREATE TRIGGER audit_keep_head BEFORE UPDATE ON platform_chain WHEN (pg_trigger_depth() = 0) "
    "EXECUTE FUNCTION audit_keep()",
    "ALTER TABLE platform_entry ENABLE ALWAYS TRIGGER audit_append, ENABLE ALWAYS TRIGGER audit_keep",
    "ALTER TABLE platform_chain ENABLE ALWAYS TRIGGER audit_keep, ENABLE ALWAYS TRIGGER audit_keep_head",
)

KEEP_BEFORE = f"""
CREATE FUNCTION platform_entry_keep() RETURNS trigger LANGUAGE plpgsql {SAFE} AS $$
BEGIN
    RAISE EXCEPTION 'the record of the platform is append-only: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE platform_entry ADD COLUMN sequence bigint, ADD COLUMN hash bytea")
    op.execute(
        """
        CREATE TABLE platform_chain (
            id smallint PRIMARY KEY CONSTRAINT only_one CHECK (id = 1),
            sequence bigint NOT NULL,
            hash bytea NOT NULL
        )
        """
    )
    op.execute("INSERT INTO platform_chain VALUES (1, 0, decode(repeat('00', 32), 'hex'))")
    op.execute("DROP TRIGGER platform_entry_keep ON platform_entry")
    op.execute("DROP FUNCTION platform_entry_keep")
    for statement in (CONTENT, APPEND, KEEP, CHAIN_EXISTING):
        op.execute(statement)
    op.execute(
        "ALTER TABLE platform_entry ALTER COLUMN sequence SET NOT NULL, ALTER COLUMN hash SET NOT NULL, "
        "ADD CONSTRAINT uq_platform_entry_sequence UNIQUE (sequence)"
    )
    for guard in GUARDS:
        op.execute(guard)


def downgrade() -> None:
    """Take back; the entries stay. The functions for both chains stay, too: organizations' entries need them."""
    op.execute("DROP TRIGGER audit_append ON platform_entry")
    op.execute("DROP TRIGGER audit_keep ON platform_entry")
    op.execute("DROP FUNCTION audit_content(platform_entry, bigint)")
    op.execute("ALTER TABLE platform_entry DROP COLUMN sequence, DROP COLUMN hash")
    op.execute("DROP TABLE platform_chain")
    op.execute(KEEP_BEFORE)
    op.execute(
        "CREATE TRIGGER platform_entry_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON platform_entry "
        "EXECUTE FUNCTION platform_entry_keep()"
    )
